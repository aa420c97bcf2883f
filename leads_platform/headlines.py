"""The two reports that a run ends with: net-new leads and the sales funnel, as titles, columns, rows and notes.

Belongs here: which month a headline is about, and the cells. Does not: asking for the rows (cli.build), printing them
(cli.output), or counting (the rooms).

A headline is about the last month that has ended and has data of its own kind: a deal dated in the running month says
nothing of the lead lists, and the running month's own numbers still grow. A month without data after it isn't shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from leads_platform.months import label

# As rep_net_new_leads names the row that counts a lead of two suppliers once.
TOTAL = "all suppliers"
# As many columns as a terminal of 80 has room for.
_FUNNEL_MONTHS = 6


@dataclass(frozen=True)
class Report:
    """A table for a person; `title` states the newest number in it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


def net_new(rows: Iterable[tuple[date, str, int, int, date | None]], current: date) -> Report | None:
    """Net-new leads, a row per month and a column per supplier, with what the numbers rest on; None without a list.

    `rows`: month, supplier, leads in the month's files, net-new leads, date of the latest Salesforce export. `current`
    is the running month.
    """
    listed = list(rows)
    told = _headline({row[0] for row in listed if row[2]}, current)
    if told is None:
        return None
    month, last = told
    shown = sorted({row[0] for row in listed if row[0] <= last})
    suppliers = [*sorted({row[1] for row in listed} - {TOTAL}), TOTAL]
    cells = {(row[0], row[1]): f"{row[3]:,} of {row[2]:,}" if row[2] else "no file" for row in listed}
    notes = ["Of the leads in a month's files, those no supplier had listed and Salesforce did not know before."]
    notes.append("A lead that two suppliers brought first in one month counts for each, and once in all suppliers.")
    if blind := sorted({label(row[0]) for row in listed if row[4] is None and row[0] <= last}):
        notes.append(f"No Salesforce export up to {', '.join(blind)}: there, judged against lead files only.")
    return Report(
        f"{cells.get((month, TOTAL), 'No number of')} leads of {_named(month, current)} are net-new",
        ["month", *suppliers],
        [[_named(m, current), *(cells.get((m, supplier), "-") for supplier in suppliers)] for m in shown],
        notes,
    )


def funnel(rows: Iterable[tuple[date, object, str, int]], current: date) -> Report | None:
    """The sales funnel of the latest months, a row per step and a column per month; None where no deal is known.

    `rows`: month, number of the step, its name in that month, deals. A step is told by its number: its name can change,
    and the newest one is shown.
    """
    listed = sorted(rows, key=lambda row: row[0])
    told = _headline({row[0] for row in listed if row[3]}, current)
    if told is None:
        return None
    month, last = told
    ended = sorted({row[0] for row in listed if row[0] <= month})[-_FUNNEL_MONTHS:]
    shown = [*ended, *sorted({row[0] for row in listed if month < row[0] <= last and row[3]})]
    names = {row[1]: row[2] for row in listed if row[0] <= last}
    steps = sorted(names, key=lambda step: float(str(step)))
    cells = {(row[0], row[1]): f"{row[3]:,}" for row in listed}
    entered = cells.get((month, steps[0]), "No number of")
    return Report(
        f"{entered} deals entered the funnel in {_named(month, current)}",
        ["step", *(_named(m, current) for m in shown)],
        [[names[step], *(cells.get((m, step), "-") for m in shown)] for step in steps],
        ["Deals by the month of their first entry into a step; sales calls by the month in which they were done."],
    )


def _headline(with_data: set[date], current: date) -> tuple[date, date] | None:
    """The month the headline is about, and the last one to show; None without data."""
    if not with_data:
        return None
    ended = [month for month in with_data if month < current]
    return max(ended or with_data), max(with_data)


def _named(month: date, current: date) -> str:
    return label(month) if month < current else f"{label(month)} (running)"
