"""A program in a process of its own, forked from one that has loaded the platform: without its start of a second.

Belongs here: starting it, what it says, how it ends. Does not: what is done or broken in it (faults, safety). Where
the start itself is in question, a test starts Python.
"""

from __future__ import annotations

import atexit
import fcntl
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

_SERVER = multiprocessing.get_context("forkserver")
# Loaded once, before the first fork: `__main__`, and what the commands, DuckDB and Dagster load when they are called.
_SERVER.set_forkserver_preload(
    [
        "__main__",
        "dagster._daemon.controller",
        "numpy",
        "upath.implementations.local",
        "leads_platform.arrivals.reading.csv_reading",
        "leads_platform.cli.asking",
        "leads_platform.cli.build",
        "leads_platform.cli.closing",
        "leads_platform.cli.commands",
        "leads_platform.cli.status",
        "leads_platform.orchestration.run",
        "leads_platform_tests.faults.crash_process",
        "leads_platform_tests.safety.hostile",
    ]
)
# The server ends by itself, but not before us: waited for, its time counts as that of the tests.
atexit.register(forkserver._forkserver._stop)  # type: ignore[attr-defined]
_MEGABYTE = 1 << 20


class Forked:
    """`work(*arguments)` under way in a process of its own, in this folder and with this environment alone."""

    def __init__(self, work: Callable[..., Any], *arguments: Any, env: Mapping[str, str], folder: Path) -> None:
        self._pipes = tempfile.TemporaryDirectory()
        self._said = [_pipe(f"{self._pipes.name}/{number}") for number in (1, 2)]
        given = (work, arguments, dict(env), str(folder), self._pipes.name)
        self._process = _SERVER.Process(target=_work, args=given, daemon=True)
        self._process.start()

    def kill(self) -> None:
        """Ends it as nothing can prevent."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it is under way."""
        self._process.join(seconds)
        return self._process.exitcode

    def ended(self, seconds: float = 200.0) -> tuple[int, str, str]:
        """Waits for its end: exit code, output, complaints."""
        code = self.wait(seconds)
        if code is None:
            self.kill()
            self.wait(10)
        out, err = map(_read, self._said)
        self._pipes.cleanup()
        assert code is not None, f"still at work after {seconds} s:\n{out}{err}"
        return code, out, err


def _pipe(path: str) -> int:
    """A pipe with a name that takes in a megabyte while nobody reads. A file would count against a limit on files."""
    os.mkfifo(path)
    number = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, _MEGABYTE)
    return number


def _read(pipe: int) -> str:
    try:
        return os.read(pipe, _MEGABYTE).decode()
    except BlockingIOError:  # nothing was said
        return ""
    finally:
        os.close(pipe)


def _work(work: Callable[..., Any], arguments: tuple[Any, ...], env: Mapping[str, str], folder: str, said: str) -> None:
    for number in (1, 2):
        os.dup2(os.open(f"{said}/{number}", os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    work(*arguments)
