"""What a cell's text means where it is no contact: an amount of money, a moment in time.

Belongs here: such a meaning, as SQL, once for all rooms. Does not: tables, or any one feed's columns.
"""
