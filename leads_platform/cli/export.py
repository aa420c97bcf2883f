"""`leads-platform export`: a command for each action that a room declares.

Belongs here: its options, and what is printed of a run. Does not: doing it (acting), or what an action's words mean
(its room).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from leads_platform.cli import output as terminal
from leads_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from leads_platform.acting import Acted
    from leads_platform.actions.action import Action


class _Words(click.ParamType):
    """Some of these words, with commas between."""

    name = "WORD,WORD"

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        asked = [word.strip() for word in str(value).split(",")]
        if wrong := [word for word in asked if word not in self._words]:
            self.fail(f"{wrong[0]!r} is none of {', '.join(self._words)}.", param, ctx)
        return tuple(asked)


def _joined(ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """All words of an option that was given more than once, each once."""
    return tuple(sorted({word for words in value for word in words}))


class Exports(click.Group):
    """The group: its commands are the rooms' actions. `perform` is called with an action's name and its options."""

    def __init__(self, *args: Any, perform: Callable[..., Any], month: click.ParamType, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._perform, self._month = perform, month

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_actions())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        action = _actions().get(cmd_name)
        if action is None:
            return None
        options = [click.Option(["--month"], type=self._month, help="Which month; default: the last with files.")]
        if action.forms:
            told = "; ".join(f"{form}: {says}" for form, says in action.forms.items())
            forms = click.Choice(list(action.forms))
            options.append(click.Option(["--form"], type=forms, default=next(iter(action.forms)), help=f"{told}."))
        if action.include:
            told = "; ".join(f"{word}: {says}" for word, says in action.include.items())
            options.append(
                click.Option(
                    ["--include"],
                    type=_Words(action.include),
                    multiple=True,
                    callback=_joined,
                    help=f"Also {told}. May be given more than once.",
                )
            )
        options.append(click.Option(["--why"], default="", metavar="TEXT", help="Why; kept with who asked."))
        options.append(click.Option(["--dry-run"], is_flag=True, help="Say what would go out; write nothing."))
        return click.Command(cmd_name, params=[*options], callback=partial(self._perform, cmd_name), help=action.says)


def _actions() -> dict[str, Action]:
    from leads_platform.rooms import find_rooms
    from leads_platform.warehouse.table import DeclarationError

    try:
        return find_rooms(Settings.from_env().rooms).actions
    except (SettingsError, DeclarationError) as error:
        raise click.ClickException(str(error)) from None


def show(acted: Acted, *, dry: bool) -> int:
    """Prints what became of it. Returns the exit code."""
    outcome = acted.outcome
    for line in outcome.says:
        terminal.say(terminal.plain(line))
    if dry:
        terminal.say("This was a dry run: nothing was written.")
    elif not outcome.file:  # one that was written has been told
        terminal.say("No file was written, as nothing new goes out.")
    failed = [product for product in acted.products if product.failed]
    for product in failed:
        terminal.complain(f"{product.key} was not made: {product.failed}. The former one stands.")
    return 1 if failed else 0
