"""The platform's months as Dagster partitions.

Belongs here: translating between months (`date`) and partition keys, ranges and tags. Does not: month arithmetic
(months.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

import dagster as dg

from leads_platform.months import add_months, parse_month
from leads_platform.settings import Settings

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def monthly_partitions(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """The one partitions definition of the platform: the first month to the current one, which is open.

    Dagster takes the current month from the machine's clock; a platform on a clock of its own (tests) ends there.
    """
    start = datetime.combine(settings.first_month, time())
    zone = settings.timezone.key
    if settings.fixed_now is None:
        return dg.MonthlyPartitionsDefinition(start_date=start, timezone=zone, end_offset=1)
    end = datetime.combine(add_months(settings.current_month(), 1), time())
    return dg.MonthlyPartitionsDefinition(start_date=start, end_date=end, timezone=zone)


def key_of(month: date) -> str:
    """The partition key of a month: `2024-05-01`."""
    return f"{month:%Y-%m-%d}"


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags that make a run cover the months `first` to `last` in one go."""
    return {RANGE_START: key_of(first), RANGE_END: key_of(last)}


def months_of_range(keys: dg.PartitionKeyRange) -> tuple[date, date]:
    return parse_month(keys.start), parse_month(keys.end)


def range_of_tags(tags: Mapping[str, str]) -> tuple[date, date] | None:
    """The months a run covers, by its tags; None when it covers none."""
    start = tags.get(RANGE_START) or tags.get("dagster/partition")
    end = tags.get(RANGE_END) or tags.get("dagster/partition")
    return (parse_month(start), parse_month(end)) if start and end else None
