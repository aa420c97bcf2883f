"""The benchmark: the platform against raw DuckDB on the same data, in the same session, each in a process of its own.

    python -m leads_platform_tests.bench --rows 1000000

Belongs here: measuring and saying what was measured. Does not: asserting a time (a busy machine is not a fault);
docs/performance.md keeps the numbers.
"""
