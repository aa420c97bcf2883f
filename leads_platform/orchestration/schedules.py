"""The monthly close, and the judgement of freshness after it.

Belongs here: when they run and what the close asks for. Does not: what is stale (the planner), or what is late
(leads_platform.freshness).

The close plans by the build state, because the live file belongs to the writer. The note can only be
behind (after a crash); the worst of it is that a fresh month is built again, to the same rows. Planning here rather
than in a run of its own shows the builds under their schedule, and says in words when there is nothing to do.
"""

import hashlib

import dagster as dg

from leads_platform.arrivals.receive import read_state
from leads_platform.freshness import CLOSE_DAY, CLOSE_HOUR, last_closed_month
from leads_platform.months import label
from leads_platform.orchestration.build_sensor import WHY_TAG, run_request
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.jobs import FRESHNESS, MONTHLY
from leads_platform.orchestration.requests import BuildRequest, as_runs, refused_from
from leads_platform.platform import Platform
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.planner import plan, stale_months


def monthly_close(platform: Platform) -> dg.ScheduleDefinition:
    """The schedule `monthly_close`; off until a person turns it on."""
    current = CurrentPlatform(platform)

    @dg.schedule(
        name="monthly_close",
        job_name=MONTHLY,
        cron_schedule=f"0 {CLOSE_HOUR} {CLOSE_DAY} * *",
        execution_timezone=platform.settings.timezone.key,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Builds everything stale up to the last closed month.",
    )
    def close(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        return close_requests(current.now())

    return close


def freshness_close(platform: Platform) -> dg.ScheduleDefinition:
    """The schedule `freshness_close`: half an hour after the close, and behind its runs in the queue."""
    return dg.ScheduleDefinition(
        name="freshness_close",
        job_name=FRESHNESS,
        cron_schedule=f"30 {CLOSE_HOUR} {CLOSE_DAY} * *",
        execution_timezone=platform.settings.timezone.key,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Judges whether the expected files and the last closed month are there.",
    )


def close_requests(platform: Platform) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs that bring everything up to the last closed month, by the platform's clock."""
    settings = platform.settings
    closed = last_closed_month(settings)
    state = read_state(settings, platform.contracts)
    if state.data_months() is None:
        return dg.SkipReason("No file has been taken in yet; there is nothing to build.")
    if closed < settings.first_month:
        return dg.SkipReason(f"No month is closed yet: the first is {label(settings.first_month)}.")
    built = read_build_state(settings.build_state, settings.warehouse).fingerprints
    blocked = refused_from(platform, state, built)
    tasks = plan(platform.catalogue, stale_months(platform.catalogue, state, built, last=closed), blocked_from=blocked)
    if not tasks:
        refused = ", ".join(f"{table} from {label(month)}" for table, month in blocked.items())
        return dg.SkipReason(
            f"Everything up to {label(closed)} is current."
            + (f" Refused by checks, and waiting for a change: {refused}." if refused else "")
        )
    request = BuildRequest(f"close of {label(closed)}", tasks, whole=not blocked)
    content = hashlib.sha256(request.to_json().encode()).hexdigest()[:16]
    return [
        run_request(platform, f"close:{label(closed)}:{content}:{number}", run, {WHY_TAG: request.why})
        for number, run in enumerate(as_runs(platform.catalogue, request))
    ]
