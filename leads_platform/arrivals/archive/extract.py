"""Extracts: the whole history each time; each record has its own month. The newest extract counts.

Belongs here: what this delivery means. Does not: what all deliveries share (slots).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from leads_platform.arrivals.archive.replacing import ReplacingState
from leads_platform.arrivals.archive.slots import Entry, FileSelect, month_key
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.months import parse_month
from leads_platform.warehouse import sql


class ExtractState(ReplacingState):
    """One slot. A month stands for the first extract that said what the newest says of it."""

    def effective(self, month: date | None) -> list[Entry]:
        counting = sorted(self._counting((None, "")), key=lambda e: e.order)
        return counting if month is None else _first_to_say_so(counting, month)

    def counts(self) -> dict[date, int]:
        current = self.effective(None)[-1:]
        return {parse_month(m): of_month["records"] for e in current for m, of_month in e.manifest.months.items()}

    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        found = []
        for newest in self.effective(None)[-1:]:
            for month in sorted(self.months()):
                found.append((month, newest.manifest, 0))  # it must add up, whichever file the rows stand for
                found += [
                    (month, e.manifest, e.manifest.months[month_key(month)]["records"]) for e in self.effective(month)
                ]
        return found

    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        months: dict[int, list[date]] = {}
        entries = {}
        for month in self.months():
            for entry in self.effective(month) if first <= month <= last else []:
                entries[entry.manifest.receipt] = entry
                months.setdefault(entry.manifest.receipt, []).append(month)
        return [
            f"select * from ({file(entries[receipt], 'record_month', 0)}) "
            f"where month in ({', '.join(sql.literal(m) for m in sorted(own))})"
            for receipt, own in sorted(months.items())
        ]

    def _of_month(self, manifest: Manifest, month: date) -> Any | None:
        return manifest.months.get(month_key(month))


def _first_to_say_so(extracts: list[Entry], month: date) -> list[Entry]:
    """The newest extract, or the first before it since when the month has not changed.

    So a new extract touches only the months in which it differs, file names and lines included.
    """
    key = month_key(month)
    if not extracts or key not in extracts[-1].manifest.months:
        return []
    said = extracts[-1].manifest.months[key]
    first = extracts[-1]
    for earlier in reversed(extracts):
        if earlier.manifest.months.get(key) != said:
            break
        first = earlier
    return [first]
