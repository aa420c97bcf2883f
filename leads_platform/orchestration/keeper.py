"""The process that holds Dagster's own together: when it is told to stop, or its starter is gone, all of them end.

Belongs here: starting `dagster dev` in this process, and ending every process of its group. Does not: what a person
is told (serve). Started by serve as the leader of a process group of its own, with a pipe as standard input.

Dagster's processes don't notice that the one that started them was killed: the daemon goes on taking files. Here the
end of the pipe tells, which the system closes however the starter ends; and the starter ends the group when this
process is killed. Portable: no call that only Linux has.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

# A run rolls back and tells Dagster of it; DuckDB's files bear it when that is cut off.
_GRACE = 15.0


def dagster_dev(arguments: list[str]) -> None:
    """The command `dagster dev`; returns when it has ended."""
    # It advises another command, which starts from a project's folder and takes its modules from there.
    warnings.filterwarnings("ignore", message="Function `dev_command` is superseded")
    from dagster._cli.dev import dev_command

    dev_command.main(arguments, prog_name="dagster dev", standalone_mode=False)


def main(arguments: list[str], run: Callable[[list[str]], None] = dagster_dev) -> None:
    """Runs it with these arguments until it ends or standard input does; then ends every process of this group."""
    # Whoever starts a program in the background may have it ignore this one, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    try:
        run(arguments)
    except KeyboardInterrupt:  # while it starts or ends
        pass
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_group(os.getpgrp(), besides=[os.getpid()])


def _stop_at_end_of_input() -> None:
    while os.read(0, 1):
        pass
    # As Ctrl-C on a terminal does with `dagster dev`: the run under way rolls back, the services end, then this.
    os.killpg(os.getpgrp(), signal.SIGINT)


def end_group(group: int, besides: Iterable[int] = (), grace: float = _GRACE) -> None:
    """Waits for the processes of a group to end, asks them after a moment, and kills them after `grace` seconds."""
    begun = time.monotonic()
    asked = False
    while left := members(group) - set(besides):
        waited = time.monotonic() - begun
        if waited > grace:
            _send(left, signal.SIGKILL)
        elif waited > 1 and not asked:
            _send(left, signal.SIGTERM)
            asked = True
        time.sleep(0.1)


def members(group: int) -> set[int]:
    """The living processes of a process group."""
    if Path("/proc/self/stat").exists():
        stats = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
        return {int(pid) for pid, state, of_group in stats if of_group == str(group) and state != "Z"}
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat=,pgid="], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in listed.splitlines()]
    return {int(pid) for pid, state, of_group in lines if of_group == str(group) and not state.startswith("Z")}


def _stat(path: Path) -> tuple[str, str, str]:
    """Process, state and group, as Linux tells them; the program's name before them may hold anything."""
    try:
        text = path.read_text(errors="replace")
    except OSError:  # it has ended meanwhile
        return "", "", ""
    state, _, group = text.rpartition(")")[2].split()[:3]
    return path.parent.name, state, group


def _send(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main(sys.argv[1:])
