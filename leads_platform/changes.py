"""What changed in months that had ended: which tables, their rows before and after, and the files it came of.

Belongs here: telling it from builds, the note of before and the manifests. Does not: which content a build replaced
(warehouse.write), or printing it (cli.build).

Numbers that people have reported must not move without a word. So what changes in a month before the newest one is
announced; the newest is the last with data before the change. A first build is no change, nor is a build whose rows
came out as they were, whatever made it necessary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from leads_platform.arrivals.archive.slots import month_key
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Archive, Manifest
from leads_platform.months import label
from leads_platform.warehouse.build_state import BuildState
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import Fingerprinter

if TYPE_CHECKING:
    from leads_platform.platform import Platform

# By table, in build order, and month: rows before and after.
Replaced = Mapping[str, Mapping[date, tuple[int, int]]]


def newest_with_data(platform: Platform, rows: Mapping[tuple[str, date], int]) -> date | None:
    """The last month in which some feed has records of its own; a reference serves every month and has none.

    `rows` counts each table's month.
    """
    own = {
        address
        for address, table in platform.catalogue.tables.items()
        if table.layer == "base" and (c := platform.contracts.get(table.feed or "")) and not c.delivered.serves_all
    }
    return max((month for (address, month), count in rows.items() if address in own and count), default=None)


def ended_and_replaced(build: Build, newest: date | None) -> dict[date, tuple[int, int]]:
    """The months before the newest whose content this build replaced: rows before and after."""
    return {
        month: (before, build.rows[month])
        for month, before in sorted(build.replaced.items())
        if newest is not None and month < newest
    }


def in_words(months: Mapping[date, tuple[int, int]]) -> str:
    """One line on one table, for a log.

    >>> in_words({date(2024, 5, 1): (86, 94)})
    '2024-05 has ended and changed: rows 86 -> 94'
    """
    return "; ".join(f"{label(m)} has ended and changed: rows {old:,} -> {now:,}" for m, (old, now) in months.items())


def headline(replaced: Replaced) -> str:
    """Which months, and how many tables.

    >>> headline({"a.b": {date(2024, 5, 1): (86, 94)}, "a.c": {date(2024, 4, 1): (1, 1), date(2024, 5, 1): (2, 3)}})
    '2 of 2024-04 to 2024-05 have ended and changed: 2 tables'
    """
    months = sorted({month for months in replaced.values() for month in months})
    verb = "has" if len(months) == 1 else "have"
    return f"{_span(months)} {verb} ended and changed: {len(replaced)} table{'' if len(replaced) == 1 else 's'}"


def rows_of(replaced: Replaced) -> list[tuple[str, str, int, int]]:
    """Table, months, rows before and after.

    >>> rows_of({"a.c": {date(2024, 4, 1): (1, 1), date(2024, 5, 1): (2, 3)}})
    [('a.c', '2 of 2024-04 to 2024-05', 3, 4)]
    """
    return [
        (table, _span(list(months)), sum(old for old, _ in months.values()), sum(now for _, now in months.values()))
        for table, months in replaced.items()
    ]


@dataclass
class Changes:
    """The ended months that the builds of one command changed. Made before the first of them, from the note."""

    platform: Platform
    before: BuildState
    newest: date | None = None
    replaced: dict[str, dict[date, tuple[int, int]]] = field(default_factory=dict)
    _built: dict[str, set[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.newest = newest_with_data(self.platform, self.before.rows)

    def hear(self, build: Build) -> None:
        """Takes a build into account."""
        if not build.committed:
            return
        self._built.setdefault(build.table, set()).update(build.rows)
        for month, (old, now) in ended_and_replaced(build, self.newest).items():
            known = self.replaced.setdefault(build.table, {})
            known[month] = (known.get(month, (old, now))[0], now)  # built twice: what stood before the first

    @property
    def months(self) -> list[date]:
        return sorted({month for months in self.replaced.values() for month in months})

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Table, months, rows before and after, in build order."""
        return rows_of({t: self.replaced[t] for t in self.platform.catalogue.tables if t in self.replaced})

    def title(self, manifests: Iterable[Manifest]) -> str:
        """What changed and because of what, in one sentence; empty when nothing did."""
        if not self.months:
            return ""
        names = list(dict.fromkeys(_named(m) for m in self.causes(manifests)))
        # Without a file: what an earlier command began and did not finish looks no different here from new code.
        otherwise = "because a contract or the code has changed, or an unfinished build goes on"
        why = f"because of {_some(names)}" if names else otherwise
        return f"{headline(self.replaced)}, {why}"

    def causes(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """The receipts that made the base tables other than they were before, in order.

        Which ones are new to a table is asked of its fingerprint, so that it does not matter who took the files in,
        nor when.
        """
        every, last = list(manifests), max(self.months, default=date.min)
        found: dict[int, Manifest] = {}
        for address, months in self._built.items():
            table = self.platform.catalogue.tables.get(address)
            if table is not None and table.layer == "base" and table.feed in self.platform.contracts:
                for manifest in self._since(address, table.feed, [m for m in months if m <= last], every):
                    found[manifest.receipt] = manifest
        return [found[receipt] for receipt in sorted(found)]

    def _since(self, address: str, feed: str, months: list[date], manifests: list[Manifest]) -> list[Manifest]:
        """The feed's receipts that touched these months after what their table was last built from."""
        settings, contract = self.platform.settings, self.platform.contracts[feed]
        state = ArchiveSources({feed: contract}, (), Archive(settings.archive).records, settings.first_month, date.max)
        built = {month: self.before.fingerprints.get((address, month)) for month in months}
        # Which receipt each month was built up to; None where no state of the feed gives what was built.
        up_to = {month: 0 if built[month] in (None, self._now(address, month, state)) else None for month in months}
        own = [m for m in manifests if m.feed == feed]
        for manifest in own:
            state.apply(manifest)
            for month in months:
                if month_key(month) in manifest.touched and self._now(address, month, state) == built[month]:
                    up_to[month] = manifest.receipt
        anew = contract.hash()  # built under another contract: what was read under this one is new

        def is_new(manifest: Manifest, month: date) -> bool:
            at = up_to[month]
            return manifest.contract_hash == anew if at is None else manifest.receipt > at

        return [m for m in own if any(month_key(month) in m.touched and is_new(m, month) for month in months)]

    def _now(self, address: str, month: date, state: ArchiveSources) -> str:
        return Fingerprinter(self.platform.catalogue, state).compute(address, month)


def _named(manifest: Manifest) -> str:
    name = f"{manifest.feed}/{manifest.file_name}"
    return name if manifest.action == "receive" else f"{manifest.action} of {name}"


def _span(months: list[date]) -> str:
    return label(months[0]) if len(months) == 1 else f"{len(months)} of {label(min(months))} to {label(max(months))}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more files" if len(names) > 5 else "")
