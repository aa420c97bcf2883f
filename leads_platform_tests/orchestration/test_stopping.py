"""A command that is stopped while it builds through Dagster: nothing half, nothing red, and the next one goes on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import JobFailureData, RunFailureReason  # not exported by 1.13.27
from dagster._core.instance.runs.run_domain import RunDomain  # nor this

from leads_platform.orchestration.arrivals_job import arrivals_job
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.resource import is_alive
from leads_platform.orchestration.run import build_through_dagster
from leads_platform.platform import Platform, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.planner import BuildTask
from leads_platform_tests.orchestration.conftest import (
    REPORT,
    STG,
    TABLES,
    build,
    deliver,
    platform_with,
    report,
    take_in,
)

pytestmark = pytest.mark.usefixtures("interruptible")


def statuses(instance: dg.DagsterInstance) -> list[str]:
    """Of all runs, the latest first."""
    return [run.status.value for run in instance.get_runs()]


def built(settings: Settings) -> list[str]:
    with open_published(settings.warehouse) as con:
        return [
            name for (name,) in con.execute("select distinct table_name from warehouse.builds order by 1").fetchall()
        ]


def stop(*_: object) -> None:
    """As the terminal does at Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def at_table(table: str) -> Callable[[object], None]:
    return lambda work: stop() if getattr(work, "table", None) == table else None


@pytest.mark.parametrize(
    ("hook", "stopped_at", "stand"),
    [
        ("on_start", STG, TABLES[:1]),  # before its rows are written
        ("on_build", STG, TABLES[:2]),  # after they are
    ],
)
def test_a_stop_cancels_the_run_and_keeps_what_is_committed(
    small: Platform,
    settings: Settings,
    instance: dg.DagsterInstance,
    hook: str,
    stopped_at: str,
    stand: tuple[str, ...],
) -> None:
    """Found in use, 14: Ctrl-C left a failed run and a notice of it, or was told as a fault of the program."""
    deliver(settings, "2024-05", 2)
    take_in(small)
    with pytest.raises(KeyboardInterrupt):
        hooks: dict[str, Any] = {hook: at_table(stopped_at)}
        build_through_dagster(small, instance=instance, **hooks)
    assert statuses(instance) == ["CANCELED"]
    assert built(settings) == sorted(stand)
    keys = [key for notice in send_notices(instance, small) for key in notice.keys]
    assert [key for key in keys if key.startswith("run:")] == []
    assert build_through_dagster(small, instance=instance) == {}
    assert statuses(instance) == ["SUCCESS", "CANCELED"]
    assert built(settings) == sorted(TABLES)


def test_a_stop_within_a_statement_rolls_it_back_at_once(settings: Settings) -> None:
    """Nothing of it is in the tables, nor in the note beside them."""
    endless = report()
    endless = replace(
        endless,
        select=f"""
            select month, bit_xor(hash(range))::bit::bigint as leads, 0::bigint as leads_so_far
            from (select distinct month from {STG}), range(1000000000000)
            group by month
        """,
    ).named(endless.room, endless.name)
    platform = platform_with(settings, endless)
    deliver(settings, "2024-05", 2)
    take_in(platform)
    timers: list[threading.Timer] = []

    def soon(work: BuildTask) -> None:
        if work.table == REPORT:
            timers.append(threading.Timer(0.3, stop))
            timers[0].start()

    with pytest.raises(KeyboardInterrupt), open_session(platform, "build") as session:
        build_stale(session.warehouse, on_start=soon)
    timers[0].join()
    assert built(settings) == sorted(TABLES[:2])
    assert {table for table, _ in read_build_state(settings.build_state, settings.warehouse).rows} == set(TABLES[:2])


def test_a_stop_while_dagster_makes_the_run_leaves_none_that_seems_to_go_on(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 14: planning takes most of the time, and a run stopped in it stayed "not started" for ever."""
    deliver(settings, "2024-05", 2)
    take_in(small)

    def stop_in_it(*_: object) -> None:
        (run,) = instance.get_runs()
        assert is_alive(settings.home, run.run_id)  # else a janitor beside it would think it dead
        stop()

    with monkeypatch.context() as patch:
        patch.setattr(RunDomain, "_log_asset_planned_events", stop_in_it)
        with pytest.raises(KeyboardInterrupt):
            build_through_dagster(small, instance=instance)
    assert statuses(instance) == ["CANCELED"]
    assert send_notices(instance, small) == []
    assert build_through_dagster(small, instance=instance) == {}


def test_what_a_stopped_run_found_is_told(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Found in use, mended: checks that failed before a run was cancelled were in no notice, neither then nor later."""
    platform = platform_with(settings, report(warn=1))
    deliver(settings, "2024-05", 2)
    take_in(platform)
    run = instance.get_run_by_id(build(instance, platform, "2024-05", "2024-05").run_id)
    assert run
    instance.report_run_canceled(run)
    assert statuses(instance) == ["CANCELED"]
    (notice,) = send_notices(instance, platform)
    assert notice.run_id == run.run_id
    assert f"{REPORT}: not_many_leads failed for 2024-05" in notice.text


@pytest.mark.parametrize(
    ("reason", "told"), [(RunFailureReason.UNEXPECTED_TERMINATION, 0), (RunFailureReason.UNKNOWN, 1)]
)
def test_a_run_of_the_daemon_that_is_stopped_is_no_news(
    settings: Settings, instance: dg.DagsterInstance, reason: RunFailureReason, told: int
) -> None:
    """Found in use, 13: ending the UI in order sent a notice of a failed run; one that was killed deserves it."""
    run = instance.create_run_for_job(arrivals_job)
    instance.report_run_failed(run, "ended", JobFailureData(error=None, failure_reason=reason))
    assert len(send_notices(instance, load_platform(settings))) == told


def test_the_loop_tells_what_it_does_and_how_much_there_is(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 14: the way through Dagster told no total, and nothing at all for half of the time."""
    deliver(settings, "2024-05", 2)
    take_in(small)
    told: list[object] = []
    build_through_dagster(
        small,
        instance=instance,
        on_plan=lambda tasks: told.append([work.table for work in tasks]),
        on_step=told.append,
        on_start=lambda work: told.append(("begins", work.table, work.first)),
        on_build=lambda build: told.append(("ends", build.table)),
    )
    may = date(2024, 5, 1)
    each = [step for table in TABLES for step in (("begins", table, may), ("ends", table))]
    assert told == [
        "Preparing Dagster", "Planning", list(TABLES), "Telling Dagster of 3 tables", *each,
        "Planning", "Making full.duckdb", "Making warehouse.duckdb", "Telling Dagster what it missed",
    ]  # fmt: skip
    assert TABLES[-1] == REPORT
