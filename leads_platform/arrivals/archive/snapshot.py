"""Snapshots: a full list each month, perhaps in several parts. The newest version of a month's list counts.

Its records may have months of their own: then the month in the name says which list a file replaces, and no more.

Belongs here: what this delivery means. Does not: what all deliveries share (slots).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from leads_platform.arrivals.archive.compare import Difference
from leads_platform.arrivals.archive.replacing import Doubt, ReplacingState
from leads_platform.arrivals.archive.slots import Entry, FileSelect, Slot, month_key
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import FileName
from leads_platform.months import months_between, parse_month
from leads_platform.warehouse import sql

# A second file of a slot that shares less than this part of the smaller one's keys is another list, not a correction.
FEW_SHARED_KEYS = 0.2


class SnapshotState(ReplacingState):
    """Its slots are months and their parts."""

    def slot_of(self, month: date | None, part: str) -> Slot:
        return month, part

    def effective(self, month: date | None) -> list[Entry]:
        if not self.contract.names_the_list or month is None:
            return self.filed_under(month)
        return [entry for entry in self._standing() if self.holds(entry, month)]

    def counts(self) -> dict[date, int]:
        found: dict[date, int] = {}
        for month, _, loaded in self.account(()):
            found[month] = found.get(month, 0) + loaded
        return found

    def _standing(self) -> list[Entry]:
        """The current list of every month and part, in their order."""
        slots = sorted((month, part) for month, part in self._slots if month)
        return [entry for slot in slots if (entry := self.current(slot))]

    def holds(self, entry: Entry, month: date) -> bool:
        return month_key(month) in entry.manifest.months

    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        return [
            (parse_month(month), e.manifest, of_month["records"])
            for e in self._standing()
            for month, of_month in e.manifest.months.items()
        ]

    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        if self.contract.names_the_list:
            within = sql.within(first, last)
            return [
                f"select * from ({file(entry, 'record_month', 0)}) where {within}"
                for entry in self._standing()
                if any(first <= parse_month(month) <= last for month in entry.manifest.months)
            ]
        return [
            file(entry, sql.literal(month), 0)
            for entry in self._standing()
            if (month := entry.manifest.month) and first <= month <= last
        ]

    def tellers(self, first: date, last: date) -> list[Entry]:
        lists, holding = self.once("lists", self._lists)
        asked = months_between(first, last)
        return [entry for month in sorted({m for one in asked for m in holding.get(one, ())}) for entry in lists[month]]

    def _lists(self) -> tuple[dict[date, list[Entry]], dict[date, set[date]]]:
        """The counting files by the month of their list, and by each month the lists that hold records of it."""
        lists: dict[date, list[Entry]] = {}
        holding: dict[date, set[date]] = {}
        for (month, _), own in self._slots.items():
            for entry in own.values() if month else ():
                if month and entry.counts:
                    lists.setdefault(month, []).append(entry)
                    for held in entry.manifest.months:
                        holding.setdefault(parse_month(held), set()).add(month)
        return lists, holding

    def filed_under(self, month: date | None) -> list[Entry]:
        slots = [slot for slot in self._slots if slot[0] == month]
        return [entry for slot in sorted(slots, key=str) if (entry := self.current(slot))]

    def _shown(self, name: FileName, month: date | None) -> list[Entry]:
        return self.filed_under(month) if month else []

    def _doubts(self, manifest: Manifest, former: Manifest, difference: Difference) -> Iterator[Doubt]:
        yield from super()._doubts(manifest, former, difference)
        if self.contract.parts == "one" and difference.shared_share < FEW_SHARED_KEYS:
            yield (
                "another_list",
                f"it shares {difference.shared_share:.0%} of its keys with {former.file_name}, which it would replace; "
                "it may be another part of the list",
            )

    def _version_of_month(self, month: date) -> str | None:
        return None  # it is the slot

    def _of_month(self, manifest: Manifest, month: date) -> Any | None:
        return manifest.months.get(month_key(month))
