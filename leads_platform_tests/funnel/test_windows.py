"""A window of months, a range, single months and a corrected extract: each gives the rows of a full build.

Issue 4, Shows 2. Orders of arrival across feeds are tested with the whole sample (prospects/test_same_warehouse.py).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest

from leads_platform.funnel.sample.files import DealFiles
from leads_platform.months import add_months, label, months_between
from leads_platform.platform import begin_anew, load_platform, open_session
from leads_platform.sample import write
from leads_platform.sample.world import World
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.outcome import Build
from leads_platform_tests.conftest import environment
from leads_platform_tests.funnel.files import activities, changes, look_ups
from leads_platform_tests.helpers import content_hash, run

FIRST, MONTHS = date(2024, 1, 1), 4
LIFE = """
    1 2024-01-05 add_time 2024-01-05
    1 2024-01-06 stage_id 1
    1 2024-02-10 stage_id 2
    1 {third} stage_id 3
    2 2024-03-01 add_time 2024-03-01
    2 2024-03-02 stage_id 1
    2 2024-04-02 stage_id 2
"""


def months_built(settings: Settings) -> dict[str, set[str]]:
    """What the next run builds: the months of each table."""
    builds: dict[str, set[str]] = defaultdict(set)

    def told(build: Build) -> None:
        builds[build.table] |= {label(month) for month in build.rows}

    run(settings, told)
    return builds


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    """An environment of four months, built once for all that build some of it again, and its content hash."""
    settings = environment(tmp_path_factory.mktemp("windows") / "full")
    world = World(FIRST, MONTHS, scale=0.3)
    write(settings.landing, world, [DealFiles(world)])
    return settings, content_hash(settings, run(settings))


def test_any_window_built_again_gives_the_same(built: tuple[Settings, str]) -> None:
    """What a backfill of partitions does in the UI, and `build --as-of --months --again`."""
    settings, expected = built
    platform = load_platform(settings)
    last = add_months(FIRST, MONTHS - 1)
    for first, end in ((add_months(FIRST, 1), add_months(FIRST, 2)), (last, last)):
        with open_session(platform, "test") as session:
            for table in platform.catalogue.tables:
                assert session.build(table, first, end).committed
        assert content_hash(settings, platform) == expected
    assert months_built(settings) == {}


def test_the_command_builds_a_window_again(built: tuple[Settings, str]) -> None:
    settings, expected = built
    builds: list[Build] = []
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        first, last = add_months(FIRST, 1), add_months(FIRST, 2)
        assert build_stale(session.warehouse, first=first, last=last, again=True, on_build=builds.append) == {}
    assert {month for build in builds for month in build.rows} == {first, last}
    assert {build.table for build in builds} == set(platform.catalogue.tables)
    assert content_hash(settings, platform) == expected


def test_month_by_month_is_as_one_range(built: tuple[Settings, str]) -> None:
    settings, expected = built
    begin_anew(settings)
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        for month in months_between(FIRST, add_months(FIRST, MONTHS - 1)):
            for table in platform.catalogue.tables:
                assert session.build(table, month, month).committed
    assert content_hash(settings, platform) == expected


def test_a_corrected_extract_builds_the_touched_months_and_later_ones(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    activities(settings, "7 meeting 1 1 True 2024-02-11")
    run(settings)
    # A month later: the third stage was entered on another day of March.
    changes(settings, LIFE.format(third="2024-03-25") + "\n2 2024-05-02 stage_id 3", "changes_2024-05-31.csv")
    built = months_built(settings)
    assert built["funnel.base_pipedrive_deal_changes"] == {"2024-03", "2024-05"}
    for table in ("daily_deal_stats", "dim_deals", "rep_sales_funnel_monthly"):  # entries are numbered over all months
        assert built[f"funnel.{table}"] == {"2024-03", "2024-04", "2024-05"}, table
    # May is new to every table; of what reads no deal change nothing else is built.
    for table in ("base_pipedrive_activity", "dim_users", "dim_kpis"):
        assert built[f"funnel.{table}"] == {"2024-05"}, table
    assert all("2024-01" not in months and "2024-02" not in months for months in built.values())


def test_the_same_history_in_a_later_extract_builds_nothing_of_the_past(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    run(settings)
    changes(settings, LIFE.format(third="2024-03-20") + "\n2 2024-05-02 stage_id 3", "changes_2024-05-31.csv")
    assert set().union(*months_built(settings).values()) == {"2024-05"}


def test_a_withdrawn_extract_gives_the_former_rows(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    before = content_hash(settings, run(settings))
    changes(settings, LIFE.format(third="2024-03-25"), "changes_2024-05-31.csv")
    platform = run(settings)
    assert content_hash(settings, platform) != before
    with open_session(platform, "test") as session:
        newest = max(session.arrivals.state.manifests, key=lambda manifest: manifest.receipt)
        session.arrivals.withdraw(newest.sha256)
    assert content_hash(settings, run(settings)) == before
