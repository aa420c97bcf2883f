"""Folders and files for their owner alone.

Belongs here: making them so, and tightening those that are there. Does not: which ones (whoever opens them).
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Makes the folder where it is missing, for its owner alone, and tightens one of ours that is open to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tighten(path)
    return path


def private_file(path: Path) -> Path:
    """Tightens a file of ours that is open to others."""
    _tighten(path)
    return path


def _tighten(path: Path) -> None:
    """Takes the rights of group and others away. What belongs to somebody else is left as it is."""
    with contextlib.suppress(OSError):  # a file system without such rights
        seen = path.stat()
        if seen.st_uid == os.geteuid() and stat.S_IMODE(seen.st_mode) & 0o077:
            path.chmod(stat.S_IMODE(seen.st_mode) & 0o700)
