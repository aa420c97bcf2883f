"""The published copy: the warehouse file people and BI tools open, replaced whole by rename.

Belongs here: making the copy. Does not: deciding when (the callers publish after their checks have passed).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def publish(warehouse: Path, published: Path) -> None:
    """Replaces the published copy by the warehouse as it is. Call with the lock held and the connection closed:
    a copy taken while a writer is open is stale (HAZARDS)."""
    published.parent.mkdir(parents=True, exist_ok=True)
    scratch = published.with_suffix(".new")
    shutil.copyfile(warehouse, scratch)
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    scratch.replace(published)
    _source(published).write_text(str(warehouse))


def is_outdated(published: Path, warehouse: Path) -> bool:
    """Whether the copy is of another file, or the warehouse was written since; one that only looks does not write."""
    if not published.exists() or published.stat().st_mtime_ns < warehouse.stat().st_mtime_ns:
        return True
    source = _source(published)
    return not source.exists() or source.read_text() != str(warehouse)


def _source(published: Path) -> Path:
    """Beside the copy: the path of the warehouse it is of."""
    return published.with_name(".source")
