"""References: a small look-up that serves every month: the newest dated in or before it, or the newest of all.

Belongs here: what this delivery means. Does not: what all deliveries share (slots).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from leads_platform.arrivals.archive.replacing import ReplacingState, with_difference
from leads_platform.arrivals.archive.slots import Entry, FileSelect, Records
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import FileName
from leads_platform.months import add_months
from leads_platform.warehouse import sql


class ReferenceState(ReplacingState):
    """One slot, in which several versions can be in force, each for its months."""

    def effective(self, month: date | None) -> list[Entry]:
        counting = sorted(self._counting((None, "")), key=lambda e: e.order)
        if month is None:
            return counting
        if self.contract.serves == "newest":
            return counting[-1:]
        end = add_months(month, 1)
        served = [e for e in counting if e.manifest.file_date is None or e.manifest.file_date < end]
        earliest = min((e.manifest.file_date for e in counting if e.manifest.file_date), default=None)
        return served[-1:] or [e for e in counting if e.manifest.file_date == earliest][-1:]

    def counts(self) -> dict[date, int]:
        return {}  # no month is its own

    def served(self, open_months: Iterable[date]) -> list[date]:
        return list(open_months)

    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        return [(m, e.manifest, e.manifest.loaded) for m in sorted(open_months) for e in self.effective(m)]

    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        months = [month for month in open_months if first <= month <= last]
        return [file(entry, sql.literal(month), 0) for month in months for entry in self.effective(month)]

    def in_force(self, entry: Entry, open_months: Iterable[date]) -> bool:
        return any(entry in self.effective(month) for month in open_months)

    def judged(self, manifest: Manifest, records: Records) -> Manifest:
        """Never held, as it is tiny; what is older than another version still serves its own months."""
        former, _ = self.former(manifest)
        return with_difference(manifest, self.difference(former, manifest, records)) if former else manifest

    def _shown(self, name: FileName, month: date | None) -> list[Entry]:
        return self.effective(name.month) if name.month else super()._shown(name, month)
