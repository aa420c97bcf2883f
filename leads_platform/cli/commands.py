"""The `leads-platform` command: thin commands over the platform; exit 0 done, 1 failed or refused, 2 wrong usage.

Belongs here: arguments, the order of steps, exit codes. Does not: what a step does, how results look (cli.output), or
how a command ends that was used wrongly or stopped (usage).
"""

from __future__ import annotations

import atexit
import gc
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leads_platform.cli import output as terminal
from leads_platform.cli.export import Exports, show
from leads_platform.cli.usage import Commands, stop_in_order
from leads_platform.errors import fault_in_words, is_stop, keep_texts, texts, unforeseen
from leads_platform.months import add_months, label, parse_month
from leads_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.load import Known


class _Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else parse_month(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


MONTH = _Month()


def _in_words(command: Callable[..., int | None]) -> Callable[..., None]:
    """Errors a person can mend end as words and exit code 1; of any other only kind and places are told, no text."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            if click.get_current_context().find_root().params.get("debug"):
                keep_texts()
            code = command(*args, **kwargs) or 0
        except click.ClickException:
            raise
        except Exception as error:
            terminal.complain(_words(error))
            code = 1
        for text in texts():
            terminal.complain(f"Left out above; it may be personal data, on this terminal alone:\n{text}")
        sys.exit(code)

    return run


def _words(error: Exception) -> str:
    """An error as a person is told it. Raises KeyboardInterrupt for one that a signal to stop has made."""
    from leads_platform.actions.action import ActionFailed
    from leads_platform.arrivals.archive.naming import NotFound
    from leads_platform.arrivals.archive.store import ArchiveDamaged
    from leads_platform.arrivals.contracts.load import ContractError
    from leads_platform.arrivals.decisions import DecisionError
    from leads_platform.warehouse.connection import WarehouseUnusable
    from leads_platform.warehouse.errors import BuildError
    from leads_platform.warehouse.lock import LockHeld
    from leads_platform.warehouse.planner import InputsMissing
    from leads_platform.warehouse.table import DeclarationError

    known = (
        SettingsError, ArchiveDamaged, ContractError, DecisionError, NotFound, WarehouseUnusable, LockHeld,
        InputsMissing, DeclarationError, BuildError, ActionFailed,
    )  # fmt: skip
    if isinstance(error, known):
        return str(error)
    if isinstance(error, OSError):
        return fault_in_words(error) or f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    if is_stop(error):
        raise KeyboardInterrupt from None
    return fault_in_words(error) or f"A fault of the program: {unforeseen(error)}."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="leads_platform")
@click.option("--debug", is_flag=True, help="Show texts of errors that are left out, as they may be personal data.")
def commands(debug: bool) -> None:
    """Leads from files to a monthly report: tables with checks, in DuckDB, run by Dagster.

    Drop files into DATA/landing/<feed>/ and call `leads-platform run`.
    Settings are LEADS_PLATFORM_* in the environment; see docs/operations.md.
    """


_YES = click.option("--yes", is_flag=True, help="Agree that built months or tables go, as a moved first month asks.")


@commands.command()
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@_YES
@_in_words
def run(direct: bool, yes: bool) -> int:
    """Take in what is in landing, build what is stale, print what happened.

    Exits 1 while something is not in the tables, also from an earlier run: a file is refused, held or could not be
    taken in, a contract is out of order, a table could not be built, or something waits for --yes.
    """
    from leads_platform.cli.asking import agreed, needs_landing
    from leads_platform.cli.closing import told_of_run
    from leads_platform.platform import open_session

    platform = _loaded(needs_landing(Settings.from_env(), ask=True))
    may_remove = agreed(platform, yes)
    with open_session(platform, "run", agreed=may_remove, say=terminal.say) as session:
        manifests = _take_in(session)
        problems = [*session.arrivals.problems, *session.arrivals.failures]
    for problem in problems:
        terminal.complain(terminal.plain(problem))
    _, code = _build(platform, told_of_run(manifests, problems, platform.settings), direct=direct, agreed=may_remove)
    return code


@commands.command()
@click.option("--first-month", type=MONTH, help="First month to build; default: the first with data.")
@click.option("--last-month", type=MONTH, help="Last month to build; default: the last with data.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Reference date: its month is the last one.")
@click.option("--months", type=click.IntRange(1), help="With --as-of: how many months before it, too.")
@click.option("--select", multiple=True, metavar="TABLE", help="Only this table (room.table), and what it reads.")
@click.option("--again", is_flag=True, help="Build what is current, too: a window of months anew.")
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@_YES
@_in_words
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
    """Build the stale tables of some months, without taking files in. Exits 1 when a table could not be built."""
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
    platform = _loaded(settings)
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
    built, _ = _build(
        platform, reports=False, first=first_month, last=last_month, select=select or None, direct=direct, again=again,
        agreed=agreed(platform, yes),
    )  # fmt: skip
    return 0 if built else 1


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--files", is_flag=True, help="List the files in force, too, with their fingerprints.")
@click.option("--tables", is_flag=True, help="List the tables, too, with their months, rows and last build.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when something needs attention.")
@_in_words
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
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--feed", required=True, help="The feed whose contract the file is held against.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--show-values", is_flag=True, help="Show the values too; they may be personal data.")
@_in_words
def check(file: Path, feed: str, as_json: bool, show_values: bool) -> int:
    """Dry run: hold FILE against its feed's contract; nothing is taken in."""
    from leads_platform.arrivals.check import check_file
    from leads_platform.attention import move
    from leads_platform.platform import load_platform

    settings = Settings.from_env()
    platform = load_platform(settings)
    contracts = platform.contracts
    if broken := [entry.words() for entry in platform.out_of_order if entry.feed == feed]:
        terminal.complain("\n".join(broken))
        return 1
    if feed not in contracts:
        raise click.UsageError(
            f"there is no feed {feed}; there are {', '.join(sorted(contracts))}, "
            f"by the contracts that come with the platform and those in {settings.feeds}"
        )
    answer = check_file(
        file, contracts[feed], current_month=settings.current_month(), show_values=show_values, contracts=contracts
    )
    if as_json:
        terminal.raw(terminal.as_json(answer))
    else:
        terminal.findings(answer, contracts[feed])
        for words in move(settings, file.absolute(), answer["looks_like"]) if answer["looks_like"] else []:
            terminal.say(f"To move it: {words}")
    return 1 if answer["verdict"] == "refused" else 0


@commands.command()
@click.argument("file")
@click.option("--month", type=MONTH, help="Needed when the same bytes are held for more than one month.")
@_in_words
def accept(file: str, month: date | None) -> int:
    """Let a held file in, or take a withdrawal back. FILE is FEED/FILE, or the start of its fingerprint."""
    return _decide("accept", lambda arrivals: arrivals.accept(file, month))


@commands.command()
@click.argument("file")
@click.option("--month", type=MONTH, help="Needed when the same bytes stand for more than one month.")
@_in_words
def withdraw(file: str, month: date | None) -> int:
    """Take a file out; its slot's former version stands again. A held or refused file is dismissed.

    FILE is FEED/FILE, or the start of its fingerprint.
    """
    return _decide("withdraw", lambda arrivals: arrivals.withdraw(file, month))


@commands.command()
@click.argument("file")
@click.option("--show-values", is_flag=True, help="Show the original lines too; they may be personal data.")
@_in_words
def quarantine(file: str, show_values: bool) -> int:
    """The records of FILE (FEED/FILE, or the start of a fingerprint) that could not be loaded, and why."""
    from leads_platform.arrivals.quarantine import quarantined_records
    from leads_platform.cli.asking import needs_landing

    platform = _loaded(needs_landing(Settings.from_env()))
    records = quarantined_records(platform.settings, platform.contracts, file, show_values=show_values)
    if not records:
        terminal.say("No record of it is quarantined.")
        return 0
    columns = ["file", "line", "column", "reason", *(["original line"] if show_values else [])]
    terminal.grid(f"{len(records)} quarantined records", columns, [row[: len(columns)] for row in records])
    return 0


@commands.command()
@click.option("--direct", is_flag=True, help="Build without Dagster; quicker, reported to Dagster afterwards.")
@_in_words
def rebuild(direct: bool) -> int:
    """Make the warehouse anew from the archive; the published copy stays until it is done."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.cli.closing import Need
    from leads_platform.platform import begin_anew

    platform = _loaded(needs_landing(Settings.from_env()))
    with terminal.progress("Reading the archive"):
        damaged = begin_anew(platform.settings, say=terminal.say)
    for words in damaged:
        terminal.complain(words)
    built, _ = _build(platform, [Need("Archive", words) for words in damaged], direct=direct, agreed=True)
    return 1 if damaged or not built else 0


@commands.command()
@click.option("--anew", is_flag=True, help="Make what is current, too.")
@_in_words
def publish(anew: bool) -> int:
    """Make the published copies, and what else is made of tables, where they are stale. Builds do so at their end."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.platform import open_session

    platform = _loaded(needs_landing(Settings.from_env()))
    with terminal.progress("Publishing") as bar:
        with open_session(platform, "publish", say=terminal.say) as session:
            session.publish, session.anew = True, lambda place: anew
            session.step = lambda text: bar.update(bar.tasks[0].id, description=text)
        made = session.products
    for outcome in made:
        if outcome.failed:
            terminal.complain(f"{outcome.key} was not made: {outcome.failed}. The former one stands.")
        else:
            terminal.say(f"Made {platform.settings.published.parent / outcome.key}.")
    if not made:
        terminal.say("Every product is current.")
    return 1 if any(outcome.failed for outcome in made) else 0


@_in_words
def _export(
    name: str, month: date | None, why: str, dry_run: bool, form: str = "", include: tuple[str, ...] = ()
) -> int:
    from leads_platform.acting import act
    from leads_platform.actions.action import AskedWrongly
    from leads_platform.cli.asking import needs_landing

    platform = _loaded(needs_landing(Settings.from_env()))
    try:
        acted = act(platform, name, month=month, form=form, include=include, why=why, dry=dry_run, say=terminal.say)
    except AskedWrongly as error:
        raise click.UsageError(str(error)) from None
    return show(acted, dry=dry_run)


@commands.group(cls=Exports, perform=_export, month=MONTH)
def export() -> None:
    """Give rows of tables out: each once, and what went out is kept. No run does so by itself."""


@commands.group()
def feed() -> None:
    """Feed contracts."""


@feed.command("new")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The feed's name; default: from the file's name.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write it; default: standard output.")
@_in_words
def feed_new(file: Path, name: str | None, out: Path | None) -> int:
    """Propose a contract from a sample FILE, to be looked over and put into DATA/feeds/."""
    from leads_platform.arrivals.contracts.propose import propose_contract

    text = propose_contract(file, _known(), name)
    if out is None:
        terminal.raw(text)
        return 0
    if out.exists():
        raise click.UsageError(f"{out} is there already; choose another name or move it away")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    terminal.say(f"Wrote {out}. Look it over, then try it: leads-platform check {file} --feed {out.stem}")
    return 0


@feed.command("schema")
@_in_words
def feed_schema() -> int:
    """The JSON schema of a feed contract, for editors."""
    from leads_platform.arrivals.contracts.load import contract_json_schema

    terminal.raw(json.dumps(contract_json_schema(_known()), indent=1))
    return 0


def _known() -> Known:
    """The rooms and kinds that a contract may name."""
    from leads_platform.rooms import find_rooms

    return find_rooms(Settings.from_env().rooms).known


@commands.command()
@click.option("--months", default=6, show_default=True, type=click.IntRange(1), help="How many months.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Size factor.")
@click.option("--seed", default=20240101, show_default=True, help="The same seed gives the same bytes.")
@click.option("--out", type=click.Path(path_type=Path), help="Where; default: the landing folder.")
@_in_words
def sample(months: int, scale: float, seed: int, out: Path | None) -> int:
    """Generate sample files with a known truth."""
    from leads_platform.sample import generate

    settings = None if out else Settings.from_env()
    if settings and settings.env == "prod":
        raise click.UsageError("prod does not run on sample data; give --out")
    target = settings.landing if settings else Path(out or ".")
    truth = generate(target, months=months, scale=scale, seed=seed)
    terminal.say(f"Wrote {len(truth.arrival_order)} files to {target}.")
    return 0


@commands.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@_in_words
def ui(port: int) -> int:
    """Start the Dagster UI with its daemon (schedule and sensors), on this machine only."""
    from leads_platform.cli.asking import needs_landing
    from leads_platform.cli.ui import serve

    return serve(needs_landing(Settings.from_env(), ask=True), port)


def _loaded(settings: Settings) -> Any:
    """The platform; of contracts that are out of order is told, and the rest goes on."""
    from leads_platform.platform import load_platform

    platform = load_platform(settings)
    for entry in platform.out_of_order:
        terminal.complain(entry.words())
    return platform


def _take_in(session: Any) -> list[Any]:
    """Takes in the settled files, with a line and a progress tick for each."""
    from leads_platform.arrivals.archive.notes import notes

    with terminal.progress("Looking at the landing folder") as bar:
        files = session.arrivals.settled()
        again = session.arrivals.to_reread()
        task = bar.tasks[0].id
        done = 0
        bar.update(task, description="Taking files in", total=len(files) + len(again))

        def told(manifest: Any) -> None:
            nonlocal done
            done += 1
            terminal.manifest_line(manifest)
            bar.advance(task)
            session.lock.progress(f"taken in {manifest.feed}/{manifest.file_name}")

        before = set(notes(session.arrivals.state, left_out=False))
        try:
            manifests = session.arrivals.take_in(files, told)
        except KeyboardInterrupt:
            terminal.complain(
                f"Stopped: {done} files are taken in and stay so; `leads-platform run` goes on from there."
            )
            raise
    terminal.file_notes(note for note in notes(session.arrivals.state, left_out=False) if note not in before)
    if not manifests:
        terminal.say("No new files in landing.")
    return manifests


def _build(platform: Any, met: Sequence[Any] = (), *, reports: bool = True, **asked: Any) -> tuple[bool, int]:
    """Builds, shows the reports, and closes with what needs attention, also where an error has ended the build.

    Returns whether all was built, and the exit code of a `run`.
    """
    from leads_platform.cli.build import build_everything, print_closing, print_headlines
    from leads_platform.cli.closing import Need

    built = False
    try:
        failed = build_everything(platform, **asked)
        if reports:
            print_headlines(platform)
        built = not failed
    except Exception as error:
        words = _words(error)
        terminal.complain(words)
        met = [*met, Need("Building", words)]
    return built, print_closing(platform, met)


def _decide(action: str, decide: Callable[[Any], Any]) -> int:
    from leads_platform.attention import decided
    from leads_platform.cli.asking import agreed, needs_landing
    from leads_platform.cli.build import build_everything
    from leads_platform.platform import open_session

    platform = _loaded(needs_landing(Settings.from_env()))
    may_remove = agreed(platform, yes=False)
    with open_session(platform, action, say=terminal.say) as session:
        manifest = decide(session.arrivals)
        said = decided(platform.settings, session.arrivals.state, manifest)
    terminal.say(said)
    return 1 if build_everything(platform, agreed=may_remove) else 0


def main(arguments: Sequence[str] | None = None) -> None:
    """The program. `arguments` are the words after its name; None: those it was called with."""
    # A command makes many objects and leaves few circles of them. To look for circles once more at its end takes 0.1 s
    # of a direct build and 1 s of one through Dagster; before, it is enough to look a hundred times less often.
    gc.set_threshold(100_000, 20, 100)
    atexit.register(gc.freeze)
    stop_in_order()
    commands(arguments)
