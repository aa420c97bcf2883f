"""The sensor that turns build requests into runs of the `monthly` job, and tries again what crashed.

Belongs here: coalescing requests, and attempts. Does not: planning (requests, while the lock is held).

Requests that come while a build is under way wait and are answered together, without what it has built by then. A run
that crashed is asked for again, apart from the arrivals that called for it. One that a blocking check ended is not: its
run has already requested what can be built around the refused months.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

import dagster as dg

from leads_platform.months import label, parse_month
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.events import asset_key
from leads_platform.orchestration.jobs import MONTHLY, own_checks
from leads_platform.orchestration.partitions import range_tags
from leads_platform.orchestration.requests import as_runs, drop, merged, pending, still_stale
from leads_platform.orchestration.resource import REFUSED_TAG
from leads_platform.platform import Platform
from leads_platform.warehouse.planner import BuildTask

BUILD_SECONDS = 10
MAX_ATTEMPTS = 3
REQUEST_TAG = "leads_platform/request"
WHY_TAG = "leads_platform/why"


@dataclass
class Answer:
    """The runs asked for to answer some requests: `runs` holds first and last month and tables of each."""

    key: str
    names: list[str]
    why: str
    runs: list[tuple[str, str, list[str]]]
    attempt: int = 0


def build_sensor(platform: Platform, seconds: int = BUILD_SECONDS) -> dg.SensorDefinition:
    """The sensor `build_requests`; on from the start, as it does nothing unless something asked for a build."""
    current = CurrentPlatform(platform)

    @dg.sensor(
        name="build_requests",
        job_name=MONTHLY,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds what arrivals and refused builds have found stale.",
    )
    def build_requests(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return tick(current.now(), read(context.cursor), context.instance)

    return build_requests


def read(cursor: str | None) -> Answer | None:
    """The answer under way, as the last tick left it."""
    return Answer(**json.loads(cursor)) if cursor else None


def tick(platform: Platform, answer: Answer | None, instance: dg.DagsterInstance) -> dg.SensorResult:
    """Looks after the runs under way, else answers what is pending."""
    settings = platform.settings
    said = ""
    if answer is not None:
        failed, busy = _judge(answer, instance)
        if busy:
            return _skip(f"Building: {answer.why}.", answer)
        if failed and answer.attempt + 1 < MAX_ATTEMPTS:
            again = Answer(answer.key, answer.names, answer.why, failed, answer.attempt + 1)
            return dg.SensorResult(run_requests=_requests(platform, again), cursor=json.dumps(asdict(again)))
        drop(settings, answer.names)
        if failed:
            said = f"Gave up on '{answer.why}' after {MAX_ATTEMPTS} attempts; the next arrival tries again. "
    waiting = pending(settings)
    if not waiting:
        return _skip(f"{said}No build was requested.", None)
    request = still_stale(platform, merged(waiting))
    runs = as_runs(platform.catalogue, request)
    if not runs:
        drop(settings, request.names)
        return _skip(f"{said}What was requested is built already, or no longer declared.", None)
    content = hashlib.sha256(request.to_json().encode()).hexdigest()[:16]
    fresh = Answer(
        f"{request.names[-1].removesuffix('.json')}:{content}",
        list(request.names),
        request.why,
        [(label(tasks[0].first), label(tasks[0].last), [work.table for work in tasks]) for tasks in runs],
    )
    return dg.SensorResult(run_requests=_requests(platform, fresh), cursor=json.dumps(asdict(fresh)))


def run_request(platform: Platform, key: str, tasks: list[BuildTask], tags: dict[str, str]) -> dg.RunRequest:
    """One range run of the `monthly` job."""
    return dg.RunRequest(
        run_key=key,
        job_name=MONTHLY,
        asset_selection=[asset_key(work.table) for work in tasks],
        asset_check_keys=own_checks(platform, [work.table for work in tasks]),
        tags={**range_tags(tasks[0].first, tasks[0].last), **tags},
    )


def _judge(answer: Answer, instance: dg.DagsterInstance) -> tuple[list[tuple[str, str, list[str]]], bool]:
    """The runs to ask for again, and whether some are not over yet."""
    failed, busy = [], False
    for number, run in enumerate(answer.runs):
        found = instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: _run_key(answer, number)}))
        busy = busy or any(not each.is_finished for each in found)
        good = any(each.is_success or REFUSED_TAG in each.tags for each in found)
        if not good:  # also when the run never came to be
            failed.append(run)
    return failed, busy


def _run_key(answer: Answer, number: int) -> str:
    return f"{answer.key}:{number}:{answer.attempt}"


def _requests(platform: Platform, answer: Answer) -> list[dg.RunRequest]:
    found = []
    for number, (first, last, tables) in enumerate(answer.runs):
        key = _run_key(answer, number)
        tasks = [BuildTask(table, parse_month(first), parse_month(last)) for table in tables]
        found.append(run_request(platform, key, tasks, {REQUEST_TAG: key, WHY_TAG: answer.why[:200]}))
    return found


def _skip(words: str, answer: Answer | None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=words, cursor=json.dumps(asdict(answer)) if answer else "")
