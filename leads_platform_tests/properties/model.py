"""What the platform should make of a history of files and decisions, in plain Python: the rules of the design, anew.

Belongs here: which file is in force, which records stand in which month, and the net-new leads, worked out the slow
and obvious way. Does not: any code of the platform; it is what the platform is judged by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leads_platform_tests.properties.deliveries import (
    BY_RECORD,
    FEEDS,
    IN_PARTS,
    LEADS,
    MONTHS,
    SALESFORCE,
    SNAPSHOTS,
    File,
    Record,
)

Row = tuple[str, int, Record]
"""A record as it stands in a month: its file's name, its line, and what it says."""
Signature = dict[str, tuple]


@dataclass
class Filed:
    """A file that was taken in. `place` is what newer means: the version, then the order of arrival."""

    file: File
    place: tuple[str, int]
    held: bool = False
    withdrawn: bool = False

    @property
    def counts(self) -> bool:
        return not self.held and not self.withdrawn

    @property
    def waits(self) -> bool:
        return self.held and not self.withdrawn


@dataclass
class Event:
    """One thing that happened to a unit of order: a file came, or a person decided on one."""

    action: str
    file: File


@dataclass
class Model:
    """The files of all feeds, and everything that ever happened to them."""

    filed: dict[str, list[Filed]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})
    history: list[Event] = field(default_factory=list)
    _arrivals: int = 0

    # -- what happens ----------------------------------------------------------------------------------------

    def arrive(self, file: File) -> str:
        """A file is taken in; returns its verdict."""
        self._arrivals += 1
        self.history.append(Event("receive", file))
        known = self._known(file)
        if known is not None:
            self._date_again(file)
            return "unchanged"
        own = self.filed[file.feed]
        stood = max((f for f in own if f.counts and _slot(f.file) == _slot(file)), key=_place, default=None)
        version = file.version or (stood.place[0] if stood else "")
        entry = Filed(file, (version, self._arrivals))
        entry.held = self._looks_wrong(entry)
        own[:] = [f for f in own if not (f.held and f.file.sha256 == file.sha256 and _slot(f.file) == _slot(file))]
        own.append(entry)
        if entry.held:
            return "held"
        return "partial" if file.spoilt else "accepted"

    def decide(self, action: str, entry: Filed) -> None:
        """A person accepts or withdraws a file."""
        self.history.append(Event(action, entry.file))
        if action == "accept":
            entry.held = entry.withdrawn = False
        else:
            entry.withdrawn = True

    def decidable(self, action: str) -> list[Filed]:
        """The files that can be accepted or withdrawn without being mistaken for another.

        Of the same bytes filed twice in a slot, the later one is meant.
        """
        found = []
        for own in self.filed.values():
            if action == "accept":
                apt = [f for f in own if not f.counts and not any(_same_bytes(f, g) for g in own if g.counts)]
            else:
                apt = [f for f in own if f.waits or f.counts]
            for entry in apt:
                same = [f for f in apt if f.file.sha256 == entry.file.sha256 and _unit_month(f) == _unit_month(entry)]
                alike = [f for f in same if f.file.part == entry.file.part]
                if len(alike) == len(same) and entry is max(alike, key=lambda f: f.place[1]):
                    found.append(entry)
        return found

    def _known(self, file: File) -> Filed | None:
        """The same bytes, where they stand for the month now, or counted before under the same version."""
        for entry in self._standing_for(file):
            named = file.feed in SNAPSHOTS or not file.month or file.month == entry.file.month
            if entry.file.sha256 == file.sha256 and named:
                return entry
        for entry in self.filed[file.feed]:
            alike = entry.counts and _slot(entry.file) == _slot(file) and entry.file.sha256 == file.sha256
            if alike and file.said is not None and entry.file.said == file.said:
                return entry
        return None

    def _standing_for(self, file: File) -> list[Filed]:
        if file.feed in SNAPSHOTS or (file.feed == "stages" and file.month):
            return self.in_force(file.feed, file.month)
        return [f for f in [self.newest(file.feed)] if f]

    def _date_again(self, file: File) -> None:
        """The same bytes under a later date hold their place against what is dated between."""
        for entry in self.filed[file.feed]:
            current = entry.counts and self.newest(file.feed, _slot(entry.file)) is entry
            month = file.feed not in SNAPSHOTS or entry.file.month == file.month
            if current and month and entry.file.sha256 == file.sha256 and (file.said or "") > entry.place[0]:
                entry.place = (file.said or "", entry.place[1])
                return

    def _looks_wrong(self, entry: Filed) -> bool:
        """Whether a re-issue lost more than half its records, or is another list: then it waits for a person."""
        file = entry.file
        if file.feed in ("calls", "stages"):
            return False
        standing = [f for f in self.filed[file.feed] if f.counts and _slot(f.file) == _slot(file)]
        if not standing or any(f.place > entry.place for f in standing):
            return False
        former = max(standing, key=_place).file
        if len(former.records) - len(file.records) > len(former.records) / 2:
            return True
        mine, others = {r.key for r in file.records}, {r.key for r in former.records}
        shares_few = len(mine & others) < 0.2 * min(len(mine), len(others))
        return shares_few and file.feed in SNAPSHOTS and file.feed not in IN_PARTS

    # -- what stands -----------------------------------------------------------------------------------------

    def newest(self, feed: str, slot: tuple[str, str] = ("", "")) -> Filed | None:
        own = [f for f in self.filed[feed] if f.counts and _slot(f.file) == slot]
        return max(own, key=_place, default=None)

    def in_force(self, feed: str, month: str) -> list[Filed]:
        """The files of a snapshot or reference that make up a month."""
        own = sorted((f for f in self.filed[feed] if f.counts), key=_place)
        if feed in SNAPSHOTS:
            parts = sorted({f.file.part for f in own if f.file.month == month})
            return [[f for f in own if _slot(f.file) == (month, part)][-1] for part in parts]
        served = [f for f in own if not f.file.month or f.file.month <= month]
        if served:
            return served[-1:]
        earliest = min((f.file.dated for f in own if f.file.dated), default=None)
        return [f for f in own if f.file.dated == earliest][-1:]

    def files_in_force(self, feed: str) -> list[File]:
        """Every file that stands in the tables, wholly or in part."""
        counting = [f for f in self.filed[feed] if f.counts]
        if feed == "calls":
            return [f.file for f in counting]
        if feed == "history":
            return [f.file for f in [self.newest(feed)] if f]
        months = {f.file.month for f in counting} if feed in SNAPSHOTS else set(MONTHS)
        standing = [f for month in months for f in self.in_force(feed, month)]
        return [f.file for f in counting if f in standing]

    def rows(self, feed: str) -> dict[str, list[Row]]:
        """The records that stand in each of the platform's months."""
        if feed == "calls":
            found = self._latest_events()
        elif feed == "history":
            found = self._extracted()
        else:
            found = [(m, row) for m in MONTHS for f in self.in_force(feed, m) for row in _rows(f.file)]
        return {month: sorted((row for m, row in found if m == month), key=_where) for month in MONTHS}

    def _latest_events(self) -> list[tuple[str, Row]]:
        """Per key what came last, under the file and line that first said so."""
        standing: dict[int, Row] = {}
        for entry in sorted((f for f in self.filed["calls"] if f.counts), key=_place):
            for row in _rows(entry.file):
                key = row[2].key
                if key not in standing or standing[key][2] != row[2]:
                    standing[key] = row
        return [(row[2].day[:7], row) for row in standing.values()]

    def _extracted(self) -> list[tuple[str, Row]]:
        """The newest extract's months, each from the extract since which it has not changed."""
        extracts = [f.file for f in sorted((f for f in self.filed["history"] if f.counts), key=_place)]
        found: list[tuple[str, Row]] = []
        for month in {record.day[:7] for record in extracts[-1].records} if extracts else set():
            first = extracts[-1]
            for earlier in reversed(extracts):
                if _of_month(earlier, month) != _of_month(first, month):
                    break
                first = earlier
            found += [(month, row) for row in _rows(first) if row[2].day[:7] == month]
        return found

    def signature(self, feed: str) -> Signature:
        """Per month, what tables can tell of it: two that are equal touch nothing."""
        if feed in BY_RECORD:
            return {month: tuple(rows) for month, rows in self.rows(feed).items()}
        return {m: tuple((f.file.name, f.file.sha256, f.file.part) for f in self.in_force(feed, m)) for m in MONTHS}

    def held(self) -> list[File]:
        """Files that wait for a person, and that nothing newer has made idle."""
        found = []
        for feed, own in self.filed.items():
            for entry in own:
                newest = self.newest(feed, _slot(entry.file))
                if entry.waits and not (newest and newest.place > entry.place):
                    found.append(entry.file)
        return found

    def months_with_data(self) -> list[str]:
        """From the first month with records of its own to the last."""
        own = {m for feed in FEEDS if feed != "stages" for m, rows in self.rows(feed).items() if rows}
        return [m for m in MONTHS if min(own) <= m <= max(own)] if own else []

    def net_new(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """Leads in files, net-new leads and leads known before, per month and supplier, and for all together.

        A lead is new where no supplier listed it in an earlier month, and no Salesforce lead known by the month's end
        with its phone was created before the date of the first file that held it.
        """
        found: dict[tuple[str, str], tuple[int, int, int]] = {}
        first: dict[tuple[str, int], tuple[str, str]] = {}  # supplier and lead -> month, date of the file
        crm: dict[int, Record] = {}
        for month in self.months_with_data():
            crm |= {row[2].key: row[2] for row in self.rows(SALESFORCE)[month]}
            listed: dict[str, set[int]] = {}
            for feed in LEADS:
                for entry in self.in_force(feed, month):
                    for record in entry.file.records:
                        listed.setdefault(feed, set()).add(record.site)
                dates = {
                    r.site: max(f.file.dated or "" for f in self.in_force(feed, month) if r.site in _sites(f.file))
                    for f in self.in_force(feed, month)
                    for r in f.file.records
                }
                for site, day in dates.items():
                    first.setdefault((feed, site), (month, day))
            all_leads: tuple[set[int], set[int], set[int]] = (set(), set(), set())
            for feed in {feed for feed, _ in first}:
                now = listed.get(feed, set())
                before = {s for s in now if min(m for (_, site), (m, _) in first.items() if site == s) < month}
                new = {s for s in now - before if not _in_crm(crm.values(), s, first[feed, s][1])}
                found[month, feed] = (len(now), len(new), len(before))
                for together, own in zip(all_leads, (now, new, before), strict=True):
                    together.update(own)
            if first:
                found[month, "all suppliers"] = (len(all_leads[0]), len(all_leads[1]), len(all_leads[2]))
        return found

    # -- what order may matter -------------------------------------------------------------------------------

    def units(self) -> dict[tuple[str, str], list[Event]]:
        """What happened, by unit: only within a unit can order matter. A snapshot's month, or a whole feed."""
        units: dict[tuple[str, str], list[Event]] = {}
        for event in self.history:
            month = event.file.month if event.file.feed in SNAPSHOTS else ""
            units.setdefault((event.file.feed, month), []).append(event)
        return units

    def free(self, events: list[Event]) -> bool:
        """Whether a unit's files may come in any order: each states its version, and no two the same one.

        Nor is any list sent under two versions: then the first to arrive gives it its name.
        """
        came = {(e.file.part, e.file.version, e.file.sha256) for e in events}
        alone = len({version[:2] for version in came}) == len({version[2] for version in came}) == len(came)
        return alone and all(version for _, version, _ in came)

    def counting(self, unit: tuple[str, str]) -> list[File]:
        """The files of a unit that count in the end."""
        feed, month = unit
        return [f.file for f in self.filed[feed] if f.counts and month in ("", f.file.month)]


def _slot(file: File) -> tuple[str, str]:
    """What one version replaces another in."""
    return (file.month, file.part) if file.feed in SNAPSHOTS else ("", "")


def _unit_month(entry: Filed) -> str:
    return entry.file.month if entry.file.feed in SNAPSHOTS else ""


def _place(entry: Filed) -> tuple[str, int]:
    return entry.place


def _where(row: Row) -> tuple[str, int]:
    return row[0], row[1]


def _rows(file: File) -> list[Row]:
    """Line 1 is the header."""
    return [(file.name, line, record) for line, record in enumerate(file.records, start=2)]


def _of_month(file: File, month: str) -> list[Record]:
    return sorted((r for r in file.records if r.day[:7] == month), key=lambda r: (r.key, r.name, r.day))


def _sites(file: File) -> set[int]:
    return {record.site for record in file.records}


def _in_crm(leads: Iterable[Record], site: int, day: str) -> bool:
    return any(lead.site == site and lead.day < day for lead in leads)


def _same_bytes(one: Filed, other: Filed) -> bool:
    """Whether one word of a person would be about both."""
    return (
        one.file.sha256 == other.file.sha256
        and _unit_month(one) == _unit_month(other)
        and one.file.part == other.file.part
    )
