"""Times in the hour that the supplier's clock shows twice, or skips: counted and told with their lines.

Belongs here: finding them in a file whose contract has a `source_timezone`. Does not: how such a time is read
(values.times).
"""

from __future__ import annotations

from leads_platform.arrivals.contracts.model import FeedContract
from leads_platform.arrivals.contracts.typed import moment_of
from leads_platform.arrivals.reading.loading import Taken, identifier, literal
from leads_platform.arrivals.reading.parquet import ISO
from leads_platform.arrivals.reading.refusal import shown
from leads_platform.values.times import DOUBLED, SKIPPED, clock_change

_LINES = 5
"""How many are named."""


def warn_of_clock_changes(taken: Taken, contract: FeedContract) -> None:
    """Adds a warning for each column of dates or times, and for the one of the month, that has such a time."""
    zone = contract.source_timezone
    if zone is None or taken.loader is None:
        return
    also = ISO if contract.format.type != "csv" else ()
    for column in contract.columns:
        title = taken.header.columns.get(column.name)
        gives_month = column.name in contract.month_columns()
        if title is None or (column.type not in ("date", "timestamp") and not gives_month):
            continue
        formats = contract.month_formats() if column.name == contract.month.column else column.formats
        own = also if gives_month or formats else ()
        placed = moment_of(contract, column, f"trim({identifier(title)})", formats, own).placed
        if placed is None:  # a column of days, or of instants
            continue
        found = taken.loader.run(
            f"select {clock_change(placed, literal(zone))} as change, count(*), list(_line order by _line)[:{_LINES}] "
            f"from {taken.loader.loaded} group by change having change is not null order by change"
        )
        taken.warnings += [f"{shown(title)}: {_said(change, count, lines, zone)}" for change, count, lines in found]


def _said(change: str, count: int, lines: list[int], zone: str) -> str:
    are = "1 time is" if count == 1 else f"{count} times are"
    where = f"line{'s' if count > 1 else ''} {', '.join(map(str, lines))}{' and more' if count > len(lines) else ''}"
    what = {
        DOUBLED: f"in an hour that the clock of {zone} shows twice; the first reading is taken",
        SKIPPED: f"in an hour that the clock of {zone} skips; read by the offset before, an hour later",
    }[change]
    return f"{are} {what} ({where})"
