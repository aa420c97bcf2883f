"""The `leads-platform` command: thin commands over the platform; exit 0 done, 1 failed or refused, 2 wrong usage.

Belongs here: the group of all commands, and those of the platform as a whole: arguments, the order of steps, exit
codes. Does not: commands on one file (file_commands) or on contracts (feed_commands), what a step does, how results
look (output), or how a command ends that was used wrongly or stopped (usage).
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from leads_platform.attention import command as command_of
from leads_platform.cli import output as terminal
from leads_platform.cli.export import Exports, show
from leads_platform.cli.feed_commands import feed
from leads_platform.cli.file_commands import accept, check, quarantine, withdraw
from leads_platform.cli.steps import MONTH, YES, build_and_close, in_words, loaded, take_in
from leads_platform.cli.usage import Commands, stop_in_order
from leads_platform.months import add_months, label
from leads_platform.settings import Settings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="leads_platform")
@click.option("--debug", is_flag=True, help="Show texts of errors that are left out, as they may be personal data.")
def commands(debug: bool) -> None:
    """Leads from files to a monthly report: tables with checks, in DuckDB, run by Dagster.

    Drop files into DATA/landing/<feed>/ and call `leads-platform run`.
    Settings are LEADS_PLATFORM_* in the environment; see docs/operations.md.
    """


for command in (accept, check, feed, quarantine, withdraw):
    commands.add_command(command)


@commands.command()
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@YES
@in_words
def run(direct: bool, yes: bool) -> int:
    """Take in what is in landing, build what is stale, print what happened.

    Exits 1 while something is not in the tables, also from an earlier run: a file is refused, held or could not be
    taken in, a contract is out of order, a table could not be built, or something waits for --yes. And while a
    product, as a published copy, could not be made.
    """
    from leads_platform.cli.asking import agreed, needs_landing
    from leads_platform.cli.closing import told_of_run
    from leads_platform.platform import open_session

    platform = loaded(needs_landing(Settings.from_env(), ask=True))
    may_remove = agreed(platform, yes)
    with open_session(platform, "run", agreed=may_remove, say=terminal.say) as session:
        manifests = take_in(session)
        problems = [*session.arrivals.problems, *session.arrivals.failures]
    for problem in problems:
        terminal.complain(terminal.plain(problem))
    _, code = build_and_close(
        platform, told_of_run(manifests, problems, platform.settings), direct=direct, agreed=may_remove
    )
    return code


@commands.command()
@click.option("--first-month", type=MONTH, help="First month to build; default: the first with data.")
@click.option("--last-month", type=MONTH, help="Last month to build; default: the last with data.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Reference date: its month is the last one.")
@click.option("--months", type=click.IntRange(1), help="With --as-of: how many months before it, too.")
@click.option("--select", multiple=True, metavar="TABLE", help="Only this table (room.table), and what it reads.")
@click.option("--again", is_flag=True, help="Build what is current, too: a window of months anew.")
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@YES
@in_words
def build(
    first_month: date | None,
    last_month: date | None,
    as_of: Any,
    months: int | None,
    select: tuple[str, ...],
    again: bool,
    direct: bool,
    yes: bool,
) -> int:
    """Build the stale tables of some months, without taking files in.

    Exits 1 when a table could not be built, or a product, as a published copy, could not be made.
    """
    from leads_platform.cli.asking import agreed, needs_landing

    if as_of is not None and (first_month or last_month):
        raise click.UsageError("--as-of gives the months itself; leave --first-month and --last-month out")
    if months is not None and as_of is None:
        raise click.UsageError("--months goes with --as-of")
    if as_of is not None:
        last_month = date(as_of.year, as_of.month, 1)
        first_month = add_months(last_month, -(months or 0))
    if first_month and last_month and last_month < first_month:
        raise click.UsageError(f"--last-month {label(last_month)} is before --first-month {label(first_month)}")
    settings = needs_landing(Settings.from_env())
    platform = loaded(settings)
    for month in (first_month, last_month):
        if month and month > settings.current_month():
            raise click.UsageError(f"{label(month)} has not begun; the last month that can be built is this one")
    if last_month and last_month < settings.first_month:
        raise click.UsageError(
            f"{label(last_month)} is before the platform's first month {label(settings.first_month)} "
            "(LEADS_PLATFORM_FIRST_MONTH)"
        )
    for name in select:
        if name not in platform.catalogue.tables:
            near = get_close_matches(name, platform.catalogue.tables, 1)
            guess = f"did you mean {near[0]}? " if near else ""
            raise click.UsageError(f"there is no table {name}; {guess}`leads-platform status --tables` lists them")
    built, _ = build_and_close(
        platform, reports=False, first=first_month, last=last_month, select=select or None, direct=direct, again=again,
        agreed=agreed(platform, yes),
    )  # fmt: skip
    return 0 if built else 1


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--files", is_flag=True, help="List the files in force, too, with their fingerprints.")
@click.option("--tables", is_flag=True, help="List the tables, too, with their months, rows and last build.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when something needs attention.")
@in_words
def status(as_json: bool, files: bool, tables: bool, exit_code: bool) -> int:
    """Feeds, files and months; what is stale and why; what waits for you; failed checks."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.cli.closing import in_need
    from leads_platform.cli.status import read_status
    from leads_platform.platform import load_platform

    now = read_status(load_platform(needs_landing(Settings.from_env())))
    state, needs = now.to_json(), in_need(now)
    if as_json:
        terminal.raw(terminal.as_json(state))
    else:
        terminal.status(state, len(needs), files=files, tables=tables)
    return 1 if exit_code and needs else 0


@commands.command()
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@in_words
def rebuild(direct: bool) -> int:
    """Make the warehouse anew from the archive; the published copy stays until it is done."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.cli.closing import Need
    from leads_platform.platform import begin_anew

    platform = loaded(needs_landing(Settings.from_env()))
    with terminal.progress("Reading the archive"):
        damaged = begin_anew(platform.settings, say=terminal.say)
    for words in damaged:
        terminal.complain(words)
    built, _ = build_and_close(platform, [Need("Archive", words) for words in damaged], direct=direct, agreed=True)
    return 1 if damaged or not built else 0


@commands.command()
@click.option("--anew", is_flag=True, help="Make what is current, too.")
@click.option(
    "--postgres",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Into PostgreSQL, too, as the schema NAME; default: the one of the last time, at first leads_platform.",
)
@in_words
def publish(anew: bool, postgres: str | None) -> int:
    """Make the published copies, and what else is made of tables, where they are stale. Builds do so at their end.

    The copy in PostgreSQL is made where LEADS_PLATFORM_POSTGRES is set; --postgres names its schema, for builds, too.
    """
    from leads_platform.cli.asking import needs_landing
    from leads_platform.platform import open_session
    from leads_platform.products.postgres import POSTGRES, SETTING, schema_name

    settings = needs_landing(Settings.from_env())
    if postgres is not None and not settings.secret(SETTING):
        raise click.UsageError(
            f"no database is set. Set {SETTING} to the name of a variable that holds its address: "
            f"export {SETTING}=LEADS_DSN LEADS_DSN=postgresql://user:password@host:5432/database"
        )
    try:
        names = {POSTGRES: schema_name(postgres)} if postgres else {}
    except ValueError as error:
        raise click.UsageError(f"--postgres: {error}") from error
    platform = loaded(settings)
    with terminal.progress("Publishing") as bar:
        with open_session(platform, "publish", say=terminal.say) as session:
            session.publish, session.anew, session.names = True, lambda place: anew, names
            session.step = lambda text: bar.update(bar.tasks[0].id, description=text)
        made = session.products
    if session.behind:
        tables = f"{len(session.behind)} tables are" if len(session.behind) > 1 else f"{session.behind[0]} is"
        terminal.complain(f"Nothing was published: {tables} not built as the files call for; what stands stays. First:")
        terminal.complain(f"    {command_of(platform.settings, 'run')}")
        return 1
    for outcome in made:
        if outcome.failed:
            terminal.complain(f"{outcome.key} was not made: {outcome.failed}. {outcome.former}")
        else:
            terminal.say(f"Made {settings.published.parent / outcome.key if outcome.is_file else outcome.key}.")
    if not made:
        terminal.say("Every product is current.")
    return 1 if any(outcome.failed for outcome in made) else 0


@in_words
def _export(
    name: str, month: date | None, why: str, dry_run: bool, form: str = "", include: tuple[str, ...] = ()
) -> int:
    from leads_platform.acting import act
    from leads_platform.actions.action import AskedWrongly
    from leads_platform.cli.asking import needs_landing

    platform = loaded(needs_landing(Settings.from_env()))
    try:
        acted = act(platform, name, month=month, form=form, include=include, why=why, dry=dry_run, say=terminal.say)
    except AskedWrongly as error:
        raise click.UsageError(str(error)) from None
    return show(acted, dry=dry_run)


@commands.group(cls=Exports, perform=_export, month=MONTH)
def export() -> None:
    """Give rows of tables out: each once, and what went out is kept. No run does so by itself."""


@commands.command()
@click.option("--months", default=6, show_default=True, type=click.IntRange(1), help="How many months.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Size factor.")
@click.option("--seed", default=20240101, show_default=True, help="The same seed gives the same bytes.")
@click.option("--out", type=click.Path(path_type=Path), help="Where; default: the landing folder.")
@in_words
def sample(months: int, scale: float, seed: int, out: Path | None) -> int:
    """Generate sample files with a known truth."""
    from leads_platform.rooms import find_rooms
    from leads_platform.sample import generate

    settings = None if out else Settings.from_env()
    if settings and settings.env == "prod":
        raise click.UsageError("prod does not run on sample data; give --out")
    target = settings.landing if settings else Path(out or ".")
    rooms = find_rooms(Settings.from_env().rooms)
    made = generate(target, rooms.emitters, months=months, scale=scale, seed=seed)
    terminal.say(f"Wrote {len(made.arrival_order)} files to {target}.")
    return 0


@commands.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@in_words
def ui(port: int) -> int:
    """Start the Dagster UI with its daemon (schedule and sensors), on this machine only."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.cli.ui import serve

    return serve(needs_landing(Settings.from_env(), ask=True), port)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program. `arguments` are the words after its name; None: those it was called with."""
    # A command makes many objects and leaves few circles of them. To look for circles once more at its end takes 0.1 s
    # of a direct build and 1 s of one through Dagster; before, it is enough to look a hundred times less often.
    gc.set_threshold(100_000, 20, 100)
    atexit.register(gc.freeze)
    stop_in_order()
    commands(arguments)
