"""Building what is stale, as the command line does it: through Dagster or directly, with progress and words.

Belongs here: choosing the way and telling how it goes. Does not: the ways themselves (orchestration, build_loop).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

import duckdb

from leads_platform.arrivals.archive.store import Archive
from leads_platform.changes import Changes
from leads_platform.cli import output as terminal
from leads_platform.cli.closing import Need, in_need, verdict
from leads_platform.cli.status import read_status
from leads_platform.digest import Item, item_of_changes, items_of_builds, tell_directly
from leads_platform.errors import unforeseen
from leads_platform.months import label
from leads_platform.outbox import attempt
from leads_platform.platform import Platform, open_session
from leads_platform.room import Headline, Report
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.connection import WarehouseUnusable, open_published
from leads_platform.warehouse.errors import without_values
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask

T = TypeVar("T")


def build_everything(
    platform: Platform,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    direct: bool = False,
    again: bool = False,
    agreed: bool = False,
) -> dict[str, date]:
    """Builds what is stale in these months; `again`: what is current, too.

    `agreed`: a person knows that built months or tables will go; else WouldRemove is raised where some would.
    Returns the first bad month of every table that failed.
    """
    builds: list[Build] = []
    planned = 0
    changes = Changes(platform, read_build_state(platform.settings.build_state, platform.settings.warehouse))
    former: dict[str, dict[date, int]] = {}

    with _telling(changes, former), terminal.progress("Looking at what is stale") as bar:
        task = bar.tasks[0].id

        def on_step(text: str) -> None:
            bar.update(task, description=text)

        def on_plan(tasks: list[BuildTask]) -> None:
            nonlocal planned
            planned = len(builds) + len(tasks)
            bar.update(task, total=planned)

        def on_start(work: BuildTask) -> None:
            on_step(f"Building {work.table}")

        def on_build(build: Build) -> None:
            builds.append(build)
            quiet = not changes.months
            changes.hear(build)
            if quiet and changes.months:  # published is what stood before, until the last build is done
                # A copy of another version may lack what a headline reads: what fails now, too, is told at the end.
                former.update(_numbers(platform, lambda _: None))
            if not build.committed:
                terminal.complain(build.words())
            bar.advance(task)

        try:
            if direct:
                failed = _build_directly(
                    changes, builds, on_step, first=first, last=last, select=select, again=again, agreed=agreed,
                    on_plan=on_plan, on_start=on_start, on_build=on_build,
                )  # fmt: skip
            else:
                on_step("Starting Dagster")
                from leads_platform.orchestration.retention import prune_when_alone
                from leads_platform.orchestration.run import build_through_dagster

                failed = build_through_dagster(
                    platform, first=first, last=last, select=select, again=again, agreed=agreed,
                    on_plan=on_plan, on_start=on_start, on_build=on_build, on_step=on_step, say=terminal.say,
                )  # fmt: skip
                prune_when_alone(platform.settings, terminal.say)
        except KeyboardInterrupt:
            done = sum(build.committed for build in builds)
            how_far = f"{done} of {planned} tables are built and stand" if planned else "no table was built yet"
            terminal.complain(f"Stopped: {how_far}; the rest is as before. `leads-platform run` goes on from there.")
            raise
    good = [build for build in builds if build.committed]
    if good:
        months = sorted({month for build in good for month in build.rows})
        terminal.say(
            f"Built {len({build.table for build in good})} tables for {label(months[0])} to {label(months[-1])}."
        )
    elif not failed:
        terminal.say("Every table is current; nothing to build.")
    for table, month in failed.items():
        terminal.complain(f"{table} is not built from {label(month)} on, nor what reads it.")
    return failed


def _build_directly(
    changes: Changes, builds: list[Build], on_step: Callable[[str], None], *, agreed: bool, **asked: Any
) -> dict[str, date]:
    """`build_stale` in a session of its own, which publishes; then sends notices, as no run of Dagster does."""
    platform = changes.platform
    try:
        with open_session(platform, "build", agreed=agreed, say=terminal.say) as session:
            failed = build_stale(session.warehouse, **asked)
            session.publish, session.step = True, on_step
            return failed
    finally:
        if not isinstance(sys.exception(), KeyboardInterrupt):  # who stops is in a hurry; the next run tells of them
            attempt(lambda: tell_directly(platform, _items(changes, builds)), terminal.say)


def _items(changes: Changes, builds: list[Build]) -> list[Item]:
    """What is to be told of builds: checks that failed, and ended months that changed."""
    found = items_of_builds(changes.before, builds)
    if changes.months:
        title = changes.title(Archive(changes.platform.settings.archive).manifests())
        found.append(item_of_changes(builds[-1].run_id, title, changes.rows()))
    return found


@contextmanager
def _telling(changes: Changes, former: Mapping[str, Mapping[date, int]]) -> Iterator[None]:
    """Says at the end which ended months changed, because of what, and by how much the headlines' numbers moved.

    Also where the builds ended in an error: the next command finds what was committed unchanged, and says nothing.
    """
    try:
        yield
    finally:
        if changes.months:
            attempt(lambda: _tell(changes, former), terminal.complain, "What changed could not be told")


def _tell(changes: Changes, former: Mapping[str, Mapping[date, int]]) -> None:
    manifests = Archive(changes.platform.settings.archive).manifests()
    terminal.say(f"{changes.title(manifests)}.")
    terminal.grid("", ["table", "months", "rows before", "rows now"], changes.rows())
    now = _numbers(changes.platform)
    for counts, months in former.items():
        for month in sorted(months) if counts in now else ():
            if months[month] != (current := now[counts].get(month, 0)):
                terminal.say(f"{counts} of {label(month)}: {months[month]:,} before, {current:,} now.")


def _numbers(platform: Platform, say: Callable[[str], None] = terminal.complain) -> dict[str, dict[date, int]]:
    """The headlines' numbers as published, by month; without those that can't be had: no build fails of one."""
    found: dict[str, dict[date, int]] = {}
    for headline in platform.rooms.headlines:
        if headline.numbers:
            with contextlib.suppress(WarehouseUnusable):  # publishing makes the copy anew, and says so
                for numbers in _answer(platform, headline, headline.numbers, say):
                    found[headline.counts] = numbers
    return found


def _answer(
    platform: Platform,
    headline: Headline,
    made: Callable[[list[Any]], T],
    say: Callable[[str], None] = terminal.complain,
) -> list[T]:
    """What a room makes of its headline's rows; nothing, and that is said, where a slip in the room makes it fail."""
    try:
        return [made(_rows(platform, headline))]
    except WarehouseUnusable:
        raise
    except Exception as error:  # whatever a slip of the pen raises
        words = without_values(error) if isinstance(error, duckdb.Error) else unforeseen(error)
        say(f"The headline on {headline.table} can't be told: {words}")
        return []


def _rows(platform: Platform, headline: Headline) -> list[tuple]:
    """The headline's rows from the published copy; none where the copy or the table isn't there."""
    published = platform.settings.published
    if not published.exists():
        return []
    schema, name = headline.table.split(".")
    with open_published(published, say=terminal.say) as con:
        there = con.execute(
            f"select 1 from duckdb_tables() where schema_name = '{schema}' and table_name = '{name}'"
        ).fetchall()
        return con.execute(headline.select).fetchall() if there else []


def print_headlines(platform: Platform) -> None:
    """Prints the rooms' headlines from the published copy. One that fails is told, and hides no other."""
    if not platform.settings.published.exists():
        return
    current = platform.settings.current_month()

    def report_of(headline: Headline) -> list[Report | None]:
        return _answer(platform, headline, lambda rows: headline.report(rows, current))

    reports = [(headline, report) for headline in platform.rooms.headlines for report in report_of(headline)]
    if not reports:
        return
    if not any(report for _, report in reports):
        terminal.say("No month has data yet, so there is nothing to report.")
        return
    for headline, report in reports:
        if report is not None:
            terminal.report(report)
        elif headline.missing:
            terminal.say(headline.missing)


def print_closing(platform: Platform, met: Iterable[Need] = ()) -> list[Need]:
    """Prints what needs attention and the verdict, below everything else. Returns what must be acted on.

    `met` is what this command met itself.
    """
    now = read_status(platform)
    items = [*met, *in_need(now)]
    notes = []
    if warned := len({(f.table, f.check) for f in now.built.failed if not f.refused}):
        notes.append(f"{warned} check{'s warn' if warned > 1 else ' warns'}; `leads-platform status` lists them.")
    if platform.settings.published.exists():
        published = platform.settings.shared
        notes.append(f"Tables to query: {published}. Next: `leads-platform status`, or `make ui`.")
    acted_on = [item for item in items if item.blocks]
    terminal.closing(items, notes, verdict(items), good=not acted_on)
    return acted_on
