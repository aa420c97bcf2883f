"""What is asked for, and what it will take of time and disk.

Belongs here: sizes, their two presets, the estimates. Does not: measuring (runner, cases).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from leads_platform_tests.bench.data import CHURN


class NoRoom(Exception):
    """The temporary folder's disk is too small for what was asked."""


@dataclass(frozen=True)
class Sizes:
    """How large each case is: rows of the lead file, months before the one more and their rows, and so on."""

    rows: int = 1_000_000
    months: int = 24
    month_rows: int = 100_000
    file_mb: int = 1_000
    salesforce_leads: int = 300_000
    dagster_months: int = 24
    funnel_deals: int = 2_000
    funnel_times: int = 10
    feeds: int = 200
    feed_files: int = 3_000
    repeat: int = 3


SMALL = Sizes()
LARGE = Sizes(rows=10_000_000, month_rows=1_000_000, funnel_times=100, repeat=2)
SMALL_CASES = ("arrival", "chain", "phones", "addresses", "month", "salesforce", "dagster", "funnel", "feeds")
LARGE_CASES = ("arrival", "chain", "gigabyte", "month", "funnel")

# Measured on 2 cores: seconds for a million rows, ours and raw DuckDB's together; and for what does not grow with them.
_ARRIVAL, _CHAIN, _VALUES, _MAKING, _START = 7.0, 85.0, 25.0, 2.5, 1.5
# A month's own cost in the month case, beside its rows'.
_MONTH = 5.0
# Seconds for a million leads of Salesforce, and an export's own.
_SALESFORCE, _EXPORT = 20.0, 4.0
# phonenumbers alone; and the sample data's months through Dagster and directly, of which a quarter comes twice.
_PHONENUMBERS, _DAGSTER_MONTH = 5.0, 3.0
# The four contenders' starts and the exports, at 1x; what each time of that adds; one more month, all months with it.
_FUNNEL, _FUNNEL_TIMES, _FUNNEL_MONTHS = 35.0, 1.5, 60.0
# A small file, written and taken in; and what a feed adds to each of the sessions and looks.
_FILE, _FEED = 0.1, 0.1
# Bytes a deal takes in its exports, the archive, and the warehouses of the contenders.
_DEAL_BYTES = 10_000
# Bytes a lead takes, measured: in its CSV; in the archive (original and Parquet); in the warehouse, its published copy
# and spilled parts of statements, with as much again to spare.
CSV_BYTES, _ARCHIVE_BYTES, _WAREHOUSE_BYTES = 160, 160, 1_200


def seconds(sizes: Sizes) -> dict[str, float]:
    """About how long each case takes, its files and turns and processes included."""
    million, month_million, file_million = sizes.rows / 1e6, sizes.month_rows / 1e6, sizes.file_mb / CSV_BYTES
    turns = sizes.repeat
    return {
        "arrival": _MAKING * million + turns * (_ARRIVAL * million + 2 * _START),
        "chain": _MAKING * million + turns * (_CHAIN * million + 2 * _START),
        "gigabyte": _MAKING * file_million + turns * (_ARRIVAL * file_million + 2 * _START),
        "phones": _PHONENUMBERS + turns * (2 * million + _START),
        "addresses": turns * (_VALUES * million + 4 * _START),
        "month": (sizes.months + turns) * ((_MAKING + _CHAIN) * month_million + _MONTH) + 2 * _START,
        "salesforce": turns * (1.25 * _SALESFORCE * sizes.salesforce_leads / 1e6 + 2 * _EXPORT),
        "dagster": turns * 1.25 * sizes.dagster_months * _DAGSTER_MONTH,
        "funnel": sum(turns * (_FUNNEL + _FUNNEL_TIMES * times) for times in funnel_steps(sizes)) + _FUNNEL_MONTHS,
        "feeds": _FILE * sizes.feed_files + _FEED * sizes.feeds,
    }


def funnel_steps(sizes: Sizes) -> list[int]:
    """How many times the reference export's size the funnel is measured at: 1, 10, 100, up to what is asked."""
    return [1, *(times for times in (10, 100) if times < sizes.funnel_times), *{sizes.funnel_times} - {1}]


def disk_bytes(sizes: Sizes) -> dict[str, int]:
    """About how much disk each case needs at its fullest."""
    lead = CSV_BYTES + _ARCHIVE_BYTES
    # A dimension is as of each month: its rows grow by the leads that vanished.
    vanished = 1 + sizes.months * CHURN / 2
    return {
        "arrival": sizes.rows * lead,
        "chain": sizes.rows * (lead + _WAREHOUSE_BYTES),
        "gigabyte": sizes.file_mb * 1_000_000 * lead // CSV_BYTES,
        "phones": sizes.rows * CSV_BYTES,
        "addresses": sizes.rows * CSV_BYTES,
        "month": round((sizes.months + sizes.repeat) * sizes.month_rows * (lead + _WAREHOUSE_BYTES * vanished)),
        "salesforce": sizes.salesforce_leads * (lead + _WAREHOUSE_BYTES),
        "dagster": 500_000_000,
        "funnel": 500_000_000 + sizes.funnel_deals * sizes.funnel_times * _DEAL_BYTES,
        "feeds": sizes.feed_files * 40_000,
    }


def forecast(cases: Sequence[str], sizes: Sizes, folder: Path) -> str:
    """One line: how long each case will take, and the disk it wants and has."""
    each = {case: taken for case, taken in seconds(sizes).items() if case in cases}
    told = ", ".join(f"{case} {_minutes(taken)}" for case, taken in each.items())
    return (
        f"About {_minutes(sum(each.values()))} on two idle cores ({told}); up to "
        f"{_largest(cases, sizes) / 1e9:.1f} GB in {folder}, which has {disk_usage(folder).free / 1e9:.0f} GB free."
    )


@contextmanager
def workspace(parent: Path | None, cases: Sequence[str], sizes: Sizes) -> Iterator[Path]:
    """A temporary folder with room for the largest of the cases, as each clears up after itself. Raises NoRoom."""
    with tempfile.TemporaryDirectory(prefix="leads-platform-bench-", dir=parent) as folder:
        free, wanted = disk_usage(folder).free, _largest(cases, sizes)
        if free < wanted:
            raise NoRoom(
                f"{folder} has {free / 1e9:.1f} GB free; this needs about {wanted / 1e9:.1f} GB. "
                "Give --rows or --month-rows less, or --work a folder with more room."
            )
        yield Path(folder)


def _largest(cases: Sequence[str], sizes: Sizes) -> int:
    return max(wanted for case, wanted in disk_bytes(sizes).items() if case in cases)


def _minutes(taken: float) -> str:
    return f"{taken:.0f} s" if taken < 90 else f"{taken / 60:.0f} min"
