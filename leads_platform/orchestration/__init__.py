"""The Dagster room: tables become assets and checks; jobs, schedule, sensors, notices and the Dagster home.

Belongs here: everything that imports Dagster. Does not: deciding what is stale, reading files or writing tables;
the engine does that and knows nothing of this room.
"""
