"""The maintenance sensors: the janitor, and the notices. Both are on from the start and ask for no run.

Belongs here: when they work. Does not: what they do (janitor, event_reconciliation, file_checks, retention, notices).
"""

import dagster as dg

from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.file_checks import report_files
from leads_platform.orchestration.janitor import clean_up
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.products import report_products
from leads_platform.orchestration.retention import prune
from leads_platform.platform import Platform

MAINTENANCE_SECONDS = 30


def janitor_sensor(platform: Platform, seconds: int = MAINTENANCE_SECONDS) -> dg.SensorDefinition:
    """The sensor `janitor`: its first tick after a start is the start-up janitor."""
    current = CurrentPlatform(platform)

    @dg.sensor(
        name="janitor",
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails runs whose process is gone, shows what was done without Dagster, deletes old runs.",
    )
    def janitor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = clean_up(context.instance, platform.settings)
        reconciled = reconcile_events(context.instance, platform.settings)
        feeds = report_files(context.instance, current.now())
        report_products(context.instance, current.now())
        checked = f"; told of the files of {', '.join(feeds)}" if feeds else ""
        deleted = prune(context.instance, platform.settings, say=context.log.warning)
        pruned = f"; deleted {deleted} old run(s)" if deleted else ""
        return dg.SkipReason(
            f"Failed {len(dead)} dead run(s); reported {reconciled} file(s) and build(s){checked}{pruned}."
        )

    return janitor


def notices_sensor(platform: Platform, seconds: int = MAINTENANCE_SECONDS) -> dg.SensorDefinition:
    """The sensor `notices`."""
    current = CurrentPlatform(platform)

    @dg.sensor(
        name="notices",
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells once of failed runs, checks and contracts and of files that need a person: outbox, Slack.",
    )
    def notices(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        sent = send_notices(context.instance, current.now(), context.log.warning)
        return dg.SkipReason("; ".join(notice.title for notice in sent) or "Nothing failed since the last time.")

    return notices
