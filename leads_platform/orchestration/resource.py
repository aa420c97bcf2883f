"""The run's one session of the warehouse, as a Dagster resource.

Belongs here: opening the session at the start of a run and what happens at its end. Does not: what is written in
between (assets, arrivals job).

It extends dagster_duckdb's resource, so that an asset written by hand can use `get_connection` as everywhere else.
That class opens a connection per call, does not close it on an exception and retries every IOException; here a run
has one connection, opened under the writer lock and closed whatever happens.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
from dagster._core.errors import DagsterExecutionInterruptedError  # not exported by 1.13.27
from dagster_duckdb import DuckDBResource
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from leads_platform.orchestration.partitions import range_of_tags
from leads_platform.orchestration.requests import request_builds
from leads_platform.platform import Platform, Session, open_session
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask
from leads_platform.warehouse.removal import WouldRemove

# Set on runs the command line drives: it plans again itself when a check refuses something.
IN_PROCESS_TAG = "leads_platform/in_process"
# Set on runs in which a blocking check refused a build; its value names the tables.
REFUSED_TAG = "leads_platform/refused"
# Set on runs that changed months which had ended; its value lists them (2024-04 2024-05). The materialisations of those
# months carry the rows they had.
CHANGED_TAG = "leads_platform/changed_months"
ROWS_BEFORE = "rows_before_change"


@dataclass(frozen=True)
class Hooks:
    """What a caller in the same process hears while a run goes on (progress bars, results)."""

    on_start: Callable[[BuildTask], None] = lambda work: None
    on_build: Callable[[Build], None] = lambda build: None
    on_outdated: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda text: None


class WarehouseResource(DuckDBResource):
    """One session per run: the writer lock is held from the first step to the last."""

    platform: dg.ResourceDependency[Platform]
    hooks: dg.ResourceDependency[Hooks]
    _session: Session | None = PrivateAttr(default=None)

    @property
    def session(self) -> Session:
        """The run's session. Raises RuntimeError outside of a run."""
        if self._session is None:
            raise RuntimeError("the warehouse is open only while a run goes on")
        return self._session

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The run's connection, with the cleaning functions; it stays open for the next step."""
        self.session.warehouse.needs_cleaning()
        yield self.session.warehouse.con

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseResource"]:
        run = context.run
        run_id = run.run_id if run else context.run_id or "no run"
        tags = run.tags if run else {}
        by_daemon = IN_PROCESS_TAG not in tags
        doing = f"Dagster run {run_id[:8]}{f' of {run.job_name}' if run else ''}"

        def say(text: str) -> None:
            self.hooks.say(text)
            if context.log:
                context.log.info(text)

        with (
            at_work(context.instance, run, self.platform.settings.home),
            open_session(self.platform, doing, run_id=run_id, say=say) as session,
        ):
            self._session = session
            if by_daemon and context.log:  # what the log of `leads-platform ui` tells of a run
                context.log.info(f"{doing} begins.")
            try:
                yield self
            finally:
                self._session = None
            # The command line publishes when its last run is done; the daemon after the run that met no refusal.
            session.publish = not session.refused and by_daemon
            if session.refused and by_daemon:
                months = range_of_tags(tags)
                last = _later(session, months[1] if months else None)
                try:
                    if request_builds(session, "a blocking check refused some months", last):
                        say("Requested the months that can be built around the refused ones.")
                except WouldRemove as error:  # a person must be asked; the run has failed with these words, too
                    say(str(error))


def _later(session: Session, last: date | None) -> date | None:
    """The last month to plan for: that of the run when it lies beyond the data, as a scheduled close may."""
    data = session.warehouse.sources.data_months()
    return max(last, data[1]) if data and last else None


@contextmanager
def at_work(instance: dg.DagsterInstance | None, run: dg.DagsterRun | None, home: Path) -> Iterator[None]:
    """Around all that a run does which takes the writer's lock, for which it may wait for minutes.

    The janitor sees it living meanwhile, and a signal that stops it cancels it.
    """
    of_daemon = run if run and IN_PROCESS_TAG not in run.tags else None  # of others `run` holds the file already
    with cancelled_when_stopped(instance, run), alive(home, of_daemon.run_id) if of_daemon else nullcontext():
        yield


@contextmanager
def cancelled_when_stopped(instance: dg.DagsterInstance | None, run: dg.DagsterRun | None) -> Iterator[None]:
    """A signal that stops this process cancels its run: it is no failure, of which a notice would be sent."""
    try:
        yield
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        if instance and run:
            instance.report_run_canceling(run)
        raise


@contextmanager
def alive(home: Path, run_id: str) -> Iterator[None]:
    """Holds a file lock for as long as this process works on the run; the system frees it however the process ends."""
    folder = home / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}.lock"
    with FileLock(path):
        yield
    path.unlink(missing_ok=True)


def is_alive(home: Path, run_id: str) -> bool | None:
    """Whether a process works on the run now; None when the run never came as far as to say so."""
    path = home / "runs" / f"{run_id}.lock"
    if not path.exists():
        return None
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
