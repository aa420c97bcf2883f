"""How a command ends that does not come to its own end: wrong usage, Ctrl-C, or a signal to stop.

Belongs here: the group of commands that shows such ends, and the signals. Does not: the commands (cli), or what a
command says of its work when it is stopped (building).
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

from leads_platform import terminal


class Stopped(KeyboardInterrupt):
    """A signal asks this process to stop: it rolls back what is not committed, as at Ctrl-C, and ends."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number  # what a shell tells of a program that a signal has ended


def stop_in_order() -> None:
    """Makes TERM and HUP stop this process as Ctrl-C does. What its starter told it to ignore (nohup), it ignores."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: object) -> None:
    raise Stopped(number)


class Commands(click.Group):
    """The group of all commands. Its messages quote what was typed, without what a terminal would obey."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """As click's: runs the command and ends the process, with 2 for wrong usage and 128 + signal when stopped."""
        if not standalone_mode:
            return super().main(args, *rest, standalone_mode=False, **extra)
        try:
            code = super().main(args, *rest, standalone_mode=False, **extra)
        except click.ClickException as error:
            text = io.StringIO()
            error.show(text)
            terminal.complain(text.getvalue().rstrip("\n"), style="")
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt) as error:
            cause = error if isinstance(error, Stopped) else error.__cause__
            code = cause.exit_code if isinstance(cause, Stopped) else Stopped().exit_code
            terminal.complain("Stopped.")
        sys.exit(code if isinstance(code, int) else 0)
