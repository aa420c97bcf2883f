"""The published copy: the warehouse file people and BI tools open, replaced whole by rename.

Belongs here: making the copy, and seeing whether it is still what was made. Does not: deciding when (the callers
publish after their checks have passed), or opening it (connection).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from leads_platform.warehouse.connection import note_of_copy
from leads_platform.warehouse.whole import is_as_left, leave, read_left

_CHUNK = 1 << 20


def publish(warehouse: Path, published: Path) -> None:
    """Replaces the published copy by the warehouse as it is. Call with the lock held and the connection closed:
    a copy taken while a writer is open is stale (docs/hazards.md)."""
    published.parent.mkdir(parents=True, exist_ok=True)
    # Taken before the copy, and noted after it: whatever is cut off in between is copied again.
    note = _told(warehouse)
    scratch = published.with_suffix(".new")
    try:
        digest = _copied(warehouse, scratch)
        scratch.replace(published)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    leave(published, note_of_copy(published), read=True, sha256=digest, of=note)


def publish_where_needed(warehouse: Path, published: Path, say: Callable[[str], None] = lambda text: None) -> None:
    """Publishes where the copy is of another state of the warehouse, or not what was published. Holds the lock."""
    note = note_of_copy(published)
    if not is_outdated(published, warehouse) and is_as_left(published, note):
        return
    if published.exists() and not (note.exists() and is_outdated(published, warehouse)):  # no note: it was doubted
        say(f"{published} was not what had been published: damaged, or something wrote to it. It is made anew.")
    publish(warehouse, published)


def is_outdated(published: Path, warehouse: Path) -> bool:
    """Whether the copy is of another file, or the warehouse was written since; one that only looks does not write.

    Not by which of the two is younger: the machine's clock may have been set back between them.
    """
    left = read_left(note_of_copy(published))
    return not published.exists() or left is None or left.of != _told(warehouse)


def _copied(source: Path, target: Path) -> str:
    """Copies the file, waits until it is on the disk, and returns the sha256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _told(warehouse: Path) -> str:
    """Which warehouse, in which state."""
    now = warehouse.stat()
    return json.dumps([str(warehouse), now.st_size, now.st_mtime_ns])
