"""Slots and versions: which of a feed's files count, which is newest, and which make up a month.

Belongs here: one feed's state as a pure function of its manifests and contract. Does not: SQL over the archive
(sources), writing manifests (receive), or reading delivered files.

A *slot* is what one version replaces another in: a month (and part) of a snapshot feed, the whole of any other
feed. An *entry* is a file that counts in its slot; the newest by its version is the slot's current one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract, fold_header
from leads_platform.arrivals.landing import FileName, parse_file_name
from leads_platform.months import add_months, month_of, parse_month

Slot = tuple[date | None, str]


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


class FeedState:
    """One feed's entries after a number of manifests. `apply` takes the next one."""

    def __init__(self, contract: FeedContract) -> None:
        self.contract = contract
        # By slot, then by the receipt under which the bytes first arrived. Months have many files: what asks for one
        # slot must not go through them all.
        self._slots: dict[Slot, dict[int, Entry]] = {}
        self._slot_of_file: dict[int, Slot] = {}
        self.readings: dict[int, Manifest] = {}  # the latest reading of each file, by its original receipt
        self.dismissed: set[int] = set()  # refused files, by their original receipt, that were withdrawn
        self.event_versions: dict[date, str] = {}  # of an events feed: what each month holds, "" for nothing

    def slot_of(self, month: date | None, part: str) -> Slot:
        return (month, part) if self.contract.delivery == "snapshot" else (None, "")

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

    def fork(self) -> FeedState:
        """A state that goes its own way from here."""
        state = copy(self)
        state._slots = {slot: dict(own) for slot, own in self._slots.items()}
        state._slot_of_file = dict(self._slot_of_file)
        state.readings = dict(self.readings)
        state.event_versions = dict(self.event_versions)
        state.dismissed = set(self.dismissed)
        return state

    def after(self, manifest: Manifest) -> FeedState:
        """The state once this manifest counts too; this one stays as it is."""
        state = self.fork()
        state.apply(manifest)
        return state

    def apply(self, manifest: Manifest) -> None:
        """Takes the next manifest into account."""
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
        for month, version in manifest.versions.items():
            self.event_versions[parse_month(month)] = version

    def _receive(self, manifest: Manifest) -> None:
        before = self.entry(manifest.original)
        if manifest.verdict == "unchanged":
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
            # The same bytes held twice wait once, at their newest place.
            for entry in list(self._slots.get(slot, {}).values()):
                if entry.held and entry.manifest.sha256 == manifest.sha256:
                    self._remove(entry.manifest.original)
            self._put(Entry(manifest, order, held, withdrawn))

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
        if self.contract.delivery == "snapshot":
            shown = self.effective(month) if month else []
        elif self.contract.delivery == "reference" and name.month:
            shown = self.effective(name.month)
        else:
            shown = [e for e in [self.current((None, ""))] if e]
        for entry in shown:
            if entry.manifest.sha256 == sha256 and (month or name.month in (None, _named_month(entry))):
                return entry
        for entry in self._counting(self.slot_of(month, name.part)):
            own = self._version_in_name(parse_file_name(entry.manifest.file_name, self.contract))
            if entry.manifest.sha256 == sha256 and own is not None and own == self._version_in_name(name):
                return entry
        return None

    def _version_in_name(self, name: FileName) -> str | None:
        return self.intrinsic(name, None)

    def intrinsic(self, name: FileName, maximum: str | None) -> str | None:
        """The version a file states itself: the day in its name, else `version_from`'s maximum, else the name's month.

        The month alone dates no version of a snapshot: it is the slot. None: only its arrival tells.
        """
        if name.day:
            return name.day.isoformat()
        if maximum is not None:
            return maximum
        return name.month.isoformat() if name.month and self.contract.delivery != "snapshot" else None

    def effective(self, month: date | None) -> list[Entry]:
        """The entries whose records make up this month, oldest first; for events those that could."""
        delivery = self.contract.delivery
        if delivery == "snapshot":
            slots = [slot for slot in self._slots if slot[0] == month]
            return [e for slot in sorted(slots, key=str) if (e := self.current(slot))]
        counting = sorted(self._counting((None, "")), key=lambda e: e.order)
        if delivery == "events" or month is None:
            return counting
        if delivery == "extract":
            return _first_to_say_so(counting, month)
        end = add_months(month, 1)
        served = [e for e in counting if e.manifest.file_date is None or e.manifest.file_date < end]
        earliest = min((e.manifest.file_date for e in counting if e.manifest.file_date), default=None)
        return served[-1:] or [e for e in counting if e.manifest.file_date == earliest][-1:]

    def months(self) -> set[date]:
        """The months with effective records of their own; a reference has none, it serves all."""
        delivery = self.contract.delivery
        if delivery == "reference":
            return set()
        if delivery == "snapshot":
            return {month for month, part in self._slots if month and self._counting((month, part))}
        return set(self.counts())

    def counts(self) -> dict[date, int]:
        """How many effective records each month has, as the manifests tell: what a base table must hold."""
        if self.contract.delivery == "events":
            return {m: int(version.split(":")[0]) for m, version in self.event_versions.items() if version}
        if self.contract.delivery == "extract":
            current = self.effective(None)[-1:]
            return {parse_month(m): told["records"] for e in current for m, told in e.manifest.months.items()}
        return {m: sum(e.manifest.loaded for e in self.effective(m)) for m in self.months()}

    def version(self, month: date) -> str | None:
        """Changes when the month's effective records change, or the file and line they stand for; None without any."""
        if self.contract.delivery == "events":
            return self.event_versions.get(month) or None
        parts = []
        for entry in self.effective(month):
            m = entry.manifest
            key = month_key(month) if self.contract.delivery == "extract" else next(iter(m.months), "")
            if key in m.months:
                reckoned = f":{m.reckoned_in}" if m.reckoned_in else ""  # their time follows the zone
                parts.append(f"{m.months[key]['hash']}:{m.sha256}:{m.file_name}:{m.file_date}:{m.part}{reckoned}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32] if parts else None


def month_key(month: date) -> str:
    """A month as manifests write it: `2024-05`. Years below 1000, which slips of the pen make, keep four digits."""
    return month.isoformat()[:7]


def titles(contract: FeedContract, manifest: Manifest) -> Mapping[str, str]:
    """Contract column -> the archived file's title, by the contract as it is now.

    So a column declared or renamed later is found in the files that came before.
    """
    by_fold = {fold_header(title): title for title in manifest.header}
    found = {}
    for column in contract.columns:
        known = [by_fold[f] for t in (column.header, *column.aliases) if (f := fold_header(t)) in by_fold]
        if known:
            found[column.name] = known[0]
    return found


def _named_month(entry: Entry) -> date | None:
    return month_of(entry.manifest.file_date) if entry.manifest.file_date else None


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
