"""The published copy: the warehouse file people and BI tools open, replaced whole by rename.

Belongs here: making the copy. Does not: deciding when (the callers publish after their checks have passed).
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path


def publish(warehouse: Path, published: Path) -> None:
    """Replaces the published copy by the warehouse as it is. Call with the lock held and the connection closed:
    a copy taken while a writer is open is stale (HAZARDS)."""
    published.parent.mkdir(parents=True, exist_ok=True)
    # Taken before the copy, and noted after it: whatever is cut off in between is copied again.
    told = _told(warehouse)
    scratch = published.with_suffix(".new")
    try:
        shutil.copyfile(warehouse, scratch)
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(published)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    note = _source(published).with_suffix(".tmp")
    note.write_text(told)
    note.replace(_source(published))


def is_outdated(published: Path, warehouse: Path) -> bool:
    """Whether the copy is of another file, or the warehouse was written since; one that only looks does not write.

    Not by which of the two is younger: the machine's clock may have been set back between them.
    """
    source = _source(published)
    return not published.exists() or not source.exists() or source.read_text() != _told(warehouse)


def _told(warehouse: Path) -> str:
    """Which warehouse, in which state."""
    now = warehouse.stat()
    return json.dumps([str(warehouse), now.st_size, now.st_mtime_ns])


def _source(published: Path) -> Path:
    """Beside the copy: what it is a copy of."""
    return published.with_name(".source")
