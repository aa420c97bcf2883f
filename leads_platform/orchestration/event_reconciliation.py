"""Telling Dagster later of what it has not heard of: files the command line took in, months built with `--direct`, and
months whose run died between the commit and Dagster's own note of it.

Belongs here: finding what Dagster has not heard of, in manifests and the published copy. Does not: the events
(events), or keeping how far Dagster was told (reported).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter
from duckdb import DuckDBPyConnection, Error

from leads_platform.arrivals.archive.store import Archive
from leads_platform.orchestration.events import asset_key, receipt_event, report_builds, standing
from leads_platform.orchestration.partitions import key_of
from leads_platform.orchestration.reported import note_reported, read_reported
from leads_platform.settings import Settings
from leads_platform.warehouse.connection import WarehouseUnusable, open_published
from leads_platform.warehouse.lock import lock_if_free
from leads_platform.warehouse.outcome import Build, CheckResult
from leads_platform.warehouse.sql import literal

_ENDED_BADLY = (DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
_ENDS = (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE)


def reconcile_events(instance: DagsterInstance, settings: Settings) -> int:
    """Reports what is new since the last time; returns how many files and builds that were.

    Does nothing while somebody writes: a run tells Dagster of its own work, which would then be told twice. A build
    that is not published yet is reported once it is. Call the janitor first: a dead run that still counts as living
    is passed over, and what it built is not looked at again until something new is published.
    """
    with lock_if_free(settings.home) as free:
        return _reconcile(instance, settings) if free else 0


def _reconcile(instance: DagsterInstance, settings: Settings) -> int:
    reported = read_reported(settings)
    known = set(reported["receipts"])
    fresh = [
        m for m in Archive(settings.archive).manifests() if m.receipt > reported["receipt"] and m.receipt not in known
    ]
    for manifest in fresh:
        instance.report_runless_asset_event(receipt_event(manifest))
    found = _Unheard()
    if _is_newer(settings, reported):
        with suppress(WarehouseUnusable, Error):  # what is in a damaged copy is heard once it is made anew
            found = _unheard(instance, settings, reported)
    report_builds(instance, found.builds)
    report_builds(instance, found.overtaken, summaries=False)
    if fresh or found.note:
        note_reported(settings, [m.receipt for m in fresh], found.note)
    return len(fresh) + len(found.builds) + len(found.overtaken)


def _is_newer(settings: Settings, reported: dict) -> bool:
    return settings.published.exists() and settings.published.stat().st_mtime_ns != reported["published"]


@dataclass
class _Unheard:
    """Builds that Dagster has no note of; `overtaken`: a later run has built other months of the table since."""

    builds: list[Build] = field(default_factory=list)
    overtaken: list[Build] = field(default_factory=list)
    note: dict = field(default_factory=dict)


def _unheard(instance: DagsterInstance, settings: Settings, reported: dict) -> _Unheard:
    """What Dagster has not heard of the builds by runs that were not looked at before.

    Such runs are none of Dagster's, or they failed: killed between a commit and the event of it, or their last events
    lost in a power cut. Which months Dagster shows is asked of its index. A run that ended well is believed.
    """
    state = settings.published.stat().st_mtime_ns
    found = _Unheard()
    with open_published(settings.published) as con:
        runs = _column(con, "select run_id from warehouse.builds union select run_id from warehouse.refused_builds")
        known = {run.run_id: run.status for run in instance.get_runs(RunsFilter(run_ids=runs))} if runs else {}
        strange = {run for run in runs if run not in known}
        # Looked at as a dead run, and deleted in the UI since, a run is strange: Dagster has lost its events.
        dead = {run for run, status in known.items() if status in _ENDED_BADLY}
        new_dead = dead - set(reported["dead_run_ids"])
        ended = {run: _ended_steps(instance, run) for run in new_dead}
        for build, built_at, is_latest in _builds(con, sorted(new_dead | strange - set(reported["run_ids"]))):
            if left := _left(instance, build, built_at, ended.get(build.run_id)):
                (found.builds if is_latest else found.overtaken).append(left)
    found.note = {
        "published": state,
        "run_ids": sorted(strange),
        "dead_run_ids": sorted(dead),
    }
    return found


def _ended_steps(instance: DagsterInstance, run_id: str) -> dict[DagsterEventType, set[str]]:
    """The tables whose step succeeded, and those whose step failed."""
    ended: dict[DagsterEventType, set[str]] = {kind: set() for kind in _ENDS}
    for entry in instance.all_logs(run_id, set(ended)):
        if (event := entry.dagster_event) and event.step_key:
            ended[event.event_type].add(event.step_key.replace("__", ".", 1))
    return ended


def _left(
    instance: DagsterInstance,
    build: Build,
    built_at: dict[date, float],
    ended: dict[DagsterEventType, set[str]] | None,
) -> Build | None:
    """What Dagster was not told of a build; None if it knows. `ended`: the steps of a dead run, which told on the way.

    A step tells its months first, then its checks, then that it succeeded; of a refused build it tells the checks.
    """
    succeeded = ended is not None and build.table in ended[DagsterEventType.STEP_SUCCESS]
    if not build.committed:
        failed = ended is not None and build.table in ended[DagsterEventType.STEP_FAILURE]
        return None if succeeded or failed else build
    shown = standing(instance, asset_key(build.table), {key_of(month) for month in build.rows})
    rows = {
        month: rows
        for month, rows in build.rows.items()
        if (latest := shown.get(key_of(month))) is None or latest.timestamp < built_at[month]
    }
    unfinished = ended is not None and not succeeded
    checks = [check for check in build.checks if unfinished or check.month in rows]
    return replace(build, rows=rows, checks=checks) if rows or unfinished else None


def _builds(con: DuckDBPyConnection, runs: list[str]) -> Iterator[tuple[Build, dict[date, float], bool]]:
    """The builds of these runs, as the ledger tells: one for each table, with the months it still stands for.

    With each: when its months were built (seconds since 1970), and whether no other run has built the table since.
    """
    rows: dict[tuple[str, str], dict[date, tuple[int, float]]] = {}
    latest: dict[str, tuple[float, str]] = {}
    for run, table, month, count, at in con.execute(
        "select run_id, table_name, month, row_count, epoch(built_at) from warehouse.builds order by table_name, month"
    ).fetchall():
        latest[table] = max(latest.get(table, (0.0, "")), (at, run))
        if run in runs:
            rows.setdefault((run, table), {})[month] = (count, at)
    checks = _results(con, "warehouse.checks", runs)
    for (run, table), months in rows.items():
        counts = {month: count for month, (count, _) in months.items()}
        results = checks.get((run, table), [])
        build = Build(table, min(months), max(months), counts, results, True, run)
        yield build, {month: at for month, (_, at) in months.items()}, latest[table][1] == run
    for (run, table), bad in _results(con, "warehouse.refused_builds", runs).items():
        yield Build(table, min(r.month for r in bad), max(r.month for r in bad), {}, bad, False, run), {}, True


def _results(con: DuckDBPyConnection, ledger: str, runs: list[str]) -> dict[tuple[str, str], list[CheckResult]]:
    """The results of these runs in one of the two ledgers that hold such, by run and table."""
    outcome = "blocking, passed" if ledger == "warehouse.checks" else "true, false"
    found: dict[tuple[str, str], list[CheckResult]] = {}
    for run, table, name, month, blocking, passed, bad, evidence in con.execute(
        f"select run_id, table_name, check_name, month, {outcome}, bad_rows, evidence from {ledger} "
        f"where run_id in ({', '.join(map(literal, ['', *runs]))}) order by table_name, check_name, month"
    ).fetchall():
        result = CheckResult(name, "", blocking, month, passed, bad, json.loads(evidence))
        found.setdefault((run, table), []).append(result)
    return found


def _column(con: DuckDBPyConnection, query: str) -> list[str]:
    return [value for (value,) in con.execute(query).fetchall()]
