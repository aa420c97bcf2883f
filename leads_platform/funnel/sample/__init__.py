"""The room's part of the sample: the sales made to the world's parties, Pipedrive's exports of them, and the truth.

Belongs here: nothing by itself; a start of the platform imports this package and none of its modules.
"""
