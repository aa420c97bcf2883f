"""Which month a headline is about, the same for every room.

Belongs here: that rule, and how such a month is written. Does not: a room's numbers and words (its `Headline`s).

A headline is about the last month that has ended and has data of its own kind: a deal dated in the running month says
nothing of the lead lists, and the running month's own numbers still grow. A month without data after it isn't shown.
"""

from __future__ import annotations

from datetime import date

from leads_platform.months import label


def newest(with_data: set[date], current: date) -> tuple[date, date] | None:
    """The month the headline is about, and the last one to show; None without data."""
    if not with_data:
        return None
    ended = [month for month in with_data if month < current]
    return max(ended or with_data), max(with_data)


def named(month: date, current: date) -> str:
    """The month in words; that it is still running."""
    return label(month) if month < current else f"{label(month)} (running)"
