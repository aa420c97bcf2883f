"""The command line in a process that kills itself at a named moment, or whose machine has a fault.

Belongs here: the moments and faults, put around the platform's own functions from outside. Does not: expectations.

    python -m leads_platform_tests.faults.crash_process ROOMS -- run --direct

starts the command of these rooms without a fault, where the start and the end of Python are in question.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from leads_platform import platform
from leads_platform.arrivals import receive
from leads_platform.arrivals.archive import store as archive
from leads_platform.arrivals.reading import file_reading as reading
from leads_platform.products import full_copy
from leads_platform.warehouse import connection, write
from leads_platform_tests.few_rooms import keep

# Moments inside one file's arrival, one table's build, the publishing and the notes.
MOMENTS = (
    "first blocks", "arrival copy", "records half-written", "original renamed", "manifest to be renamed",
    "manifest renamed", "build_state.json", "begin", "insert", "commit", "in commit", "committed", "checkpoint",
    "in checkpoint", "publish", "published",
)  # fmt: skip


class Countdown:
    """Kills this process at the n-th call."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            die()

    @property
    def due(self) -> bool:
        """Whether the next call kills."""
        return self._left == 1


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_step(number: int, *folders: str) -> None:
    """Dies before the so many-th step upon the disk below these folders that can leave a trace there."""
    count = Countdown(number)

    def hook(event: str, values: tuple[Any, ...]) -> None:
        writes = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")
        writes |= event == "open" and isinstance(values[2], int) and bool(values[2] & (os.O_WRONLY | os.O_RDWR))
        if writes and str(values[0]).startswith(folders):
            count()

    sys.addaudithook(hook)


def _around(place: Any, name: str, before: Callable[..., None], after: Callable[..., None]) -> None:
    original = getattr(place, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before(*args)
        result = original(*args, **kwargs)
        after(*args)
        return result

    setattr(place, name, wrapped)


def _nothing(*args: Any) -> None:
    pass


class Connection:
    """A DuckDB connection that lets `before` and `after` see every statement."""

    def __init__(self, con: Any, before: Callable[[str], None], after: Callable[[str], None]) -> None:
        self._con, self._before, self._after = con, before, after

    def execute(self, statement: str) -> Any:
        self._before(statement)
        result = self._con.execute(statement)
        self._after(statement)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def _statements(before: Callable[[str], None], after: Callable[[str], None] = _nothing) -> None:
    plain = write.Warehouse.__init__

    def init(self: Any, con: Any, *args: Any, **kwargs: Any) -> None:
        seen: Any = Connection(con, before, after)
        plain(self, seen, *args, **kwargs)

    write.Warehouse.__init__ = init  # type: ignore[method-assign]


def kill_at(moment: str, calls: int) -> None:
    """Arranges for this process to be killed the n-th time it comes to the moment."""
    tick = Countdown(calls)

    def renamed(pattern: str) -> Callable[..., None]:
        return lambda source, target, *rest: tick() if re.search(pattern, str(target)) else None

    def statement(pattern: str) -> Callable[[str], None]:
        return lambda text: tick() if text.startswith(pattern) else None

    def soon(pattern: str) -> Callable[[str], None]:
        def before(text: str) -> None:
            if text.startswith(pattern):
                if tick.due:  # while the statement runs
                    threading.Timer(0.0002 * calls, die).start()
                else:
                    tick()

        return before

    def half_copied(source: Any, target: Any) -> None:
        if tick.due:
            Path(target).write_bytes(Path(source).read_bytes()[: Path(source).stat().st_size // 2])
        tick()

    def half_written(self: Any, target: Path) -> None:
        if tick.due:
            target.write_bytes(b"PAR1 half")
        tick()

    def first_blocks(con: object, path: Path) -> None:
        if tick.due:  # what DuckDB leaves when killed before it has written all of its three headers
            path.with_name(path.name + ".new").write_bytes(b"\0" * 4096)
        tick()

    arrange: dict[str, Callable[[], None]] = {
        "arrival copy": lambda: _around(
            archive, "_copy", lambda file, target: half_copied(file.name, target), _nothing
        ),
        "records half-written": lambda: _around(reading.FileReading, "write_parquet", half_written, _nothing),
        "original renamed": lambda: _around(os, "replace", _nothing, renamed(r"/originals/.*\.gz$")),
        "manifest to be renamed": lambda: _around(os, "replace", renamed(r"/manifests/\d+\.json$"), _nothing),
        "manifest renamed": lambda: _around(os, "replace", _nothing, renamed(r"/manifests/\d+\.json$")),
        "begin": lambda: _statements(_nothing, statement("begin")),
        "insert": lambda: _statements(_nothing, statement('insert into "')),
        "commit": lambda: _statements(statement("commit")),
        "in commit": lambda: _statements(soon("commit")),
        "committed": lambda: _statements(_nothing, statement("commit")),
        "checkpoint": lambda: _statements(statement("checkpoint")),
        "in checkpoint": lambda: _statements(soon("checkpoint")),
        "first blocks": lambda: _around(connection, "_make", first_blocks, _nothing),
        "publish": lambda: _around(full_copy, "_copy", half_copied, _nothing),
        "published": lambda: _around(os, "replace", _nothing, renamed(r"/published/full\.duckdb$")),
        "build_state.json": lambda: _around(os, "replace", renamed(r"/build_state\.json$"), _nothing),
    }
    arrange[moment]()


def full_disk(size: int) -> None:
    """No file of this process grows beyond so many bytes; the system refuses, as it does on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def no_space(pattern: str) -> None:
    """Every rename onto such a path fails for want of space."""

    def refuse(source: Any, target: Any, *rest: Any) -> None:
        if re.search(pattern, str(target)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    _around(os, "replace", refuse, _nothing)


def little_memory(megabytes: int) -> None:
    """DuckDB may take so much memory, and no disk instead."""
    connection.memory_limit_mb = lambda: megabytes  # type: ignore[assignment]


def unprivileged() -> None:
    """Root gives up its power over file modes, so that they concern it as they do any owner; others never had it."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3 of the interface, this thread
        sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 of them
        if libc.capget(header, sets):
            raise OSError(ctypes.get_errno(), "capget")
        sets[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
        if libc.capset(header, sets):
            raise OSError(ctypes.get_errno(), "capset")


def command_line(fault: Sequence[str], words: Sequence[str], rooms: Sequence[str] = ()) -> None:
    """The command of these words with the fault, on a platform of these rooms (all, if none are named)."""
    keep(*rooms)
    receive._SETTLE_SECONDS = 0.01  # the files rest
    kind, *values = fault
    if kind == "kill":
        kill_at(values[0], int(values[1]))
    elif kind == "kill-at-step":
        kill_at_step(int(values[0]), *values[1:])
    elif kind == "full-disk":
        full_disk(int(values[0]))
    elif kind == "no-space":
        no_space(values[0])
    elif kind == "memory":
        little_memory(int(values[0]))
    elif kind == "unprivileged":
        unprivileged()
    elif kind == "impatient":
        connection._CONFLICT_WAIT = 0.5
        plain = platform.WriterLock
        platform.WriterLock = lambda *args, **kwargs: plain(*args, **{**kwargs, "wait": 0.5})  # type: ignore[misc]
    from leads_platform.cli.commands import main as commands

    commands(words)


if __name__ == "__main__":
    at = sys.argv.index("--")
    command_line(("none",), sys.argv[at + 1 :], sys.argv[1:at])
