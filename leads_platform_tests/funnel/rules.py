"""The funnel's rules, worked out apart from the tables: plain Python over the export's records (docs/domain.md).

Belongs here: what a cell of the two reports must be, deal by deal. Shares no code with the tables: no SQL, and
nothing of the platform.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

Record = Mapping[str, str]
Cells = dict[tuple[str, str], int]
"""Deals by month (2024-02) and step (1 to 9, 2.1, 3.1)."""

CALLS = {"meeting": "2.1", "sc_2": "3.1"}


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def entries(changes: Iterable[Record]) -> dict[str, list[tuple[datetime, str]]]:
    """Each deal's entries into stages, oldest first."""
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for change in changes:
        if change["changed_field_key"] == "stage_id":
            found[change["deal_id"]].append((moment(change["change_time"]), change["new_value"]))
    for life in found.values():
        life.sort(key=lambda entry: entry[0])
    return found


def funnel_monthly(changes: Iterable[Record], activities: Iterable[Record]) -> Cells:
    """rep_sales_funnel_monthly: a deal's first entry into a stage; deals with a done call in the month."""
    cells: Counter[tuple[str, str]] = Counter()
    for life in entries(changes).values():
        seen = set()
        for at, stage in life:
            if stage not in seen:
                cells[f"{at:%Y-%m}", stage] += 1
            seen.add(stage)
    calls = {(f"{at:%Y-%m}", step, deal) for at, step, deal in done_calls(activities)}
    cells.update((month, step) for month, step, _ in calls)
    return dict(cells)


def monthly_stats(changes: Iterable[Record], activities: Iterable[Record]) -> Cells:
    """monthly_stats: every entry and every done call, a deal once a day, days added up."""
    days = {(f"{at:%Y-%m-%d}", stage, deal) for deal, life in entries(changes).items() for at, stage in life}
    days |= {(f"{at:%Y-%m-%d}", step, deal) for at, step, deal in done_calls(activities)}
    return dict(Counter((day[:7], step) for day, step, _ in days))


def done_calls(activities: Iterable[Record]) -> list[tuple[datetime, str, str]]:
    """Done activities of the two kinds of sales call: when due, which step, which deal."""
    return [
        (moment(activity["due_to"]), CALLS[activity["type"]], activity["deal_id"])
        for activity in activities
        if activity["done"] == "True" and activity["type"] in CALLS
    ]
