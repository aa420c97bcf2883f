"""The machine stops with a run of the daemon under way: after the start, the run is failed and its files are built."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dagster import DagsterRunStatus, RunsFilter

from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.keeper import end_group, members
from leads_platform.platform import Platform
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.lock import WriterLock
from leads_platform_tests.helpers import drop
from leads_platform_tests.orchestration.conftest import held
from leads_platform_tests.orchestration.test_daemon import (
    MODULE,
    environment_of,
    platform,
    run_is_under_way,
    turn_on,
    wait_for,
)

__all__ = ["platform"]


@contextmanager
def bare_daemon(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon alone, in a process group of its own; UI and keeper don't matter here and take long to start."""
    env = environment_of(settings)
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", MODULE],
            env=env,
            cwd=settings.data,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end_group(process.pid, grace=0)
            process.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_whose_machine_stopped_is_failed_and_its_work_is_done_without_a_hand(
    settings: Settings, platform: Platform, tmp_path: Path
) -> None:
    log = tmp_path / "daemon.log"
    drop(settings, "lists", "lists_2024-05.csv", "Number,Person", [f"{n},Person {n}" for n in range(1, 31)])
    turn_on(settings)
    with bare_daemon(settings, log) as process:
        wait_for(lambda: run_is_under_way(settings), log, every=0.02)
        for member in members(process.pid):
            os.kill(member, signal.SIGKILL)
    with WriterLock(settings.home, "test", wait=5):  # nobody holds it any more
        pass
    with open_instance(settings) as instance:
        dead = [run.run_id for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED]))]
        assert len(dead) == 1
    tables = set(platform.catalogue.tables)

    def everything_is_built() -> bool:
        built = read_build_state(settings.build_state, settings.warehouse).fingerprints
        return held(platform, "lists") == ["2024-05"] and {table for table, _ in built} == tables

    with bare_daemon(settings, log):
        wait_for(everything_is_built, log)
        with open_instance(settings) as instance:
            until = time.monotonic() + 30
            while (run := instance.get_run_by_id(dead[0])) and run.status is not DagsterRunStatus.FAILURE:
                assert time.monotonic() < until, run.status
                time.sleep(0.5)
