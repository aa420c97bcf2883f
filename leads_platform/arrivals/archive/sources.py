"""What the manifests of all feeds add up to: the sources the warehouse reads, and what status shows.

Belongs here: the SQL over the archive that follows from slots and versions. Does not: slots and versions of one feed
(slots), writing manifests (receive), or reading delivered files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import date
from pathlib import Path

from leads_platform.arrivals.archive.accounting import accounts
from leads_platform.arrivals.archive.events import EventsState
from leads_platform.arrivals.archive.extract import ExtractState
from leads_platform.arrivals.archive.instants import misplaced
from leads_platform.arrivals.archive.month_rule import month_rule_hash
from leads_platform.arrivals.archive.reference import ReferenceState
from leads_platform.arrivals.archive.slots import Entry, FeedState, titles
from leads_platform.arrivals.archive.snapshot import SnapshotState
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.archive.vanished import Vanished, vanished_columns
from leads_platform.arrivals.archive.versions import VERSIONS, versioned, versions, versions_print
from leads_platform.arrivals.contracts.formats import type_by_ending
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.landing import Look
from leads_platform.arrivals.reading.header import named_by_position, sent_constants
from leads_platform.arrivals.reading.refusal import shown
from leads_platform.months import month_of, months_between
from leads_platform.warehouse import sql

# Beside a feed's records: the account of its files, the columns that have vanished from them, and, where the contract
# has a key, all versions of its records.
_COUNTS, _VANISHED = "_counts", "_vanished"
# As DELIVERIES in contracts.deliveries, which can't know of the archive; a test holds the two against each other.
STATES: dict[str, type[FeedState]] = {
    "snapshot": SnapshotState,
    "extract": ExtractState,
    "events": EventsState,
    "reference": ReferenceState,
}


def relations_of(contract: FeedContract) -> list[str]:
    """What a select can read of a feed, as `arrivals.<name>`."""
    return [contract.feed + side for side in ("", _COUNTS, _VANISHED, *([VERSIONS] if contract.key else []))]


def feed_state(contract: FeedContract) -> FeedState:
    """The state of a feed of which nothing has come yet, by its kind of delivery."""
    return STATES[contract.delivery](contract)


class ArchiveSources:
    """All feeds' state: what the warehouse reads (it is the engine's `Sources`), and what status shows."""

    def __init__(
        self,
        contracts: Mapping[str, FeedContract],
        manifests: Iterable[Manifest],
        records: Callable[[str, int], Path],
        first_month: date,
        current_month: date,
    ) -> None:
        self.contracts = dict(contracts)
        self._records, self._first, self._current = records, first_month, current_month
        self.by_feed = {feed: feed_state(contract) for feed, contract in self.contracts.items()}
        self.manifests: list[Manifest] = []
        self._vanished: dict[str, dict[int, tuple[Vanished, ...]]] = {}
        # Files as they lay in landing when they were read, and those of them that were refused for their name alone.
        self._seen: set[Look] = set()
        self._misnamed: set[Look] = set()
        # What is worth another try, by feed, and after which receipt of it, in which month and zone. Forks share it.
        self._again: dict[str, tuple[tuple[int, date, str], list[Manifest]]] = {}
        self._newest: dict[str, int] = {}
        for manifest in manifests:
            self.apply(manifest)

    def apply(self, manifest: Manifest) -> None:
        self.manifests.append(manifest)
        self._newest[manifest.feed] = manifest.receipt
        if manifest.action == "receive":
            seen = (manifest.feed, manifest.file_name, manifest.size, manifest.mtime_ns)
            (self._misnamed if manifest.reason == "pattern" else self._seen).add(seen)
        self._vanished.pop(manifest.feed, None)
        if manifest.feed in self.by_feed:  # a feed whose contract was taken away keeps its archive, unread
            self.by_feed[manifest.feed].apply(manifest)

    def fork(self, current_month: date) -> ArchiveSources:
        """A state that goes its own way from here, on a day in this month."""
        state = copy(self)
        state._current = current_month
        state._vanished = dict(self._vanished)
        state._seen, state._misnamed, state._newest = set(self._seen), set(self._misnamed), dict(self._newest)
        state.manifests = list(self.manifests)
        state.by_feed = {feed: own.fork() for feed, own in self.by_feed.items()}
        return state

    def knows(self, look: Look) -> bool:
        """Whether a manifest speaks of a file as it lies in landing now.

        One refused for its name alone is new once its contract's patterns let it in.
        """
        if look in self._seen:
            return True
        feed, name, *_ = look
        return look in self._misnamed and not (feed in self.contracts and self.contracts[feed].accepts(name))

    def partitions(self) -> list[date]:
        """Every month that can be built today."""
        return months_between(self._first, self._current)

    # -- the engine's Sources --------------------------------------------------------------------------------

    def feeds(self) -> list[str]:
        return [name for contract in self.contracts.values() for name in relations_of(contract)]

    def open_months(self) -> tuple[date, date]:
        return self._first, self._current

    def data_months(self) -> tuple[date, date] | None:
        months = {m for feed in self.by_feed.values() for m in feed.months() if self._first <= m <= self._current}
        return (min(months), max(months)) if months else None

    def version(self, feed: str, month: date) -> str | None:
        if feed == "files":
            rows = [row for state in self.by_feed.values() for row in self._file_rows(state, month)]
            return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:32] if rows else None
        if feed.endswith(_VANISHED):
            gone = self._gone(feed.removesuffix(_VANISHED), month, month)
            return hashlib.sha256(json.dumps(gone, default=str).encode()).hexdigest()[:32] if gone else None
        if (of := versioned(feed, self.by_feed)) is not None:
            return versions_print(self.by_feed[of], month, self._first)
        return self.by_feed[feed.removesuffix(_COUNTS)].version(month)

    def read_for(self, relation: str, first: date, last: date) -> list[Manifest]:
        """The receipts whose archived files may be read for these months of `arrivals.<relation>`."""
        if (of := versioned(relation, self.by_feed)) is not None:
            entries = self.by_feed[of].tellers(first, last)
        else:
            entries = self.by_feed[relation].read_for(first, last) if relation in self.by_feed else []
        return list({entry.manifest.receipt: entry.manifest for entry in entries}.values())

    def vanished(self, feed: str) -> dict[int, tuple[Vanished, ...]]:
        """By receipt, the columns that earlier files of the feed had and this one lacks."""
        if feed not in self._vanished:
            self._vanished[feed] = vanished_columns(self.by_feed[feed])
        return self._vanished[feed]

    def _gone(self, feed: str, first: date, last: date) -> list[tuple[date, str, str | None]]:
        """Month, title and the new one that may stand for it, of the columns that have vanished from these months."""
        state, gone = self.by_feed[feed], self.vanished(feed)
        if not gone:
            return []
        return [
            (month, shown(one.title), one.instead and shown(one.instead))
            for month in state.served(self.partitions())
            if first <= month <= last
            for entry in state.effective(month)
            if state.holds(entry, month)
            for one in gone.get(entry.manifest.receipt, ())
        ]

    def relation(self, feed: str, first: date, last: date) -> str:
        """A select of `month, file_name, file_date, file_sha256, part, line` and the contract's columns, all text.

        Where a column gives the month, also `record_at` and `record_local_at`: the record's time, timestamps.
        `<feed>_counts` gives the account of each file (accounting.accounts), `<feed>_vanished` the columns that earlier
        files had (title, and the new one that may stand for it), `<feed>_versions` all that was told of each key and
        when one could know it (versions.version_columns); `files` the ledger of files in force.
        """
        if feed == "files":
            return f"select * from arrivals.files where in_force and {sql.within(first, last)}"
        if feed.endswith(_COUNTS):
            return accounts(self.by_feed[feed.removesuffix(_COUNTS)], self.partitions(), self._records, first, last)
        if feed.endswith(_VANISHED):
            gone = self._gone(feed.removesuffix(_VANISHED), first, last) or [(None, None, None)]
            return (
                f"select month::date as month, title::varchar as title, instead::varchar as instead "
                f"from (values {sql.values(gone)}) as gone(month, title, instead) where month is not null"
            )
        if (of := versioned(feed, self.by_feed)) is not None:
            known = self.contracts[of].columns
            return versions(
                self.by_feed[of],
                lambda entry, month: self._file(entry, known, month, entry.manifest.receipt),
                *(first, last, self._first),
            )
        state = self.by_feed[feed]
        columns = state.contract.columns
        selects = state.selects(
            lambda entry, month, rank: self._file(entry, columns, month, rank), self.partitions(), first, last
        )
        if not selects:
            names = (*(c.name for c in columns), *state.contract.constants)
            nulls = ", ".join(f"null::varchar as {sql.identifier(name)}" for name in names)
            times = ", null::timestamp as record_at, null::timestamp as record_local_at"
            nulls += times if state.contract.month.column else ""
            nulls += ", null::date as slot_month" if state.contract.names_the_list else ""
            selects = [
                "select null::date as month, null::varchar as file_name, null::date as file_date, "
                "null::varchar as file_sha256, null::varchar as part, null::bigint as line, "
                f"0 as _rank, {nulls} where false"
            ]
        every = " union all by name ".join(selects)
        every = state.counted(every)
        return f"select * exclude (_rank) from ({every}) where {sql.within(first, last)}"

    def select_of(self, entry: Entry) -> str:
        """A select of one archived file of an events feed, as `relation` gives it.

        And `_reckoned`: a hash of the records' times where they follow the platform's zone, else 0.
        """
        select = self._file(entry, self.contracts[entry.manifest.feed].columns, "record_month")
        reckoned = "hash(record_at, record_local_at)::hugeint" if entry.manifest.reckoned_in else "0::hugeint"
        return f"select *, {reckoned} as _reckoned from ({select})"

    def folder_of(self, feed: str) -> Path:
        """The folder below which the feed's archived records lie."""
        return self._records(feed, 0).parents[1]

    def _file(self, entry: Entry, columns: Iterable, month: str, rank: int = 0) -> str:
        """One archived file under the contract's column names; what the file lacks is null."""
        m = entry.manifest
        contract = self.contracts[m.feed]
        title = titles(contract, m)
        chosen = ", ".join(
            f"{sql.identifier(title[c.name]) if c.name in title else 'null::varchar'} as {sql.identifier(c.name)}"
            for c in columns
        )
        if contract.names_the_list:
            chosen += f", {sql.literal(m.month)} as slot_month"
        for name, value in contract.constants.items():
            chosen += f", {sql.literal(value)}::varchar as {sql.identifier(name)}"
        if contract.month.column:  # archives of before the time was kept have none
            at = "record_at" if m.timed else "null::timestamp"
            local = "record_local_at" if m.timed and m.reckoned_in is not None else at
            chosen += f", {at} as record_at, {local} as record_local_at"
        path = sql.literal(str(self._records(m.feed, m.receipt)))
        return (
            f"select {month} as month, {sql.literal(m.file_name)} as file_name, "
            f"{sql.literal(m.file_date)}::date as file_date, "
            f"{sql.literal(m.sha256)} as file_sha256, "
            f"{sql.literal(m.part)} as part, _line as line, {rank} as _rank, {chosen} from read_parquet({path})"
        )

    # -- what the ledger and status show ---------------------------------------------------------------------

    def in_force(self, state: FeedState, manifest: Manifest) -> bool:
        """Whether what the file says stands in the tables: all of it, or what no later version replaced."""
        entry = state.entry(manifest.original)
        if entry is None or entry.manifest.receipt != manifest.receipt or not entry.counts:
            return False
        return state.in_force(entry, self.partitions())

    def _file_rows(self, state: FeedState, month: date) -> list[str]:
        return [
            f"{m.feed}:{m.file_name}:{m.sha256}:{m.part}:{m.version}:{m.records}:{m.loaded}:{m.quarantined}"
            + (f":{m.erased}" if m.erased else "")
            for entry in state.filed_under(month)
            for m in [entry.manifest]
        ]

    def held(self) -> list[Manifest]:
        """Files that wait for `accept`; not those that a newer file of their slot has made idle."""
        return [
            e.manifest
            for state in self.by_feed.values()
            for e in state.entries
            if e.waits and not ((current := state.current(state.slot_of(*e.slot))) and current.order > e.order)
        ]

    def refused(self) -> list[Manifest]:
        """Files whose latest reading was refused, that nobody withdrew, and that nothing replaced since:

        nothing newer of their slot or their name, not the same bytes under a better name, or in another feed's folder.
        Whether they still lie in landing, the manifests can't tell (`decisions.refused`).
        """
        found = []
        elsewhere = {e.manifest.sha256 for state in self.by_feed.values() for e in state.entries if e.counts}
        for state in self.by_feed.values():
            taken = {m.file_name: m.original for m in sorted(state.readings.values(), key=lambda m: m.original)}
            read = {m.sha256 for m in state.readings.values() if m.verdict != "refused"} | elsewhere
            for reading in state.readings.values():
                if reading.original in state.dismissed or reading.sha256 in read:
                    continue
                if reading.verdict != "refused" or taken[reading.file_name] > reading.original:
                    continue
                current = state.current(state.slot_of(reading.month, reading.part))
                # A file of events replaces no other: what is refused is missing until it is read, whatever comes later.
                if current is None or not state.replaces or current.order[1] < reading.original:
                    found.append(reading)
        return found

    def to_reread(self, feeds: Iterable[str] | None = None) -> list[Manifest]:
        """Readings, of all feeds or of these, that are worth another try.

        Those refused or partly quarantined under another contract, or too early then.

        Those that hold what the contract gives as a constant now: they are refused then, in words.
        Those that hid a title which may be one of a column that the contract declares now.
        And those whose records another contract would give other months or, of events, other keys; or another time
        zone, where a record's time has an offset.
        """
        found = []
        for feed in self.by_feed if feeds is None else feeds:
            at = (self._newest.get(feed, 0), self._current, self.contracts[feed].zone)
            if feed not in self._again or self._again[feed][0] != at:
                self._again[feed] = at, self._worth_another_try(self.contracts[feed], self.by_feed[feed])
            found += self._again[feed][1]
        return sorted(found, key=lambda m: m.receipt)

    def _worth_another_try(self, contract: FeedContract, state: FeedState) -> list[Manifest]:
        found = []
        moved = misplaced(contract, state.readings.values(), self.folder_of(contract.feed))
        now = contract.hash()
        for m in state.readings.values():
            incomplete = m.verdict == "refused" or m.quarantined
            changed = (
                m.contract_hash != now
                and m.sha256
                and (
                    incomplete
                    or m.placed_by != month_rule_hash(contract, m)
                    or _may_hide_a_column(contract, m)
                    or sent_constants(m.header, contract)
                )
            )
            opened = m.reason == "future" and m.month and not self.month_is_future(m.month)
            if changed or opened or m.receipt in moved:
                found.append(m)
        return found

    def outside(self) -> dict[str, dict[str, int]]:
        """Effective records that wait for their month to open, and those from before the first month, by feed."""
        found = {}
        for feed, state in self.by_feed.items():
            counts = state.counts()
            waiting = sum(records for month, records in counts.items() if month > self._current)
            before = sum(records for month, records in counts.items() if month < self._first)
            if waiting or before:
                found[feed] = {"waiting": waiting, "before_first_month": before}
        return found

    def month_is_future(self, month: date) -> bool:
        return month_of(month) > self._current


def _may_hide_a_column(contract: FeedContract, manifest: Manifest) -> bool:
    """Whether a column of the contract may stand in the file under a title that the manifest does not tell.

    Or, in JSON Lines, at a path: what stood there was kept as a part of no column, or as another path's.
    """
    known = titles(contract, manifest)
    if len(known) == len(contract.columns):
        return False
    lines = contract.type_of(manifest.file_name) == "jsonl" and type_by_ending(manifest.file_name) in ("", "jsonl")
    sought = any(column.path and column.name not in known for column in contract.columns)
    return named_by_position(manifest.header) or (lines and sought)
