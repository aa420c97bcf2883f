"""Asking a table's audits: which rows are bad, by check and month, and what a person may see of them.

Belongs here: the statement that asks and its evidence. Does not: what is asked (the tables), or what follows (write).
"""

from __future__ import annotations

from datetime import date

import duckdb

from leads_platform.warehouse import sql
from leads_platform.warehouse.binding import Binder
from leads_platform.warehouse.outcome import CheckResult
from leads_platform.warehouse.table import SCHEMA_CONTRACT, Table

_EVIDENCE = 20
# Only whole numbers are kept as `named_id`: a text could hold personal data.
_WHOLE_NUMBERS = ("INTEGER", "BIGINT", "UBIGINT", "HUGEINT")
# Columns that never hold personal data: which cell of a report is bad, what was expected there and what was found.
_SHOWN = ("funnel_step", "stage_id", "cohort_month", "expected", "found")


def audited(
    con: duckdb.DuckDBPyConnection,
    binder: Binder,
    table: Table,
    target: str,
    rows: dict[date, int],
    without_month: bool,
) -> list[CheckResult]:
    """Asks all audits of a table of the months in `rows`, which gives each month's count of rows.

    In one statement; for evidence only those that found something are asked again. `target` holds the rows.
    `without_month`: rows that have no month are asked, too.
    """
    first, last = min(rows), max(rows)
    audits = [(audit, blocking) for audit, blocking in table.audits if audit.name != SCHEMA_CONTRACT]
    this = f"select * from {sql.address(target)} where {sql.within(first, last)}"
    this += " or month is null" if without_month else ""
    asked = [binder.bad_rows(audit, target, this, first, last) for audit, _ in audits]
    # Cast, as a timestamp would equal no month; a bad row without a month counts in the first.
    bad_month = f"coalesce(month::date, {sql.literal(first)}) as bad_month"
    by_row = {n: a.condition for n, (a, _) in enumerate(audits) if a.condition and sql.is_of_one_row(a.condition)}
    counted = con.execute(
        # What looks at single rows is counted in one pass.
        "\nunion all ".join(
            [
                f"select unnest({list(by_row)}) as audit, bad_month, unnest(counts) as bad from "
                f"(select {bad_month}, ["
                + ", ".join(f"count(*) filter ({condition}\n)" for condition in by_row.values())
                + f"] as counts from ({this}) as this group by bad_month)",
                *(
                    f"select {number} as audit, {bad_month}, count(*) as bad "
                    f"from ({bad}\n) as bad where {sql.within(first, last)} or month is null group by bad_month"
                    for number, bad in enumerate(asked)
                    if number not in by_row
                ),
            ]
        )
    ).fetchall()
    found = {(number, month): count for number, month, count in counted if count}
    results = []
    for number, (audit, blocking) in enumerate(audits):
        some = any(number == one for one, _ in found)
        evidence = _evidence(con, asked[number], first, last) if some else {}
        for month, total in rows.items():
            count, told = found.get((number, month), 0), dict(evidence.get(month, {}))
            if audit.max_share and total:
                told |= {"share": round(count / total, 4), "allowed_share": audit.max_share}
            passed = count <= audit.max_share * total + 1e-9  # 0.29 * 100 is a little less than 29
            results.append(CheckResult(audit.name, audit.says, blocking, month, passed, count, told))
    return results


def _evidence(con: duckdb.DuckDBPyConnection, bad: str, first: date, last: date) -> dict[date, dict[str, object]]:
    """The first lines, ids and cells of the bad rows by month, where the audit gives them."""
    given = {name: kind for name, kind, *_ in con.execute(f"describe {bad}").fetchall()}
    lines = f"list(line order by line)[1:{_EVIDENCE}]" if "line" in given else "null"
    ids = f"list_sort(list(distinct named_id))[1:{_EVIDENCE}]" if given.get("named_id") in _WHOLE_NUMBERS else "null"
    shown = [sql.identifier(name) for name in _SHOWN if name in given]
    packed = ", ".join(f"{name} := {name}::varchar" for name in shown)
    some = f"list_sort(list(struct_pack({packed})))[1:{_EVIDENCE}]" if shown else "null"
    rows = con.execute(
        f"select coalesce(month::date, {sql.literal(first)}) as bad_month, {lines}, {ids}, {some} "
        f"from ({bad}\n) as bad "
        f"where {sql.within(first, last)} or month is null group by bad_month"
    ).fetchall()
    return {
        month: {name: told for name, told in zip(("lines", "ids", "rows"), found, strict=True) if told}
        for month, *found in rows
    }
