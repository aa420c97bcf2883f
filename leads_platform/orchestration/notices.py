"""Notices: one file in the outbox for each failed run and each failed check, and a Slack message when configured.

Belongs here: finding what failed and telling it once. Does not: deciding what fails.

A notice is told apart by what it says (a run; or a table, a check, its bad months and rows) and since when it is so.
A rebuild that finds the same again stays silent; what was mended in between and fails again is told again. How far
Dagster's records were read is kept beside the notices.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

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
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from leads_platform.arrivals.archive import Archive
from leads_platform.arrivals.user_contracts import OutOfOrder
from leads_platform.months import parse_month
from leads_platform.orchestration.freshness_checks import MONTH_PRESENT
from leads_platform.orchestration.partitions import key_of
from leads_platform.orchestration.resource import IN_PROCESS_TAG
from leads_platform.settings import Settings

_ENDED = {AssetCheckExecutionRecordStatus.FAILED, AssetCheckExecutionRecordStatus.SUCCEEDED}
# More runs of one check than lie between two looks.
_MANY = 500


@dataclass(frozen=True)
class Notice:
    """What a person should know. `key` tells it apart from all others; the text holds no personal data."""

    key: str
    title: str
    text: str
    run_id: str

    @property
    def file_name(self) -> str:
        return f"{self.key.split(':', 1)[0]}_{hashlib.sha256(self.key.encode()).hexdigest()[:16]}.json"


def send_notices(
    instance: DagsterInstance, settings: Settings, out_of_order: Iterable[OutOfOrder] = ()
) -> list[Notice]:
    """Sends what happened since the last time, and contracts that are out of order. A Slack that does not answer is
    tried again the next time."""
    outbox = settings.outbox
    outbox.mkdir(parents=True, exist_ok=True)
    mark = outbox / ".told"
    told = json.loads(mark.read_text()) if mark.exists() else {"runs": 0.0}
    # Judged by the runs' records: on SQLite the events of each run are numbered for themselves.
    filters = RunsFilter(
        statuses=[DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS],
        updated_after=datetime.fromtimestamp(told["runs"], UTC) if told["runs"] else None,
    )
    sent = [
        notice for notice in map(_of_contract, out_of_order) if _write(outbox, notice, bool(settings.slack_webhook))
    ]
    for record in reversed(instance.get_run_records(filters)):
        run = record.dagster_run
        notices = [*_of_run(instance, run), *_of_checks(instance, settings, run)]
        sent += [notice for notice in notices if _write(outbox, notice, bool(settings.slack_webhook))]
        told["runs"] = max(told["runs"], record.update_timestamp.timestamp())
        scratch = mark.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(json.dumps(told))
        scratch.replace(mark)
    if settings.slack_webhook:
        _deliver(outbox, settings.slack_webhook)
    return sent


def _of_contract(entry: OutOfOrder) -> Notice:
    """Told once for each state of the file: broken again after it was mended, it is told again."""
    changed = entry.path.stat().st_mtime_ns if entry.path.exists() else 0
    title = f"{entry.feed}: the contract {entry.path.name} is out of order"
    return Notice(f"contract:{entry.path.name}:{changed}:{entry.words()}", title, entry.words(), "")


def _of_run(instance: DagsterInstance, run: DagsterRun) -> Iterator[Notice]:
    if run.status is DagsterRunStatus.FAILURE:
        where = "on the command line" if IN_PROCESS_TAG in run.tags else "by the daemon or the UI"
        text = "\n".join([f"Job {run.job_name}, started {where}.", *_reasons(instance, run.run_id)])
        yield Notice(f"run:{run.run_id}", f"Run {run.run_id[:8]} of {run.job_name} failed", text, run.run_id)


def _of_checks(instance: DagsterInstance, settings: Settings, run: DagsterRun) -> Iterator[Notice]:
    """A notice for each check that failed, whether it blocks or warns."""
    found: dict[tuple[str, str], AssetCheckEvaluation] = {}
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION):
        data = entry.dagster_event.event_specific_data if entry.dagster_event else None
        if isinstance(data, AssetCheckEvaluation) and not data.passed:
            # The first is the summary of its months; a run of one month has no other.
            found.setdefault((data.asset_key.to_string(), data.check_name), data)
    if not found:
        return
    decisions = [m for m in Archive(settings.archive).manifests() if m.action != "receive"]
    for evaluation in found.values():
        months = str(_values(evaluation).get("failed_months", ""))
        decided = sum(1 for m in decisions if set(m.touched).intersection(months.split(", ")))
        since = [_since(instance, evaluation, run.run_id, month) for month in months.split(", ")]
        yield _of_check(evaluation, run.run_id, f"{since}:{decided}")


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


def _of_check(evaluation: AssetCheckEvaluation, run_id: str, since: str) -> Notice:
    table = ".".join(evaluation.asset_key.path)
    if evaluation.check_name == MONTH_PRESENT:  # a closed month is missing in many tables at once: one notice
        table, since = f"tables ({evaluation.description})", ""
    values = _values(evaluation)
    months, bad = values.get("failed_months", ""), values.get("bad_rows", "")
    blocked = evaluation.severity is AssetCheckSeverity.ERROR
    outcome = "These months keep their former rows." if blocked else "A warning: the rows are in the table."
    details = "\n".join(f"{name}: {value}" for name, value in values.items())
    said = evaluation.description or ""
    return Notice(
        f"check:{table}:{evaluation.check_name}:{months}:{bad}:{said}:{since}",
        f"{table}: {evaluation.check_name} failed{f' for {months}' if months else ''}",
        "\n".join(part for part in (said, outcome, details) if part),
        run_id,
    )


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


def _write(outbox: Path, notice: Notice, slack: bool) -> bool:
    """Creates the notice's file; False when it was there already."""
    path = outbox / notice.file_name
    try:
        with path.open("x") as file:
            json.dump(
                asdict(notice) | {"slack": "waiting" if slack else "not configured"}, file, indent=1, ensure_ascii=False
            )
    except FileExistsError:
        return False
    return True


def _deliver(outbox: Path, webhook: str) -> None:
    """Posts the notices that no one was told of yet; each is marked only after Slack has taken it."""
    for path in sorted(outbox.glob("*.json"), key=lambda p: p.stat().st_mtime_ns):
        notice = json.loads(path.read_text())
        if notice.get("slack") != "waiting":
            continue
        body = json.dumps({"text": f"*{notice['title']}*\n{notice['text']}"}).encode()
        request = urllib.request.Request(webhook, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10):
                pass
        except OSError:
            return
        scratch = path.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(json.dumps(notice | {"slack": "sent"}, indent=1, ensure_ascii=False))
        scratch.replace(path)
