"""Whatever arrives in whatever order, repeated, corrected, held, withdrawn or killed on the way: one warehouse.

Belongs here: random histories of an environment, judged after each step by a model in plain Python (model.py) and at
the end by a fresh environment that takes what counts in another order. Does not: examples worked out by hand.

Order may matter within a slot only, and there only where a version is not intrinsic (see Model.free).
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.cli.status import read_status
from leads_platform.months import label, parse_month
from leads_platform.platform import Platform, begin_anew, open_session
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import InputsMissing
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask, load_rooms
from leads_platform_tests.properties.deliveries import (
    BEFORE,
    FEEDS,
    FIRST_MONTH,
    LEADS,
    MONTHS,
    NOW,
    SALESFORCE,
    SMALL,
    File,
    corrections,
    files,
)
from leads_platform_tests.properties.killing import killed
from leads_platform_tests.properties.model import Event, Filed, Model

_KEYS = {
    "nv_licensing": "credential_number",
    "ok_licensing": "regexp_extract(type_license, '\\d+$')",
    "tx_licensing": "operation_number",
}
_MARCH_TO_JUNE = {"LEADS_PLATFORM_FIRST_MONTH": FIRST_MONTH, "LEADS_PLATFORM_NOW": NOW}


class _Environment(ArrivalsEnv):
    """A desk whose contracts are declared once for all environments: their reading would cost most of the time."""

    def __init__(self, home: Path) -> None:
        super().__init__(environment(home / "data", _MARCH_TO_JUNE))

    def platform(self) -> Platform:
        return replace(_declared(), settings=self.settings)


@cache
def _declared() -> Platform:
    with tempfile.TemporaryDirectory(prefix="any_order_contracts_") as home:
        desk = ArrivalsEnv(environment(Path(home) / "data", _MARCH_TO_JUNE), *SMALL)
        return load_rooms(desk.settings, "prospects")  # every feed here is its


def _table(feed: str) -> str:
    return f"prospects.base_{'leads_' if feed in LEADS else ''}{feed}"


class Receipts(RuleBasedStateMachine):
    """Files and decisions in any order; no tables are built, so that many histories can be tried."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="any_order_"))
        self.desk = _Environment(self.home)
        self.model = Model()
        self.seen = 0  # manifests the model knows of
        self.came: list[File] = []
        self.shuffle = random.Random(0)
        self.feeds, self.months = list(FEEDS), list(MONTHS)

    @initialize(
        seed=st.integers(0, 1_000_000),
        feeds=st.lists(st.sampled_from(FEEDS), min_size=1, max_size=4, unique=True),
        months=st.lists(st.sampled_from((*MONTHS, BEFORE)), min_size=1, max_size=3, unique=True),
    )
    def start(self, seed: int, feeds: list[str], months: list[str]) -> None:
        """Each history has a few feeds and months only, so that files meet in their slots."""
        self.shuffle = random.Random(seed)
        self.feeds, self.months = feeds, months

    def _some(self, data: st.DataObject, least: int, most: int) -> list[File]:
        any_file = files(self.feeds, self.months)
        return data.draw(st.lists(any_file, min_size=least, max_size=most, unique_by=lambda file: file.path))

    # -- what happens ----------------------------------------------------------------------------------------

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """New files come, of any feed and month: later ones, and late ones."""
        several = self._some(data, 1, 3)
        self._drop(several)
        self._take(several)

    @precondition(lambda self: self.came)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """A list comes again with another record, under a later day, an earlier one, the same or none."""
        file = data.draw(corrections(data.draw(st.sampled_from(self.came))))
        self._drop([file])
        self._take([file])

    @precondition(lambda self: self.came)
    @rule(data=st.data())
    def shrink(self, data: st.DataObject) -> None:
        """A list comes again with one record only."""
        former = data.draw(st.sampled_from(self.came))
        day = data.draw(st.sampled_from(("", "25", "28"))) if former.month else ""
        file = replace(former, records=former.records[:1], day=day, note="cut", spoilt=0)
        self._drop([file])
        self._take([file])

    @precondition(lambda self: self.came)
    @rule(data=st.data(), again=st.sampled_from(("same", "name", "day")))
    def repeat(self, data: st.DataObject, again: str) -> None:
        """The same bytes come again: under the same name, another one, or another day."""
        file = data.draw(st.sampled_from(self.came))
        if again == "name":
            file = replace(file, note="copy")
        elif again == "day" and file.month:
            file = replace(file, day=data.draw(st.sampled_from(("", "01", "15", "25"))))
        self._drop([file])
        self._take([file])

    @precondition(lambda self: self.model.decidable("withdraw"))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """A person takes a file out."""
        self._decide("withdraw", data.draw(st.sampled_from(self.model.decidable("withdraw"))))

    @precondition(lambda self: self.model.decidable("accept"))
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        """A person lets a held file in."""
        self._decide("accept", data.draw(st.sampled_from(self.model.decidable("accept"))))

    # -- the steps themselves --------------------------------------------------------------------------------

    def _drop(self, several: list[File]) -> None:
        for file in several:
            self.desk.put(file.path, file.text)

    def _take(self, several: list[File]) -> None:
        """Takes these files in, and judges the receipts."""
        self.desk.take()
        self._judge([Event("receive", file) for file in several])

    def _decide(self, action: str, entry: Filed) -> None:
        decide(self.desk, Event(action, entry.file))
        self._judge([Event(action, entry.file)], entry)

    def _judge(self, events: list[Event], entry: Filed | None = None) -> None:
        """The new manifests are of these events, in order; each says what the model says, months touched included."""
        self.came += [event.file for event in events if event.action == "receive"]
        arrivals = self.desk.arrivals()
        state = arrivals.state
        new = state.manifests[self.seen :]
        self.seen = len(state.manifests)
        assert [(m.action, m.feed, m.sha256) for m in new] == [(e.action, e.file.feed, e.file.sha256) for e in events]
        for manifest, event in zip(new, events, strict=True):
            before = self.model.signature(event.file.feed)
            if entry is not None:
                self.model.decide(event.action, entry)
            else:
                self._judge_receipt(manifest, event.file)
            after = self.model.signature(event.file.feed)
            assert list(manifest.touched) == [month for month in MONTHS if before[month] != after[month]], event
        self._judge_state(state)
        assert not list(arrivals.archive.root.glob("*/receipts/*.tmp"))

    def _judge_receipt(self, manifest: Manifest, file: File) -> None:
        verdict = self.model.arrive(file)
        assert (manifest.file_name, manifest.verdict) == (file.name, verdict), manifest.message
        if verdict != "unchanged":
            loaded = len(file.records)
            told = (manifest.records, manifest.loaded, manifest.quarantined)
            assert told == (loaded + file.spoilt, loaded, file.spoilt)

    def _judge_state(self, state: ArchiveSources) -> None:
        """What is in force, held, and how many records each month holds, as manifests alone tell."""
        for feed in FEEDS:
            own = state.by_feed[feed]
            force = sorted(e.manifest.file_name for e in own.entries if state.in_force(own, e.manifest))
            assert force == sorted(file.name for file in self.model.files_in_force(feed)), feed
            if feed != "stages":
                rows = self.model.rows(feed)
                counts = {label(month): count for month, count in own.counts().items()}
                assert {m: counts.get(m, 0) for m in MONTHS} == {m: len(rows[m]) for m in MONTHS}, feed
        assert sorted(m.file_name for m in state.held()) == sorted(file.name for file in self.model.held())
        assert state.refused() == []
        months = self.model.months_with_data()
        data = state.data_months()
        assert [label(month) for month in data or ()] == [*months[:1], *months[-1:]]

    # -- the end ---------------------------------------------------------------------------------------------

    @contextmanager
    def _fresh(self) -> Iterator[ArrivalsEnv]:
        """A new environment that took what counts in the end, in an order of its own.

        Of a unit in which order may matter, it takes the whole history.
        """
        with tempfile.TemporaryDirectory(prefix="any_order_fresh_") as home:
            desk = _Environment(Path(home))
            lines: list[list[Event]] = []
            for unit, events in self.model.units().items():
                if self.model.free(events):
                    lines += [[Event("settle", file)] for file in self.model.counting(unit)]
                else:
                    lines.append(list(events))
            while lines:
                line = self.shuffle.choice(lines)
                event = line.pop(0)
                lines = [line for line in lines if line]
                if event.action in ("receive", "settle"):
                    manifest = desk.drop(event.file.path, event.file.text)
                    if event.action == "settle" and manifest.verdict == "held":
                        decide(desk, Event("accept", event.file))
                else:
                    decide(desk, event)
            yield desk

    def teardown(self) -> None:
        try:
            self._finish()
        finally:
            shutil.rmtree(self.home)

    def _finish(self) -> None:
        """The archive says of every month what the fresh one says."""
        state = self.desk.arrivals().state
        with self._fresh() as fresh:
            other = fresh.arrivals().state
            for feed in FEEDS:
                for month in MONTHS:
                    at = parse_month(month)
                    assert state.version(feed, at) == other.version(feed, at), (feed, month)


def decide(desk: ArrivalsEnv, event: Event) -> None:
    """Accepts or withdraws a file by its fingerprint, with its month where it has one in its name."""
    file, arrivals = event.file, desk.arrivals()
    month = parse_month(file.month) if file.feed in (*LEADS, SALESFORCE, "dated") else None
    (arrivals.accept if event.action == "accept" else arrivals.withdraw)(file.sha256, month)


class Warehouses(Receipts):
    """The same with tables: built whole, in part, killed, and made anew."""

    @initialize(
        seed=st.integers(0, 1_000_000),
        feeds=st.lists(st.sampled_from(FEEDS), max_size=3, unique=True),
        months=st.lists(st.sampled_from((*MONTHS, BEFORE)), min_size=2, max_size=3, unique=True),
        supplier=st.sampled_from(LEADS),
    )
    def start(self, seed: int, feeds: list[str], months: list[str], supplier: str) -> None:
        """As there; a supplier is among the feeds, as most tables are made of suppliers' lists."""
        self.shuffle = random.Random(seed)
        self.feeds, self.months = [supplier, *feeds], months

    # -- what happens ----------------------------------------------------------------------------------------

    @rule()
    def build(self) -> None:
        """Everything stale is built; the tables hold what the model says, and a second run builds nothing."""
        self._build()
        self._judge_tables()
        assert self._build() == []

    @precondition(lambda self: self._of_suppliers())
    @rule(data=st.data())
    def come_late(self, data: st.DataObject) -> None:
        """Once everything is built, a list comes that should have come months ago; all that follows from it follows."""
        self._build()
        former = data.draw(st.sampled_from(self._of_suppliers()))
        month = data.draw(st.sampled_from([month for month in MONTHS if month < former.month]))
        file = replace(former, month=month, note="late")
        self._drop([file])
        self._take([file])
        self.build()

    @rule(first=st.sampled_from(MONTHS), last=st.sampled_from(MONTHS), table=st.sampled_from((None, *FEEDS, "rep")))
    def build_a_part(self, first: str, last: str, table: str | None) -> None:
        """Some months, or some tables. Months that need earlier ones are refused in words."""
        select = None
        if table is not None:
            select = ["prospects.rep_net_new_leads"] if table == "rep" else [_table(table)]
        first, last = min(first, last), max(first, last)
        try:
            self._build(first=parse_month(first), last=parse_month(last), select=select)
        except InputsMissing as error:
            assert "build it first" in str(error)

    @rule()
    def rebuild(self) -> None:
        """The warehouse is lost, and made anew from the archive alone."""
        begin_anew(self.desk.settings)
        self.build()

    @rule()
    def lose_the_published_copy(self) -> None:
        shutil.rmtree(self.desk.settings.published.parent, ignore_errors=True)

    @rule(data=st.data(), moment=st.one_of(st.integers(1, 150), st.integers(1, 1200)))
    def kill(self, data: st.DataObject, moment: int) -> None:
        """`kill -9` while files are taken in and tables built; the next run finishes by itself."""
        several = self._some(data, 0, 2)
        self._drop(several)
        killed(self._run, moment)
        self._run()
        self._judge([Event("receive", file) for file in several])
        self._judge_tables()

    @precondition(lambda self: self.model.decidable("withdraw"))
    @rule(data=st.data(), moment=st.integers(1, 60))
    def kill_a_decision(self, data: st.DataObject, moment: int) -> None:
        """`kill -9` while a file is withdrawn: it is, or it is not and can be."""
        entry = data.draw(st.sampled_from(self.model.decidable("withdraw")))
        event = Event("withdraw", entry.file)
        killed(lambda: decide(self.desk, event), moment)
        if len(self.desk.arrivals().state.manifests) == self.seen:
            decide(self.desk, event)
        self._judge([event], entry)

    # -- the steps themselves --------------------------------------------------------------------------------

    def _of_suppliers(self) -> list[File]:
        """Suppliers' lists with a month of the platform's before theirs."""
        return [file for file in self.came if file.feed in LEADS and file.month > MONTHS[0]]

    def _run(self) -> None:
        """What `leads-platform run --direct` does."""
        with open_session(self.desk.platform(), "test") as session:
            session.arrivals.take_in(session.arrivals.waiting())
            session.sync_ledger()
            assert not session.arrivals.failures, session.arrivals.failures
            assert build_stale(session.warehouse) == {}
            session.publish = True

    def _build(
        self, first: date | None = None, last: date | None = None, select: list[str] | None = None
    ) -> list[Build]:
        """What `leads-platform build --direct` does; returns the builds."""
        builds: list[Build] = []
        with open_session(self.desk.platform(), "test") as session:
            assert build_stale(session.warehouse, first=first, last=last, select=select, on_build=builds.append) == {}
            session.publish = True
        return builds

    def _judge_tables(self) -> None:
        """Published is what the model says; `status` agrees."""
        settings, months = self.desk.settings, self.model.months_with_data()
        status = read_status(self.desk.platform()).to_json()
        assert status["stale"] == {}
        assert status["waiting_files"] == status["refused_files"] == []
        assert [status["first_month_with_data"], status["last_month_with_data"]] == (
            [months[0], months[-1]] if months else [None, None]
        )
        files = {(file.feed, file.name) for feed in FEEDS for file in self.model.files_in_force(feed)}
        assert {(told["feed"], told["file"]) for told in status["files"]} == files
        wanted = {
            (f.feed, f.name, f.sha256, len(f.records), f.spoilt)
            for own in self.model.filed.values()
            for f in (entry.file for entry in own)
        }
        accounts = ask(settings, "select feed, file_name, sha256, loaded, quarantined, records from arrivals.files")
        assert {account[:5] for account in accounts} >= wanted
        assert all(loaded + quarantined == records for *_, loaded, quarantined, records in accounts)
        if not months:
            return
        for feed in FEEDS:
            key = _KEYS.get(feed, "id")
            told = ask(
                settings, f"select strftime(month, '%Y-%m'), file_name, line, {key}::integer from {_table(feed)}"
            )
            rows = self.model.rows(feed)
            assert sorted(row for row in told if row[0] in months) == sorted(
                (month, name, line, record.key) for month in months for name, line, record in rows[month]
            ), feed
        report = ask(
            settings,
            "select strftime(month, '%Y-%m'), source_name, leads_in_files, net_new_leads, already_known_leads "
            "from prospects.rep_net_new_leads",
        )
        found = {(month, source): tuple(numbers) for month, source, *numbers in report if month in months}
        assert found == self.model.net_new()

    def _finish(self) -> None:
        """Everything built, the content hash and every table's rows are those of the fresh environment."""
        self._build()
        self._judge_tables()
        mine = self.desk
        with self._fresh() as fresh:
            self.desk = fresh
            self._build()
            assert _content(mine) == _content(fresh)
            assert (
                read_status(mine.platform()).to_json()["content_hash"]
                == (read_status(fresh.platform()).to_json()["content_hash"])
            )


def _content(desk: ArrivalsEnv) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, of the months with data."""
    data = desk.arrivals().state.data_months()
    if data is None:
        return {}
    first, last = data
    return {
        table: ask(desk.settings, f"from {table} where month between '{first}' and '{last}' order by all")
        for table in desk.platform().catalogue.tables
    }


def _play(machine: type[RuleBasedStateMachine], examples: int, steps: int, *, long: bool = False) -> None:
    """Plays random histories. The short runs are the same each time, and do not look for a shorter one that fails."""
    run_state_machine_as_test(
        machine,
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
def test_the_archive_says_the_same_after_any_history() -> None:
    _play(Receipts, 3, 12)


@pytest.mark.slow
def test_the_tables_are_the_same_after_any_history() -> None:
    _play(Warehouses, 2, 10)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_archive_says_the_same_after_many_histories() -> None:
    _play(Receipts, 300, 25, long=True)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_the_tables_are_the_same_after_many_histories() -> None:
    _play(Warehouses, 100, 20, long=True)
