"""What DAGSTER_HOME keeps: old runs that nothing current rests on go, with their events and logs, and idle ticks.

Belongs here: which those are, and deleting them. Does not: other ticks of sensors and schedules, which Dagster's daemon
deletes by itself after days (`retention` in dagster.yaml).

A run stays while it is young, or one of the newest; while it is the last word on something (the latest event of its
kind for a month of a table, or the latest result of a check for a month); and while it is not over. So each asset's
months, their status, their last event and their checks are the same in the UI before and after.

A run is deleted by Dagster (`DagsterInstance.delete_run`). Dagster 1.13 leaves three things lying, for ever, which are
taken away beside it, with its own storage classes: the rows of the run's checks (the index grows by them, and the UI
lists executions of a run that is gone), its captured logs, and its emptied event file (SQLite keeps its size, most of
what a run takes). Killed in between, the next look finds the event file without a run and ends the work. Room in a
database is used again; when much of it is empty, it is given back to the disk.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sa
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES as ENDED,  # not exported by 1.13.27, as all of these
)
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetKeyTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.schedules.sqlite import SqliteScheduleStorage
from sqlalchemy.exc import OperationalError

from leads_platform.errors import fault_in_words, unforeseen
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.reported import note_forgotten
from leads_platform.settings import Settings
from leads_platform.warehouse.lock import lock_if_free

# A run that is younger, or among so many newest, stays: what a person looks up after a long weekend.
KEEP_DAYS = 4
KEEP_RUNS = 10
# A sensor's tick that asked for nothing; 200 feeds make half a million of them a day, of 2 KB each.
KEEP_IDLE_TICKS_HOURS = 2
# How long one look deletes, a run in about 0.1 s, as it holds the writer's lock. What is left waits for the next.
TICK_SECONDS = 1.0
# How long after a look that left nothing the next one is: by the daemon, and by commands while no daemon lives.
HOUR, DAY = 3600.0, 86_400.0
# The daemon's sign of life is not older, even while a tick takes long.
_DAEMON_SECONDS = 300.0
# A database is written anew when so many bytes, and a quarter of it, are empty.
_EMPTY_BYTES = 16 << 20
_OVER = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def prune(
    instance: DagsterInstance,
    settings: Settings,
    *,
    every: float = HOUR,
    keep_days: float = KEEP_DAYS,
    keep_runs: int = KEEP_RUNS,
    seconds: float = TICK_SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Deletes old runs for at most `seconds`; returns how many. Does nothing while somebody writes, or before
    `every` seconds have passed since a look that left nothing to do.

    `say` hears of empty room that could not be given back: the next look tries again."""
    storage, mark = instance.event_log_storage, settings.dagster_home / "pruned.json"
    if not isinstance(storage, SqliteEventLogStorage) or time.time() < _looked(mark) + every:
        return 0
    until, deleted = time.monotonic() + seconds, 0
    with lock_if_free(settings.home) as free:
        old = _old(instance, storage, keep_days, keep_runs) if free else []
        results = _last_results(storage) if old else set()
        for run_id in old:
            if time.monotonic() > until:
                return deleted
            _delete(instance, storage, settings, run_id, results)
            deleted += 1
        if free:
            _purge_idle_ticks(instance)
            _give_back(storage.index_connection, say)
            if isinstance(instance.schedule_storage, SqliteScheduleStorage):
                _give_back(instance.schedule_storage.connect, say)
            _note(mark)
    return deleted


def prune_when_alone(settings: Settings, say: Callable[[str], None]) -> None:
    """For a command at its end: prunes once a day where no daemon does it, and fails no run when it can't."""
    try:
        if time.time() < _looked(settings.dagster_home / "pruned.json") + DAY:
            return
        with open_instance(settings) as instance:
            beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
            if not beats or time.time() - max(beats) > _DAEMON_SECONDS:
                prune(instance, settings, every=DAY, say=say)
    except Exception as error:  # anything: what was built is built, and the next command tries again
        say(f"Old runs could not be deleted from DAGSTER_HOME: {fault_in_words(error) or unforeseen(error)}")


def _old(instance: DagsterInstance, storage: SqliteEventLogStorage, keep_days: float, keep_runs: int) -> list[str]:
    """Runs that are over, old and not needed, oldest first; then event files whose run is gone."""
    before = time.time() - keep_days * DAY
    records = instance.get_run_records(RunsFilter(statuses=_OVER))[keep_runs:]  # the newest come first
    needed = _needed(storage)
    found = [r.dagster_run.run_id for r in reversed(records) if r.update_timestamp.timestamp() < before]
    files = {run_id: Path(storage.path_for_shard(run_id)) for run_id in storage.get_all_run_ids()}
    for run_id in sorted(set(files).difference(found)):
        if files[run_id].stat().st_mtime < before and not instance.has_run(run_id):
            found.append(run_id)
    return [run_id for run_id in found if run_id not in needed]


def _needed(storage: SqliteEventLogStorage) -> set[str]:
    """The runs that are the last word on something."""
    events, checks, keys = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c, AssetKeyTable.c
    last_events = (
        sa.select(sa.func.max(events.id))
        .where(events.asset_key.is_not(None))
        .group_by(events.asset_key, events.dagster_event_type, events.partition)
    )
    check_and_month = (checks.asset_key, checks.check_name, checks.partition)
    last_checks = sa.select(sa.func.max(checks.id)).group_by(*check_and_month)
    ended = [status.value for status in ENDED]
    last_results = last_checks.where(checks.execution_status.in_(ended))
    queries = (
        sa.select(events.run_id).where(events.id.in_(last_events)),
        sa.select(checks.run_id).where(sa.or_(checks.id.in_(last_checks), checks.id.in_(last_results))),
        sa.select(keys.last_run_id),
    )
    with storage.index_connection() as con:
        return {run_id for query in queries for (run_id,) in con.execute(query.distinct()) if run_id}


def _last_results(storage: SqliteEventLogStorage) -> set[int]:
    """The last row of each check, month and status: notices tell by them since when a check fails."""
    checks = AssetCheckExecutionsTable.c
    by = (checks.asset_key, checks.check_name, checks.partition, checks.execution_status)
    with storage.index_connection() as con:
        return {number for (number,) in con.execute(sa.select(sa.func.max(checks.id)).group_by(*by))}


def _delete(
    instance: DagsterInstance, storage: SqliteEventLogStorage, settings: Settings, run_id: str, results: set[int]
) -> None:
    """Deletes a run and all it left. The event file goes last: by it an interrupted deletion is found again."""
    note_forgotten(settings, run_id)
    instance.delete_run(run_id)
    checks = AssetCheckExecutionsTable.c
    with storage.index_connection() as con:
        own = {number for (number,) in con.execute(sa.select(checks.id).where(checks.run_id == run_id))}
        stay = sorted(own & results)
        con.execute(AssetCheckExecutionsTable.delete().where(checks.run_id == run_id, checks.id.not_in(stay)))
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    for suffix in ("-wal", "-shm", ""):
        Path(f"{storage.path_for_shard(run_id)}{suffix}").unlink(missing_ok=True)


def _purge_idle_ticks(instance: DagsterInstance) -> None:
    before = time.time() - KEEP_IDLE_TICKS_HOURS * HOUR
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, before, [TickStatus.SKIPPED])


def _give_back(connect: Callable[[], AbstractContextManager[sa.Connection]], say: Callable[[str], None]) -> None:
    """Writes a database anew, without its empty pages, when they are many and nobody uses it."""
    with connect() as con:
        pages, empty, size = (
            int(con.exec_driver_sql(f"pragma {name}").scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
        if empty * size > _EMPTY_BYTES and empty * 4 > pages:
            con.exec_driver_sql(
                "pragma busy_timeout = 1000"
            )  # not Dagster's 30 s: a run may wait for the writer's lock
            try:
                con.exec_driver_sql("vacuum")
                con.exec_driver_sql("pragma wal_checkpoint(truncate)")
            except OperationalError as error:  # the UI or a run is at work in it, or the disk is full
                say(
                    f"Empty room in DAGSTER_HOME could not be given back now ({error.orig}); the next look tries again."
                )


def _looked(mark: Path) -> float:
    """When a look last left nothing to do, in seconds since 1970."""
    return json.loads(mark.read_text())["looked"] if mark.exists() else 0.0


def _note(mark: Path) -> None:
    scratch = mark.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps({"looked": time.time()}))
    scratch.replace(mark)
