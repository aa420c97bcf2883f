"""The same input gives the same warehouse: in any order of arrival, range or month by month, twice, or rebuilt."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from leads_platform.months import months_between
from leads_platform.platform import begin_anew, contract_folders, load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.sample import Sample, generate
from leads_platform.settings import Settings
from leads_platform.warehouse import write
from leads_platform.warehouse.outcome import Build
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask, content_hash, run


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sample]:
    """Four months of a small world."""
    folder = tmp_path_factory.mktemp("landing")
    return folder, generate(folder, find_rooms().emitters, months=4, scale=0.1)


@pytest.fixture(scope="module")
def expected(landing: tuple[Path, Sample], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Settings]:
    """The content hash when everything is there from the start."""
    settings = environment(tmp_path_factory.mktemp("all") / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    platform = run(settings)
    return content_hash(settings, platform), settings


@pytest.mark.long  # make test plays histories of every kind of feed: properties/test_any_order.py
@pytest.mark.parametrize("seed", range(1, 8))
def test_any_order_of_arrival(
    seed: int, landing: tuple[Path, Sample], expected: tuple[str, Settings], tmp_path: Path
) -> None:
    settings = environment(tmp_path / "data")
    names = list(landing[1].arrival_order)
    random.Random(seed).shuffle(names)
    third = len(names) // 3
    platform = None
    for chunk in (names[:third], names[third : 2 * third], names[2 * third :]):
        for name in chunk:
            target = settings.landing / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(landing[0] / name, target)
        platform = run(settings)
    assert platform is not None
    assert content_hash(settings, platform) == expected[0]


@pytest.mark.parametrize("rows", [1, pytest.param(400, marks=pytest.mark.long)])
def test_few_rows_at_once_are_as_all(
    rows: int,
    landing: tuple[Path, Sample],
    expected: tuple[str, Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write, "ROWS_AT_ONCE", rows)
    settings = environment(tmp_path / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    platform = run(settings)
    assert content_hash(settings, platform) == expected[0]
    checks = """
        select table_name, month, check_name, blocking, passed, bad_rows, evidence from warehouse.checks order by all
    """
    assert ask(settings, checks) == ask(expected[1], checks)


def test_month_by_month_is_as_one_range(
    landing: tuple[Path, Sample], expected: tuple[str, Settings], tmp_path: Path
) -> None:
    settings = environment(tmp_path / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        data = session.arrivals.state.data_months()
        assert data is not None
        for month in months_between(*data):
            for table in platform.catalogue.tables:
                assert session.build(table, month, month).committed
        session.publish = True
    assert content_hash(settings, platform) == expected[0]
    for query in (
        "select table_name, month, row_count, content_hash, fingerprint from warehouse.builds order by all",
        "select table_name, month, check_name, blocking, passed, bad_rows, evidence from warehouse.checks order by all",
    ):
        assert ask(settings, query) == ask(expected[1], query)


def test_a_second_run_builds_nothing(expected: tuple[str, Settings]) -> None:
    builds: list[Build] = []
    platform = run(expected[1], builds.append)
    assert builds == []
    assert content_hash(expected[1], platform) == expected[0]


def test_rebuilt_from_the_archive_alone(expected: tuple[str, Settings], tmp_path: Path) -> None:
    settings = environment(tmp_path / "data")
    shutil.copytree(expected[1].archive, settings.archive)
    begin_anew(settings)
    platform = run(settings)
    assert content_hash(settings, platform) == expected[0]


def test_a_later_first_month_leaves_nothing_of_the_months_before(
    landing: tuple[Path, Sample], expected: tuple[str, Settings], tmp_path: Path
) -> None:
    """Incident: dimensions went on from months that no longer belong to the platform, and differed from a rebuild."""
    settings = environment(tmp_path / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    run(settings)
    later = environment(tmp_path / "data", {"LEADS_PLATFORM_FIRST_MONTH": "2024-03-01"})
    moved = content_hash(later, run(later, agreed=True))
    assert moved != expected[0]
    assert ask(later, "select min(month)::varchar from prospects.dim_prospective_leads") == [("2024-03-01",)]
    begin_anew(later)
    assert content_hash(later, run(later)) == moved


def test_a_contract_taken_away_takes_its_tables_with_it(
    landing: tuple[Path, Sample], expected: tuple[str, Settings], tmp_path: Path
) -> None:
    """Incident: the tables of a supplier's removed contract stayed, personal data and all."""
    settings = environment(tmp_path / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    settings.feeds.mkdir()
    packaged = next(folder for folder in contract_folders(settings) if folder.name == "feeds")
    text = (packaged / "nv_licensing.yaml").read_text()
    (settings.feeds / "more.yaml").write_text(text.replace("feed: nv_licensing", "feed: more_licensing"))
    shutil.copytree(settings.landing / "nv_licensing", settings.landing / "more_licensing")
    run(settings)
    tables = "select table_name from duckdb_tables() where table_name like '%more_licensing' order by 1"
    assert ask(settings, tables) == [("base_leads_more_licensing",), ("stg_leads_more_licensing",)]
    (settings.feeds / "more.yaml").unlink()
    platform = run(settings, agreed=True)
    assert ask(settings, tables) == []
    assert content_hash(settings, platform) == expected[0]


def test_the_published_copy_is_never_without_its_tables(
    landing: tuple[Path, Sample], expected: tuple[str, Settings], tmp_path: Path
) -> None:
    """Incident: a session that only took files in published a warehouse that was still to be built."""
    settings = environment(tmp_path / "data")
    shutil.copytree(landing[0], settings.landing, dirs_exist_ok=True)
    run(settings)
    begin_anew(settings)
    with open_session(load_platform(settings), "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
    assert ask(settings, "select count(*) > 0 from prospects.dim_prospective_leads") == [(True,)]
