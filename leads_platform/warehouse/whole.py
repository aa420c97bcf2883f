"""Whether a database file is still what we left: by its look at each opening, by all of its bytes where that is cheap.

Belongs here: the note beside a file of what it was when we closed or copied it, and holding the file against it. Does
not: what to do about a file that differs (connection, publish), or DuckDB's own checksums (connection).

Any program that writes to a file changes its look (inode, size, times). A bad disk does not: what it spoilt only
reading tells. A file of at most SMALL bytes is read whole by each process that opens it; a larger one once a day.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# What sha256 takes a quarter of a second for.
SMALL = 256 * 2**20
# Seconds after which a larger file is read again.
EVERY = 24 * 3600.0
# Files this process has read and found as noted, with their look then.
_read_here: set[tuple[Path, tuple[int, ...]]] = set()


@dataclass(frozen=True)
class Left:
    """A file as it was left: its look, the sha256 of its bytes ("" where nobody reckoned it), when it was last read.

    `of`: what it is a copy of, and in which state that was.
    """

    look: tuple[int, ...]
    sha256: str
    read_at: float
    of: str = ""

    def is_due(self) -> bool:
        """Whether the last whole reading is too long ago; also when the clock was set back behind it."""
        return not 0 <= time.time() - self.read_at <= EVERY


def look(path: Path) -> tuple[int, ...]:
    """What differs once a program has written to the file, or put another in its place."""
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def sha256_of(path: Path) -> str:
    """The sha256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_left(note: Path) -> Left | None:
    """What the note says; None where there is none, or none that can be understood: then nothing is known."""
    try:
        left = json.loads(note.read_text())
        return Left(tuple(map(int, left["look"])), str(left["sha256"]), float(left["read_at"]), str(left["of"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_left(note: Path, left: Left) -> None:
    """Writes the note, by rename."""
    scratch = note.with_name(f"{note.name}.{os.getpid()}.tmp")
    scratch.write_text(json.dumps(asdict(left)))
    scratch.replace(note)


def looks_as_left(path: Path, note: Path) -> bool:
    """Whether no program seems to have written to the file since; reads nothing of it."""
    left = read_left(note)
    return left is not None and left.look == look(path)


def is_as_left(path: Path, note: Path) -> bool | None:
    """Whether the file is what the note says. False: no program wrote to it, and yet its bytes are others.

    None where only reading it through can tell: something wrote to it, or nobody reckoned its digest and a reading is
    due. Reads all of it where its digest is known, and its look has changed or a reading is due.
    """
    left = read_left(note)
    if left is None:
        return None
    now = look(path)
    if left.look == now and ((path, now) in _read_here or (now[1] > SMALL and not left.is_due())):
        return True
    if not left.sha256:
        return None
    if sha256_of(path) != left.sha256:
        return False if left.look == now else None
    _read_here.add((path, now))
    if now != left.look or now[1] > SMALL:
        write_left(note, Left(now, left.sha256, time.time(), left.of))
    return True


def leave(path: Path, note: Path, *, read: bool, sha256: str = "", of: str = "") -> None:
    """Notes the file as it is now, which is as we made it; `read`: it was read through just now.

    `sha256` is that of its bytes, where the caller knows; else it is reckoned of a small file.
    """
    left, now = read_left(note), look(path)
    if left is not None and left.look == now and not read and not sha256:
        return
    if now[1] <= SMALL:
        sha256 = sha256 or sha256_of(path)
    if sha256:
        _read_here.add((path, now))
    since = time.time() if read or sha256 or left is None else left.read_at
    write_left(note, Left(now, sha256, since, of))


def doubt(note: Path) -> None:
    """Forgets what was noted: the file has been found damaged, whatever its look."""
    with contextlib.suppress(OSError):
        note.unlink()
