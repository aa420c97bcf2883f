"""The command line.

Belongs here: commands, questions, progress and words for a person at a terminal. Does not: what the commands do.
"""
