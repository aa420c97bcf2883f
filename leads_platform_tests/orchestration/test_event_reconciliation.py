"""What Dagster missed is told later: once, whole, and never in the place of newer news."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import dagster as dg
import pytest

from leads_platform.orchestration import assets
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.resource import Hooks
from leads_platform.orchestration.run import BatchResult, Runner, build_through_dagster
from leads_platform.orchestration.sqlite_pool import sqlite_pool
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse import Column
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask
from leads_platform_tests.orchestration.conftest import (
    BASE,
    REPORT,
    STG,
    TABLES,
    check_history,
    deliver,
    platform_with,
    report,
    row_counts,
    take_in,
)

MAY, JUNE = "2024-05-01", "2024-06-01"


@pytest.fixture
def two_months(small: Platform, settings: Settings) -> Platform:
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(small)
    return small


@pytest.fixture
def on_disk(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance of the command line, in files."""
    with sqlite_pool(settings.dagster_home), open_instance(settings) as instance:
        yield instance


def killed(build: Build) -> Iterator[object]:
    raise RuntimeError("the process is gone")


def build_and_die(instance: dg.DagsterInstance, platform: Platform, table: str) -> BatchResult:
    """A run that ends between the commit of a table and Dagster's note of it."""

    def die(build: Build) -> None:
        if build.table == table:
            killed(build)

    tasks = [BuildTask(name, date(2024, 5, 1), date(2024, 6, 1)) for name in TABLES]
    result = Runner(instance, platform, Hooks(on_build=die)).run(tasks)
    assert not result.success
    return result


def publish(platform: Platform) -> None:
    with open_session(platform, "test") as session:
        session.publish = True
    os.utime(platform.settings.published)  # as after any run that wrote something


def events(instance: dg.DagsterInstance, table: str) -> list[str]:
    """The months of all a table's materialisations, the first told first."""
    records = instance.fetch_materializations(dg.AssetKey(table.split(".")), limit=99).records
    return [str(record.partition_key) for record in reversed(records)]


def test_months_whose_run_did_not_live_to_tell_are_told(two_months: Platform, instance: dg.DagsterInstance) -> None:
    """A run killed between the commit and Dagster's note left months built for ever, and grey in the UI."""
    build_and_die(instance, two_months, STG)
    assert row_counts(instance, STG) == {}
    assert build_through_dagster(two_months, instance=instance) == {}  # STG is current: nothing builds it again
    assert row_counts(instance, STG) == {MAY: 2, JUNE: 3}
    assert [len(events(instance, table)) for table in TABLES] == [2, 2, 2]
    assert (None, "SUCCEEDED") in check_history(instance, STG, "grain_is_unique")
    assert reconcile_events(instance, two_months.settings) == 0  # once


def test_what_the_index_lost_is_told(two_months: Platform, settings: Settings, on_disk: dg.DagsterInstance) -> None:
    """Dagster writes a run's own file first and the index, which the UI reads, second."""
    build_and_die(on_disk, two_months, REPORT)
    with closing(sqlite3.connect(settings.dagster_home / "storage" / "history" / "runs" / "index.db")) as con, con:
        gone = con.execute(
            "delete from event_logs where partition = ? and asset_key like '%stg_leads%' "
            "and dagster_event_type = 'ASSET_MATERIALIZATION'",
            [MAY],
        )
        assert gone.rowcount == 1
    publish(two_months)
    assert reconcile_events(on_disk, settings) == 2 + 2  # files; STG's May, and the report
    assert row_counts(on_disk, STG) == {MAY: 2, JUNE: 3}
    assert events(on_disk, STG) == [JUNE, MAY]
    assert events(on_disk, BASE) == [MAY, JUNE]
    assert events(on_disk, REPORT) == [MAY, JUNE]


def test_a_run_deleted_in_the_ui_is_told_of_again(two_months: Platform, instance: dg.DagsterInstance) -> None:
    result = build_and_die(instance, two_months, STG)
    publish(two_months)
    assert reconcile_events(instance, two_months.settings) == 2 + 1
    instance.delete_run(result.run_id)
    assert row_counts(instance, BASE) == {}
    publish(two_months)
    assert reconcile_events(instance, two_months.settings) == 1
    assert row_counts(instance, BASE) == {MAY: 2, JUNE: 3}
    assert events(instance, STG) == [MAY, JUNE]  # told without a run, so not lost
    publish(two_months)
    assert reconcile_events(instance, two_months.settings) == 0


def test_late_news_does_not_cover_newer(settings: Settings, instance: dg.DagsterInstance) -> None:
    """May's good word, told after June's warning, made the table look well."""
    platform = platform_with(settings, report(warn=3))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(platform)
    build_and_die(instance, platform, REPORT)
    deliver(settings, "2024-06", 4)
    take_in(platform)
    assert build_through_dagster(platform, instance=instance) == {}
    assert row_counts(instance, REPORT) == {MAY: 1, JUNE: 1}
    assert check_history(instance, REPORT, "not_many_leads")[0][1] == "FAILED"
    assert (None, "SUCCEEDED") not in check_history(instance, REPORT, "not_many_leads")


def test_a_warning_its_run_did_not_live_to_tell_is_told(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = platform_with(settings, report(warn=2))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(platform)

    tasks = [BuildTask(name, date(2024, 5, 1), date(2024, 6, 1)) for name in TABLES]
    with monkeypatch.context() as patched:
        real = assets.check_results
        patched.setattr(assets, "check_results", lambda build: killed(build) if build.table == REPORT else real(build))
        assert not Runner(instance, platform).run(tasks).success
    assert events(instance, REPORT) == [MAY, JUNE]
    assert "FAILED" not in [status for _, status in check_history(instance, REPORT, "not_many_leads")]
    publish(platform)
    assert reconcile_events(instance, settings) == 2 + 1
    assert events(instance, REPORT) == [MAY, JUNE]
    history = check_history(instance, REPORT, "not_many_leads")
    assert (JUNE, "FAILED") in history and (None, "FAILED") in history


@pytest.mark.parametrize("lived", [True, False])
def test_a_refusal_its_run_did_not_live_to_tell_is_told(
    settings: Settings, on_disk: dg.DagsterInstance, lived: bool
) -> None:
    platform = platform_with(settings, report(limit=2))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(platform)
    result = Runner(on_disk, platform).run([BuildTask(name, date(2024, 5, 1), date(2024, 6, 1)) for name in TABLES])
    assert not result.success
    if not lived:
        run = settings.dagster_home / "storage" / "history" / "runs" / f"{result.run_id}.db"
        with closing(sqlite3.connect(run)) as con, con:
            gone = con.execute("delete from event_logs where dagster_event_type = 'STEP_FAILURE'")
            assert gone.rowcount == 1
    publish(platform)
    before = check_history(on_disk, REPORT, "few_leads")
    assert reconcile_events(on_disk, settings) == 2 + (not lived)
    after = check_history(on_disk, REPORT, "few_leads")
    assert (JUNE, "FAILED") in after
    assert len(after) == len(before) + (not lived)  # a month's word stands where the run's stood, its summary is new
    assert row_counts(on_disk, STG) == {MAY: 2, JUNE: 3}


def test_months_beyond_the_run_are_not_told_twice(
    two_months: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a table's columns change, all its months are built anew; those the run was not asked for have no run."""
    assert build_through_dagster(two_months, instance=instance) == {}
    before = report()
    wider = replace(
        before,
        columns=(*before.columns, Column("feeds", "bigint", "Feeds")),
        select=f"select *, 1::bigint as feeds from ({before.select}) as so_far",
    )
    changed = platform_with(settings, wider.named("prospects", "rep_leads_so_far"))
    with monkeypatch.context() as patched:
        patched.setattr(assets, "check_results", killed)
        assert not Runner(instance, changed).run([BuildTask(REPORT, date(2024, 6, 1), date(2024, 6, 1))]).success
    assert sorted(events(instance, REPORT)) == [MAY, MAY, JUNE, JUNE]
    publish(changed)
    assert reconcile_events(instance, settings) == 1  # the report's checks
    assert sorted(events(instance, REPORT)) == [MAY, MAY, JUNE, JUNE]
    assert check_history(instance, REPORT, "few_leads")[0] == (None, "SUCCEEDED")
