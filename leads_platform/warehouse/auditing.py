"""Asking a table's audits: which rows are bad, by check and month, and what a person may see of them.

Belongs here: the statement that asks and its evidence. Does not: what is asked (the tables), or what follows (write).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from leads_platform.months import months_between
from leads_platform.warehouse import sql
from leads_platform.warehouse.binding import Binder
from leads_platform.warehouse.outcome import CheckResult
from leads_platform.warehouse.table import SCHEMA_CONTRACT, Audit, Table

# Not part of a table's content: when something happened to be received or loaded differs between equal warehouses.
_NOT_CONTENT = ("received_at", "loaded_at")
_EVIDENCE = 20
# Only whole numbers are kept as `named_id`: a text could hold personal data.
_WHOLE_NUMBERS = ("INTEGER", "BIGINT", "UBIGINT", "HUGEINT")
# What an audit names so is meant to be shown: what should be there and what is.
_TOLD = ("expected", "found")


@dataclass
class Counted:
    """What one pass over a table's new rows finds, by month."""

    rows: dict[date, int]
    hashes: dict[date, str]  # the sum of the rows' hashes: the same in any order
    bad: dict[tuple[int, date], int]  # by the audit's number, of those that judge each row by itself


def counted(con: duckdb.DuckDBPyConnection, table: Table, target: str, first: date, last: date) -> Counted:
    """Counts the months' rows in `target`, hashes them, and asks all audits that judge each row by itself.

    A bad row without a month counts in the first.
    """
    content = ", ".join(sql.identifier(c.name) for c in table.columns if c.name not in _NOT_CONTENT)
    asked = _of_one_row(table)
    bad = ", ".join(f"count(*) filter ({condition}\n)" for condition in asked.values())
    found = Counted(dict.fromkeys(months_between(first, last), 0), {}, {})
    for month, rows, content_hash, counts in con.execute(
        f"select month, count(*), sum(hash({content})::hugeint)::varchar, [{bad}] "
        f"from {sql.address(target)} as this where {sql.within(first, last)} or month is null group by month"
    ).fetchall():
        if month is not None:
            found.rows[month], found.hashes[month] = rows, content_hash
        for number, count in zip(asked, counts, strict=True):
            place = (number, month or first)
            found.bad[place] = found.bad.get(place, 0) + count
    return found


def audited(
    con: duckdb.DuckDBPyConnection,
    binder: Binder,
    table: Table,
    target: str,
    found: Counted,
    months: list[date],
    without_month: bool,
) -> list[CheckResult]:
    """Each audit's answer for each of these months; `found` is of the same rows, which `target` holds.

    What `found` leaves open is asked in one statement; for evidence only those that found something are asked again.
    `without_month`: rows that have no month are asked, too.
    """
    first, last = months[0], months[-1]
    audits = _audits(table)
    this = f"select * from {sql.address(target)} where {sql.within(first, last)}"
    this += " or month is null" if without_month else ""
    asked = [binder.bad_rows(audit, target, this, first, last) for audit, _ in audits]
    known = _of_one_row(table)
    others = con.execute(
        "\nunion all ".join(
            # Cast, as a timestamp would equal no month; a bad row without a month counts in the first.
            f"select {number} as audit, coalesce(month::date, {sql.literal(first)}) as bad_month, count(*) as bad "
            f"from ({bad}\n) as bad where {sql.within(first, last)} or month is null group by bad_month"
            for number, bad in enumerate(asked)
            if number not in known
        )
    ).fetchall()
    bad = {place: count for place, count in found.bad.items() if place[1] in months and count}
    bad |= {(number, month): count for number, month, count in others if count}
    results = []
    for number, (audit, blocking) in enumerate(audits):
        some = any(number == one for one, _ in bad)
        evidence = _evidence(con, table, asked[number], first, last) if some else {}
        for month in months:
            count, shown = bad.get((number, month), 0), dict(evidence.get(month, {}))
            if audit.max_share and found.rows[month]:
                shown |= {"share": round(count / found.rows[month], 4), "allowed_share": audit.max_share}
            passed = count <= audit.max_share * found.rows[month] + 1e-9  # 0.29 * 100 is a little less than 29
            results.append(CheckResult(audit.name, audit.says, blocking, month, passed, count, shown))
    return results


def _audits(table: Table) -> list[tuple[Audit, bool]]:
    """Those that a statement can answer."""
    return [(audit, blocking) for audit, blocking in table.audits if audit.name != SCHEMA_CONTRACT]


def _of_one_row(table: Table) -> dict[int, str]:
    """The conditions of the audits that judge each row by itself, by their number in `_audits`."""
    conditions = [audit.condition for audit, _ in _audits(table)]
    return {number: said for number, said in enumerate(conditions) if said and sql.is_of_one_row(said)}


def _shown(table: Table, given: Iterable[str]) -> list[str]:
    """Which of the audit's columns tell what is bad and hold no personal data.

    The table's own columns unless they are `pii`, and `expected` and `found`; what else an audit makes up could be
    anything. Of whole rows the line is enough, else their key.
    """
    declared = {column.name: column for column in table.columns}
    names = [
        name
        for name in given
        if name not in ("month", "line", "named_id") and (not declared[name].pii if name in declared else name in _TOLD)
    ]
    if set(declared) <= set(given):
        return [] if "line" in given else [name for name in names if name in table.grain]
    return names


def _evidence(
    con: duckdb.DuckDBPyConnection, table: Table, bad: str, first: date, last: date
) -> dict[date, dict[str, object]]:
    """The first lines, ids and cells of the bad rows by month, where the audit gives them."""
    given = {name: kind for name, kind, *_ in con.execute(f"describe {bad}").fetchall()}
    lines = f"list(line order by line)[1:{_EVIDENCE}]" if "line" in given else "null"
    ids = f"list_sort(list(distinct named_id))[1:{_EVIDENCE}]" if given.get("named_id") in _WHOLE_NUMBERS else "null"
    shown = [sql.identifier(name) for name in _shown(table, given)]
    packed = ", ".join(f"{name} := {name}::varchar" for name in shown)
    some = f"list_sort(list(struct_pack({packed})))[1:{_EVIDENCE}]" if shown else "null"
    rows = con.execute(
        f"select coalesce(month::date, {sql.literal(first)}) as bad_month, {lines}, {ids}, {some} "
        f"from ({bad}\n) as bad "
        f"where {sql.within(first, last)} or month is null group by bad_month"
    ).fetchall()
    return {
        month: {name: values for name, values in zip(("lines", "ids", "rows"), found, strict=True) if values}
        for month, *found in rows
    }
