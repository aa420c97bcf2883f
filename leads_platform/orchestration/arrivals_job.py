"""The `arrivals` job: settled files into the archive, an event per file on its feed, its check, then a build request.

Belongs here: that one job. Does not: how a file is taken in (arrivals.receive), or when the job runs (feed_sensors).
"""

import dagster as dg

from leads_platform.arrivals.archive.notes import notes
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.orchestration.events import receipt_event
from leads_platform.orchestration.file_checks import report_files_of
from leads_platform.orchestration.reported import note_reported
from leads_platform.orchestration.requests import request_builds
from leads_platform.orchestration.resource import WarehouseResource, cancelled_when_stopped
from leads_platform.warehouse.removal import WouldRemove


class Look(dg.Config):
    """A file as the sensor saw it at rest; one that has changed since is left for the next tick."""

    feed: str
    name: str
    size: int
    mtime_ns: int


class ArrivalsConfig(dg.Config):
    """A sensor names the files; a person who starts the job gets all that are settled."""

    only_named: bool = False
    files: list[Look] = []  # noqa: RUF012  (a pydantic field: each config gets its own)


@dg.op
def take_in(context: dg.OpExecutionContext, warehouse: WarehouseResource, config: ArrivalsConfig) -> None:
    """Takes files in, one by one: a file that can't be taken stops no other."""
    session = warehouse.session
    arrivals = session.arrivals
    if config.only_named:
        wanted = {(f.feed, f.name, f.size, f.mtime_ns) for f in config.files}
        files = [file for file in arrivals.waiting() if file.look in wanted]
    else:
        files = arrivals.settled()

    def record(manifest: Manifest) -> None:
        context.log_event(receipt_event(manifest))
        session.lock.progress(f"taken in {manifest.feed}/{manifest.file_name}")

    before = set(notes(arrivals.state, left_out=False))
    with cancelled_when_stopped(context.instance, context.run):
        done = arrivals.take_in(files, record)
    for note in notes(arrivals.state, left_out=False):
        if note not in before:
            context.log.warning(f"{note.feed}/{note.file_name}: {note.says}")
    note_reported(session.platform.settings, receipts=[m.receipt for m in done])
    report_files_of(context.instance, session.platform.settings, arrivals.state)
    for problem in arrivals.problems:
        context.log.warning(problem)
    names = ", ".join(dict.fromkeys(m.feed for m in done if m.touched))
    failures = list(arrivals.failures)
    try:
        if request_builds(session, f"arrivals of {names}" if names else "months were stale"):
            context.log.info("Requested the builds that these files call for.")
    except WouldRemove as error:  # a person must be asked, and nobody is here
        session.refused += 1  # nothing is published before the answer
        failures.append(str(error))
    if failures:
        raise dg.Failure("; ".join(failures), allow_retries=False)


@dg.job(name="arrivals", executor_def=dg.in_process_executor)
def arrivals_job() -> None:
    """Takes settled files in and requests the builds they call for."""
    take_in()
