"""Old runs go, and what the UI shows of assets and checks stays."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, TickData, TickStatus
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.types import DaemonHeartbeat
from dagster_graphql.schema import create_schema

from leads_platform.orchestration import retention
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.file_checks import report_files
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.retention import prune
from leads_platform.orchestration.sqlite_pool import sqlite_pool
from leads_platform.platform import open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.lock import WriterLock
from leads_platform_tests.orchestration.conftest import FEED, REPORT, build, deliver, platform_with, report, take_in

SHOWN = """
{
  assetNodes {
    assetKey { path }
    partitionStats { numMaterialized numPartitions numFailed numMaterializing }
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } }
    latestMaterializationByPartition {
      runId partition timestamp metadataEntries { label ... on IntMetadataEntry { intValue } }
    }
    assetMaterializations(limit: 1) { runId partition timestamp }
    assetObservations(limit: 1) { runId timestamp }
    assetChecksOrError {
      ... on AssetChecks {
        checks {
          name
          executionForLatestMaterialization {
            id runId status timestamp
            evaluation { success severity description partition timestamp metadataEntries { label description } }
          }
        }
      }
    }
  }
  sensorsOrError(repositorySelector: { repositoryName: "__repository__", repositoryLocationName: "in process" }) {
    ... on Sensors { results { name sensorState { status } } }
  }
  schedulesOrError(repositorySelector: { repositoryName: "__repository__", repositoryLocationName: "in process" }) {
    ... on Schedules { results { name scheduleState { status } } }
  }
}
"""
HISTORY = """
query ($key: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $key, checkName: $check, limit: 1000) {
    id runId status partition timestamp
    run { id status }
    evaluation { success severity partition metadataEntries { label description } }
  }
}
"""


@contextmanager
def the_ui(
    instance: dg.DagsterInstance,
) -> Iterator[Callable[[], tuple[dict[str, Any], dict[tuple[object, ...], Any]]]]:
    """What the UI shows of each asset; and of each check and month the last execution, and the last that ended."""
    target = LoadableTargetOrigin(
        executable_path=sys.executable,
        module_name="leads_platform_tests.orchestration.small_definitions",
        attribute="defs",
    )
    here = InProcessWorkspaceLoadTarget([InProcessCodeLocationOrigin(target, location_name="in process")])
    schema = create_schema()
    with WorkspaceProcessContext(instance, here) as process:

        def ask(query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
            context = process.create_request_context()
            result = asyncio.run(schema.execute_async(query, context=context, variables=variables))
            assert result.data and not result.errors, result.errors
            return result.data

        def shown() -> tuple[dict[str, Any], dict[tuple[object, ...], Any]]:
            whole = ask(SHOWN)
            last: dict[tuple[object, ...], Any] = {}
            for node in whole["assetNodes"]:
                path = node["assetKey"]["path"]
                for check in node["assetChecksOrError"].get("checks", ()):
                    told = ask(HISTORY, {"key": {"path": path}, "check": check["name"]})
                    for execution in told["assetCheckExecutions"]:  # the latest first
                        name = (".".join(path), check["name"], execution["partition"])
                        last.setdefault((*name, "last"), execution)
                        if execution["evaluation"]:
                            last.setdefault((*name, "ended"), execution)
            return whole, last

        yield shown


def size(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in [folder, *folder.rglob("*")] if path.is_file())


@pytest.mark.slow
def test_old_runs_go_and_what_the_ui_shows_of_assets_and_checks_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 22: DAGSTER_HOME grew to 414 MB in 44 runs, of 28 MB of warehouse."""
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", "2024-07-15T12:00:00")
    platform, strict = (platform_with(settings, report(**limits)) for limits in ({"warn": 2}, {"limit": 2}))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(platform)
    with sqlite_pool(settings.dagster_home), open_instance(settings) as instance:
        reconcile_events(instance, settings)
        report_files(instance, platform)
        both = [build(instance, platform, "2024-05", "2024-06").run_id for _ in range(2)]  # June warns each time
        may = build(instance, platform, "2024-05", "2024-05").run_id  # so June is still that of the second
        refused = [build(instance, strict, "2024-06", "2024-06", (REPORT,)).run_id for _ in range(2)]
        with open_session(platform, "test") as session:
            session.publish = True
        reconcile_events(instance, settings)
        send_notices(instance, platform)
    with open_instance(settings) as instance, the_ui(instance) as shown:
        before = shown()
        nodes = {node["assetKey"]["path"][1]: node for node in before[0]["assetNodes"]}
        latest = nodes[f"base_leads_{FEED}"]["latestMaterializationByPartition"]
        months = {event["partition"]: event["runId"] for event in latest if event}
        assert months == {"2024-05-01": may, "2024-06-01": both[1]}  # it does show something
        assert nodes[REPORT.split(".")[1]]["partitionStats"]["numFailed"] == 1  # the month that was refused
        runs = settings.dagster_home / "storage" / "history" / "runs"
        logs = settings.dagster_home / "compute_logs"
        gone, kept = {both[0], refused[0]}, {both[1], may, refused[1]}
        storage = settings.dagster_home / "storage"
        large, files = size(storage), sum(size(path) for run in gone for path in runs.glob(f"{run}.db"))

        assert prune(instance, settings, every=0) == 0  # all are young
        with WriterLock(settings.home, "test"):
            assert prune(instance, settings, every=0, keep_days=0, keep_runs=0) == 0  # somebody writes
        assert prune(instance, settings, every=0, keep_days=0, keep_runs=5) == 0  # they are the newest
        assert prune(instance, settings, keep_days=0, keep_runs=0) == 0  # looked at within the hour
        instance.delete_run(both[0])  # as if killed then: the run is gone, and its file is not
        assert (runs / f"{both[0]}.db").exists()
        assert prune(instance, settings, every=0, keep_days=0, keep_runs=0, seconds=0) == 0  # bounded
        deleted = prune(instance, settings, every=0, keep_days=0, keep_runs=0, seconds=60)

        assert {run.run_id for run in instance.get_runs()} == kept
        assert deleted == len(gone)
        for run in gone:
            assert not list(runs.glob(f"{run}*")) and not (logs / run).exists()
        assert all((runs / f"{run}.db").exists() for run in kept)
        rows = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey(REPORT.split(".")), "grain_is_unique"), limit=99
        )
        assert gone.isdisjoint(row.run_id for row in rows)
        assert size(storage) <= large - files < large
        assert prune(instance, settings, every=0, keep_days=0, keep_runs=0) == 0
        assert (
            reconcile_events(instance, settings) == 0 and send_notices(instance, platform) == []
        )  # nothing is told again
        assert shown() == before


def test_a_command_looks_once_a_day_where_no_daemon_lives(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 22: who never starts the daemon has an old history, too."""
    said: list[str] = []
    looks: list[float] = []
    real = retention.prune
    monkeypatch.setattr(
        retention, "prune", lambda *given, every, say: looks.append(every) or real(*given, every=every, say=say)
    )
    with open_instance(settings) as instance:
        beat = DaemonHeartbeat(time.time(), "SENSOR", "daemon")
        instance.add_daemon_heartbeat(beat)
        retention.prune_when_alone(settings, said.append)
        assert looks == []  # the daemon's janitor does it
        instance.add_daemon_heartbeat(beat._replace(timestamp=time.time() - 600))
    for _ in range(2):
        retention.prune_when_alone(settings, said.append)
    assert looks == [86_400] and said == []
    (settings.dagster_home / "pruned.json").write_text("{")
    retention.prune_when_alone(settings, said.append)
    assert said[0].startswith("Old runs could not be deleted from DAGSTER_HOME: JSONDecodeError")


def test_a_database_in_use_is_no_failure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, mended: a run or the UI at work in it ended the janitor's look with "database is locked"."""
    monkeypatch.setattr(retention, "_EMPTY_BYTES", 0)
    index = settings.dagster_home / "storage" / "history" / "runs" / "index.db"
    said: list[str] = []
    with open_instance(settings) as instance, closing(sqlite3.connect(index)) as other:
        other.execute("create table filler as select zeroblob(2000000) as filler")
        other.execute("drop table filler")
        other.execute("begin immediate")
        assert retention.prune(instance, settings, every=0, say=said.append) == 0
        assert said == [
            "Empty room in DAGSTER_HOME could not be given back now (database is locked); the next look tries again."
        ]
        other.rollback()
        assert retention.prune(instance, settings, every=0, say=said.append) == 0
    assert len(said) == 1 and index.stat().st_size < 2_000_000


def test_ticks_that_asked_for_nothing_go_after_two_hours(settings: Settings) -> None:
    """Found in use, 22: a sensor looks 2,880 times a day, and kept each look for three days."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="any", attribute="defs")
    repository = RemoteRepositoryOrigin(InProcessCodeLocationOrigin(target, location_name="any"), "__repository__")
    state = InstigatorState(
        RemoteInstigatorOrigin(repository, "prospects_files"), InstigatorType.SENSOR, InstigatorStatus.RUNNING
    )
    with open_instance(settings) as instance:
        instance.add_instigator_state(state)
        for hours, status in ((1, TickStatus.SKIPPED), (3, TickStatus.SKIPPED), (3, TickStatus.SUCCESS)):
            instance.create_tick(
                TickData(
                    state.instigator_origin_id, "prospects_files", InstigatorType.SENSOR, status,
                    time.time() - hours * 3600, run_ids=[], selector_id=state.selector_id,
                )
            )  # fmt: skip
        assert retention.prune(instance, settings) == 0
        left = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        assert [tick.status for tick in left] == [TickStatus.SKIPPED, TickStatus.SUCCESS]
        assert instance.all_instigator_state() == [state]
