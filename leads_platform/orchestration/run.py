"""Running jobs in this process on the persistent instance, as the command line does: the UI shows the same runs.

Belongs here: plans and batches as runs of Dagster. Does not: the loop (warehouse.build_loop), the plan's rules, or
the jobs themselves.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError  # not exported by 1.13.27
from dagster._core.events import RunFailureReason  # nor these
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.utils import make_new_run_id

from leads_platform.errors import storage_fault
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.events import asset_key
from leads_platform.orchestration.file_checks import report_files
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.janitor import clean_up
from leads_platform.orchestration.jobs import MONTHLY, own_checks
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.partitions import range_tags
from leads_platform.orchestration.products import report_products
from leads_platform.orchestration.resource import IN_PROCESS_TAG, Hooks, alive
from leads_platform.orchestration.sqlite_pool import sqlite_pool
from leads_platform.outbox import attempt
from leads_platform.platform import Platform, open_session
from leads_platform.warehouse.build_loop import Asked, Outdated, build_until_current
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask, batches

# Dagster's own lines on the terminal; the log in the UI has them all.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# More often than people call `rebuild` beside one build.
_REPLANS = 5
_OF_SQLITE = ("OperationalError", "DatabaseError")


@dataclass
class BatchResult:
    """What one run did: its builds in order, and why it ended when that was not a blocking check.

    `outdated`: somebody had made the warehouse anew since the run was planned, so that its inputs were not there.
    """

    run_id: str
    success: bool
    builds: list[Build] = field(default_factory=list)
    error: str = ""
    outdated: bool = False

    @property
    def refused(self) -> list[Build]:
        return [build for build in self.builds if not build.committed]


class Runner:
    """Runs batches of works in this process; the job is put together once."""

    def __init__(self, instance: dg.DagsterInstance, platform: Platform, hooks: Hooks | None = None) -> None:
        self._instance, self._platform, self._hooks = instance, platform, hooks or Hooks()
        self._home = platform.settings.home
        self._builds: list[Build] = []
        self._outdated = False
        own = replace(self._hooks, on_build=self._note, on_outdated=self._note_outdated)
        self._job = build_definitions(platform, own, lineage=False).resolve_job_def(MONTHLY)

    def _of(self, tables: Iterable[str]) -> dg.JobDefinition:
        """The job for these tables and their own checks."""
        listed = list(tables)
        return self._job.get_subset(
            asset_selection={asset_key(table) for table in listed},
            asset_check_selection=set(own_checks(self._platform, listed)),
        )

    def _note(self, build: Build) -> None:
        self._builds.append(build)
        self._hooks.on_build(build)

    def _note_outdated(self) -> None:
        self._outdated = True

    def run(self, tasks: Sequence[BuildTask]) -> BatchResult:
        """Runs the `monthly` job for works of one range (`planner.batches` gives such). A failed run does not raise.

        Stopped by a signal, the run is cancelled in Dagster, and KeyboardInterrupt raised.
        """
        self._builds, self._outdated = [], False
        run_id = make_new_run_id()
        try:
            with alive(self._home, run_id), _quiet():  # from before Dagster has made the run, which takes a while
                result = self._of(work.table for work in tasks).execute_in_process(
                    instance=self._instance,
                    run_id=run_id,
                    tags={**range_tags(tasks[0].first, tasks[0].last), IN_PROCESS_TAG: "true"},
                    run_config=_QUIET,
                    raise_on_error=False,
                )
        except (KeyboardInterrupt, DagsterExecutionInterruptedError) as error:
            cancel(self._instance, run_id)
            raise KeyboardInterrupt from error
        if not (result.success or self._outdated) and any(map(_is_interrupt, result.all_events)):
            cancel(self._instance, run_id)
            raise KeyboardInterrupt
        refused = {build.table for build in self._builds if not build.committed}
        words = "\n".join(
            _words(event)
            for event in result.all_events
            if event.is_step_failure and event.step_key not in {table.replace(".", "__") for table in refused}
        )
        if not result.success and not refused and not words:
            words = next((e.message or "" for e in result.all_events if e.is_failure), "") or "the run failed"
        return BatchResult(result.run_id, result.success, self._builds, words, self._outdated)


@dataclass
class _ThroughDagster:
    """Plans in a session of its own, which publishes when nothing is left, and builds by a run for each batch."""

    platform: Platform
    runner: Runner
    on_step: Callable[[str], None]
    say: Callable[[str], None]
    agreed: bool
    replanned: int = 0

    def plan(self, asked: Asked) -> list[BuildTask]:
        self.on_step("Planning")
        with open_session(self.platform, "plan", agreed=self.agreed, say=self.say) as session:
            tasks = asked.plan(session.warehouse)
            session.publish = not tasks  # whole: between the runs some tables are ahead of others
            session.step = self.on_step
        return tasks

    def batches(self, tasks: list[BuildTask]) -> Iterable[list[BuildTask]]:
        return batches(self.platform.catalogue, tasks)

    def build(self, batch: list[BuildTask]) -> list[Build]:
        self.on_step(f"Telling Dagster of {len(batch)} tables")
        result = self.runner.run(batch)
        if result.outdated and self.replanned < _REPLANS:
            self.replanned += 1
            self.say("The warehouse was made anew meanwhile; planning again.")
            raise Outdated
        if result.error:
            raise BuildError(result.error)
        return result.refused


def build_through_dagster(
    platform: Platform,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    again: bool = False,
    agreed: bool = False,
    on_start: Callable[[BuildTask], None] = lambda task: None,
    on_build: Callable[[Build], None] = lambda build: None,
    on_plan: Callable[[list[BuildTask]], None] = lambda tasks: None,
    on_step: Callable[[str], None] = lambda text: None,
    say: Callable[[str], None] = lambda text: None,
    instance: dg.DagsterInstance | None = None,
) -> dict[str, date]:
    """`build_until_current` with a run of Dagster for each range; then tells Dagster what it missed.

    Each run takes the lock for itself, so others get their turn between them. `on_step` hears what goes on beside the
    building, which takes half of the time. Returns the first bad month of each table that failed. Raises BuildError
    when a run failed for any other reason, and WouldRemove unless `agreed`.
    """
    asked = Asked(first, last, None if select is None else list(select), again)
    on_step("Preparing Dagster")
    with sqlite_pool(platform.settings.dagster_home), contextlib.ExitStack() as stack:
        there = instance or stack.enter_context(open_instance(platform.settings))
        clean_up(there, platform.settings)  # first: of a dead run it is told now what it did not live to tell
        reconcile_events(there, platform.settings)
        report_files(there, platform)
        runner = Runner(there, platform, Hooks(on_start=on_start, on_build=on_build, say=say))
        try:
            failed = build_until_current(asked, _ThroughDagster(platform, runner, on_step, say, agreed), on_plan)
            on_step("Telling Dagster what it missed")
            reconcile_events(there, platform.settings)  # what is published now may hold months no run told of
            report_products(there, platform)
            return failed
        finally:
            if not isinstance(sys.exception(), KeyboardInterrupt):  # who stops is in a hurry; the next run sends them
                attempt(lambda: send_notices(there, platform), say)


def cancel(instance: dg.DagsterInstance, run_id: str) -> None:
    """Notes in Dagster that a person has stopped the run: no failure, of which a notice would be sent."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED):
        return
    instance.report_run_canceled(run, "Stopped by Ctrl-C or a signal. What was committed stands.")


def _is_interrupt(event: dg.DagsterEvent) -> bool:
    """Whether this tells that a signal has ended the run, between its steps or within one."""
    if event.event_type is dg.DagsterEventType.RUN_CANCELED:
        return True
    if event.event_type is dg.DagsterEventType.RUN_FAILURE:
        return event.job_failure_data.failure_reason is RunFailureReason.UNEXPECTED_TERMINATION
    return event.is_step_failure and event.step_failure_data.error_source is ErrorSource.INTERRUPT


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the loggers of Dagster off the terminal."""
    logger = logging.getLogger("dagster")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _words(event: dg.DagsterEvent) -> str:
    """Why a step failed: our own words, or the kind of an unforeseen error."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None:
        if error.cls_name in _OF_SQLITE and (words := storage_fault(error.message)):
            return words
        error = error.cause or error.context
    return data.error_display_string.strip().splitlines()[0]
