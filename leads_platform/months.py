"""Month arithmetic: a month is a `date`, the first of that month.

Belongs here: moving between dates, months and their labels. Does not: Dagster's partitions (orchestration),
or which months have data (arrivals).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

_LABEL = re.compile(r"(\d{4})-(\d{2})(?:-01)?")


def month_of(day: date) -> date:
    """The first day of `day`'s month."""
    return date(day.year, day.month, 1)


def add_months(month: date, count: int) -> date:
    """The month `count` months after (before, when negative) `month`.

    >>> add_months(date(2024, 11, 1), 3)
    datetime.date(2025, 2, 1)
    """
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """Every month from `first` to `last`, both included; empty when `last` is before `first`."""
    months = []
    while first <= last:
        months.append(first)
        first = add_months(first, 1)
    return months


def parse_month(text: str) -> date:
    """Reads `2024-05` or a partition key `2024-05-01`. Raises ValueError in words for anything else."""
    match = _LABEL.fullmatch(text.strip())
    if not match or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"{text!r} is not a month; write it as 2024-05")
    return date(int(match[1]), int(match[2]), 1)


def label(month: date) -> str:
    """How people read a month: `2024-05`."""
    return f"{month:%Y-%m}"


def ranges(months: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Groups months into unbroken ranges (first, last), in time order."""
    first = last = None
    for month in sorted(set(months)):
        if first is None or last is None:
            first = last = month
        elif month == add_months(last, 1):
            last = month
        else:
            yield first, last
            first = last = month
    if first is not None and last is not None:
        yield first, last
