"""A file into records, with every record accounted for.

Belongs here: telling what a file is, headers, counting, loading. Does not: which files are read, or what follows.
"""
