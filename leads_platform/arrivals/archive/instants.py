"""Which archived files hold times with an offset that were placed in their months by another rule than today's.

Belongs here: that question, of manifests that say by which zone and of those of before it was kept. Does not: reading
such a file again (receive).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import duckdb

from leads_platform.arrivals.archive.slots import titles
from leads_platform.arrivals.archive.store import RECORDS, REJECTED, Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.loading import connect, literal, record_moment
from leads_platform.arrivals.reading.parquet import ISO

_NO_TIME = "contains(reason, 'is not a date written as')"  # how reading tells of a time without a month


def misplaced(contract: FeedContract, manifests: Iterable[Manifest], folder: Path) -> set[int]:
    """The receipts to read again: an instant of theirs was placed by another zone, or its offset was dropped.

    `folder` is where the feed's receipts lie. Files whose times have no offset are none of them, whatever the zone.
    """
    found, unknown = set(), []
    for m in manifests:
        if contract.month.column is None or not m.sha256:
            continue
        if m.reckoned_in is None:
            unknown.append(m)
        elif m.reckoned_in not in ("", contract.zone):
            found.add(m.receipt)
    if not unknown:
        return found
    if contract.month.timezone:  # its times were kept by that clock, not in UTC
        return found | {m.receipt for m in unknown}
    return found | _of_before(contract, unknown, folder)


def _of_before(contract: FeedContract, manifests: list[Manifest], folder: Path) -> set[int]:
    """Of manifests that don't say it: those whose records have an offset, or were left out for a time like that."""
    found = set(_that_hold(folder, REJECTED, _NO_TIME, tuple(m.receipt for m in manifests if m.quarantined)))
    also = ISO if contract.format.type != "csv" else ()
    by_condition: dict[str, list[int]] = {}
    for m in manifests:
        columns = titles(contract, m)
        if m.receipt not in found and m.loaded and contract.month.column in columns:
            moment = record_moment(contract, columns, also)
            condition = f"case when ({moment.stated}) is null then {moment.has_offset()} else false end"
            by_condition.setdefault(condition, []).append(m.receipt)
    for condition, receipts in by_condition.items():
        found |= _that_hold(folder, RECORDS, condition, tuple(receipts))
    return found


@lru_cache(maxsize=4096)  # some for each feed, and there may be hundreds
def _that_hold(folder: Path, name: str, condition: str, receipts: tuple[int, ...]) -> frozenset[int]:
    """Which receipts' file `name` has a row that fulfils the condition. They never change, so it is asked once."""
    paths = {str(folder / f"{receipt:08d}" / name): receipt for receipt in receipts}
    there = [path for path in paths if Path(path).exists()]
    if not there:
        return frozenset()
    listed = ", ".join(map(literal, there))
    con = connect(folder)
    try:
        rows = con.execute(
            f"select filename, coalesce(bool_or({condition}), false) "
            f"from read_parquet([{listed}], filename = true, union_by_name = true) group by filename"
        ).fetchall()
    except duckdb.Error:  # damaged: the build that reads it tells so in words, and reading it again can't help
        return frozenset()
    finally:
        con.close()
    return frozenset(paths[path] for path, holds in rows if holds)
