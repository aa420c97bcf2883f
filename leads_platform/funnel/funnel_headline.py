"""The sales funnel, as a run ends with it: titles, columns, rows and notes.

Belongs here: the cells and the words. Does not: counting (rep_funnel_trends), or printing (cli.output).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from leads_platform.headlines import named, newest
from leads_platform.room import Headline, Report

# As many columns as a terminal of 80 has room for.
_FUNNEL_MONTHS = 6


def funnel(rows: Iterable[tuple[date, object, str, int]], current: date) -> Report | None:
    """The sales funnel of the latest months, a row per step and a column per month; None where no deal is known.

    `rows`: month, number of the step, its name in that month, deals. A step is told by its number: its name can change,
    and the newest one is shown.
    """
    listed = sorted(rows, key=lambda row: row[0])
    months = newest({row[0] for row in listed if row[3]}, current)
    if months is None:
        return None
    month, last = months
    ended = sorted({row[0] for row in listed if row[0] <= month})[-_FUNNEL_MONTHS:]
    shown = [*ended, *sorted({row[0] for row in listed if month < row[0] <= last and row[3]})]
    names = {row[1]: row[2] for row in listed if row[0] <= last}
    steps = sorted(names, key=lambda step: float(str(step)))
    cells = {(row[0], row[1]): f"{row[3]:,}" for row in listed}
    entered = cells.get((month, steps[0]), "No number of")
    return Report(
        f"{entered} deals entered the funnel in {named(month, current)}",
        ["step", *(named(m, current) for m in shown)],
        [[names[step], *(cells.get((m, step), "-") for m in shown)] for step in steps],
        ["Deals by the month of their first entry into a step; sales calls by the month in which they were done."],
    )


FUNNEL = Headline(
    table="funnel.rep_funnel_trends",
    select="""
        select
            month,
            funnel_step,
            kpi_name,
            deals_count
        from funnel.rep_funnel_trends
    """,
    report=funnel,
)
