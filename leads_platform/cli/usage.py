"""How a command ends that does not come to its own end: wrong usage, Ctrl-C, or a signal to stop.

Belongs here: the group of commands that shows such ends, and the signals. Does not: the commands (cli), or what a
command says of its work when it is stopped (cli.build).
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

from leads_platform.cli import output as terminal
from leads_platform.cli.group_commands import group_command, group_names

# A shell's own code for a program ended by Ctrl-C.
STOPPED = 130


def stop_in_order() -> None:
    """Makes TERM and HUP stop this process as Ctrl-C does: what is not committed is rolled back.

    What the starter told this process to ignore (nohup), it goes on ignoring.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


class Commands(click.Group):
    """The group of all commands. Its messages quote what was typed, without what a terminal would obey.

    The rooms' groups of feeds have commands, too; rooms are looked for where no other command is meant.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *group_names()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or group_command(cmd_name)

    def main(self, args: Sequence[str] | None = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """As click's: runs the command and ends the process, with 2 for wrong usage and 130 when stopped."""
        if not standalone_mode:
            return super().main(args, *rest, standalone_mode=False, **extra)
        try:
            code = super().main(args, *rest, standalone_mode=False, **extra)
        except click.ClickException as error:
            text = io.StringIO()
            error.show(text)
            terminal.complain(text.getvalue().rstrip("\n"), style="")
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            terminal.complain("Stopped.")
            code = STOPPED
        sys.exit(code if isinstance(code, int) else 0)
