"""Events: one sender's keyed records with their own time, in files that overlap. The later version of a key counts.

Belongs here: what this delivery means, with the SQL that decides it and tells which months a receipt changes. Does not:
what all deliveries share (slots).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Self

import duckdb

from leads_platform.arrivals.archive.month_rule import are_placed
from leads_platform.arrivals.archive.slots import Entry, FeedState, FileSelect, Records, month_key
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.archive.versions import carried
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.loading import connect
from leads_platform.months import parse_month
from leads_platform.warehouse import sql

if TYPE_CHECKING:
    from leads_platform.arrivals.archive.sources import ArchiveSources


@dataclass(frozen=True)
class _Placed:
    """The counting files by the months they hold, and by month the others that share a key with it; None: not known."""

    files: dict[str, list[Entry]]
    links: dict[str, set[str]] | None


class EventsState(FeedState):
    """One slot in which all files count: a record is replaced by a later one of the same key alone."""

    replaces = False

    def __init__(self, contract: FeedContract) -> None:
        super().__init__(contract)
        self.versions: dict[date, str] = {}  # what each month holds, "" for nothing
        self.basis = ""  # by what they were last reckoned
        self._placed: _Placed | None = None

    def fork(self) -> Self:
        state = super().fork()
        state.versions = dict(self.versions)
        return state

    def apply(self, manifest: Manifest) -> None:
        super().apply(manifest)
        self._placed = None
        entry = self.entry(manifest.original)
        if manifest.action == "accept" and manifest.links and entry is not None and entry.manifest.links is not None:
            # It shares keys with what came while it did not count.
            links = {month: list(others) for month, others in entry.manifest.links.items()}
            for month, others in manifest.links.items():
                links[month] = sorted({*links.get(month, ()), *others})
            self._put(replace(entry, manifest=replace(entry.manifest, links=links)))
        self.basis = manifest.basis or self.basis
        self.versions |= {parse_month(month): version for month, version in manifest.versions.items()}

    def judged(self, manifest: Manifest, records: Records) -> Manifest:
        """A file replaces no other, so none is held."""
        return manifest

    def effective(self, month: date | None) -> list[Entry]:
        return sorted(self._counting((None, "")), key=lambda e: e.order)

    def counts(self) -> dict[date, int]:
        return {m: int(version.split(":")[0]) for m, version in self.versions.items() if version}

    def version(self, month: date) -> str | None:
        return self.versions.get(month) or None

    def holds(self, entry: Entry, month: date) -> bool:
        return month_key(month) in entry.manifest.months

    def account(self, open_months: Iterable[date]) -> list[tuple[date, Manifest, int]]:
        return [
            (parse_month(month), e.manifest, of_month["records"])
            for e in self.effective(None)
            for month, of_month in e.manifest.months.items()
        ]

    def selects(self, file: FileSelect, open_months: Iterable[date], first: date, last: date) -> list[str]:
        """The files that hold records of these months, or of months that share a key with them.

        Which version of a record counts is decided over all its versions, and these may lie in other months.
        """
        counting = self.effective(None)
        near = self.linked(first, last)
        found = []
        for rank, entry in enumerate(counting):
            months = entry.manifest.months
            own = set(months) if near is None else {m for m in months if month_key(first) <= m <= month_key(last)}
            own |= set() if near is None else near & set(months)
            if not own:
                continue
            select = file(entry, "record_month", rank)
            if len(own) < len(months):
                listed = ", ".join(sql.literal(parse_month(m)) for m in sorted(own))
                select = f"select * from ({select}) where month in ({listed})"
            found.append(select)
        return found

    def tellers(self, first: date, last: date) -> list[Entry]:
        placed, near = self._where(), self.linked(first, last)
        if near is None:
            return self.effective(None)
        months = {m for m in placed.files if month_key(first) <= m <= month_key(last)} | near
        found = {e.manifest.receipt: e for month in months for e in placed.files.get(month, ())}
        return list(found.values())

    def linked(self, first: date, last: date) -> set[str] | None:
        links = self._where().links
        if links is None:
            return None
        own = [month for month in links if month_key(first) <= month <= month_key(last)]
        return {other for month in own for other in links[month]}

    def _where(self) -> _Placed:
        """Which files hold which months; reckoned once for as long as nothing comes."""
        if self._placed is None:
            counting = self.effective(None)
            files: dict[str, list[Entry]] = {}
            links: dict[str, set[str]] = {}
            for entry in counting:
                for month in entry.manifest.months:
                    files.setdefault(month, []).append(entry)
                for month, others in (entry.manifest.links or {}).items():
                    links.setdefault(month, set()).update(others)
                    for other in others:
                        links.setdefault(other, set()).add(month)
            known = are_placed(self.contract, counting) and all(e.manifest.links is not None for e in counting)
            self._placed = _Placed(files, links if known else None)
        return self._placed

    def counted(self, every: str) -> str:
        said = ", ".join(["month", *(sql.identifier(column.name) for column in self.contract.columns)])
        kept = carried(self.contract.never_empty, f"{_per_key(self.contract)} order by _rank, line")
        every = f"select * {kept} from ({every})" if kept else every
        return _latest_per_key(f"select *, hash({said}) as _said from ({every})", self.contract)

    def in_force(self, entry: Entry, open_months: Iterable[date]) -> bool:
        return True

    def read_for(self, first: date, last: date) -> list[Entry]:
        return self.effective(None)

    def stands_for(self, manifest: Manifest) -> str:
        files = self.effective(None)
        return f": {len(files)} file{'' if len(files) == 1 else 's'} of {manifest.feed}" if files else ": no file"

    def reckoned(self, sources: ArchiveSources, manifest: Manifest) -> Manifest:
        after = self.after(manifest)
        found = event_versions_of(self, after, sources)
        return replace(manifest, versions=found.versions, links=found.links, basis=found.basis)


def _latest_per_key(every: str, contract: FeedContract) -> str:
    """Events: the later version wins per key, over the whole archive and before any month is picked (docs/hazards.md).

    `every` holds `_rank`, `line`, the key's columns, and `_said`, which is the same where records say the same. Where
    later files only repeat it, the record keeps the file and line that first said so: a file that overlaps with what
    is known touches no month. A record without a key is nobody's version: it stands for itself.
    """
    per_key = f"{_per_key(contract)} order by _rank"
    return f"""
        select * exclude (_said, _new) from (
            select *, _said is distinct from lag(_said) over ({per_key}, line) as _new
            from ({every})
        )
        where _new
        qualify row_number() over ({per_key} desc, line desc) = 1
    """


def _per_key(contract: FeedContract) -> str:
    no_key = " and ".join(f"{sql.identifier(column)} is null" for column in contract.key)
    return f"partition by {_keys(contract)}, case when {no_key} then _rank || ':' || line end"


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


def event_versions_of(before: EventsState, after: EventsState, sources: ArchiveSources) -> Reckoning:
    """Compares an events feed before and after a receipt, by the records that share a key with it.

    Versions are sums over records, so what the others say need not be read again. All is, where the former versions
    were reckoned by another contract or another DuckDB, whose hashes differ.
    """
    contract = after.contract
    basis = f"{duckdb.__version__} {contract.hash()[:16]}"
    old = {e.manifest.receipt: e for e in before.effective(None)}
    new = {e.manifest.receipt: e for e in after.effective(None)}
    changed = set(old) ^ set(new)
    all_anew = (
        before.basis != basis
        or not are_placed(contract, [*old.values(), *new.values()])
        or [receipt for receipt in old if receipt in new] != [receipt for receipt in new if receipt in old]
    )
    if all_anew:
        changed, old = set(new), {}
    former = {month_key(month): version for month, version in before.versions.items() if version}
    if not changed:
        gone = dict.fromkeys(former, "") if all_anew else {}
        return Reckoning(gone, {}, basis)
    files = {receipt: sources.select_of(entry) for receipt, entry in (old | new).items()}
    with connect(sources.folder_of(contract.feed)) as con:
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
    columns = [sql.identifier(column.name) for column in contract.columns if column.name not in contract.never_empty]
    said = ", ".join(["month", *columns])
    stands = ", ".join(["month", "file_name", "file_date", "file_sha256", "part", "line", *columns])
    kept = "".join(f"{sql.identifier(column)}, " for column in contract.never_empty)  # what they say is not told yet
    selects = [
        f"select {receipt} as receipt, {keys}, {kept}month, line, hash({said}) as _said, "
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
    if contract.never_empty:
        columns = ", ".join(map(sql.identifier, contract.never_empty))
        known = carried(contract.never_empty, f"{_per_key(contract)} order by _rank, line")
        hashes = f"hash(_said, {columns}) as _said, hash(_stands, {columns})::hugeint as _stands"
        every = f"select * replace ({hashes}) from (select * {known} from ({every}))"
    rows = con.execute(
        f"select month, count(*), sum(_stands)::varchar from ({_latest_per_key(every, contract)}) group by month"
    ).fetchall()
    return {month_key(month): (count, int(total)) for month, count, total in rows}
