"""Which lists and Salesforce exports there are, month by month, and in which order they arrive.

Belongs here: files' names, dates and parts. Does not: what stands in them.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time

from leads_platform.months import label
from leads_platform.sample.world import World

SUPPLIERS = ("nv_licensing", "ok_licensing", "tx_licensing")
NV, OK, TX = SUPPLIERS
SALESFORCE = "salesforce_leads"

# Days in the files' names; tx names carry no day, so a tx file counts as the first of its month (docs/domain.md).
NV_DAY, NV_CORRECTED_DAY, OK_DAY, TX_DAY = 4, 18, 2, 1

# Which month of a half-year holds which phenomenon (0 = its first month).
LATE_TX, CORRECTED_NV, PARTS_OK, RAGGED_TX = 1, 2, 3, 4
LATE_BY = 2  # months: a late file comes after the files of the month this much later


@dataclass(frozen=True, slots=True)
class LandingFile:
    """A file as it is dropped. `file_date` is the day in its name, else the first of the month."""

    feed: str
    index: int
    month: date
    path: str
    file_date: date
    part: int | None = None
    effective: bool = True

    @property
    def name(self) -> str:
        """Without its folder."""
        return self.path.split("/")[1]

    @property
    def version(self) -> str | None:
        """The day its name gives."""
        return None if self.feed == TX else self.file_date.isoformat()

    def holds(self, serial: int) -> bool:
        """Whether this part of the list is the one that lists the party of this number."""
        return self.part is None or self.part == 1 + serial % 2


class Calendar:
    """The files of a world."""

    def __init__(self, world: World) -> None:
        self.months = [world.month(index) for index in range(world.months)]
        self.suppliers: dict[str, list[list[LandingFile]]] = {
            NV: [_nv_files(index, month) for index, month in enumerate(self.months)],
            OK: [_ok_files(index, month) for index, month in enumerate(self.months)],
            TX: [[_tx_file(index, month)] for index, month in enumerate(self.months)],
        }
        self.snapshots = [_snapshot(index, month) for index, month in enumerate(self.months)]

    def __len__(self) -> int:
        return len(self.months)

    def files(self) -> list[LandingFile]:
        """Every file, in the order of feeds and months."""
        by_supplier = [file for months in self.suppliers.values() for files in months for file in files]
        return by_supplier + self.snapshots

    def arrives(self, file: LandingFile) -> datetime:
        """When the file is dropped: on its day, but a late list comes months after its time."""
        if file.feed == TX and file.index % 6 == LATE_TX:
            last = self.snapshots[min(file.index + LATE_BY, len(self) - 1)]
            return datetime.combine(last.file_date, time(9))
        return datetime.combine(file.file_date, time(8))

    def file_date(self, feed: str, index: int) -> date:
        """The date of the supplier's file in force for month `index`; its parts share one date."""
        return self.suppliers[feed][index][-1].file_date

    def snapshot_index(self, created: datetime) -> int | None:
        """The first snapshot that can hold a Salesforce lead created then; None when it is after the last."""
        for snapshot in self.snapshots:
            if created.date() <= snapshot.file_date:
                return snapshot.index
        return None


def _nv_files(index: int, month: date) -> list[LandingFile]:
    corrected = index % 6 == CORRECTED_NV
    files = []
    for day in (NV_DAY, NV_CORRECTED_DAY) if corrected else (NV_DAY,):
        dated = month.replace(day=day)
        in_force = not corrected or day == NV_CORRECTED_DAY
        files.append(LandingFile(NV, index, month, f"{NV}/{NV}_{dated.isoformat()}.csv", dated, effective=in_force))
    return files


def _ok_files(index: int, month: date) -> list[LandingFile]:
    dated = month.replace(day=OK_DAY)
    stem = f"{OK}/{OK}_{dated.isoformat()}"
    if index % 6 != PARTS_OK:
        return [LandingFile(OK, index, month, f"{stem}.csv", dated)]
    return [LandingFile(OK, index, month, f"{stem}_part{part}.csv", dated, part=part) for part in (1, 2)]


def _tx_file(index: int, month: date) -> LandingFile:
    return LandingFile(TX, index, month, f"{TX}/TX child care {label(month)}.csv", month.replace(day=TX_DAY))


def _snapshot(index: int, month: date) -> LandingFile:
    last_day = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    path = f"{SALESFORCE}/{SALESFORCE}_{last_day.isoformat()}.csv"
    return LandingFile(SALESFORCE, index, month, path, last_day)
