"""Cleaning standards that every room shares: what makes two phones, or two addresses, the same.

Belongs here: pure functions and the SQL macros that do the same.
Does not: Dagster, tables, or any one supplier's rules.
"""
