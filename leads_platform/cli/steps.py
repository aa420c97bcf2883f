"""What commands share: errors as words, arguments of several, and the steps of taking in and building.

Belongs here: what more than one command does in one way. Does not: a command (commands and those beside it), or how
results look (output).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from typing import Any

import click

from leads_platform.cli import output as terminal
from leads_platform.errors import fault_in_words, is_stop, keep_texts, texts, unforeseen
from leads_platform.months import parse_month
from leads_platform.settings import Settings, SettingsError


class _Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else parse_month(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


MONTH = _Month()


YES = click.option("--yes", is_flag=True, help="Agree that built months or tables go, as a moved first month asks.")


def in_words(command: Callable[..., int | None]) -> Callable[..., None]:
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
            terminal.complain(words_of(error))
            code = 1
        for text in texts():
            terminal.complain(f"Left out above; it may be personal data, on this terminal alone:\n{text}")
        sys.exit(code)

    return run


def words_of(error: Exception) -> str:
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


def loaded(settings: Settings) -> Any:
    """The platform; of contracts that are out of order is told, and the rest goes on."""
    from leads_platform.platform import load_platform

    platform = load_platform(settings)
    for entry in platform.out_of_order:
        terminal.complain(entry.words())
    return platform


def take_in(session: Any) -> list[Any]:
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


def build_and_close(platform: Any, met: Sequence[Any] = (), *, reports: bool = True, **asked: Any) -> tuple[bool, int]:
    """Builds, shows the reports, and closes with what needs attention, also where an error has ended the build.

    Returns whether all was built, tables and products, and the exit code of a `run`.
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
        words = words_of(error)
        terminal.complain(words)
        met = [*met, Need("Building", words)]
    acted_on = print_closing(platform, met)
    return built and not any(need.product for need in acted_on), 1 if acted_on else 0
