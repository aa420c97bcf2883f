"""What is stale, and in which order and ranges to build it: one planner for the CLI, the sensors and the schedule.

Belongs here: fingerprints and plans, as pure functions of the catalogue, the sources and what was built.
Does not: building (write), or any reading of tables' rows.

A table's month has a fingerprint: its declaration and the fingerprints of all it read. It is stale when no build
carries the fingerprint that the archive and the code call for today. A history or cumulative table's fingerprint holds
those of all earlier months, so a late file makes every later month stale, and no other. That of a table which looks
ahead holds those of the months after it, as far as there are data: a new month makes the ones before it stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from leads_platform.months import add_months, label, months_between, ranges
from leads_platform.warehouse.catalogue import ARRIVALS, Catalogue
from leads_platform.warehouse.sources import Sources

Fingerprints = Mapping[tuple[str, date], str]


class InputsMissing(Exception):
    """A month can't be built because a month it reads was never built; the text says which and what to run."""


@dataclass(frozen=True)
class BuildTask:
    """Build one table for an unbroken range of months."""

    table: str
    first: date
    last: date

    @property
    def months(self) -> list[date]:
        return months_between(self.first, self.last)


class Fingerprinter:
    """Computes fingerprints from a lookup of the inputs' own; the same rule serves what should be and what is."""

    def __init__(
        self, catalogue: Catalogue, sources: Sources, of: Callable[[str, date], str | None] | None = None
    ) -> None:
        self._catalogue, self._sources = catalogue, sources
        self._of = of or self.expected
        self._known: dict[tuple[str, date], str] = {}
        self._chains: dict[tuple[str, date], str] = {}
        self._tails: dict[tuple[str, date], str] = {}
        data = sources.data_months()
        self.first = data[0] if data else None
        self.horizon = data[1] if data else None

    def previous(self, month: date) -> date | None:
        """The month a step continues from: the one before, or the horizon when `month` lies beyond it."""
        if self.first is None or self.horizon is None or month <= self.first:
            return None
        return min(add_months(month, -1), self.horizon)

    def expected(self, address: str, month: date) -> str:
        """The fingerprint this month should have."""
        if (address, month) not in self._known:
            self._known[address, month] = self.compute(address, month)
        return self._known[address, month]

    def compute(self, address: str, month: date) -> str:
        """The fingerprint of a table's month from its inputs'. Raises InputsMissing."""
        table = self._catalogue.tables[address]
        parts = [self._catalogue.declarations[address]]
        for read, reach in sorted(self._catalogue.inputs(address).items(), key=lambda each: each[0]):
            parts.append(f"{read}:{self._chain(read, month) if reach.history else self._input(read, month)}")
            if reach.ahead == "all":
                parts.append(f"after:{self._tail(read, add_months(month, 1))}")
            else:
                ahead = months_between(add_months(month, 1), reach.last(month, self.horizon))
                parts += [f"{label(each)}:{self._input(read, each)}" for each in ahead]
        if table.cumulative and (before := self.previous(month)):
            parts.append(f"self:{self._input(address, before)}")
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    def _input(self, address: str, month: date) -> str:
        if address.startswith(ARRIVALS):
            if (address, month) not in self._known:
                self._known[address, month] = self._sources.version(address[len(ARRIVALS) :], month) or "-"
            return self._known[address, month]
        fingerprint = self._of(address, month)
        if fingerprint is None:
            raise InputsMissing(
                f"{address} has not been built for {label(month)}, which this month reads; "
                f"build it first: leads-platform build --first-month {label(month)}"
            )
        return fingerprint

    def _chain(self, address: str, month: date) -> str:
        """One value for all months of an input up to `month`, from the first with data."""
        if self.first is None or month < self.first:
            return "-"
        start, chain = self.first, "-"
        at = month
        while at >= start:  # the nearest month whose chain is known, else the first
            if (address, at) in self._chains:
                start, chain = add_months(at, 1), self._chains[address, at]
                break
            at = add_months(at, -1)
        horizon = self.horizon or month
        for each in months_between(start, month):
            if each <= horizon:  # months beyond the horizon hold no records of their own
                chain = hashlib.sha256(f"{chain}\x1f{self._input(address, each)}".encode()).hexdigest()[:32]
            self._chains[address, each] = chain
        return chain

    def _tail(self, address: str, month: date) -> str:
        """One value for all months of an input from `month` to the last with data."""
        tail, to_do = "-", []
        for each in months_between(month, self.horizon) if self.horizon else ():
            if (address, each) in self._tails:
                tail = self._tails[address, each]
                break
            to_do.append(each)
        for each in reversed(to_do):
            tail = hashlib.sha256(f"{tail}\x1f{self._input(address, each)}".encode()).hexdigest()[:32]
            self._tails[address, each] = tail
        return tail


def stale_months(
    catalogue: Catalogue,
    sources: Sources,
    built: Fingerprints,
    first: date | None = None,
    last: date | None = None,
) -> dict[str, list[date]]:
    """Each table's stale months, in build order: of those with data, those asked for, and those built before.

    A month that was built but holds no data any more, because its files were withdrawn, counts: its rows must go.
    Months after the data are built when asked for (`last`), and kept current from then on. None lies outside the
    platform's months. What the asked months read of others, before `first` or after `last`, is planned with them.
    """
    data, (opened, current) = sources.data_months(), sources.open_months()
    months = {month for address, month in built if address in catalogue.tables}
    months |= set(months_between(*data)) if data else set()
    if not months:
        return {}
    earliest = min(months)
    start = max(first or earliest, earliest)
    months |= set(months_between(start, last)) if last else set()
    wanted = sorted(m for m in months if opened <= m <= current)
    should = Fingerprinter(catalogue, sources)
    needed = _needed(catalogue, start, min(last or current, current), earliest, should.horizon)
    stale = {}
    for address in catalogue.tables:
        since, until = needed[address]
        wanting = [m for m in wanted if since <= m <= until and built.get((address, m)) != should.expected(address, m)]
        if wanting:
            stale[address] = wanting
    return stale


def _needed(
    catalogue: Catalogue, first: date, last: date, earliest: date, horizon: date | None
) -> dict[str, tuple[date, date]]:
    """The first and last month of each table that all tables' months `first` to `last` need.

    Built upon stale months, they would be stale again, for ever.
    """
    needed = dict.fromkeys(catalogue.tables, (first, last))
    for address in reversed(catalogue.tables):
        since, until = needed[address]
        if catalogue.tables[address].cumulative:
            since = earliest
            needed[address] = (since, until)
        for read, reach in catalogue.inputs(address).items():
            if read in needed:
                own = needed[read]
                needed[read] = (
                    min(own[0], earliest if reach.history else since),
                    max(own[1], reach.last(until, horizon)),
                )
    return needed


def because_of(
    catalogue: Catalogue, stale: Mapping[str, Iterable[date]], address: str, month: date
) -> dict[str, list[date]]:
    """Why a stale month is stale, as far as it follows from what it reads: the stale months of its inputs.

    Empty: its declaration is another, or what has come in. A month after `month` is there as the table looks ahead.
    """
    found = {}
    for read, reach in catalogue.inputs(address).items():
        months = sorted(stale.get(read, ()))
        last = reach.last(month, months[-1] if months else None)
        if of := [m for m in months if m <= last and (reach.history or m >= month)]:
            found[read] = of
    if catalogue.tables[address].cumulative and (own := [m for m in sorted(stale.get(address, ())) if m < month]):
        found[address] = own
    return found


def plan(
    catalogue: Catalogue, stale: Mapping[str, Iterable[date]], blocked_from: Mapping[str, date] | None = None
) -> list[BuildTask]:
    """The stale months as ranges, each table after what it reads.

    `blocked_from` gives, for tables whose audits failed, the first bad month: that table and all that read it are
    planned only for the months before it. A cumulative table's range has no gaps: what follows a stale month is stale.
    """
    limits: dict[str, date] = dict(blocked_from or {})
    tasks = []
    for address in catalogue.tables:
        if (held_up := catalogue.held_up(address, limits)) is not None:
            limits[address] = held_up
        months = [m for m in stale.get(address, ()) if address not in limits or m < limits[address]]
        tasks += [BuildTask(address, first, last) for first, last in ranges(months)]
    return tasks


def batches(catalogue: Catalogue, tasks: Iterable[BuildTask]) -> list[list[BuildTask]]:
    """Groups works of one range that can run together, in an order in which every table follows what it reads."""
    groups: list[list[BuildTask]] = []
    placed: dict[str, int] = {}
    for work in tasks:
        earliest = max((placed[read] for read in catalogue.upstream(work.table) if read in placed), default=0)
        own = placed.get(work.table)  # a second range of one table never shares a run with its first
        earliest = max(earliest, own + 1) if own is not None else earliest
        for index in range(earliest, len(groups)):
            same = groups[index][0]
            if (same.first, same.last) == (work.first, work.last):
                groups[index].append(work)
                break
        else:
            groups.append([work])
            index = len(groups) - 1
        placed[work.table] = max(index, placed.get(work.table, 0))
    return groups
