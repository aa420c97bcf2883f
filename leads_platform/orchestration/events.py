"""What came in and what a build did, as Dagster events: a file on its feed, each month's rows, one result per check.

Belongs here: the events and their order (docs/hazards.md, Dagster). Does not: building.

A check is one unpartitioned result per run (the worst month, with the months that failed as metadata), because every
event costs 5 to 10 ms; each month that fails has an evaluation of its own beside it, and so has a month that failed
before and passes now. No event holds a value of a row: evidence is counts and line numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import dagster as dg
from dagster import AssetCheckEvaluation, DagsterInstance
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # not exported by 1.13.27
)
from dagster._core.event_api import PartitionKeyFilter  # not exported by 1.13.27 either
from dagster._core.instance.utils import RUNLESS_JOB_NAME  # nor this
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.months import label
from leads_platform.orchestration.partitions import key_of
from leads_platform.warehouse.outcome import SELECT_RUNS, Build, CheckResult, in_figures, worst_of
from leads_platform.warehouse.table import SCHEMA_CONTRACT

_FAILED, _SUCCEEDED = AssetCheckExecutionRecordStatus.FAILED, AssetCheckExecutionRecordStatus.SUCCEEDED
# More failures of one check than a person would leave standing.
_MANY = 500


def asset_key(address: str) -> dg.AssetKey:
    """`room.table` as an asset key, `[room, table]`; `arrivals.feed` likewise."""
    return dg.AssetKey(address.split(".", 1))


def product_key(name: str) -> dg.AssetKey:
    """A product as an asset key: `[products, warehouse_duckdb]`."""
    return dg.AssetKey(["products", re.sub(r"\W", "_", name)])


def action_key(name: str) -> dg.AssetKey:
    """An action as an asset key: `[actions, new_leads]`."""
    return dg.AssetKey(["actions", name.replace("-", "_")])


def receipt_event(manifest: Manifest) -> dg.AssetMaterialization | dg.AssetObservation:
    """A file on its feed: new records are a materialisation; refused, held and unchanged files an observation."""
    metadata: dict[str, str | int] = {
        "file_name": manifest.file_name,
        "sha256": manifest.sha256,
        "action": manifest.action,
        "verdict": manifest.verdict,
        "message": manifest.message,
        "month": label(manifest.month) if manifest.month else "",
        "records": manifest.records,
        "loaded": manifest.loaded,
        "quarantined": manifest.quarantined,
        "erased": manifest.erased,
        "touched_months": ", ".join(manifest.touched),
    }
    kind = dg.AssetMaterialization if manifest.touched else dg.AssetObservation
    return kind(asset_key(f"arrivals.{manifest.feed}"), metadata=metadata)


def rows_metadata(rows: int) -> dict[str, int]:
    return {"dagster/row_count": rows, "dagster/partition_row_count": rows}


def check_results(build: Build) -> Iterator[dg.AssetCheckResult]:
    """One result per check, over all months of the build; of a refused build the failed ones only."""
    for results in _by_check(build):
        if not build.committed and all(r.passed for r in results):
            continue  # they passed on rows that were rolled back: no statement about the rows that stand
        worst = worst_of(results)
        yield dg.AssetCheckResult(
            passed=worst.passed,
            check_name=worst.check,
            asset_key=asset_key(build.table),
            severity=_severity(worst),
            metadata=in_figures(results),
        )


def evaluations(build: Build, instance: DagsterInstance) -> Iterator[AssetCheckEvaluation]:
    """The partitioned evaluations: months that fail, and months that failed before and pass now."""
    key = asset_key(build.table)
    before = _failing(instance, build)
    wanted = [
        result
        for results in _by_check(build)
        for result in results
        if not result.passed or (build.committed and (result.check, key_of(result.month)) in before)
    ]
    targets = standing(instance, key, {key_of(result.month) for result in wanted})
    for result in wanted:
        yield AssetCheckEvaluation(
            asset_key=key,
            check_name=result.check,
            passed=result.passed,
            severity=_severity(result),
            blocking=result.blocking,
            partition=key_of(result.month),
            target_materialization_data=targets.get(key_of(result.month)),
            metadata=in_figures([result]),
        )


def report_builds(instance: DagsterInstance, builds: Iterable[Build], summaries: bool = True) -> None:
    """Tells Dagster of builds it has not heard of: a materialisation per month, then the checks as in a run.

    `summaries`: also one result per check, which becomes the latest word on it.
    """
    for build in builds:
        key = asset_key(build.table)
        for month, rows in build.rows.items() if build.committed else ():
            report_month(instance, build.table, month, rows_metadata(rows))
        for result in check_results(build) if summaries else ():
            instance.report_runless_asset_event(
                AssetCheckEvaluation(
                    asset_key=key,
                    check_name=str(result.check_name),
                    passed=result.passed,
                    severity=result.severity,
                    metadata=result.metadata,
                )
            )
        for evaluation in evaluations(build, instance):
            # Under the build's own id, though Dagster may have no such run: without one it takes a check and month
            # once only, ever, and fails at the second (an index that must be unique, in 1.13.27).
            event = dg.DagsterEvent(
                dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
                job_name=RUNLESS_JOB_NAME,
                event_specific_data=evaluation,
            )
            instance.report_dagster_event(event, run_id=build.run_id)


def report_month(instance: DagsterInstance, address: str, month: date, metadata: dict[str, int]) -> None:
    """A month's materialisation that belongs to no run, or that its run was not asked for."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(asset_key(address), partition=key_of(month), metadata=metadata)
    )


def _by_check(build: Build) -> list[list[CheckResult]]:
    """The results by the check they are told as. Dagster knows declared checks only, and fails the run at another:
    a select that does not run at all breaks the contract of its columns."""
    declared = {SELECT_RUNS: SCHEMA_CONTRACT}
    found: dict[str, list[CheckResult]] = {}
    for result in build.checks:
        named = replace(result, check=declared.get(result.check, result.check))
        found.setdefault(named.check, []).append(named)
    return list(found.values())


def _severity(result: CheckResult) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if result.blocking else dg.AssetCheckSeverity.WARN


def _failing(instance: DagsterInstance, build: Build) -> set[tuple[str, str]]:
    """The checks and months of this build whose latest own evaluation failed. Planned ones are none."""
    storage, key = instance.event_log_storage, asset_key(build.table)
    found = set()
    for results in _by_check(build):
        check = dg.AssetCheckKey(key, results[0].check)
        failed = storage.get_asset_check_execution_history(check, limit=_MANY, status={_FAILED})
        months = {key_of(result.month) for result in results}
        for month in months.intersection(record.partition for record in failed):
            latest = storage.get_asset_check_execution_history(
                check, limit=1, status={_FAILED, _SUCCEEDED}, partition_filter=PartitionKeyFilter(key=month)
            )
            if latest and latest[0].status is _FAILED:
                found.add((check.name, month))
    return found


def standing(
    instance: DagsterInstance, key: dg.AssetKey, partitions: set[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """Each month's latest materialisation: what an evaluation speaks of."""
    if not partitions:
        return {}
    ids = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions
    )
    wanted = set(ids.values())
    if not wanted:
        return {}
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, storage_ids=sorted(wanted)), limit=len(wanted)
    ).records
    return {
        str(record.partition_key): AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.event_log_entry.run_id, timestamp=record.timestamp
        )
        for record in records
    }
