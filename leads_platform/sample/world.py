"""The simulated truth: sites with a known identity, the suppliers' listings of them, Salesforce, and the
calendar.

Belongs here: what is true in the sample world, independent of how a file writes it. Does not: inventing a
population (population), writing suppliers' formats (files), or counting answers (truth). Nothing here uses
the cleaning code that it is meant to judge.

A *site* is a phone and an address (docs/domain.md). A *unit* is everything that shares a phone: its sites, the
listings of them and the Salesforce leads that match; no phone of one unit occurs in another, except
placeholders such as 999-999-9999, whose addresses are unique and which no Salesforce lead carries. That is
why answers can be added up unit by unit, in a stream, at any scale.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from leads_platform.months import add_months, label
from leads_platform.sample.vocabulary import Place

SUPPLIERS = ("nv_licensing", "ok_licensing", "tx_licensing")
SALESFORCE = "salesforce_leads"

# Days in the files' names; tx names carry no day, so a tx file counts as the first of its month (docs/domain.md).
NV_DAY, NV_CORRECTED_DAY, OK_DAY, TX_DAY = 4, 18, 2, 1

# Which month of a half-year holds which phenomenon (0 = its first month).
LATE_TX, CORRECTED_NV, PARTS_OK, RAGGED_TX = 1, 2, 3, 4
LATE_BY = 2  # months: a late file comes after the files of the month this much later


@dataclass(frozen=True, slots=True)
class Address:
    """A street address in canonical parts: upper case, postal abbreviations, `unit` like `STE 4` or empty."""

    number: str
    direction: str
    street: str
    suffix: str
    unit: str
    place: Place

    @property
    def text(self) -> str:
        """The canonical one-line address."""
        parts = (self.number, self.direction, self.street, self.suffix, self.unit)
        place = self.place
        return f"{' '.join(p for p in parts if p)}, {place.city}, {place.state} {place.postal_code}"


@dataclass(frozen=True, slots=True)
class Site:
    """A phone (digits, normally ten; None when there is none) and an address: the seed's prospective lead."""

    phone: str | None
    address: Address | None

    def identity(self, feed: str, source_id: str) -> str:
        """One string per lead. Without a phone or an address a lead is only itself: the supplier's own
        record.
        """
        if self.phone and self.address:
            return f"{self.phone}|{self.address.text}"
        return f"{feed}#{source_id}"


@dataclass(slots=True)
class Listing:
    """One supplier's licence over the months.

    `sites[i]` is what the file in force for month i says, None when it does not hold the licence.
    `superseded[i]` is what a corrected file's first version said instead. `twice` are months in which the
    file holds it twice; `broken` months in which its record has a field too many. From `restyled_from` on,
    phone and address are written in another way; from `contact_from` on, the contact is `next_contact`.
    `phone_text` is a cell that is no valid phone.
    """

    feed: str
    source_id: str
    sites: tuple[Site | None, ...]
    company: str = "Example Child Care"
    contact: tuple[str, str] = ("DANA", "HARPER")
    style: int = 0
    issued_on: date = date(2019, 5, 1)
    expires_on: date | None = None
    capacity: int = 12
    phone_text: str | None = None
    superseded: dict[int, Site | None] = field(default_factory=dict)
    twice: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    restyled_from: int | None = None
    contact_from: int | None = None
    next_contact: tuple[str, str] | None = None


@dataclass(slots=True)
class SalesforceLead:
    """A Salesforce lead; `deleted_from`, `converted_from`, `absent_from` are indexes of monthly snapshots."""

    lead_id: str
    created: datetime
    phone: str | None
    mobile: str | None = None
    company: str = "Example Child Care"
    contact: tuple[str, str] = ("DANA", "HARPER")
    address: Address | None = None
    style: int = 0
    deleted_from: int | None = None
    converted_from: int | None = None
    absent_from: int | None = None


@dataclass(slots=True)
class Unit:
    """Everything that shares a phone. `serial` also decides the part of a list that comes in parts."""

    serial: int
    listings: list[Listing]
    salesforce: list[SalesforceLead] = field(default_factory=list)


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

    def holds(self, unit: Unit) -> bool:
        """Whether this part of the list is the one that lists `unit`."""
        return self.part is None or self.part == 1 + unit.serial % 2


class Calendar:
    """Which files there are, month by month, and in which order they arrive."""

    def __init__(self, first_month: date, months: int) -> None:
        if months < 1:
            raise ValueError(f"months must be at least 1, not {months}")
        self.first_month = first_month
        self.months: list[date] = [add_months(first_month, i) for i in range(months)]
        self.suppliers: dict[str, list[list[LandingFile]]] = {feed: [] for feed in SUPPLIERS}
        self.snapshots: list[LandingFile] = []
        for index, month in enumerate(self.months):
            self.suppliers["nv_licensing"].append(_nv_files(index, month))
            self.suppliers["ok_licensing"].append(_ok_files(index, month))
            self.suppliers["tx_licensing"].append([_tx_file(index, month)])
            self.snapshots.append(_snapshot(index, month))

    def __len__(self) -> int:
        return len(self.months)

    def files(self) -> list[LandingFile]:
        """Every file, in the order of feeds and months."""
        by_supplier = [file for months in self.suppliers.values() for files in months for file in files]
        return by_supplier + self.snapshots

    def arrival_order(self) -> list[LandingFile]:
        """The order in which files are dropped: by date, but a late list comes months after its time."""
        return sorted(self.files(), key=self._arrives)

    def file_date(self, feed: str, index: int) -> date:
        """The date of the supplier's file in force for month `index`; its parts share one date."""
        return self.suppliers[feed][index][-1].file_date

    def snapshot_index(self, created: datetime) -> int | None:
        """The first snapshot that can hold a Salesforce lead created then; None when it is after the last."""
        for snapshot in self.snapshots:
            if created.date() <= snapshot.file_date:
                return snapshot.index
        return None

    def _arrives(self, file: LandingFile) -> tuple[date, int, str]:
        if file.feed == "tx_licensing" and file.index % 6 == LATE_TX:
            last = self.snapshots[min(file.index + LATE_BY, len(self) - 1)]
            return (last.file_date, 1, file.path)
        return (file.file_date, 0, file.path)


def _nv_files(index: int, month: date) -> list[LandingFile]:
    corrected = index % 6 == CORRECTED_NV
    files = []
    for day in (NV_DAY, NV_CORRECTED_DAY) if corrected else (NV_DAY,):
        dated = month.replace(day=day)
        path = f"nv_licensing/nv_licensing_{dated.isoformat()}.csv"
        in_force = not corrected or day == NV_CORRECTED_DAY
        files.append(LandingFile("nv_licensing", index, month, path, dated, effective=in_force))
    return files


def _ok_files(index: int, month: date) -> list[LandingFile]:
    dated = month.replace(day=OK_DAY)
    stem = f"ok_licensing/ok_licensing_{dated.isoformat()}"
    if index % 6 != PARTS_OK:
        return [LandingFile("ok_licensing", index, month, f"{stem}.csv", dated)]
    return [LandingFile("ok_licensing", index, month, f"{stem}_part{part}.csv", dated, part=part) for part in (1, 2)]


def _tx_file(index: int, month: date) -> LandingFile:
    path = f"tx_licensing/TX child care {label(month)}.csv"
    return LandingFile("tx_licensing", index, month, path, month.replace(day=TX_DAY))


def _snapshot(index: int, month: date) -> LandingFile:
    last_day = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    path = f"{SALESFORCE}/{SALESFORCE}_{last_day.isoformat()}.csv"
    return LandingFile(SALESFORCE, index, month, path, last_day)


def present(listing: Listing, index: int) -> Site | None:
    """What the month's file in force tells about the licence once read; a broken record tells nothing."""
    return None if index in listing.broken else listing.sites[index]


def throughout(site: Site, months: int, first: int = 0, absent: Iterable[int] = ()) -> tuple[Site | None, ...]:
    """`site` in every month from index `first` on, but for the `absent` ones."""
    away = set(absent)
    return tuple(site if i >= first and i not in away else None for i in range(months))


def then(sites: Sequence[Site | None], first: int, site: Site | None) -> tuple[Site | None, ...]:
    """`sites` up to index `first`, `site` from there on."""
    return tuple(sites[:first]) + (site,) * (len(sites) - first)
