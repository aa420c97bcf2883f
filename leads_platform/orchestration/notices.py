"""Notices: one for each run that failed, in which checks failed, that changed ended months, or left files in need.

Belongs here: finding what failed in Dagster's runs, and telling it once. Does not: deciding what fails, how a notice
is put together (digest), or keeping and posting it (outbox).

What is told is told apart by what it says (a run; a file; or a table, a check, its bad months and rows) and since
when it is so. A rebuild that finds the same again stays silent; what was mended in between and fails again is told
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunsFilter,
)
from dagster._core.event_api import PartitionKeyFilter  # not exported by 1.13.27
from dagster._core.events import RunFailureReason  # not exported by 1.13.27
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG  # nor this

from leads_platform.arrivals.archive.store import Archive
from leads_platform.changes import headline, rows_of
from leads_platform.digest import (
    Item,
    digest,
    item_of_changes,
    item_of_check,
    items_of_exports,
    items_of_feeds,
    items_of_products,
)
from leads_platform.months import label, parse_month
from leads_platform.orchestration.build_sensor import WHY_TAG
from leads_platform.orchestration.file_checks import FILES_TAKEN_IN
from leads_platform.orchestration.freshness_checks import MONTH_PRESENT
from leads_platform.orchestration.jobs import PRODUCTS
from leads_platform.orchestration.partitions import key_of
from leads_platform.orchestration.resource import CHANGED_TAG, IN_PROCESS_TAG, ROWS_BEFORE
from leads_platform.outbox import Notice, open_outbox
from leads_platform.platform import Platform
from leads_platform.settings import Settings

_ENDED = {AssetCheckExecutionRecordStatus.FAILED, AssetCheckExecutionRecordStatus.SUCCEEDED}
# More runs of one check than lie between two looks.
_MANY = 500
_ARRIVALS = "arrivals"


def send_notices(
    instance: DagsterInstance, platform: Platform, say: Callable[[str], None] = lambda text: None
) -> list[Notice]:
    """Tells what happened since the last time, in one notice a run. Slack is tried again while it does not answer.

    Files are told of with the run that took them in; those of the command line in a notice of their own. `say` hears
    of notices that Slack refused.
    """
    settings = platform.settings
    sent = []
    with open_outbox(settings, say) as outbox:
        # Judged by the runs' records: on SQLite the events of each run are numbered for themselves.
        filters = RunsFilter(
            statuses=[DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS, DagsterRunStatus.CANCELED],
            updated_after=datetime.fromtimestamp(outbox.seen_runs, UTC) if outbox.seen_runs else None,
        )
        records = list(reversed(instance.get_run_records(filters)))
        files = items_of_feeds(platform)  # after the runs were asked for: what they left behind is there
        last = max((n for n, r in enumerate(records) if r.dagster_run.job_name == _ARRIVALS), default=None)
        found = []
        for number, record in enumerate(records):
            run = record.dagster_run
            items = [*_of_run(instance, run), *_of_changes(instance, run), *_of_checks(instance, settings, run)]
            items += files if number == last else []
            found.append((run.job_name, run.run_id, items, record.update_timestamp.timestamp()))
        if last is None:
            found.append((_ARRIVALS, "", files, 0.0))
        found.append((PRODUCTS, "", items_of_products(settings), 0.0))
        found.append(("exports", "", items_of_exports(platform), 0.0))
        for job, run_id, items, changed in found:
            if fresh := outbox.untold(items):
                notice = digest(settings, job, run_id, fresh)
                outbox.put(notice)
                sent.append(notice)
            outbox.seen_runs = max(outbox.seen_runs, changed)
            outbox.note()
    return sent


def _of_run(instance: DagsterInstance, run: DagsterRun) -> Iterator[Item]:
    # Ended by a signal, as when the UI is stopped: its work is asked for again. One that was killed has no such reason.
    stopped = run.tags.get(RUN_FAILURE_REASON_TAG) == RunFailureReason.UNEXPECTED_TERMINATION.value
    if run.status is DagsterRunStatus.FAILURE and not stopped:
        where = "on the command line" if IN_PROCESS_TAG in run.tags else "by the daemon or the UI"
        said = f"Run {run.run_id[:8]} of {run.job_name} failed, started {where}."
        yield Item(f"run:{run.run_id}", "run", "\n".join([said, *_reasons(instance, run.run_id)]))


def _of_changes(instance: DagsterInstance, run: DagsterRun) -> Iterator[Item]:
    """An item when the run changed months that had ended: its tag names them, its materialisations carry the rows."""
    if CHANGED_TAG not in run.tags:
        return
    replaced: dict[str, dict[date, tuple[int, int]]] = {}
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
        made = entry.asset_materialization
        if made is None or made.partition is None or ROWS_BEFORE not in made.metadata:
            continue
        old, now = (int(str(made.metadata[name].value)) for name in (ROWS_BEFORE, "dagster/partition_row_count"))
        table = replaced.setdefault(".".join(made.asset_key.path), {})
        table[date.fromisoformat(made.partition)] = (old, now)
    said = [headline(replaced)] if replaced else []
    with_rows = {label(month) for months in replaced.values() for month in months}
    if others := sorted(set(run.tags[CHANGED_TAG].split()) - with_rows):  # of tables whose columns changed
        said.append(f"{', '.join(others)} changed beside the run's own months; its log names the tables")
    if WHY_TAG in run.tags:
        said.append(f"the reason of the build: {run.tags[WHY_TAG]}")
    yield item_of_changes(run.run_id, "; ".join(said), rows_of(replaced))


def _of_checks(instance: DagsterInstance, settings: Settings, run: DagsterRun) -> Iterator[Item]:
    """An item for each check that failed, whether it blocks or warns; files are told of by themselves."""
    found: dict[tuple[str, str], AssetCheckEvaluation] = {}
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION):
        data = entry.dagster_event.event_specific_data if entry.dagster_event else None
        if isinstance(data, AssetCheckEvaluation) and not data.passed and data.check_name != FILES_TAKEN_IN:
            # The first is the summary of its months; a run of one month has no other.
            found.setdefault((data.asset_key.to_string(), data.check_name), data)
    if not found:
        return
    decisions = [m for m in Archive(settings.archive).manifests() if m.action != "receive"]
    for evaluation in found.values():
        months = str(_values(evaluation).get("failed_months", ""))
        decided = sum(1 for m in decisions if set(m.touched).intersection(months.split(", ")))
        since = [_since(instance, evaluation, run.run_id, month) for month in months.split(", ")]
        yield _of_check(evaluation, f"{since}:{decided}")


def _since(instance: DagsterInstance, evaluation: AssetCheckEvaluation, run_id: str, month: str) -> int:
    """The record of the last time the check passed for the month (all of them: "") before this run; 0 for never.

    What a person decided on files is no such record: a refused build that a withdrawal settles is not built again.
    """
    partition = PartitionKeyFilter(key=key_of(parse_month(month)) if month else None)
    records = instance.event_log_storage.get_asset_check_execution_history(
        evaluation.asset_check_key, limit=_MANY, status=_ENDED, partition_filter=partition
    )
    own = max((r.id for r in records if r.run_id == run_id), default=0)
    passed = AssetCheckExecutionRecordStatus.SUCCEEDED
    return max((r.id for r in records if r.id < own and r.status is passed), default=0)


def _of_check(evaluation: AssetCheckEvaluation, since: str) -> Item:
    table = ".".join(evaluation.asset_key.path)
    if evaluation.check_name == MONTH_PRESENT:  # a closed month is missing in many tables at once: one notice
        table, since = f"tables ({evaluation.description})", ""
    blocked = evaluation.severity is AssetCheckSeverity.ERROR
    figures, said = _values(evaluation), evaluation.description or ""
    return item_of_check(table, evaluation.check_name, blocked, figures, since, said)


def _values(evaluation: AssetCheckEvaluation) -> dict[str, object]:
    return {name: value.value for name, value in evaluation.metadata.items()}


def _reasons(instance: DagsterInstance, run_id: str) -> list[str]:
    """What the run's failed steps said."""
    failures = instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE)
    found = []
    for entry in failures:
        data = entry.dagster_event.step_failure_data if entry.dagster_event else None
        if data and data.user_failure_data:
            found.append(data.user_failure_data.description or "")
        elif data and data.error:  # an unforeseen error's message may quote rows: its kind only
            found.append(f"{entry.step_key}: {data.error.cls_name}")
    return found
