"""What the manifests of all feeds add up to: the sources the warehouse reads, and what status shows.

Belongs here: the SQL over the archive that follows from slots and versions. Does not: slots and versions of one feed
(slots), writing manifests (receive), or reading delivered files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from leads_platform.arrivals.archive import Manifest
from leads_platform.arrivals.contract import FeedContract
from leads_platform.arrivals.slots import Entry, FeedState, month_key, titles
from leads_platform.months import month_of, months_between
from leads_platform.warehouse import sql

_COUNTS = "_counts"


class State:
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
        self.by_feed = {feed: FeedState(contract) for feed, contract in self.contracts.items()}
        self.manifests: list[Manifest] = []
        for manifest in manifests:
            self.apply(manifest)

    def apply(self, manifest: Manifest) -> None:
        self.manifests.append(manifest)
        if manifest.feed in self.by_feed:  # a feed whose contract was taken away keeps its archive, unread
            self.by_feed[manifest.feed].apply(manifest)

    def partitions(self) -> list[date]:
        """Every month that can be built today."""
        return months_between(self._first, self._current)

    # -- the engine's Sources --------------------------------------------------------------------------------

    def feeds(self) -> list[str]:
        return [*self.contracts, *(feed + _COUNTS for feed in self.contracts)]

    def open_months(self) -> tuple[date, date]:
        return self._first, self._current

    def data_months(self) -> tuple[date, date] | None:
        months = {m for feed in self.by_feed.values() for m in feed.months() if self._first <= m <= self._current}
        return (min(months), max(months)) if months else None

    def version(self, feed: str, month: date) -> str | None:
        if feed == "files":
            rows = [row for state in self.by_feed.values() for row in self._file_rows(state, month)]
            return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:32] if rows else None
        feed = feed.removesuffix(_COUNTS)
        return self.by_feed[feed].version(month)

    def relation(self, feed: str, first: date, last: date) -> str:
        """A select of `month, file_name, file_date, file_sha256, part, line` and the contract's columns, all text.

        `<feed>_counts` gives `month, records`, as the manifests tell; `files` the ledger of files in force.
        """
        if feed == "files":
            return f"select * from arrivals.files where in_force and {sql.within(first, last)}"
        if feed.endswith(_COUNTS):
            return self._counts(self.by_feed[feed.removesuffix(_COUNTS)], first, last)
        state = self.by_feed[feed]
        columns = state.contract.columns
        delivery = state.contract.delivery
        if delivery == "snapshot":
            months = [m for m in state.months() if first <= m <= last]
            files = [(m, entry) for m in sorted(months) for entry in state.effective(m)]
            selects = [self._file(entry, columns, sql.literal(m)) for m, entry in files]
        elif delivery == "reference":
            months = [m for m in self.partitions() if first <= m <= last]
            selects = [self._file(e, columns, sql.literal(m)) for m in months for e in state.effective(m)]
        elif delivery == "extract":
            selects = self._extract(state, first, last)
        else:
            selects = [
                self._file(entry, columns, "record_month", rank) for rank, entry in enumerate(state.effective(None))
            ]
        if not selects:
            nulls = ", ".join(f"null::varchar as {sql.identifier(c.name)}" for c in columns)
            selects = [
                "select null::date as month, null::varchar as file_name, null::date as file_date, "
                f"null::varchar as file_sha256, null::varchar as part, null::bigint as line, "
                f"0 as _rank, {nulls} where false"
            ]
        every = " union all by name ".join(selects)
        if delivery == "events":
            every = _latest_per_key(every, state.contract)
        return f"select * exclude (_rank) from ({every}) where {sql.within(first, last)}"

    def _extract(self, state: FeedState, first: date, last: date) -> list[str]:
        """Each month from the extract that first said what the newest says of it."""
        months: dict[int, list[date]] = {}
        entries = {}
        for month in state.months():
            for entry in state.effective(month) if first <= month <= last else []:
                entries[entry.manifest.receipt] = entry
                months.setdefault(entry.manifest.receipt, []).append(month)
        return [
            f"select * from ({self._file(entries[receipt], state.contract.columns, 'record_month')}) "
            f"where month in ({', '.join(sql.literal(m) for m in sorted(own))})"
            for receipt, own in sorted(months.items())
        ]

    def _counts(self, state: FeedState, first: date, last: date) -> str:
        counts = state.counts()
        if state.contract.delivery == "reference":
            counts = {m: sum(e.manifest.loaded for e in state.effective(m)) for m in self.partitions()}
        rows = [(m, n) for m, n in counts.items() if first <= m <= last]
        values = sql.values(rows or [(date(1, 1, 1), 0)])
        return f"select * from (values {values}) as counts(month, records) where {sql.within(first, last)}"

    def _file(self, entry: Entry, columns: Iterable, month: str, rank: int = 0) -> str:
        """One archived file under the contract's column names; what the file lacks is null."""
        m = entry.manifest
        title = titles(self.contracts[m.feed], m)
        chosen = ", ".join(
            f"{sql.identifier(title[c.name]) if c.name in title else 'null::varchar'} as {sql.identifier(c.name)}"
            for c in columns
        )
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
        for entry in state.entries:
            if entry.manifest.receipt == manifest.receipt and entry.counts:
                if state.contract.delivery == "events":
                    return True
                if state.contract.delivery == "reference":
                    return any(entry in state.effective(month) for month in self.partitions())
                return state.current(state.slot_of(*entry.slot)) is entry
        return False

    def _file_rows(self, state: FeedState, month: date) -> list[str]:
        return [
            f"{m.feed}:{m.file_name}:{m.sha256}:{m.part}:{m.version}:{m.records}:{m.loaded}:{m.quarantined}"
            for entry in (state.effective(month) if state.contract.delivery == "snapshot" else [])
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

        nothing newer of their slot or their name, and not the same bytes under a better name.
        """
        found = []
        for state in self.by_feed.values():
            taken = {m.file_name: m.original for m in sorted(state.readings.values(), key=lambda m: m.original)}
            read = {m.sha256 for m in state.readings.values() if m.verdict != "refused"}
            for reading in state.readings.values():
                if reading.original in state.dismissed or reading.sha256 in read:
                    continue
                if reading.verdict != "refused" or taken[reading.file_name] > reading.original:
                    continue
                current = state.current(state.slot_of(reading.month, reading.part))
                if current is None or current.order[1] < reading.original:
                    found.append(reading)
        return found

    def to_reread(self) -> list[Manifest]:
        """Readings worth another try: refused or partly quarantined under another contract, or too early then."""
        found = []
        for feed, state in self.by_feed.items():
            now = self.contracts[feed].hash()
            for m in state.readings.values():
                incomplete = m.verdict == "refused" or m.quarantined
                changed = incomplete and m.contract_hash != now and m.sha256
                opened = m.reason == "future" and m.month and not self.month_is_future(m.month)
                if changed or opened:
                    found.append(m)
        return sorted(found, key=lambda m: m.receipt)

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


def _latest_per_key(every: str, contract: FeedContract) -> str:
    """Events: the later version wins per key, over the whole archive and before any month is picked (HAZARDS).

    Where later files only repeat it, the record keeps the file and line that first said so: a file that overlaps
    with what is known touches no month. A record without a key is nobody's version: it stands for itself.
    """
    keys = ", ".join(sql.identifier(column) for column in contract.key)
    no_key = " and ".join(f"{sql.identifier(column)} is null" for column in contract.key)
    own = f"case when {no_key} then _rank || ':' || line end"
    said = ", ".join(["month", *(sql.identifier(column.name) for column in contract.columns)])
    per_key = f"partition by {keys}, {own} order by _rank"
    return f"""
        select * exclude (_said, _new) from (
            select *, _said is distinct from lag(_said) over ({per_key}, line) as _new
            from (select *, hash({said}) as _said from ({every}))
        )
        where _new
        qualify row_number() over ({per_key} desc, line desc) = 1
    """


def changes_of_events(state: State, feed: str, former: Mapping[str, str]) -> dict[str, str]:
    """The versions of an events feed's months that differ from `former`, as manifests keep them; empty: no records.

    A version is the number of records, then a hash of what they say and of the file and line they stand for.
    """
    contract = state.contracts[feed]
    said = ("month", "file_name", "file_date", "file_sha256", "part", "line", *(c.name for c in contract.columns))
    every = state.relation(feed, date(1, 1, 1), date(9999, 12, 1))
    con = duckdb.connect()
    try:
        rows = con.execute(
            f"select month, count(*) || ':' || sum(hash({', '.join(map(sql.identifier, said))})::hugeint) "
            f"from ({every}) group by month"
        ).fetchall()
    finally:
        con.close()
    now = {month_key(month): version for month, version in rows}
    gone = {month: "" for month, version in former.items() if version and month not in now}
    return gone | {month: version for month, version in now.items() if former.get(month) != version}
