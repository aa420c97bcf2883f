"""A desk for arrivals tests: small feeds of every delivery, files dropped by hand, sessions one after another.

Belongs here: what several of the arrivals tests share. Does not: expectations.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from leads_platform.arrivals.archive import seal
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.landing import look
from leads_platform.arrivals.receive import Arrivals
from leads_platform.platform import Platform, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.build_state import read_build_state
from leads_platform_tests.conftest import clock

_COLUMNS = """
columns:
  - {name: id, header: Id, required: true}
  - {name: name, header: Name, aliases: [ALIASES], required: true, pii: true}
  - {name: seen, header: Seen, type: date}
"""
CONTRACTS = {
    "lists": "feed: lists\nroom: prospects\ntitle: Monthly lists\ndelivery: snapshot\nkey: [id]" + _COLUMNS,
    "dated": (
        "feed: dated\nroom: prospects\ntitle: Lists whose rows tell their version\ndelivery: snapshot\n"
        "key: [id]\nversion_from: seen" + _COLUMNS.replace("type: date", 'type: date, formats: ["%m/%d/%Y"]')
    ),
    "parted": (
        "feed: parted\nroom: prospects\ntitle: Lists in parts\ndelivery: snapshot\nparts: many\nkey: [id]" + _COLUMNS
    ),
    "inside": (
        "feed: inside\nroom: prospects\ntitle: Lists whose rows tell their month\ndelivery: snapshot\nkey: [id]\n"
        "month: {from: column, column: seen}" + _COLUMNS
    ),
    "calls": (
        "feed: calls\nroom: prospects\ntitle: Calls\ndelivery: events\nkey: [id]\n"
        "month: {from: column, column: seen}" + _COLUMNS
    ),
    "history": (
        "feed: history\nroom: prospects\ntitle: Deal changes\ndelivery: extract\n"
        "month: {from: column, column: seen}" + _COLUMNS
    ),
    "stages": "feed: stages\nroom: prospects\ntitle: Stages\ndelivery: reference\nkey: [id]" + _COLUMNS,
}
"""One feed of every kind; all have the columns Id, Name and Seen."""
_DECLARED: dict[tuple[object, ...], Platform] = {}


def rows(*cells: str) -> str:
    """A csv of Id, Name and Seen: `rows("1 Ann", "2 Bob 2024-05-03")`."""
    lines = [[*cell.split(" "), "", ""][:3] for cell in cells]
    return "".join(",".join(line) + "\n" for line in [["Id", "Name", "Seen"], *lines])


def people(first: int, last: int, name: str = "Ann") -> str:
    """A csv with the ids `first` to `last`, one record each."""
    return rows(*(f"{number} {name}" for number in range(first, last + 1)))


class ArrivalsEnv:
    """An environment, its landing folder, and sessions of arrivals in it."""

    def __init__(self, settings: Settings, *feeds: str) -> None:
        self.settings = settings
        self._clock = 0
        self._platform: Platform | None = None
        for feed in feeds:
            self.contract(feed, CONTRACTS[feed].replace("ALIASES", ""))

    def contract(self, feed: str, text: str) -> None:
        """Writes (or changes) a feed's contract on disk."""
        self.settings.feeds.mkdir(parents=True, exist_ok=True)
        (self.settings.feeds / f"{feed}.yaml").write_text(text)
        self._platform = None

    def alias(self, feed: str, header: str) -> None:
        """Tells the contract that `Name` may also be called `header`."""
        self.contract(feed, CONTRACTS[feed].replace("ALIASES", header))

    def platform(self) -> Platform:
        """What the contracts declare; declared once for as long as they stay as they are."""
        self._platform = self._platform or self._declared()
        broken = [entry.words() for entry in self._platform.out_of_order]
        assert not broken, broken  # a test's own slip would only stop its feed
        return self._platform

    def _declared(self) -> Platform:
        """Declared once for all new environments with the same contracts: reading them takes longer than most files."""
        if self.settings.home.exists():  # what was kept of former contracts counts, too
            return load_platform(self.settings)
        texts = tuple(sorted((path.name, path.read_text()) for path in self.settings.feeds.glob("*")))
        said = (texts, self.settings.timezone.key, self.settings.rooms)
        if said not in _DECLARED:
            _DECLARED[said] = load_platform(self.settings)
        return replace(_DECLARED[said], settings=self.settings)

    def contracts(self) -> dict[str, FeedContract]:
        return self.platform().contracts

    def today(self, day: str) -> None:
        """Moves the platform's clock."""
        self.settings = replace(self.settings, fixed_now=clock(day))
        self._platform = None

    def path(self, at: str) -> Path:
        path = self.settings.landing / at
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def put(self, at: str, content: str) -> Path:
        """Puts a file into landing, changed later than all before it."""
        path = self.path(at)
        path.write_text(content)
        self._clock += 1
        os.utime(path, ns=(self._clock * 10**9, self._clock * 10**9))
        return path

    def arrivals(self) -> Arrivals:
        """What a new session finds."""
        return Arrivals(self.settings, self.contracts())

    def take(self) -> list[Manifest]:
        """A session that takes in what waits in landing; returns what it wrote."""
        arrivals = self.arrivals()
        done = arrivals.take_in(arrivals.waiting())
        assert not arrivals.failures, arrivals.failures
        return done

    def drop(self, at: str, content: str) -> Manifest:
        """Puts one file and takes it in; returns its manifest."""
        self.put(at, content)
        found = self.take()
        assert len(found) == 1, found
        return found[0]

    def everything(self) -> list[str]:
        """All that lies in landing, as a look names it."""
        return [f"{file.feed}/{file.name}" for file in look(self.settings.landing, self.contracts())]

    def build(self, *feeds: str) -> dict[str, list[tuple]]:
        """Builds the feeds' base tables; returns (month, id, name) of their rows, sorted, by feed."""
        tables = {feed: f"prospects.base_{feed}" for feed in feeds}
        with open_session(self.platform(), "test") as session:
            assert build_stale(session.warehouse, select=tables.values()) == {}
            return {
                feed: session.warehouse.con.execute(
                    f"select strftime(month, '%Y-%m'), id, name from {table} order by all"
                ).fetchall()
                for feed, table in tables.items()
            }

    def query(self, select: str) -> list[tuple]:
        """What a select over the warehouse gives, its ledger brought up to date."""
        with open_session(self.platform(), "test") as session:
            return session.warehouse.con.execute(select).fetchall()

    def tables(self, *feeds: str) -> dict[str, list[tuple]]:
        """Every row of the feeds' base tables as they stand, sorted, with all columns."""
        with open_session(self.platform(), "test") as session:
            return {
                feed: session.warehouse.con.execute(f"select * from prospects.base_{feed} order by all").fetchall()
                for feed in feeds
            }

    def content(self, *feeds: str) -> str:
        """The content hash of the feeds' base tables as they stand."""
        return read_build_state(self.settings.build_state, self.settings.warehouse).content_hash(
            f"prospects.base_{feed}" for feed in feeds
        )


def touched(manifests: Manifest | Iterable[Manifest]) -> list[str]:
    """The months these receipts touched, in order."""
    several = [manifests] if isinstance(manifests, Manifest) else list(manifests)
    return [month for manifest in several for month in manifest.touched]


def as_before(plain: dict[str, Any]) -> dict[str, Any]:
    """What a manifest of before there were seals holds, of what one holds now."""
    return {
        "manifest": seal.UNSEALED,
        **{name: said for name, said in plain.items() if name not in ("manifest", "seal")},
    }
