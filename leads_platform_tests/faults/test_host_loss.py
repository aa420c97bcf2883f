"""The machine stops with a run of the daemon under way: after the start, the run is failed and its files are built."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from dagster import DagsterRunStatus, RunsFilter

from leads_platform.engine import load_platform
from leads_platform.orchestration.instance import open_instance
from leads_platform.settings import Settings
from leads_platform.warehouse.lock import WriterLock, holder
from leads_platform.warehouse.note import read_note
from leads_platform_tests.helpers import NV_HEADER, drop, nv
from leads_platform_tests.orchestration.conftest import FEED, held
from leads_platform_tests.orchestration.test_daemon import daemon, wait_for


def alone(process: int) -> list[int]:
    """The process and everything it started, whatever group it is in; by what /proc tells."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found = [process]
    for member in found:
        found += parents.get(member, [])
    return found


@pytest.mark.long  # under the keeper it takes minutes or does not end: to be found out, then slow again
def test_a_run_whose_machine_stopped_is_failed_and_its_work_is_done_without_a_hand(
    settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "daemon.log"
    platform = load_platform(settings)
    records = [nv(f"{n}-22", f"702-346-{n:04d}", f"{100 + n} OAK ST RENO, NV 89501") for n in range(1, 31)]
    drop(settings, FEED, "nv_2024-05.csv", NV_HEADER, records)

    def under_way() -> bool:
        now = holder(settings.home)
        return now is not None and "Dagster run" in now.doing

    with daemon(settings, log) as process:
        wait_for(under_way, 120, log)
        for member in alone(process.pid):
            os.kill(member, signal.SIGKILL)
    with WriterLock(settings.home, "test", wait=5):  # nobody holds it any more
        pass
    with open_instance(settings) as instance:
        dead = [run.run_id for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED]))]
        assert len(dead) == 1
    tables = set(platform.catalogue.tables)

    def everything_is_built() -> bool:
        built = read_note(settings.ledger_note, settings.warehouse).fingerprints
        return held(platform) == ["2024-05"] and {table for table, _ in built} == tables

    with daemon(settings, log):
        wait_for(everything_is_built, 180, log)
        with open_instance(settings) as instance:
            until = time.monotonic() + 30
            while (run := instance.get_run_by_id(dead[0])) and run.status is not DagsterRunStatus.FAILURE:
                assert time.monotonic() < until, run.status
                time.sleep(0.5)
