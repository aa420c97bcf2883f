"""A data platform for sales leads: monthly tables in DuckDB, with checks, run by Dagster."""

__version__ = "0.1.0"
