"""The account of every file in force, month by month, and the audit that holds a base table against it.

Belongs here: what the manifests say each file was counted to hold, as a relation, and the blocking check of it.
Does not: counting a file's records (counting), or the base table itself (base_table).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from leads_platform.arrivals.archive.slots import FeedState, month_key
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.months import parse_month
from leads_platform.warehouse import Audit, sql

_COLUMNS = "month, file_sha256, part, receipt, records, loaded, quarantined, in_months, in_month, effective"
_TYPES = "date, varchar, varchar, bigint, bigint, bigint, bigint, bigint, bigint, bigint"


def accounts(
    state: FeedState, months: Iterable[date], records: Callable[[str, int], Path], first: date, last: date
) -> str:
    """A select of one row per file in force and month, `first` to `last`; `months` are those a reference serves.

    `records`, `loaded` and `quarantined` are the file's counts, `in_months` its loaded records added up over its
    months, `in_month` those of this month. Of an events feed, whose files repeat each other, `effective` is what the
    month holds over all files, and `archived` what the archived file holds of the month; else both are null.
    """
    told = [row for row in _told(state, months) if first <= row[0] <= last]
    of_month = state.counts() if state.contract.delivery == "events" else {}
    rows = sql.values(
        (
            *(month, m.sha256, m.part, m.receipt, m.records, m.loaded, m.quarantined),
            *(sum(said["records"] for said in m.months.values()), in_month, of_month.get(month, 0)),
        )
        for month, m, in_month in told
    )
    nulls = ", ".join(f"null::{kind}" for kind in _TYPES.split(", "))
    counted = f"select * from (values {rows or f'({nulls})'}) as counts({_COLUMNS}) where month is not null"
    if state.contract.delivery != "events":
        return f"select * exclude (effective), null::bigint as effective, null::bigint as archived from ({counted})"
    receipts = {m.receipt for _, m, _ in told}
    kept = " union all ".join(
        f"select {receipt} as receipt, record_month as month, count(*) as archived "
        f"from read_parquet({sql.literal(str(records(state.contract.feed, receipt)))}) group by record_month"
        for receipt in sorted(receipts)
    )
    kept = kept or "select 0 as receipt, null::date as month, 0 as archived where false"
    return (
        f"select counted.*, coalesce(kept.archived, 0) as archived from ({counted}) as counted "
        f"left join ({kept}) as kept on kept.receipt = counted.receipt and kept.month = counted.month"
    )


def _told(state: FeedState, months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
    """Each file in force with how many of its records a month must hold; for events: with how many it brought."""
    delivery = state.contract.delivery
    if delivery in ("snapshot", "reference"):
        served = state.months() if delivery == "snapshot" else months
        return [(m, e.manifest, e.manifest.loaded) for m in sorted(served) for e in state.effective(m)]
    if delivery == "events":
        return [
            (parse_month(month), e.manifest, told["records"])
            for e in state.effective(None)
            for month, told in e.manifest.months.items()
        ]
    found = []
    for newest in state.effective(None)[-1:]:
        for month in sorted(state.months()):
            found.append((month, newest.manifest, 0))  # its account must add up, whichever file the rows stand for
            found += [
                (month, e.manifest, e.manifest.months[month_key(month)]["records"]) for e in state.effective(month)
            ]
    return found


def records_are_accounted_for(contract: FeedContract) -> Audit:
    """Blocks a month whose files' counts do not add up, or whose rows are not the records that were counted."""
    adds_up = "records = loaded + quarantined and loaded = in_months"
    counts = f"arrivals.{contract.feed}_counts"
    if contract.delivery == "events":  # files overlap: the month is counted as a whole, each file in the archive
        select = f"""
        with here as (
            select month, count(*) as rows from this group by month
        ),
        told as (
            select month, max(effective) as rows, bool_and({adds_up} and archived = in_month) as adds_up
            from {counts}
            group by month
        )
        select coalesce(here.month, told.month) as month
        from here
        full join told on told.month = here.month
        where coalesce(here.rows, 0) <> coalesce(told.rows, 0) or not coalesce(told.adds_up, true)
        """
    else:
        select = f"""
        with here as (
            select month, file_sha256, part, count(*) as rows from this group by month, file_sha256, part
        ),
        told as (
            select month, file_sha256, part, sum(in_month) as rows, bool_and({adds_up}) as adds_up
            from {counts}
            group by month, file_sha256, part
        )
        select coalesce(here.month, told.month) as month
        from here
        full join told
            on told.month = here.month and told.file_sha256 = here.file_sha256 and told.part = here.part
        where coalesce(here.rows, 0) <> coalesce(told.rows, 0) or not coalesce(told.adds_up, true)
        """
    return Audit(
        "records_are_accounted_for",
        "Every record counted in a file is loaded or quarantined, and the month's rows are the loaded ones, "
        "no more and no fewer.",
        select,
    )
