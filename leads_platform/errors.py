"""Errors in words: faults of the machine, and what nobody foresaw.

Belongs here: telling a full disk, missing rights, too little memory or a damaged file by what the system, DuckDB or
SQLite says, and what to do; of any other error its kind and place, without its text, which may quote somebody's record.
Does not: faults of files' content, or errors with words of their own.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from threading import Event

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

# The same of SQLite, in which Dagster keeps its history. It names no file, and only a disk without space is "full" to
# it: at a quota or a limit on a file's size it speaks of an error.
_DAGSTER = "Dagster's storage (the folder `dagster` of the environment)"
_SQLITE_FAULTS = (
    (r"database or disk is full", f"The disk is full. Free some space. {_SAFE}"),
    (
        r"disk I/O error",
        "The disk does not take what is written: a quota or the size allowed for a file is reached, or it is damaged. "
        f"{_SAFE}",
    ),
    (
        r"readonly database|unable to open database file|authorization denied",
        f"This user may not write there, or it is gone. Check owner and rights of the folder and its files. {_SAFE}",
    ),
    (r"database is locked", f"Another program has held it for too long. {_SAFE}"),
    (
        r"malformed|not a database|file is encrypted",
        "it is damaged. No data is lost, only the history of runs: stop the UI, move that folder away, and run again.",
    ),
)

_OWN, _INNERMOST = 5, 2
# The texts left out, for `--debug`. They are kept rather than printed, as what a step of Dagster prints is written
# into its logs.
_asked = Event()
_kept: list[str] = []


def fault_in_words(error: BaseException) -> str | None:
    """What is the matter with the machine, where it says so, and what to do; None for any other error.

    An error may have come of another one: then that one tells.

    The text quotes no values: of the error only the path it names is told.
    """
    cause: BaseException | None = error
    while cause is not None:
        if words := _words(cause):
            return words
        cause = cause.__cause__ or cause.__context__
    return None


def is_damage(error: BaseException) -> bool:
    """Whether what DuckDB says speaks of a damaged file, or of an error within itself, which mostly comes of one."""
    return re.search(f"{_DAMAGE}|{_WITHIN}", str(error)) is not None


def is_stop(error: BaseException) -> bool:
    """Whether a signal to stop is behind the error: DuckDB makes a RuntimeError of one that interrupts its query."""
    cause: BaseException | None = error
    while cause is not None and isinstance(cause, Exception):
        cause = cause.__cause__ or cause.__context__
    return cause is not None and not isinstance(cause, (GeneratorExit, SystemExit))


def storage_fault(text: str) -> str | None:
    """What an error of SQLite says of the machine under Dagster's storage, and what to do; None for any other error."""
    for pattern, words in _SQLITE_FAULTS:
        if re.search(pattern, text):
            return f"{_DAGSTER}: {words}"
    return None


def _words(error: BaseException) -> str | None:
    """Of this error alone. Others than the system's and the databases' may quote anything: none is searched."""
    kinds = {kind.__module__.lstrip("_") for kind in type(error).__mro__}
    if "sqlite3" in kinds:
        return storage_fault(str(error))
    if not isinstance(error, OSError) and "duckdb" not in kinds:
        return None
    text = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
    for pattern, words in _FAULTS:
        if re.search(pattern, text):
            where = _path(error, text)
            return f"{where}: {words}" if where else words
    return None


def _path(error: BaseException, text: str) -> str:
    if isinstance(error, OSError):
        return str(error.filename or "")
    named = re.search(r'(?:file|directory) ["\'](/[^"\']+)["\']', text)
    return named[1] if named else ""


def keep_texts() -> None:
    """From now on the texts that are left out are kept for `texts`: they may hold personal data."""
    _asked.set()


def left_out(error: BaseException) -> None:
    """Keeps an error's text, when a person has asked for it."""
    if _asked.is_set():
        _kept.append("".join(traceback.format_exception(error)))


def texts() -> list[str]:
    """The texts kept since `keep_texts`, each once; ends the keeping."""
    found = list(dict.fromkeys(_kept))
    _kept.clear()
    _asked.clear()
    return found


def unforeseen(error: BaseException) -> str:
    """The error's kind, our places it came through and where it arose; enough to find it, and no value."""
    left_out(error)
    every = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in every[:-_INNERMOST] if "leads_platform" in Path(frame.filename).parts]
    frames = [*own[-_OWN:], *every[-_INNERMOST:]]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
    mend = "Its text is left out, as it may be personal data; `leads-platform --debug ...` shows it. Report it"
    return f"{type(error).__name__} at {places}. {mend}"
