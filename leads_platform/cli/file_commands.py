"""Commands on one file: try it, let it in or take it out, see its quarantined records.

Belongs here: arguments, the order of steps, exit codes. Does not: what a step does, or how results look (output).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from leads_platform.cli import output as terminal
from leads_platform.cli.steps import MONTH, in_words, loaded
from leads_platform.settings import Settings

_WHY = click.option("--why", default="", metavar="TEXT", help="Why; kept with who decided.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--feed", required=True, help="The feed whose contract the file is held against.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--show-values", is_flag=True, help="Show the values too; they may be personal data.")
@in_words
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


@click.command()
@click.argument("file")
@click.option("--month", type=MONTH, help="Needed when the same bytes are held for more than one month.")
@_WHY
@in_words
def accept(file: str, month: date | None, why: str) -> int:
    """Let a held file in, or take a withdrawal back. FILE is FEED/FILE, or the start of its fingerprint."""
    return _decide("accept", lambda arrivals: arrivals.accept(file, month, why))


@click.command()
@click.argument("file")
@click.option("--month", type=MONTH, help="Needed when the same bytes stand for more than one month.")
@_WHY
@in_words
def withdraw(file: str, month: date | None, why: str) -> int:
    """Take a file out; its slot's former version stands again. A held or refused file is dismissed.

    FILE is FEED/FILE, or the start of its fingerprint.
    """
    return _decide("withdraw", lambda arrivals: arrivals.withdraw(file, month, why))


@click.command()
@click.argument("file")
@click.option("--show-values", is_flag=True, help="Show the original lines too; they may be personal data.")
@in_words
def quarantine(file: str, show_values: bool) -> int:
    """The records of FILE (FEED/FILE, or the start of a fingerprint) that could not be loaded, and why."""
    from leads_platform.arrivals.quarantine import quarantined_records
    from leads_platform.cli.asking import needs_landing

    platform = loaded(needs_landing(Settings.from_env()))
    records = quarantined_records(platform.settings, platform.contracts, file, show_values=show_values)
    if not records:
        terminal.say("No record of it is quarantined.")
        return 0
    columns = ["file", "line", "column", "reason", *(["original line"] if show_values else [])]
    terminal.grid(f"{len(records)} quarantined records", columns, [row[: len(columns)] for row in records])
    return 0


def _decide(action: str, decide: Callable[[Any], Any]) -> int:
    from leads_platform.attention import decided
    from leads_platform.cli.asking import agreed, needs_landing
    from leads_platform.cli.build import build_everything
    from leads_platform.cli.closing import products_failed
    from leads_platform.cli.status import read_status
    from leads_platform.platform import open_session

    platform = loaded(needs_landing(Settings.from_env()))
    may_remove = agreed(platform, yes=False)
    with open_session(platform, action, say=terminal.say) as session:
        manifest = decide(session.arrivals)
        said = decided(platform.settings, session.arrivals.state, manifest)
    terminal.say(said)
    failed = build_everything(platform, agreed=may_remove)
    unmade = products_failed(read_status(platform))
    for need in unmade:
        terminal.complain(f"{need.what} {need.message}")
    return 1 if failed or unmade else 0
