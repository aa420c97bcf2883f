"""The ledger of revenue: its tables by a few rows in and the rows out, and whole histories of files."""
