"""Snapshots: a full list each month, perhaps in several parts. The newest version of a month's list counts.

Belongs here: what this delivery means. Does not: what all deliveries share (slots).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from leads_platform.arrivals.archive.compare import Difference
from leads_platform.arrivals.archive.replacing import Doubt, ReplacingState
from leads_platform.arrivals.archive.slots import Entry, FileSelect, Slot
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import FileName
from leads_platform.warehouse import sql

# A second file of a slot that shares less than this part of the smaller one's keys is another list, not a correction.
FEW_SHARED_KEYS = 0.2


class SnapshotState(ReplacingState):
    """Its slots are months and their parts."""

    def slot_of(self, month: date | None, part: str) -> Slot:
        return month, part

    def effective(self, month: date | None) -> list[Entry]:
        slots = [slot for slot in self._slots if slot[0] == month]
        return [entry for slot in sorted(slots, key=str) if (entry := self.current(slot))]

    def counts(self) -> dict[date, int]:
        return {month: sum(e.manifest.loaded for e in self.effective(month)) for month in self.months()}

    def months(self) -> set[date]:
        return {month for month, part in self._slots if month and self._counting((month, part))}

    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        return [(m, e.manifest, e.manifest.loaded) for m in sorted(self.months()) for e in self.effective(m)]

    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        months = sorted(month for month in self.months() if first <= month <= last)
        return [file(entry, sql.literal(month), 0) for month in months for entry in self.effective(month)]

    def filed_under(self, month: date) -> list[Entry]:
        return self.effective(month)

    def _shown(self, name: FileName, month: date | None) -> list[Entry]:
        return self.effective(month) if month else []

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
