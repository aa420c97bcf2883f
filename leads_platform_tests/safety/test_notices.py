"""What failed, was mended and fails again with the same counts is told again; a rebuild that finds the same is not."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest

from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.sqlite_pool import sqlite_pool
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.conftest import clock
from leads_platform_tests.orchestration.conftest import (
    QUIET,
    REPORT,
    build,
    check_history,
    deliver,
    instance,
    platform_with,
    report,
)

__all__ = ["instance"]
pytestmark = pytest.mark.slow


def take_in(platform: Platform) -> str:
    """Takes in what lies in landing; returns the fingerprint of the last file."""
    with open_session(platform, "test") as session:
        return session.arrivals.take_in(session.arrivals.waiting())[-1].sha256


def told(platform: Platform, instance: dg.DagsterInstance, *, built: bool = True) -> list[str]:
    """Builds May and returns the first lines of what was told of the report's own checks and was not told before."""
    if built:
        build(instance, platform, "2024-05", "2024-06")
    lines = [line for notice in send_notices(instance, platform) for line in notice.text.split("\n")]
    return [line for line in lines if line.startswith(REPORT) and "_leads failed" in line]


@pytest.mark.parametrize("blocking", [False, True])
def test_a_check_that_fails_again_after_it_was_mended_is_told_again(
    settings: Settings, instance: dg.DagsterInstance, blocking: bool
) -> None:
    """The second bad list of a month had as many bad rows as the first, and nobody heard of it."""
    platform = platform_with(settings, report(limit=2) if blocking else report(warn=2))
    said = f"{REPORT}: {'few_leads' if blocking else 'not_many_leads'} failed for 2024-05"
    deliver(settings, "2024-05", 3)
    take_in(platform)
    assert told(platform, instance) == [said]
    assert told(platform, instance) == []
    deliver(settings, "2024-05", 2)
    take_in(platform)
    assert told(platform, instance) == []
    deliver(settings, "2024-05", 3, name="nv_2024-05 again.csv")
    take_in(platform)
    assert told(platform, instance) == [said]
    assert told(platform, instance) == []


def test_mended_and_broken_between_two_looks_at_the_runs_is_told_twice(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    platform = platform_with(settings, report(warn=2))
    for leads in (3, 3, 2, 3):
        deliver(settings, "2024-05", leads, name=f"nv_2024-05 of {leads}.csv")
        take_in(platform)
        build(instance, platform, "2024-05", "2024-05")
    assert told(platform, instance, built=False) == [f"{REPORT}: not_many_leads failed for 2024-05"] * 2


def test_what_a_withdrawal_settled_is_told_again(settings: Settings, instance: dg.DagsterInstance) -> None:
    """A withdrawn file leaves no passed check behind: the former rows stand, so nothing is built."""
    platform = platform_with(settings, report(limit=2))
    said = f"{REPORT}: few_leads failed for 2024-05"
    deliver(settings, "2024-05", 2)
    take_in(platform)
    assert told(platform, instance) == []
    deliver(settings, "2024-05", 3)
    bad = take_in(platform)
    assert told(platform, instance) == [said]
    with open_session(platform, "test") as session:
        session.arrivals.withdraw(bad)
    deliver(settings, "2024-05", 3, name="nv_2024-05 again.csv")
    take_in(platform)
    assert told(platform, instance) == [said]
    assert told(platform, instance) == []


def test_a_feed_that_is_late_for_another_month_is_told_again(settings: Settings, instance: dg.DagsterInstance) -> None:
    platform = platform_with(settings, report())
    deliver(settings, "2024-03", 1)
    take_in(platform)
    said = []
    for moment in ("2024-05-03T06:00:00", "2024-05-20T06:00:00", "2024-06-03T06:00:00"):
        now = replace(platform, settings=replace(settings, fixed_now=clock(moment)))
        job = build_definitions(now).resolve_job_def("freshness")
        assert job.execute_in_process(instance=instance, run_config=QUIET).success
        said.append(
            [
                item.split(";")[0]
                for notice in send_notices(instance, now)
                for item in notice.text.split("\n\n")
                if "file_expected" in item
            ]
        )
    assert [len(each) for each in said] == [1, 0, 1]
    assert "no file for 2024-04" in said[0][0] and "no file for 2024-05" in said[2][0]


def test_a_value_that_stops_a_select_is_a_failed_check_in_dagster(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Dagster knew no check of that name: it failed the run with an error of its own, which said nothing."""
    table = report()
    select = table.select.replace("count(*) as leads", "sum(phone_raw::integer)::bigint as leads")
    assert select != table.select
    platform = platform_with(settings, replace(table, select=select).named(table.room, table.name))
    deliver(settings, "2024-05", 1)
    take_in(platform)
    result = build(instance, platform, "2024-05", "2024-05")
    assert [b.table for b in result.refused] == [REPORT] and not result.error
    (told,) = send_notices(instance, platform)
    assert f"{REPORT}: schema_contract failed" in told.text
    assert "Conversion of column phone_raw to INT" in told.text and "346" not in told.text


def test_a_month_that_fails_in_two_builds_without_dagster_is_told_to_dagster_twice(settings: Settings) -> None:
    """Dagster refused the second, and with it every later run: the command line tells it first of what it missed."""
    platform = platform_with(settings, report(warn=1))
    with sqlite_pool(settings.dagster_home), open_instance(settings) as instance:
        for leads in (2, 1, 2):
            deliver(settings, "2024-05", leads, name=f"nv_2024-05 of {leads}.csv")
            take_in(platform)
            with open_session(platform, "test") as session:
                assert build_stale(session.warehouse) == {}
                session.publish = True
            assert reconcile_events(instance, settings) > 0
        own = [status for month, status in check_history(instance, REPORT, "not_many_leads") if month]
    assert own == ["FAILED", "SUCCEEDED", "FAILED"]
