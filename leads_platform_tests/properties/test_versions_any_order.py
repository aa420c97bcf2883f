"""Versions of a record: one set of them, in whatever order the files arrive, come again, are withdrawn or killed.

Belongs here: random histories of all deliveries, judged after each step by a model in plain Python (versions_model)
and at the end by a fresh environment that takes what counts in another order. Does not: examples worked out by hand.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.platform import Platform
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.conftest import environment
from leads_platform_tests.properties.killing import killed
from leads_platform_tests.properties.versions_model import KINDS, LISTS, Telling, versions

_SET = {"LEADS_PLATFORM_FIRST_MONTH": "2024-03-01", "LEADS_PLATFORM_NOW": "2024-06-15T12:00:00"}
_COLUMNS = """
columns:
  - {name: id, header: Id, required: true}
  - {name: name, header: Name}
  - {name: seen, header: Seen, type: date}
  - {name: mail, header: Mail}
  - {name: told, header: Told, type: timestamp}
"""
_HEAD = "feed: {0}\nroom: prospects\ntitle: {0}\nkey: [id]\n"
_SEEN = "month: {{from: {0}, column: seen}}\n"
_CONTRACTS = {
    "parted": "delivery: snapshot\nparts: many\n",
    "own": "delivery: snapshot\nversion_from: told\nnever_empty: [mail]\n" + _SEEN.format("name"),
    "calls": "delivery: events\nversion_from: told\nnever_empty: [mail]\n" + _SEEN.format("column"),
    "history": "delivery: extract\n" + _SEEN.format("column"),
    "stages": "delivery: reference\nversion_from: seen\nnever_empty: [mail]\n",
}
_MONTHS = [date(2024, month, 1) for month in (3, 4, 5, 6)]
_DAYS = ("2024-02-20", "2024-03-02", "2024-04-05", "2024-05-09", "2024-06-01")
_KNOWN = ("2024-04-30", "2024-05-17", "2024-06-02", "2024-06-10")
_TOLD = ("", "2024-04-28 10:00:00", "2024-05-17 08:30:00", "2024-06-02 23:00:00")


class _Environment(ArrivalsEnv):
    """A desk whose contracts are declared once for all environments."""

    def __init__(self, home: Path) -> None:
        super().__init__(environment(home / "data", _SET))

    def platform(self) -> Platform:
        return replace(_declared(), settings=self.settings)


@cache
def _declared() -> Platform:
    with tempfile.TemporaryDirectory(prefix="versions_contracts_") as home:
        desk = ArrivalsEnv(environment(Path(home) / "data", _SET))
        for feed, said in _CONTRACTS.items():
            desk.contract(feed, _HEAD.format(feed) + said + _COLUMNS)
        return desk.platform()


@st.composite
def _tellings(draw: st.DrawFn, feeds: list[str]) -> Telling:
    feed = draw(st.sampled_from(feeds))
    month = draw(st.sampled_from(["2024-04", "2024-05", "2024-06"]))
    part = draw(st.sampled_from("12")) if feed == "parted" else ""
    return Telling(feed, draw(_names(feed, month, part)), draw(_texts(feed, part)))


@st.composite
def _names(draw: st.DrawFn, feed: str, month: str, part: str) -> str:
    """With a date behind as_of_, an instant, one day, two days or none."""
    when = draw(st.sampled_from(("as_of", "as_of", "instant", "day", "none", "span")))
    known = draw(st.sampled_from(_KNOWN))
    stem = f"{month}_part{part}" if part else month if feed in LISTS else draw(st.sampled_from("xy"))
    return (
        stem
        + {
            "as_of": f"_as_of_{known}",
            "instant": f"_as_of_{known}T{draw(st.sampled_from(('06', '18')))}0000Z",
            "day": f" of {month}-{draw(st.sampled_from(('10', '20')))}",
            "none": "",
            "span": f" of {month}-01 until {month}-28",
        }[when]
        + ".csv"
    )


@st.composite
def _texts(draw: st.DrawFn, feed: str, part: str) -> str:
    """A few records; a key may stand there twice. Names tell feed and part, so that no two have the same bytes."""
    keys = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    lines = ["Id,Name,Seen,Mail,Told"]
    for key in keys:
        name = f"{feed}{part}{draw(st.sampled_from('AB'))}"
        seen, mail = draw(st.sampled_from(_DAYS)), draw(st.sampled_from(("", "m@x", "n@x")))
        lines.append(f"{key},{name},{seen},{mail},{draw(st.sampled_from(_TOLD))}")
    return "\n".join(lines) + "\n"


@dataclass
class _Filed:
    """Bytes that count in a slot, or wait, with all that told them."""

    tellings: list[Telling]
    held: bool = False
    withdrawn: bool = False

    @property
    def counts(self) -> bool:
        return not self.held and not self.withdrawn

    @property
    def bytes(self) -> tuple[Any, ...]:
        return (*self.tellings[0].slot, self.tellings[0].sha256)


class Versions(RuleBasedStateMachine):
    """Files and decisions in any order; each is a session of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="versions_any_order_"))
        self.desk = _Environment(self.home)
        self.filed: list[_Filed] = []
        self.came: list[Telling] = []
        self.seen = 0
        self.withdrew = False
        self.shuffle = random.Random(0)
        self.feeds = list(KINDS)
        self.known: dict[tuple[str, date], tuple[Any, str | None]] = {}

    @initialize(seed=st.integers(0, 10**6), feeds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=2))
    def start(self, seed: int, feeds: list[str]) -> None:
        """Few feeds each, so that files meet in their slots."""
        self.shuffle, self.feeds = random.Random(seed), sorted(set(feeds))

    # -- what happens ----------------------------------------------------------------------------------------

    @rule(data=st.data(), moment=st.one_of(st.just(0), st.integers(1, 120)))
    def arrive(self, data: st.DataObject, moment: int) -> None:
        """New files come; perhaps the session that takes them in is killed, and the next one goes on."""
        several = data.draw(st.lists(_tellings(self.feeds), min_size=1, max_size=3, unique_by=lambda t: t.name))
        self._take(several, moment)

    @precondition(lambda self: self.came)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """The same bytes under another date, or the same; or other bytes under the same name."""
        former = data.draw(st.sampled_from(self.came))
        month, part = f"{former.month:%Y-%m}" if former.month else "2024-05", former.part
        again = replace(former, name=data.draw(_names(former.feed, month, part)))
        if data.draw(st.booleans()):
            again = replace(former, text=data.draw(_texts(former.feed, part)))
        self._take([again])

    @precondition(lambda self: any(not one.withdrawn for one in self.filed))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """A person takes bytes out of their slot, under whatever names they came."""
        chosen = data.draw(st.sampled_from([one for one in self.filed if not one.withdrawn])).bytes
        self.withdrew = True
        for one in self.filed:
            if one.bytes == chosen and not one.withdrawn:
                self.desk.arrivals().withdraw(one.tellings[0].sha256, one.tellings[0].month)
        for one in self.filed:
            one.withdrawn |= one.bytes == chosen
        self._judge()

    @precondition(lambda self: self._acceptable())
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        """A person lets in what is held, or was withdrawn."""
        one = data.draw(st.sampled_from(self._acceptable()))
        self.desk.arrivals().accept(one.tellings[0].sha256, one.tellings[0].month)
        one.held = one.withdrawn = False
        self._judge()

    def _acceptable(self) -> list[_Filed]:
        """What one word can mean: the only file of its bytes."""
        every = [one.bytes for one in self.filed]
        return [one for one in self.filed if not one.counts and every.count(one.bytes) == 1]

    # -- the steps themselves --------------------------------------------------------------------------------

    def _take(self, several: list[Telling], moment: int = 0) -> None:
        for telling in several:
            self.desk.put(f"{telling.feed}/{telling.name}", telling.text)
        if moment:
            killed(self.desk.take, moment)
        self.desk.take()
        new = [m for m in self.desk.arrivals().state.manifests[self.seen :] if m.action == "receive"]
        assert [(m.feed, m.file_name, m.sha256) for m in new] == [(t.feed, t.name, t.sha256) for t in several]
        for manifest, telling in zip(new, several, strict=True):
            assert manifest.verdict in ("accepted", "held", "unchanged"), manifest.message
            self._file(telling, manifest.verdict)
        self.came += several
        self._judge()

    def _file(self, telling: Telling, verdict: str) -> None:
        same = [one for one in self.filed if one.bytes == (*telling.slot, telling.sha256)]
        if verdict == "unchanged":
            next(one for one in same if one.counts).tellings.append(telling)
            return
        waiting = [one for one in same if one.held] if verdict == "held" else []
        self.filed = [one for one in self.filed if one not in waiting]
        self.filed.append(_Filed([telling, *(t for one in waiting for t in one.tellings)], held=verdict == "held"))

    def _counting(self) -> list[Telling]:
        return [telling for one in self.filed if one.counts for telling in one.tellings]

    def _judge(self) -> None:
        """Each month's versions by itself, and all months' at once, are the model's; what changed is another print."""
        state = self.desk.arrivals().state
        self.seen = len(state.manifests)
        for feed in self.feeds:
            model = versions([telling for telling in self._counting() if telling.feed == feed])
            model = [row for row in model if row[0] in _MONTHS]
            assert _rows(state, feed, _MONTHS[0], _MONTHS[-1]) == model, feed
            for month in _MONTHS:
                own = [row for row in model if row[0] == month]
                assert _rows(state, feed, month, month) == own, (feed, month)
                said = state.version(f"{feed}_versions", month)
                rows, before = self.known.get((feed, month), ([], None))
                assert rows == own or said != before, (feed, month)
                self.known[feed, month] = (own, said)

    # -- the end ---------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._finish()
        finally:
            shutil.rmtree(self.home)

    def _finish(self) -> None:
        """A fresh environment that takes what counts, in an order of its own, knows the same versions."""
        mine = self.desk.arrivals().state
        with tempfile.TemporaryDirectory(prefix="versions_fresh_") as home:
            desk, counting = _Environment(Path(home)), self._counting()
            self.shuffle.shuffle(counting)
            for telling in counting:
                manifest = desk.drop(f"{telling.feed}/{telling.name}", telling.text)
                if manifest.verdict == "held":
                    desk.arrivals().accept(telling.sha256, telling.month)
            other = desk.arrivals().state
            for feed in self.feeds:
                assert _rows(mine, feed, *_MONTHS[:: len(_MONTHS) - 1]) == _rows(
                    other, feed, *_MONTHS[:: len(_MONTHS) - 1]
                )
                for month in _MONTHS:
                    # Which months share a key, an events feed does not forget when a file is withdrawn.
                    if feed != "calls" or not self.withdrew:
                        name = f"{feed}_versions"
                        assert mine.version(name, month) == other.version(name, month), (feed, month)


def _rows(state: ArchiveSources, feed: str, first: date, last: date) -> list[tuple[Any, ...]]:
    """The relation's rows as the model writes them."""
    listed = {"own": "slot_month", "parted": "month"}.get(feed, "null")
    cells = ", ".join(f"coalesce({name}, '')" for name in ("id", "name", "seen", "mail", "told"))
    found = duckdb.sql(
        f"select month, {listed}, id, version_number, known_on, known_at, last_told_at, is_gone, file_name, line, "
        f"{cells} "
        f"from ({state.relation(f'{feed}_versions', first, last)})"
    ).fetchall()
    return sorted(found, key=str)


def _play(examples: int, steps: int, *, long: bool = False) -> None:
    run_state_machine_as_test(
        Versions,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not long,
            database=None,
            phases=(Phase.generate, Phase.shrink) if long else (Phase.generate,),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.slow
def test_versions_are_the_same_after_any_history() -> None:
    _play(4, 10)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_versions_are_the_same_after_many_histories() -> None:
    _play(300, 25, long=True)
