"""One writer per environment: a lock file every writer holds for its whole run, with who holds it and how far it is.

Belongs here: taking, announcing and showing the lock. Does not: DuckDB's own file lock (connection).
The operating system frees the lock when its holder dies, however it dies; the note beside it is only for people.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

# At least so many seconds lie between two words to who waits.
_TELL_SECONDS = 10.0


class LockHeld(Exception):
    """Another run writes to this environment and did not finish within the time given."""


@dataclass(frozen=True)
class Holder:
    """Who writes now: its process, what it said it does, and its last word of progress."""

    pid: int
    doing: str
    since: str
    progress: str = ""

    def __str__(self) -> str:
        progress = f"; {self.progress}" if self.progress else ""
        return f"process {self.pid} ({self.doing}, since {self.since}{progress})"


class WriterLock:
    """The environment's lock. `with WriterLock(home, "build 2024-05"): ...` waits for it, telling who holds it."""

    def __init__(
        self, home: Path, doing: str, *, wait: float = 600.0, say: Callable[[str], None] = lambda text: None
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(home / "writer.lock")
        self._note = home / "writer.json"
        self._doing, self._wait, self._say = doing, wait, say
        self._since = ""

    def __enter__(self) -> WriterLock:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self._wait_and_tell()
        self._since = time.strftime("%Y-%m-%d %H:%M:%S")
        self.progress("")
        return self

    def _wait_and_tell(self) -> None:
        """Waits for the lock; says for whom, and again as who holds it, or how far that is, has changed."""
        until = time.monotonic() + self._wait
        last_said, told_at = "", 0.0
        while True:
            who = str(holder(self._note.parent) or "another run")
            now = time.monotonic()
            if not last_said:
                self._say(f"Waiting for the warehouse: {who} is writing.")
                last_said, told_at = who, now
            elif who != last_said and now - told_at > _TELL_SECONDS:
                self._say(f"Still waiting: {who} is writing.")
                last_said, told_at = who, now
            try:
                self._lock.acquire(timeout=max(0.0, min(until - now, _TELL_SECONDS)))
            except Timeout as error:
                if time.monotonic() < until:
                    continue
                raise LockHeld(
                    f"{holder(self._note.parent) or 'Another run'} has held the warehouse for more than "
                    f"{self._wait:.0f} s. Let it finish, or stop that process, then try again."
                ) from error
            return

    def progress(self, text: str) -> None:
        """Notes what the holder is at, for those who wait."""
        scratch = self._note.with_suffix(f".{os.getpid()}.tmp")
        note = {"pid": os.getpid(), "doing": self._doing, "since": self._since, "progress": text}
        scratch.write_text(json.dumps(note))
        scratch.replace(self._note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._note.unlink(missing_ok=True)
        self._lock.release()


@contextmanager
def lock_if_free(home: Path) -> Iterator[bool]:
    """Holds the writer's lock for a moment if nobody does; yields whether it could."""
    lock = FileLock(home / "writer.lock")
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def holder(home: Path) -> Holder | None:
    """Who holds the environment's lock now, by its own note; None when nobody does."""
    try:
        found = Holder(**json.loads((home / "writer.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    # Not by the process number, which another program may have by now: by the lock itself.
    with lock_if_free(home) as free:
        return None if free else found
