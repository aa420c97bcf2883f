"""Net-new leads, as a run ends with them: titles, columns, rows and notes.

Belongs here: the cells and the words. Does not: counting (rep_net_new_leads), or printing (cli.output).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from leads_platform.headlines import named, newest
from leads_platform.months import label
from leads_platform.room import Headline, Report

# As rep_net_new_leads names the row that counts a lead of two suppliers once.
TOTAL = "all suppliers"


def net_new(rows: Iterable[tuple[date, str, int, int, date | None]], current: date) -> Report | None:
    """Net-new leads, a row per month and a column per supplier, with what the numbers rest on; None without a list.

    `rows`: month, supplier, leads in the month's files, net-new leads, date of the latest Salesforce export. `current`
    is the running month.
    """
    listed = list(rows)
    months = newest({row[0] for row in listed if row[2]}, current)
    if months is None:
        return None
    month, last = months
    shown = sorted({row[0] for row in listed if row[0] <= last})
    suppliers = [*sorted({row[1] for row in listed} - {TOTAL}), TOTAL]
    cells = {(row[0], row[1]): f"{row[3]:,} of {row[2]:,}" if row[2] else "no file" for row in listed}
    notes = ["Of the leads in a month's files, those no supplier had listed and Salesforce did not know before."]
    notes.append("A lead that two suppliers brought first in one month counts for each, and once in all suppliers.")
    if blind := sorted({label(row[0]) for row in listed if row[4] is None and row[0] <= last}):
        notes.append(f"No Salesforce export up to {', '.join(blind)}: there, judged against lead files only.")
    return Report(
        f"{cells.get((month, TOTAL), 'No number of')} leads of {named(month, current)} are net-new",
        ["month", *suppliers],
        [[named(m, current), *(cells.get((m, supplier), "-") for supplier in suppliers)] for m in shown],
        notes,
    )


def totals(rows: Iterable[tuple[date, str, int, int, date | None]]) -> dict[date, int]:
    """Each month's net-new leads of all suppliers; `rows` as for `net_new`."""
    return {row[0]: row[3] for row in rows if row[1] == TOTAL}


NET_NEW = Headline(
    table="prospects.rep_net_new_leads",
    select="""
        select
            month,
            source_name,
            leads_in_files,
            net_new_leads,
            salesforce_as_of
        from prospects.rep_net_new_leads
    """,
    report=net_new,
    missing="No supplier's list has been taken in yet, so there are no net-new leads to show.",
    counts="Net-new leads",
    numbers=totals,
)
