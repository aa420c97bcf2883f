"""Faults of the machine in words: a full disk, missing rights, too little memory, a damaged file.

Belongs here: telling them by what the system or DuckDB says, and what to do. Does not: faults of files' content.
"""

from __future__ import annotations

import re

_SAFE = "Nothing that was committed is lost; run again, and it goes on from there."
DAMAGED = "it is damaged. Nothing is lost: `leads-platform rebuild` makes it anew from the archive."
# Bytes flipped, blocks zeroed, cut off, swapped and doubled, at hundreds of places: what DuckDB 1.5.5 said of them.
_DAMAGE = (
    r"Corrupt database file|Could not read enough bytes|computed checksum|Input/output error"
    r"|not a valid DuckDB database|Failed to load metadata|Failed to deserialize|deserializ|\ASerialization Error"
    r"|\A(?:IO|INTERNAL) Error:(?s:.*)(?:[Cc]orrupt|bitpacking|Could not read from file)|\AInvalid bit width"
)
# DuckDB's own word for an error of its own; over a file it trusts, as it does one whose checksums are right.
_WITHIN = r"\A(?:INTERNAL|FATAL) Error|database has been invalidated"
# What DuckDB and the system say of each, and what a person is told. DuckDB gives these as text only.
_FAULTS = (
    (
        r"max_temp_directory_size|failed to offload",
        f"DuckDB's temporary files do not fit: the disk is nearly full. Free some space. {_SAFE}",
    ),
    (
        r"Out of Memory Error|could not allocate|Cannot allocate memory|failed to pin|failed to allocate",
        "DuckDB needs more memory than half of what this machine (or container) has. Give it more, "
        f"or stop what else runs here. {_SAFE}",
    ),
    (r"No space left|Disk quota exceeded", f"The disk is full. Free some space. {_SAFE}"),
    (r"File too large", f"A file would grow beyond the size allowed here (ulimit -f, or the disk's own). {_SAFE}"),
    (
        r"Permission denied|Operation not permitted|Read-only file system|Cannot open file.*denied",
        f"This user may not write there. Check owner and rights of the file and its folder. {_SAFE}",
    ),
    (_DAMAGE, DAMAGED),
    (
        _WITHIN,
        "DuckDB failed within itself, most often over a damaged file. Nothing is lost: `leads-platform rebuild` makes "
        "it anew from the archive. If it fails again after that, report it.",
    ),
)


def fault_in_words(error: BaseException) -> str | None:
    """What is the matter with the machine, where it says so, and what to do; None for any other error.

    An error may have come of another one: then that one tells.

    The text quotes no values: of the error only the path it names is told.
    """
    cause: BaseException | None = error
    while cause is not None:
        text = f"{cause.strerror}: {cause.filename}" if isinstance(cause, OSError) else str(cause)
        for pattern, words in _FAULTS:
            if re.search(pattern, text):
                where = _path(cause, text)
                return f"{where}: {words}" if where else words
        cause = cause.__cause__ or cause.__context__
    return None


def is_damage(error: BaseException) -> bool:
    """Whether what DuckDB says speaks of a damaged file, or of an error within itself, which mostly comes of one."""
    return re.search(f"{_DAMAGE}|{_WITHIN}", str(error)) is not None


def _path(error: BaseException, text: str) -> str:
    if isinstance(error, OSError):
        return str(error.filename or "")
    named = re.search(r'(?:file|directory) ["\'](/[^"\']+)["\']', text)
    return named[1] if named else ""
