"""What is measured of a file's archived records: their content by month, and the version their rows state.

Belongs here: the two measures, as SQL. Does not: what follows from them (slots), or comparing two files (compare).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leads_platform.arrivals.archive.slots import month_key
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import moment_of
from leads_platform.arrivals.reading.loading import connect
from leads_platform.warehouse import sql


def measure(
    records: Path, manifest: Manifest, contract: FeedContract
) -> tuple[dict[str, dict[str, Any]], str | None, bool]:
    """Records and content hash by month (one entry, "", where records have none), and `version_from`'s maximum.

    And whether a record's time is an instant.

    The hash does not depend on the order of rows or columns; lines are where records stand, not what they say.
    """
    source = f"read_parquet({sql.literal(str(records))})"
    month = "record_month" if contract.month.column else f"{sql.literal(manifest.month)}::date"
    names = {title: name for name, title in manifest.columns.items()}
    said = sorted(manifest.header, key=lambda title: (names.get(title, title), title))
    instant = "bool_or(record_is_instant)" if contract.month.column else "false"
    content = f"sum(hash({', '.join(sql.identifier(title) for title in said)})::hugeint)::varchar"
    con = connect(records.parent)
    try:
        counted = con.execute(
            f"select {month} as m, count(*), {content}, {instant} from {source} group by m order by m"
        ).fetchall()
        maximum = None
        if contract.version_from in manifest.columns:
            newest = _newest(contract, sql.identifier(manifest.columns[contract.version_from]))
            maximum = con.execute(f"select {newest} from {source}").fetchall()[0][0]
    finally:
        con.close()
    months = {month_key(m) if m else "": {"records": n, "hash": h} for m, n, h, _ in counted}
    return months, maximum, any(instant for *_, instant in counted)


def _newest(contract: FeedContract, column: str) -> str:
    """The maximum of the version column as text that sorts as its type does, and among the dates of names."""
    declared = contract.column(str(contract.version_from))
    cell = f"trim({column})"
    moments = moment_of(contract, declared, cell)
    return {
        "date": f"strftime(max({moments.local(contract.zone)}), '%Y-%m-%d')",
        "timestamp": f"strftime(max({moments.instant()}), '%Y-%m-%d %H:%M:%S.%f')",
        "integer": f"lpad(max(try_cast({cell} as hugeint))::varchar, 40, '0')",
        "decimal": f"lpad(max(try_cast({cell} as decimal(38, 6)))::varchar, 40, '0')",
    }.get(declared.type, f"max({cell})")
