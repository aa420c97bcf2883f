"""Opening the warehouse file: limits, hardening, and words for a file that can't be opened.

Belongs here: every DuckDB connection to a warehouse file. Does not: connections that read delivered files (arrivals).
"""

from __future__ import annotations

import contextlib
import glob
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb

from leads_platform.errors import DAMAGED, fault_in_words, is_damage
from leads_platform.private import private_file, private_folder
from leads_platform.warehouse.interrupt import interruptible
from leads_platform.warehouse.limits import memory_limit_mb, thread_count
from leads_platform.warehouse.sql import address, literal
from leads_platform.warehouse.whole import doubt, is_as_left, leave

# The name the warehouse is attached under. Not its file's: in a database called `warehouse`, DuckDB finds
# `warehouse.builds` ambiguous. A DuckLake catalogue can take the same name later.
CATALOG = "lp"
# How long to wait for a reader that opened the live file by hand; the platform's own writers wait on the lock file.
_CONFLICT_WAIT = 20.0
# What the platform notes of its builds, in the schema `warehouse`: columns and types.
LEDGERS = {
    "builds": {
        "table_name": "varchar",
        "month": "date",
        "row_count": "bigint",
        "content_hash": "varchar",
        "fingerprint": "varchar",
        "run_id": "varchar",
        "built_at": "timestamptz",
    },
    "checks": {
        "table_name": "varchar",
        "month": "date",
        "check_name": "varchar",
        "blocking": "boolean",
        "passed": "boolean",
        "bad_rows": "bigint",
        "evidence": "varchar",
        "run_id": "varchar",
        "checked_at": "timestamptz",
    },
    "refused_builds": {
        "table_name": "varchar",
        "month": "date",
        "check_name": "varchar",
        "bad_rows": "bigint",
        "evidence": "varchar",
        "run_id": "varchar",
        "refused_at": "timestamptz",
    },
}


class WarehouseUnusable(Exception):
    """The warehouse file can't be opened; the text says why and how to go on."""


def harden(con: duckdb.DuckDBPyConnection, readable: Iterable[Path], scratch: Path) -> None:
    """Limits memory and temporary files, then allows files below `readable` only, and locks that in.

    The order matters: the allowed folders must be named before external access is turned off (docs/hazards.md).
    """
    private_folder(scratch)  # rows spill into it
    folders = ", ".join(literal(str(path)) for path in [*readable, scratch])
    spare_mb = shutil.disk_usage(scratch).free // 2_000_000
    for setting in (
        f"memory_limit = '{memory_limit_mb()}MB'",
        f"threads = {thread_count()}",
        f"temp_directory = {literal(str(scratch))}",
        f"max_temp_directory_size = '{max(spare_mb, 64)}MB'",
        "TimeZone = 'UTC'",
        # A table in the transaction that fills it is taken for empty, and an as-of or range join with few rows for a
        # loop over all pairs: 16 s of an audit that takes 0.2 s.
        "asof_loop_join_threshold = 0",
        "nested_loop_join_threshold = 0",
        "enable_progress_bar = false",
        f"allowed_directories = [{folders}]",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        con.execute(f"set {setting}")


@contextlib.contextmanager
def open_warehouse(
    path: Path, *, readable: Iterable[Path] = (), say: Callable[[str], None] = lambda text: None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The process's one read-write connection to the warehouse, hardened. It has no cleaning functions (standards).

    Raises WarehouseUnusable for a file that is damaged, of another format, held open by someone else, or on a disk
    that is full. A file that is not as we closed it (after a crash, or when something else wrote to it) is read through
    first, and so is one that nobody has read for long: damage is found here, not when some table happens to be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    note = _closed_note(path)
    sound = is_as_left(path, note) if path.is_file() else None
    if sound is False:
        raise WarehouseUnusable(f"{path}: {DAMAGED}")
    con = _attached(path, say)
    try:
        private_file(path)  # after the look above, which a change of rights would change
        with _faults_in_words(path):
            harden(con, readable, path.parent / "tmp")
            if not sound:
                _read_through(con, path)
            _make_ledgers(con)
            with interruptible(con):
                yield con
            con.execute(f"checkpoint {CATALOG}")
    finally:
        con.close()
    leave(path, note, read=not sound)


@contextlib.contextmanager
def open_published(
    path: Path, *, say: Callable[[str], None] = lambda text: None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published copy, for people, reports and status.

    Raises WarehouseUnusable when it can't be read: another program holds it open to write, or it is damaged; the next
    run then makes it anew, whatever its look.
    """
    con = _attached(path, say, read_only=True)
    try:
        yield con
    except duckdb.Error as error:
        if (words := _of_copy(path, error)) is None:
            raise
        raise WarehouseUnusable(words) from None
    finally:
        con.close()


def _of_copy(path: Path, error: duckdb.Error) -> str | None:
    """What is the matter with the published copy, in words; None for an error that is not about the file."""
    if is_damage(error):
        doubt(note_of_copy(path))
        return (
            f"{path}, the copy that people read, is damaged; the warehouse is not touched by that. "
            "`leads-platform run` makes the copy anew."
        )
    words = fault_in_words(error)
    return words and _about(path, words)


@contextlib.contextmanager
def open_committed(
    path: Path, writable: Path, *, say: Callable[[str], None] = lambda text: None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the warehouse itself, for what is made of it below `writable`: files there it attaches.

    Only under the writer's lock, with the writer's connection closed. Raises WarehouseUnusable.
    """
    con = _attached(path, say, read_only=True)
    try:
        with _faults_in_words(path), interruptible(con):
            harden(con, [writable], path.parent / "tmp")
            yield con
    finally:
        con.close()


def path_of(con: duckdb.DuckDBPyConnection) -> Path:
    """The file that a connection of this module has attached."""
    ((path,),) = con.execute(f"select path from duckdb_databases() where database_name = '{CATALOG}'").fetchall()
    return Path(path)


def note_of_copy(published: Path) -> Path:
    """Beside a published file: how it was when it was made."""
    return published.with_name(f".{published.name}.left")


def remove_warehouse(path: Path) -> None:
    """Removes the file with all that belongs to it; the log first, which a new file must not find."""
    for suffix in (".wal*", ".new*", ".closed*", ""):
        for file in path.parent.glob(glob.escape(path.name) + suffix):
            file.unlink()


def _make(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A new file, by rename: killed while it writes its first blocks, DuckDB leaves one that it can't open again."""
    remove_warehouse(path)
    scratch = path.with_name(path.name + ".new")
    con.execute(f"attach {literal(str(scratch))} as {CATALOG}")
    con.execute(f"detach {CATALOG}")
    private_file(scratch).replace(path)


def _make_ledgers(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists warehouse; create schema if not exists arrivals")
    for name, columns in LEDGERS.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table if not exists warehouse.{name} ({listed})")


def _closed_note(path: Path) -> Path:
    """Beside the warehouse: how it was when a session closed it well."""
    return path.with_name(path.name + ".closed")


def _read_through(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Reads every cell, for DuckDB to hold every block against its checksum. Whatever can't be read is damage."""
    try:
        tables = con.execute(
            f"select schema_name, table_name from duckdb_tables() where database_name = '{CATALOG}'"
        ).fetchall()
        for room, name in tables:
            con.execute(f"select bit_xor(hash(cells)) from {address(f'{room}.{name}')} as cells").fetchall()
    except duckdb.Error as error:
        raise WarehouseUnusable(_about(path, fault_in_words(error) or DAMAGED)) from None


@contextlib.contextmanager
def _faults_in_words(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors about disk, memory, rights or a damaged file into WarehouseUnusable."""
    try:
        yield
    except duckdb.Error as error:
        if (words := fault_in_words(error)) is None:
            raise
        if is_damage(error):
            doubt(_closed_note(path))  # the next session reads it through, whatever its look
        raise WarehouseUnusable(_about(path, words)) from None


def _about(path: Path, words: str) -> str:
    return words if words.startswith("/") else f"{path}: {words}"


def _attached(path: Path, say: Callable[[str], None], *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with the file attached as CATALOG. Another program that holds the file is waited for a while."""
    until, was_said = time.monotonic() + _CONFLICT_WAIT, False
    while True:
        con = duckdb.connect()
        try:
            if not (read_only or path.exists()):
                _make(con, path)
            con.execute(f"attach {literal(str(path))} as {CATALOG}{' (read_only)' if read_only else ''}")
            con.execute(f"use {CATALOG}")
            return con
        except duckdb.Error as error:
            con.close()
            text = str(error)
            if "Could not set lock on file" not in text:
                words = read_only and _of_copy(path, error)
                raise WarehouseUnusable(words or _why_unusable(path, error)) from error
            held = re.search(r"Conflicting lock is held in (.+?)(?: \(PID (\d+)\)|$)", text, re.MULTILINE)
            program = Path(held[1]).name if held else "another program"
            who = f"{program} (process {held[2]})" if held and held[2] else program
            if time.monotonic() > until:
                raise WarehouseUnusable(
                    f"{who} has {path} open. Close it there and try again; "
                    "to look at the tables, open the published copy, and to read only."
                ) from error
            if not was_said:
                say(f"Waiting for {who}, which has {path} open.")
                was_said = True
            time.sleep(0.5)
        except BaseException:
            con.close()
            raise


def _why_unusable(path: Path, error: duckdb.Error) -> str:
    """DuckDB's error as words for an operator. The archive is the truth, so a rebuild is always safe."""
    text = str(error)
    mend = "Nothing is lost: `leads-platform rebuild` makes it anew from the archive."
    if path.exists() and not path.stat().st_size:
        return f"{path} is empty: something cut it off. {mend}"
    if "not a valid DuckDB database" in text or "magic bytes" in text:
        return f"{path} is not a DuckDB file, or its start is damaged. {mend}"
    if "Is a directory" in text:
        return f"{path} is a folder, not a DuckDB file. Move it away and run again."
    if "storage version" in text or "newer version" in text or "Serialization" in text:
        return f"{path} was written by another DuckDB version than {duckdb.__version__}. {mend}"
    if (words := fault_in_words(error)) is not None:
        return _about(path, words)
    first = text.splitlines()[0] if text else "unknown error"
    return f"{path} can't be opened ({first}). {mend}"
