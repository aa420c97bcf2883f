"""Slots and versions: which of a feed's files count, and which is newest.

Belongs here: one feed's state as a pure function of its manifests and contract, as far as all deliveries share it. Does
not: what one kind of delivery means (snapshot, extract, events, reference), the SQL over the archive of all feeds
(sources), writing manifests (receive), or reading delivered files.

A *slot* is what one version replaces another in: a month (and part) of a snapshot feed, the whole of any other
feed. An *entry* is a file that counts in its slot; the newest by its version is the slot's current one.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from leads_platform.arrivals.archive.naming import printed
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract, fold_header
from leads_platform.arrivals.landing import FileName, parse_file_name
from leads_platform.months import label, month_of, months_between

if TYPE_CHECKING:
    from leads_platform.arrivals.archive.sources import ArchiveSources

_T = TypeVar("_T")
Slot = tuple[date | None, str]
FileSelect = Callable[["Entry", str, int], str]
"""An entry, an SQL expression for the month, and a rank: a select of the archived file under the contract's names."""
Records = Callable[[str, int], Path]
"""A feed and a receipt: the file of its records."""


@dataclass(frozen=True)
class Entry:
    """A file in its slot. `order` is what "newer" means: its version, then when its bytes first arrived."""

    manifest: Manifest
    order: tuple[str, int]
    held: bool = False
    withdrawn: bool = False

    @property
    def counts(self) -> bool:
        return not self.held and not self.withdrawn

    @property
    def waits(self) -> bool:
        """Held, and nobody has decided."""
        return self.held and not self.withdrawn

    @property
    def slot(self) -> Slot:
        return self.manifest.month, self.manifest.part


class FeedState(ABC):
    """One feed's entries after a number of manifests. `apply` takes the next one. Each delivery has a class of its own.

    `replaces`: a file may replace another, so that one which was refused is settled by a later one.
    """

    replaces: ClassVar[bool]

    def __init__(self, contract: FeedContract) -> None:
        self.contract = contract
        # By slot, then by the receipt under which the bytes first arrived. Months have many files: what asks for one
        # slot must not go through them all.
        self._slots: dict[Slot, dict[int, Entry]] = {}
        self._slot_of_file: dict[int, Slot] = {}
        # The same bytes under other names or dates, by the receipt under which they first arrived: they change no
        # record, but say when it was told.
        self._repeats: dict[int, tuple[Manifest, ...]] = {}
        self.readings: dict[int, Manifest] = {}  # the latest reading of each file, by its original receipt
        self.dismissed: set[int] = set()  # refused files, by their original receipt, that were withdrawn
        self._once: dict[str, Any] = {}

    def once(self, what: str, reckon: Callable[[], _T]) -> _T:
        """What all months ask of the state, reckoned once for as long as nothing comes."""
        if what not in self._once:
            self._once[what] = reckon()
        return self._once[what]

    def slot_of(self, month: date | None, part: str) -> Slot:
        """What a file of this month and part replaces others in: the feed, where a delivery has no slots of its own."""
        return None, ""

    def _slot(self, entry: Entry) -> Slot:
        return self.slot_of(*entry.slot)

    @property
    def entries(self) -> list[Entry]:
        """All entries in the order in which they were read."""
        return sorted((e for own in self._slots.values() for e in own.values()), key=lambda e: e.manifest.receipt)

    def _put(self, entry: Entry) -> None:
        """Takes the entry in, in the place of the one of the same bytes' first arrival."""
        original = entry.manifest.original
        self._remove(original)
        slot = self._slot(entry)
        self._slots.setdefault(slot, {})[original] = entry
        self._slot_of_file[original] = slot

    def _remove(self, original: int) -> None:
        if (slot := self._slot_of_file.pop(original, None)) is not None:
            del self._slots[slot][original]

    def fork(self) -> Self:
        """A state that goes its own way from here."""
        state = copy(self)
        state._slots = {slot: dict(own) for slot, own in self._slots.items()}
        state._slot_of_file = dict(self._slot_of_file)
        state._repeats = dict(self._repeats)
        state.readings = dict(self.readings)
        state.dismissed = set(self.dismissed)
        return state

    def after(self, manifest: Manifest) -> Self:
        """The state once this manifest counts too; this one stays as it is."""
        state = self.fork()
        state.apply(manifest)
        return state

    def apply(self, manifest: Manifest) -> None:
        """Takes the next manifest into account."""
        self._once = {}
        if manifest.action == "receive":
            self._receive(manifest)
        else:
            entry, accepted = self.entry(manifest.original), manifest.action == "accept"
            if entry is not None:  # a person's last word counts: to accept takes a withdrawal back
                held = entry.held and not accepted
                self._put(replace(entry, held=held, withdrawn=not accepted))
            elif accepted:
                self.dismissed.discard(manifest.original)
            else:
                self.dismissed.add(manifest.original)

    def _receive(self, manifest: Manifest) -> None:
        before = self.entry(manifest.original)
        if manifest.verdict == "unchanged":
            name = parse_file_name(manifest.file_name, self.contract)
            if (known := self.known_as(manifest.sha256, name, manifest.month)) is not None:
                self._repeat(known.manifest.original, manifest)
            self._date_again(manifest)
        elif manifest.verdict == "refused" and before is not None:
            # Under a changed contract the file can't be read any more: what was loaded before is not lost.
            self.readings[manifest.original] = replace(
                before.manifest,
                contract_hash=manifest.contract_hash,
                reckoned_in=manifest.reckoned_in,
                message=f"{before.manifest.message}. Under the changed contract or time zone: {manifest.message}",
            )
        elif manifest.verdict == "refused":
            self.readings[manifest.original] = manifest
        else:
            self.readings[manifest.original] = manifest
            order = self.order_of(manifest)
            slot = self.slot_of(manifest.month, manifest.part)
            held = manifest.verdict == "held" and (before is None or before.held)
            withdrawn = before is not None and before.withdrawn
            # The same bytes held twice wait once, at their newest place. Under an earlier date they may count, and what
            # they would be now still waits.
            for entry in list(self._slots.get(slot, {}).values()) if held else []:
                original = entry.manifest.original
                if entry.held and entry.manifest.sha256 == manifest.sha256:
                    self._remove(original)
                    if original != manifest.original:
                        self._repeat(manifest.original, *self._repeats.pop(original, ()), entry.manifest)
            self._put(Entry(manifest, order, held, withdrawn))

    def _repeat(self, original: int, *again: Manifest) -> None:
        """Notes that the bytes which first arrived under that receipt came again so."""
        self._repeats[original] = (*self._repeats.get(original, ()), *again)

    def told_as(self, entry: Entry) -> tuple[Manifest, ...]:
        """The manifests by which an entry's records were told: its own, and those of the same bytes that came again.

        All are of the entry's slot: read again by another rule of months, it stands where it did not when they came.
        """
        (month, part), again = entry.slot, self._repeats.get(entry.manifest.original, ())
        moved = (m if (m.month, m.part) == entry.slot else replace(m, month=month, part=part) for m in again)
        return entry.manifest, *moved

    def tellers(self, first: date, last: date) -> list[Entry]:
        """The entries that count and tell, by what they hold or lack, of versions of these months' records."""
        return self._counting((None, ""))

    def linked(self, first: date, last: date) -> set[str] | None:
        """The months outside of these that may hold versions of the same records; None: nobody knows."""
        return set()

    def _date_again(self, manifest: Manifest) -> None:
        """The same bytes under a later date change nothing now, but no version dated before them replaces them."""
        same = [e for e in self.entries if e.manifest.sha256 == manifest.sha256]
        for entry in same:
            shown = entry.counts and self.current(self._slot(entry)) is entry
            if shown and manifest.month in (None, entry.manifest.month) and (manifest.intrinsic or "") > entry.order[0]:
                self._put(replace(entry, order=(manifest.intrinsic or "", entry.order[1])))
                return

    def entry(self, original: int) -> Entry | None:
        """The entry of the file that first arrived under this receipt."""
        slot = self._slot_of_file.get(original)
        return None if slot is None else self._slots[slot][original]

    def order_of(self, manifest: Manifest) -> tuple[str, int]:
        """A file's place among the versions of its slot; one that is read again keeps the place it had.

        A file without a version of its own is newer than all that stood when it arrived, but not than a later date.
        """
        if manifest.intrinsic:
            return manifest.intrinsic, manifest.original
        before = self.entry(manifest.original)
        if before is not None:
            return before.order
        stood = self._newest(self.slot_of(manifest.month, manifest.part), before=manifest.original)
        return (stood.order[0] if stood else ""), manifest.original

    def current(self, slot: Slot) -> Entry | None:
        """The slot's newest entry that counts."""
        return self._newest(slot)

    def former(self, manifest: Manifest) -> tuple[Entry | None, bool]:
        """The version before this file in its slot, and whether the file is newer than all that stand there."""
        slot, order = self.slot_of(manifest.month, manifest.part), self.order_of(manifest)
        others = [e for e in self._counting(slot) if e.manifest.original != manifest.original]
        older = [e for e in others if e.order < order]
        return max(older, key=lambda e: e.order, default=None), len(older) == len(others)

    def _counting(self, slot: Slot) -> list[Entry]:
        return [e for e in self._slots.get(slot, {}).values() if e.counts]

    def _newest(self, slot: Slot, before: int | None = None) -> Entry | None:
        own = [e for e in self._counting(slot) if before is None or e.manifest.original < before]
        return max(own, key=lambda e: e.order, default=None)

    def known_as(self, sha256: str, name: FileName, month: date | None) -> Entry | None:
        """The entry that makes these bytes nothing new: the current one of their month, or one of the same version."""
        for entry in self._shown(name, month):
            if entry.manifest.sha256 == sha256 and (month or name.month in (None, _named_month(entry))):
                return entry
        for entry in self._counting(self.slot_of(month, name.part)):
            if entry.manifest.sha256 != sha256:
                continue
            own = self._version_in_name(parse_file_name(entry.manifest.file_name, self.contract))
            if own is not None and own == self._version_in_name(name):
                return entry
        return None

    def _shown(self, name: FileName, month: date | None) -> list[Entry]:
        """What is in force where a file of that name and month would be."""
        return [entry for entry in [self.current((None, ""))] if entry]

    def _version_in_name(self, name: FileName) -> str | None:
        return self.intrinsic(name, None)

    def intrinsic(self, name: FileName, maximum: str | None) -> str | None:
        """The version a file states itself: the day in its name, else `version_from`'s maximum, else the name's month.

        None: only its arrival tells.
        """
        if name.known_at and name.day:
            return f"{name.day} {name.known_at:%H:%M:%S}"
        if name.day:
            return name.day.isoformat()
        if maximum is not None:
            return maximum
        return self._version_of_month(name.month) if name.month else None

    def _version_of_month(self, month: date) -> str | None:
        """The version that the month in a name states."""
        return month.isoformat()

    # -- what one delivery means -----------------------------------------------------------------------------

    @abstractmethod
    def judged(self, manifest: Manifest, records: Records) -> Manifest:
        """The manifest of a file that was just read, with what it is to the others: how it differs, whether it is held.

        `records` is where a receipt's records lie.
        """

    @abstractmethod
    def effective(self, month: date | None) -> list[Entry]:
        """The entries whose records make up this month, oldest first; for events those that could."""

    @abstractmethod
    def counts(self) -> dict[date, int]:
        """How many effective records each month has, as the manifests tell: what a base table must hold."""

    @abstractmethod
    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        """Each file in force with how many of its records a month must hold; of events, with how many it brought.

        `open_months` can be built today.
        """

    @abstractmethod
    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        """Selects of the archived files that hold the records of these months."""

    def months(self) -> set[date]:
        """The months with effective records of their own."""
        return set(self.counts())

    def served(self, open_months: Iterable[date]) -> list[date]:
        """The months that read this feed's records, in order."""
        return sorted(self.months())

    def holds(self, entry: Entry, month: date) -> bool:
        """Whether an effective entry has records of the month."""
        return True

    def counted(self, every: str) -> str:
        """Of all records that `every`, a select, gives: those that count."""
        return every

    def in_force(self, entry: Entry, open_months: Iterable[date]) -> bool:
        """Whether what a counting entry says stands in the tables: all of it, or what no later version replaced."""
        return self.current(self._slot(entry)) is entry

    def filed_under(self, month: date) -> list[Entry]:
        """The entries in force that are of this month alone: those that the ledger of files tells of it."""
        return []

    def read_for(self, first: date, last: date) -> list[Entry]:
        """The entries that may be read for these months."""
        return [entry for month in months_between(first, last) for entry in self.effective(month)]

    def stands_for(self, manifest: Manifest) -> str:
        """What stands where this file is or would be, in words: `for 2024-05: list.csv (267 records)`."""
        slot = self.slot_of(manifest.month, manifest.part)
        month = f" for {label(slot[0])}" if slot[0] else ""
        part = f", part {slot[1]}" if slot[1] else ""
        current = self.current(slot)
        if current is None:
            return f"{month}{part}: no file"
        m = current.manifest
        return f"{month}{part}: {printed(m.file_name)} ({m.loaded:,} record{'' if m.loaded == 1 else 's'})"

    def reckoned(self, sources: ArchiveSources, manifest: Manifest) -> Manifest:
        """The manifest with what its receipt changes in the feed, where that is not told by slots."""
        return manifest

    def version(self, month: date) -> str | None:
        """Changes when the month's effective records change, or the file and line they stand for; None without any."""
        parts = []
        for entry in self.effective(month):
            m = entry.manifest
            if (of_month := self._of_month(m, month)) is not None:
                reckoned = f":{m.reckoned_in}" if m.reckoned_in else ""  # their time follows the zone
                parts.append(f"{of_month['hash']}:{m.sha256}:{m.file_name}:{m.file_date}:{m.part}{reckoned}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32] if parts else None

    def _of_month(self, manifest: Manifest, month: date) -> Any | None:
        """What the manifest tells of its records of the month; a file of one month has no other."""
        return next(iter(manifest.months.values()), None)


def month_key(month: date) -> str:
    """A month as manifests write it: `2024-05`. Years below 1000, which slips of the pen make, keep four digits."""
    return month.isoformat()[:7]


def titles(contract: FeedContract, manifest: Manifest) -> Mapping[str, str]:
    """Contract column -> the archived file's title, by the contract as it is now.

    So a column declared or renamed later is found in the files that came before.
    """
    by_fold = {fold_header(title): title for title in manifest.header}
    found, type = {}, contract.type_of(manifest.file_name)
    for column in contract.columns:
        known = [by_fold[f] for t in column.titles(type) if (f := fold_header(t)) in by_fold]
        if known:
            found[column.name] = known[0]
    return found


def _named_month(entry: Entry) -> date | None:
    return month_of(entry.manifest.file_date) if entry.manifest.file_date else None
