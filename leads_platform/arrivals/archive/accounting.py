"""The account of every file in force, month by month, and the audit that holds a base table against it.

Belongs here: what the manifests say each file was counted to hold, as a relation, and the blocking check of it.
Does not: counting a file's records (counting), or the base table itself (base_table).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from leads_platform.arrivals.archive.slots import FeedState
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.warehouse import Audit, sql

_COLUMNS = "month, file_sha256, part, receipt, records, loaded, quarantined, erased, in_months, in_month, effective"
_TYPES = "date, varchar, varchar, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint"


def accounts(
    state: FeedState, months: Iterable[date], records: Callable[[str, int], Path], first: date, last: date
) -> str:
    """A select of one row per file in force and month, `first` to `last`; `months` are those a reference serves.

    `records`, `loaded`, `quarantined` and `erased` are the file's counts, `in_months` its loaded records added up over
    its months, `in_month` those of this month. Of an events feed, whose files repeat each other, `effective` is what
    the month holds over all files, and `archived` what the archived file holds of the month; else both are null.
    """
    account = [row for row in state.account(months) if first <= row[0] <= last]
    of_month = state.counts() if state.contract.delivered.is_partial else {}
    rows = sql.values(
        (
            *(month, m.sha256, m.part, m.receipt, m.records, m.loaded, m.quarantined, m.erased),
            *(sum(said["records"] for said in m.months.values()), in_month, of_month.get(month, 0)),
        )
        for month, m, in_month in account
    )
    nulls = ", ".join(f"null::{kind}" for kind in _TYPES.split(", "))
    counted = f"select * from (values {rows or f'({nulls})'}) as counts({_COLUMNS}) where month is not null"
    if not state.contract.delivered.is_partial:
        return f"select * exclude (effective), null::bigint as effective, null::bigint as archived from ({counted})"
    receipts = {m.receipt for _, m, _ in account}
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


def records_are_accounted_for(contract: FeedContract) -> Audit:
    """Blocks a month whose files' counts do not add up, or whose rows are not the records that were counted."""
    adds_up = "records = loaded + quarantined + erased and loaded = in_months"
    counts = f"arrivals.{contract.feed}_counts"
    if contract.delivered.is_partial:  # files overlap: the month is counted as a whole, each file in the archive
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
        "Every record counted in a file is loaded, quarantined or erased, and the month's rows are the loaded ones, "
        "no more and no fewer.",
        select,
    )
