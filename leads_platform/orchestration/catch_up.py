"""Telling Dagster later of what it has not heard of: files the command line took in, months built with `--direct`, and
months whose run died between the commit and Dagster's own note of it.

Belongs here: finding what Dagster has not heard of, in manifests and the published copy. Does not: the events
(results, arrivals_job). `reported.json` in DAGSTER_HOME keeps how far Dagster was told.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from dagster import AssetKey, DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter
from duckdb import DuckDBPyConnection

from leads_platform.arrivals.archive import Archive
from leads_platform.orchestration.partitions import key_of
from leads_platform.orchestration.results import asset_key, report_builds
from leads_platform.settings import Settings
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.lock import lock_if_free
from leads_platform.warehouse.outcome import Build, CheckResult

_FAILED = [DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def catch_up(instance: DagsterInstance, settings: Settings) -> int:
    """Reports what is new since the last time; returns how many files and builds that were.

    Does nothing while somebody writes: a run tells Dagster of its own work, which would then be told twice. A build
    that is not published yet is reported once it is.
    """
    with lock_if_free(settings.home) as free:
        return _catch_up(instance, settings) if free else 0


def _catch_up(instance: DagsterInstance, settings: Settings) -> int:
    from leads_platform.orchestration.arrivals_job import receipt_event

    told = _read(settings)
    known = set(told["receipts"])
    fresh = [m for m in Archive(settings.archive).manifests() if m.receipt > told["receipt"] and m.receipt not in known]
    for manifest in fresh:
        instance.report_runless_asset_event(receipt_event(manifest))
    builds, newest = _direct_builds(instance, settings, told["run_ids"]) if _is_newer(settings, told) else ([], None)
    report_builds(instance, builds)
    if fresh or newest is not None:
        note_reported(settings, [m.receipt for m in fresh], newest)
    return len(fresh) + len(builds)


def note_reported(
    settings: Settings, receipts: Iterable[int] = (), published: tuple[int, list[str]] | None = None
) -> None:
    """Notes receipts that Dagster knows, and up to which state of the published copy it was told."""
    told = _read(settings)
    known = sorted({*told["receipts"], *receipts})
    low = told["receipt"]
    while known and known[0] <= low + 1:  # receipts are counted without gaps
        low = max(low, known.pop(0))
    told |= {"receipt": low, "receipts": known}
    if published:
        told |= {"published": published[0], "run_ids": published[1]}
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    path = settings.dagster_home / "reported.json"
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(told))
    scratch.replace(path)


def _read(settings: Settings) -> dict:
    path = settings.dagster_home / "reported.json"
    empty = {"receipt": 0, "receipts": [], "published": 0, "run_ids": []}
    return empty | json.loads(path.read_text()) if path.exists() else empty


def _is_newer(settings: Settings, told: dict) -> bool:
    return settings.published.exists() and settings.published.stat().st_mtime_ns != told["published"]


def _direct_builds(
    instance: DagsterInstance, settings: Settings, reported: list[str]
) -> tuple[list[Build], tuple[int, list[str]]]:
    """Builds that Dagster has no note of, by runs not reported before; and the note that they now are.

    Such are all builds of a run that is none of Dagster's. Of a run that failed, they are the months it committed and
    did not live to tell of (or told, but a power cut took the last events: kept_connections).
    """
    state = settings.published.stat().st_mtime_ns
    with open_published(settings.published) as con:
        runs = [run for (run,) in con.execute("select distinct run_id from warehouse.builds").fetchall()]
        refused = [run for (run,) in con.execute("select distinct run_id from warehouse.refused_builds").fetchall()]
        strange = [run for run in {*runs, *refused} if not instance.has_run(run)]
        failed = instance.get_runs(RunsFilter(run_ids=runs, statuses=_FAILED)) if runs else []
        dead = [run.run_id for run in failed if run.run_id not in reported]
        builds = _builds(con, set(strange) - set(reported))
        builds += [build for run in dead for build in _untold(_builds(con, {run}), _told(instance, run))]
        return builds, (state, sorted({*strange, *(run.run_id for run in failed)}))


def _told(instance: DagsterInstance, run_id: str) -> set[tuple[AssetKey, str | None]]:
    """The tables' months that a run told of."""
    events = (entry.dagster_event for entry in instance.all_logs(run_id, DagsterEventType.ASSET_MATERIALIZATION))
    return {(event.asset_key, event.partition) for event in events if event and event.asset_key}


def _untold(builds: list[Build], told: set[tuple[AssetKey, str | None]]) -> Iterator[Build]:
    """What is left of committed builds without the months that were told of."""
    for build in builds:
        rows = {m: rows for m, rows in build.rows.items() if (asset_key(build.table), key_of(m)) not in told}
        if rows:
            checks = [check for check in build.checks if check.month in rows]
            yield replace(build, first=min(rows), last=max(rows), rows=rows, checks=checks)


def _builds(con: DuckDBPyConnection, runs: set[str]) -> list[Build]:
    """The builds of these runs, as the ledger tells: one for each table, with the months it still stands for."""
    rows: dict[tuple[str, str], dict[date, int]] = {}
    for run, table, month, count in con.execute(
        "select run_id, table_name, month, row_count from warehouse.builds order by table_name, month"
    ).fetchall():
        if run in runs:
            rows.setdefault((run, table), {})[month] = count
    checks: dict[tuple[str, str], list[CheckResult]] = {}
    for run, table, name, blocking, month, passed, bad, evidence in con.execute(
        "select run_id, table_name, check_name, blocking, month, passed, bad_rows, evidence from warehouse.checks "
        "order by table_name, check_name, month"
    ).fetchall():
        result = CheckResult(name, "", blocking, month, passed, bad, json.loads(evidence))
        checks.setdefault((run, table), []).append(result)
    refused: dict[tuple[str, str], list[CheckResult]] = {}
    for run, table, name, month, bad, evidence in con.execute(
        "select run_id, table_name, check_name, month, bad_rows, evidence from warehouse.refused_builds order by all"
    ).fetchall():
        if run in runs:
            result = CheckResult(name, "", True, month, False, bad, json.loads(evidence))
            refused.setdefault((run, table), []).append(result)
    found = [
        Build(table, min(months), max(months), months, checks.get((run, table), []), True, run)
        for (run, table), months in rows.items()
    ]
    return found + [
        Build(table, min(r.month for r in bad), max(r.month for r in bad), {}, bad, False, run)
        for (run, table), bad in refused.items()
    ]
