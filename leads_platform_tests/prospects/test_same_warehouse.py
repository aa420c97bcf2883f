"""The same input gives the same warehouse: in any order of arrival, range or month by month, twice, or rebuilt.

All rooms' tables, on the sample. What a correction makes stale is tested by room (funnel/test_windows.py).
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from leads_platform.months import months_between
from leads_platform.platform import Platform, begin_anew, contract_folders, load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.sample import generate
from leads_platform.settings import Settings
from leads_platform.warehouse import stretches
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.outcome import Build
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import TX_HEADER, ask, content_hash, drop, load_rooms, run, tx

CHECKS = """
    select table_name, month, check_name, blocking, passed, bad_rows, evidence from warehouse.checks order by all
"""


class World:
    """An environment built from the sample of some months at once; its content hash and its checks."""

    def __init__(self, folder: Path, months: int) -> None:
        self.landing = folder / "landing"
        self.sample = generate(self.landing, find_rooms().emitters, months=months, scale=0.3)
        self.settings = self.copy(folder / "data")
        self.platform: Platform = run(self.settings)
        self.hash = content_hash(self.settings, self.platform)
        self.checks = ask(self.settings, CHECKS)

    def copy(self, data: Path) -> Settings:
        """A new environment with the same files in landing."""
        settings = environment(data)
        shutil.copytree(self.landing, settings.landing, dirs_exist_ok=True)
        return settings


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"), months=3)


@pytest.fixture(scope="module")
def longer_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("longer_world"), months=4)


def test_a_window_built_again_statement_by_statement_gives_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `build --as-of --months --again` does, with memory for one month at once; then nothing is stale.

    So each month by itself, in every table and audit, is as in the range that was built at first.
    """
    monkeypatch.setattr(stretches, "ROWS_AT_ONCE", 1)
    builds: list[Build] = []
    with open_session(world.platform, "test") as session:
        _, first, last = months_between(*(session.arrivals.state.data_months() or ()))
        assert build_stale(session.warehouse, first=first, last=last, again=True, on_build=builds.append) == {}
        assert {month for build in builds for month in build.rows} == {first, last}
        assert {build.table for build in builds} == set(world.platform.catalogue.tables)
        assert session.warehouse.con.execute(CHECKS).fetchall() == world.checks
        assert build_stale(session.warehouse, on_build=builds.append) == {}
    assert len(builds) == len(world.platform.catalogue.tables)
    assert content_hash(world.settings, world.platform) == world.hash


def test_a_second_run_builds_nothing(world: World) -> None:
    builds: list[Build] = []
    platform = run(world.settings, builds.append)
    assert builds == []
    assert content_hash(world.settings, platform) == world.hash


@pytest.mark.parametrize("rooms", [["prospects"], pytest.param([], marks=pytest.mark.long)])
def test_a_later_first_month_leaves_nothing_of_the_months_before(
    rooms: list[str], world: World, tmp_path: Path
) -> None:
    """Incident: dimensions went on from months that no longer belong to the platform, and differed from a rebuild.

    Incident: a session that only took files in published a warehouse that was still to be built.
    """
    shutil.copytree(world.settings.data, tmp_path / "data")
    later = environment(tmp_path / "data", {"LEADS_PLATFORM_FIRST_MONTH": "2024-03-01"})
    moved = content_hash(later, run(later, agreed=True, rooms=rooms))
    assert moved != world.hash
    assert ask(later, "select min(month)::varchar from prospects.dim_prospective_leads") == [("2024-03-01",)]
    shutil.rmtree(later.landing)  # rebuilt from the archive alone
    begin_anew(later)
    with open_session(load_rooms(later, *rooms), "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
    assert ask(later, "select count(*) > 0 from prospects.dim_prospective_leads") == [(True,)]
    assert content_hash(later, run(later, rooms=rooms)) == moved


def test_a_contract_taken_away_takes_its_tables_with_it(settings: Settings) -> None:
    """Incident: the tables of a supplier's removed contract stayed, personal data and all."""
    lists: dict[str, Any] = {"rooms": ["prospects"], "tables": ["prospects.int_lead_listings"]}
    records = [tx("900", "210-555-0103", "1 PINE LN", "AUSTIN", "TX", "78701")]
    drop(settings, "tx_licensing", "tx_2024-01-20.csv", TX_HEADER, records)
    before = content_hash(settings, run(settings, **lists))
    settings.feeds.mkdir()
    packaged = next(folder for folder in contract_folders(settings) if folder.name == "feeds")
    text = (packaged / "tx_licensing.yaml").read_text()
    (settings.feeds / "more.yaml").write_text(text.replace("feed: tx_licensing", "feed: more_licensing"))
    drop(settings, "more_licensing", "more_2024-01-20.csv", TX_HEADER, records)
    assert content_hash(settings, run(settings, **lists)) != before
    tables = "select table_name from duckdb_tables() where table_name like '%more_licensing' order by 1"
    assert ask(settings, tables) == [("base_leads_more_licensing",), ("stg_leads_more_licensing",)]
    (settings.feeds / "more.yaml").unlink()
    platform = run(settings, agreed=True, **lists)
    assert ask(settings, tables) == []
    assert content_hash(settings, platform) == before


@pytest.mark.long  # make test plays histories of every kind of feed: properties/test_any_order.py
@pytest.mark.parametrize("seed", range(1, 8))
def test_any_order_of_arrival(seed: int, longer_world: World, tmp_path: Path) -> None:
    settings = environment(tmp_path / "data")
    names = list(longer_world.sample.arrival_order)
    random.Random(seed).shuffle(names)
    third = len(names) // 3
    platform = None
    for chunk in (names[:third], names[third : 2 * third], names[2 * third :]):
        for name in chunk:
            target = settings.landing / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(longer_world.landing / name, target)
        platform = run(settings)
    assert platform is not None
    assert content_hash(settings, platform) == longer_world.hash


@pytest.mark.long
@pytest.mark.parametrize("rows", [1, 400])
def test_few_rows_at_once_are_as_all(
    rows: int, longer_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "ROWS_AT_ONCE", rows)
    settings = longer_world.copy(tmp_path / "data")
    assert content_hash(settings, run(settings)) == longer_world.hash
    assert ask(settings, CHECKS) == longer_world.checks


@pytest.mark.long
def test_month_by_month_is_as_one_range(longer_world: World, tmp_path: Path) -> None:
    """What a backfill of single partitions does in the UI: a commit for each table and month."""
    settings = longer_world.copy(tmp_path / "data")
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        for month in months_between(*(session.arrivals.state.data_months() or ())):
            for table in platform.catalogue.tables:
                assert session.build(table, month, month).committed
        session.publish = True
    assert content_hash(settings, platform) == longer_world.hash
    assert ask(settings, CHECKS) == longer_world.checks
    builds = "select table_name, month, row_count, content_hash, fingerprint from warehouse.builds order by all"
    assert ask(settings, builds) == ask(longer_world.settings, builds)


@pytest.mark.long
def test_rebuilt_from_the_archive_alone(longer_world: World, tmp_path: Path) -> None:
    settings = environment(tmp_path / "data")
    shutil.copytree(longer_world.settings.archive, settings.archive)
    begin_anew(settings)
    assert content_hash(settings, run(settings)) == longer_world.hash
