"""What the manifests of all feeds add up to: the sources the warehouse reads, and what status shows.

Belongs here: the SQL over the archive that follows from slots and versions. Does not: slots and versions of one feed
(slots), writing manifests (receive), or reading delivered files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from leads_platform.arrivals.archive.accounting import accounts
from leads_platform.arrivals.archive.instants import misplaced
from leads_platform.arrivals.archive.slots import Entry, FeedState, month_key, titles
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.archive.vanished import Vanished, vanished_columns
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.header import named_by_position
from leads_platform.arrivals.reading.loading import connect
from leads_platform.arrivals.reading.refusal import shown
from leads_platform.months import month_of, months_between, parse_month
from leads_platform.warehouse import sql

# Beside a feed's records: the account of its files, and the columns that have vanished from them.
_COUNTS, _VANISHED = SIDES = ("_counts", "_vanished")


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
        self.by_feed = {feed: FeedState(contract) for feed, contract in self.contracts.items()}
        self.manifests: list[Manifest] = []
        self._vanished: dict[str, dict[int, tuple[Vanished, ...]]] = {}
        self.basis: dict[str, str] = {}  # by what an events feed's versions were last reckoned
        for manifest in manifests:
            self.apply(manifest)

    def apply(self, manifest: Manifest) -> None:
        self.manifests.append(manifest)
        self._vanished.pop(manifest.feed, None)
        if manifest.basis:
            self.basis[manifest.feed] = manifest.basis
        if manifest.feed in self.by_feed:  # a feed whose contract was taken away keeps its archive, unread
            self.by_feed[manifest.feed].apply(manifest)

    def fork(self, current_month: date) -> ArchiveSources:
        """A state that goes its own way from here, on a day in this month."""
        state = copy(self)
        state._current = current_month
        state._vanished = dict(self._vanished)
        state.manifests, state.basis = list(self.manifests), dict(self.basis)
        state.by_feed = {feed: own.fork() for feed, own in self.by_feed.items()}
        return state

    def partitions(self) -> list[date]:
        """Every month that can be built today."""
        return months_between(self._first, self._current)

    # -- the engine's Sources --------------------------------------------------------------------------------

    def feeds(self) -> list[str]:
        return [feed + side for side in ("", *SIDES) for feed in self.contracts]

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
        return self.by_feed[feed.removesuffix(_COUNTS)].version(month)

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
        delivery = state.contract.delivery
        months = self.partitions() if delivery == "reference" else sorted(state.months())
        return [
            (month, shown(one.title), one.instead and shown(one.instead))
            for month in months
            if first <= month <= last
            for entry in state.effective(month)
            if delivery != "events" or month_key(month) in entry.manifest.months
            for one in gone.get(entry.manifest.receipt, ())
        ]

    def relation(self, feed: str, first: date, last: date) -> str:
        """A select of `month, file_name, file_date, file_sha256, part, line` and the contract's columns, all text.

        Where a column gives the month, also `record_at` and `record_local_at`: the record's time, timestamps.
        `<feed>_counts` gives the account of each file (accounting.accounts), `<feed>_vanished` the columns that earlier
        files had (title, and the new one that may stand for it); `files` the ledger of files in force.
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
            selects = self._events(state, first, last)
        if not selects:
            nulls = ", ".join(f"null::varchar as {sql.identifier(c.name)}" for c in columns)
            times = ", null::timestamp as record_at, null::timestamp as record_local_at"
            nulls += times if state.contract.month.column else ""
            selects = [
                "select null::date as month, null::varchar as file_name, null::date as file_date, "
                "null::varchar as file_sha256, null::varchar as part, null::bigint as line, "
                f"0 as _rank, {nulls} where false"
            ]
        every = " union all by name ".join(selects)
        if delivery == "events":
            said = ", ".join(["month", *(sql.identifier(column.name) for column in columns)])
            every = _latest_per_key(f"select *, hash({said}) as _said from ({every})", state.contract)
        return f"select * exclude (_rank) from ({every}) where {sql.within(first, last)}"

    def _events(self, state: FeedState, first: date, last: date) -> list[str]:
        """The files that hold records of these months, or of months that share a key with them.

        Which version of a record counts is decided over all its versions, and these may lie in other months.
        """
        counting = state.effective(None)
        near = _near(state, counting, month_key(first), month_key(last))
        found = []
        for rank, entry in enumerate(counting):
            months = entry.manifest.months
            own = set(months) if near is None else {m for m in months if month_key(first) <= m <= month_key(last)}
            own |= set() if near is None else near & set(months)
            if not own:
                continue
            select = self._file(entry, state.contract.columns, "record_month", rank)
            if len(own) < len(months):
                listed = ", ".join(sql.literal(parse_month(m)) for m in sorted(own))
                select = f"select * from ({select}) where month in ({listed})"
            found.append(select)
        return found

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
        title = titles(self.contracts[m.feed], m)
        chosen = ", ".join(
            f"{sql.identifier(title[c.name]) if c.name in title else 'null::varchar'} as {sql.identifier(c.name)}"
            for c in columns
        )
        if self.contracts[m.feed].month.column:  # archives of before the time was kept have none
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
        if state.contract.delivery == "events":
            return True
        if state.contract.delivery == "reference":
            return any(entry in state.effective(month) for month in self.partitions())
        return state.current(state.slot_of(*entry.slot)) is entry

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
                replaces = state.contract.delivery != "events"
                if current is None or not replaces or current.order[1] < reading.original:
                    found.append(reading)
        return found

    def to_reread(self) -> list[Manifest]:
        """Readings worth another try: refused or partly quarantined under another contract, or too early then.

        Those that hid a title which may be one of a column that the contract declares now.
        And those whose records another contract would give other months or, of events, other keys; or another time
        zone, where a record's time has an offset.
        """
        found = []
        for feed, state in self.by_feed.items():
            contract = self.contracts[feed]
            moved = misplaced(contract, state.readings.values(), self.folder_of(feed))
            now = contract.hash()
            for m in state.readings.values():
                incomplete = m.verdict == "refused" or m.quarantined
                changed = (
                    m.contract_hash != now
                    and m.sha256
                    and (incomplete or m.placed_by != month_rule_hash(contract, m) or _may_hide_a_column(contract, m))
                )
                opened = m.reason == "future" and m.month and not self.month_is_future(m.month)
                if changed or opened or m.receipt in moved:
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


def month_rule_hash(contract: FeedContract, manifest: Manifest) -> str:
    """What tells the months of a file's records, and of events their keys: titles and formats, as a fingerprint.

    Empty where the file's name tells the month: a contract can't change that.
    """
    if contract.month.column is None:
        return ""
    title = titles(contract, manifest)
    key = [title.get(name) for name in contract.key] if contract.delivery == "events" else []
    given = [title.get(name) for name in contract.month_columns()]
    preferred = contract.column(contract.month.prefer).formats if contract.month.prefer else ()
    said = [contract.delivery, key, given, contract.month_formats(), preferred, contract.month.timezone]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _may_hide_a_column(contract: FeedContract, manifest: Manifest) -> bool:
    """Whether a column of the contract may stand in the file under a title that the manifest does not tell."""
    return named_by_position(manifest.header) and len(titles(contract, manifest)) < len(contract.columns)


def _placed(contract: FeedContract, entries: Iterable[Entry]) -> bool:
    """Whether the archived records stand where the contract, as it is now, would put them."""
    now, seen = contract.hash(), set()
    for m in (entry.manifest for entry in entries):
        # The same header under the same contract is the same: few differ among thousands of files.
        if m.contract_hash != now and (m.header, m.placed_by) not in seen:
            if m.placed_by != month_rule_hash(contract, m):
                return False
            seen.add((m.header, m.placed_by))
    return True


def _near(state: FeedState, counting: list[Entry], first: str, last: str) -> set[str] | None:
    """The months outside of these that share a key with them; None when that isn't known of every file."""
    if not _placed(state.contract, counting) or any(entry.manifest.links is None for entry in counting):
        return None
    found = set()
    for entry in counting:
        for month, others in (entry.manifest.links or {}).items():
            for other in others:
                if first <= month <= last:
                    found.add(other)
                if first <= other <= last:
                    found.add(month)
    return found


def _latest_per_key(every: str, contract: FeedContract) -> str:
    """Events: the later version wins per key, over the whole archive and before any month is picked (docs/hazards.md).

    `every` holds `_rank`, `line`, the key's columns, and `_said`, which is the same where records say the same. Where
    later files only repeat it, the record keeps the file and line that first said so: a file that overlaps with what
    is known touches no month. A record without a key is nobody's version: it stands for itself.
    """
    keys = _keys(contract)
    no_key = " and ".join(f"{sql.identifier(column)} is null" for column in contract.key)
    own = f"case when {no_key} then _rank || ':' || line end"
    per_key = f"partition by {keys}, {own} order by _rank"
    return f"""
        select * exclude (_said, _new) from (
            select *, _said is distinct from lag(_said) over ({per_key}, line) as _new
            from ({every})
        )
        where _new
        qualify row_number() over ({per_key} desc, line desc) = 1
    """


def _keys(contract: FeedContract) -> str:
    return ", ".join(map(sql.identifier, contract.key))


@dataclass(frozen=True)
class Reckoning:
    """What a receipt changes in an events feed, as manifests keep it.

    `versions`: the months that differ, "" for no records; a version is the number of records, then a hash of what they
    say and of the file and line they stand for. `links`: the months that share a key with the files that came or went.
    """

    versions: dict[str, str]
    links: dict[str, list[str]]
    basis: str


def event_versions_of(before: ArchiveSources, after: ArchiveSources, feed: str) -> Reckoning:
    """Compares an events feed before and after a receipt, by the records that share a key with it.

    Versions are sums over records, so what the others say need not be read again. All is, where the former versions
    were reckoned by another contract or another DuckDB, whose hashes differ.
    """
    contract = after.contracts[feed]
    basis = f"{duckdb.__version__} {contract.hash()[:16]}"
    old = {e.manifest.receipt: e for e in before.by_feed[feed].effective(None)}
    new = {e.manifest.receipt: e for e in after.by_feed[feed].effective(None)}
    changed = set(old) ^ set(new)
    all_anew = (
        before.basis.get(feed) != basis
        or not _placed(contract, [*old.values(), *new.values()])
        or [receipt for receipt in old if receipt in new] != [receipt for receipt in new if receipt in old]
    )
    if all_anew:
        changed, old = set(new), {}
    former = {month_key(month): version for month, version in before.by_feed[feed].event_versions.items() if version}
    if not changed:
        gone = dict.fromkeys(former, "") if all_anew else {}
        return Reckoning(gone, {}, basis)
    files = {receipt: after.select_of(entry) for receipt, entry in (old | new).items()}
    with connect(after.folder_of(feed)) as con:
        _gather(con, contract, files, changed)
        was, now = _standing(con, contract, list(old)), _standing(con, contract, list(new))
        links: dict[str, list[str]] = {}
        for later, earlier in con.execute(_LINKS.format(keys=_keys(contract))).fetchall():
            links.setdefault(month_key(later), []).append(month_key(earlier))
    versions = {}
    for month in sorted({*former, *was, *now} if all_anew else {*was, *now}):
        count, total = (0, 0) if all_anew or month not in former else map(int, former[month].split(":"))
        count += now.get(month, (0, 0))[0] - was.get(month, (0, 0))[0]
        total += now.get(month, (0, 0))[1] - was.get(month, (0, 0))[1]
        version = f"{count}:{total}" if count else ""
        if version != former.get(month, ""):
            versions[month] = version
    return Reckoning(versions, links, basis)


_LINKS = """
    with placed as (select distinct {keys}, month from versions)
    select distinct later.month, earlier.month
    from placed as later
    join placed as earlier using ({keys})
    where earlier.month < later.month
    order by all
"""


def _gather(con: duckdb.DuckDBPyConnection, contract: FeedContract, files: dict[int, str], changed: set[int]) -> None:
    """Makes the table `versions`: the records of the changed files, and all of the others' that share a key."""
    keys = _keys(contract)
    own = " union all by name ".join(f"select {keys} from ({files[receipt]})" for receipt in sorted(changed))
    con.execute(f"create table changed_keys as select distinct {keys} from ({own})")
    others = " union all by name ".join(
        f"select {receipt} as receipt, {keys} from ({select})"
        for receipt, select in files.items()
        if receipt not in changed
    )
    # Only the keys of every file are looked at; whole records only of files that share some.
    shared = others and f"select distinct receipt from ({others}) semi join changed_keys using ({keys})"
    sharing = changed | {receipt for (receipt,) in (con.execute(shared).fetchall() if shared else ())}
    columns = [sql.identifier(column.name) for column in contract.columns]
    said = ", ".join(["month", *columns])
    stands = ", ".join(["month", "file_name", "file_date", "file_sha256", "part", "line", *columns])
    selects = [
        f"select {receipt} as receipt, {keys}, month, line, hash({said}) as _said, "
        f"hash({stands})::hugeint + _reckoned as _stands "
        f"from ({select}) {'' if receipt in changed else f'semi join changed_keys using ({keys})'}"
        for receipt, select in files.items()
        if receipt in sharing
    ]
    con.execute(f"create table versions as {' union all by name '.join(selects)}")


def _standing(con: duckdb.DuckDBPyConnection, contract: FeedContract, ranked: list[int]) -> dict[str, tuple[int, int]]:
    """Of each month, how many gathered records count and the sum of their hashes, with files in this order."""
    if not ranked:
        return {}
    ranks = sql.values((receipt, rank) for rank, receipt in enumerate(ranked))
    every = (
        f"select versions.*, ranks._rank from versions join (values {ranks}) as ranks(receipt, _rank) using (receipt)"
    )
    rows = con.execute(
        f"select month, count(*), sum(_stands)::varchar from ({_latest_per_key(every, contract)}) group by month"
    ).fetchall()
    return {month_key(month): (count, int(total)) for month, count, total in rows}
