"""A room of six tables: lists replaced as a whole, calls by month, a history, a table that reads its own past."""

SMALL = (__name__,)
