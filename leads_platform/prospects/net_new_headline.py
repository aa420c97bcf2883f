"""Net-new leads, as a run ends with them: titles, columns, rows and notes.

Belongs here: the cells and the words. Does not: counting (rep_net_new_leads), or printing (cli.output).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from leads_platform.headlines import named, newest
from leads_platform.months import label
from leads_platform.room import Headline, Report

# As rep_net_new_leads names the row that counts a lead of two suppliers once.
TOTAL = "all suppliers"


class Row(NamedTuple):
    """A month and supplier (or `all suppliers`), as the headline's select gives them."""

    month: date
    supplier: str
    leads: int
    net_new: int
    new_licences: int
    without_valid_phone: int
    expired_licence: int
    salesforce_as_of: date | None


def net_new(rows: Iterable[tuple[Any, ...]], current: date) -> Report | None:
    """Net-new leads, a row per month and a column per supplier, with what they are; None without a list.

    `rows` as `Row` names them. `current` is the running month.
    """
    listed = [Row(*row) for row in rows]
    months = newest({row.month for row in listed if row.leads}, current)
    if months is None:
        return None
    month, last = months
    shown = sorted({row.month for row in listed if row.month <= last})
    suppliers = [*sorted({row.supplier for row in listed} - {TOTAL}), TOTAL]
    cells = {
        (row.month, row.supplier): f"{row.net_new:,} of {row.leads:,}" if row.leads else "no file" for row in listed
    }
    in_all = {row.month: row for row in listed if row.supplier == TOTAL and row.leads}
    title = f"{cells.get((month, TOTAL), 'No number of')} leads of {named(month, current)} are net-new"
    notes = ["Of the leads in a month's files, those no supplier had listed and Salesforce did not know before."]
    notes.append("A lead that two suppliers brought first in one month counts for each, and once in all suppliers.")
    if month in in_all:
        of_them = in_all[month].new_licences
        title += f", of them {of_them:,} new licence{'' if of_them == 1 else 's'}"
        notes.append(_kinds(in_all[month], named(month, current)))
    if blind := sorted({label(row.month) for row in listed if row.salesforce_as_of is None and row.month <= last}):
        notes.append(f"No Salesforce export up to {', '.join(blind)}: there, judged against lead files only.")
    return Report(
        title,
        ["month", *suppliers, "new licences"],
        [
            [
                named(m, current),
                *(cells.get((m, supplier), "-") for supplier in suppliers),
                f"{in_all[m].new_licences:,}" if m in in_all else "-",
            ]
            for m in shown
        ],
        notes,
    )


def _kinds(row: Row, month: str) -> str:
    """What the net-new leads of a month are, in a line."""
    known = row.net_new - row.new_licences
    return (
        f"Net-new in {month}: new licences {row.new_licences:,}, "
        f"known licences that moved or changed their phone {known:,}; "
        f"without a valid phone {row.without_valid_phone:,}, with an expired licence {row.expired_licence:,}."
    )


def totals(rows: Iterable[tuple[Any, ...]]) -> dict[date, int]:
    """Each month's net-new leads of all suppliers; `rows` as for `net_new`."""
    return {row.month: row.net_new for row in (Row(*row) for row in rows) if row.supplier == TOTAL}


NET_NEW = Headline(
    table="prospects.rep_net_new_leads",
    select="""
        select
            month,
            source_name,
            leads_in_files,
            net_new_leads,
            new_licences,
            without_valid_phone,
            expired_licence,
            salesforce_as_of
        from prospects.rep_net_new_leads
    """,
    report=net_new,
    missing="No supplier's list has been taken in yet, so there are no net-new leads to show.",
    counts="Net-new leads",
    numbers=totals,
)
