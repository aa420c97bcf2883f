"""The janitor: runs whose process is gone are failed, so that they hold no slot and their work is asked for again.

Belongs here: telling the dead from the living and saying so to Dagster. Does not: asking for the work again (the
sensors do, by attempt). Called at the start of every command-line build and by a sensor.

A living run holds a lock on a file of its own (resource.alive), which the system frees however its process ends: no
process id that another program could have by now, and no guess from the clock. A run that died before it came so
far is judged by time alone.

A run that was made and never started is the command line's, killed while Dagster made it, or the daemon's, which
starts what it has made also after it was killed itself: that one is left alone.
"""

from __future__ import annotations

import time

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from leads_platform.orchestration.resource import IN_PROCESS_TAG, is_alive
from leads_platform.settings import Settings

_UNDER_WAY = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
# Longer than any process takes from its start to opening the warehouse resource.
_START_SECONDS = 180.0


def clean_up(instance: DagsterInstance, settings: Settings, start_seconds: float = _START_SECONDS) -> list[str]:
    """Fails every run that nobody works on and frees its slots. Returns their ids."""
    dead = []
    made = RunsFilter(statuses=[DagsterRunStatus.NOT_STARTED], tags={IN_PROCESS_TAG: "true"})
    for record in [*instance.get_run_records(RunsFilter(statuses=_UNDER_WAY)), *instance.get_run_records(made)]:
        run = record.dagster_run
        living = is_alive(settings.home, run.run_id)
        if living is None:
            living = time.time() - record.update_timestamp.timestamp() < start_seconds
        if living:
            continue
        instance.report_run_failed(
            run, "The process of this run is gone (killed, or the machine stopped). Its work is asked for again."
        )
        if instance.event_log_storage.supports_global_concurrency_limits:
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        (settings.home / "runs" / f"{run.run_id}.lock").unlink(missing_ok=True)
        dead.append(run.run_id)
    return dead
