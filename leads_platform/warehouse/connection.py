"""Opening the warehouse file: limits, hardening, cleaning functions, and words for a file that can't be opened.

Belongs here: every DuckDB connection to a warehouse file. Does not: connections that read delivered files (arrivals).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb

from leads_platform.contacts.addresses import install_addresses
from leads_platform.contacts.phones import install_phones
from leads_platform.warehouse.sql import literal

# The name the warehouse is attached under. Not its file's: in a database called `warehouse`, DuckDB finds
# `warehouse.builds` ambiguous. A DuckLake catalogue can take the same name later.
CATALOG = "lp"
# How long to wait for a reader that opened the live file by hand; the platform's own writers wait on the lock file.
_CONFLICT_WAIT = 20.0
_LEDGERS = """
create schema if not exists warehouse;
create schema if not exists arrivals;
create table if not exists warehouse.builds (
    table_name varchar,
    month date,
    row_count bigint,
    content_hash varchar,
    fingerprint varchar,
    run_id varchar,
    built_at timestamptz
);
create table if not exists warehouse.checks (
    table_name varchar,
    month date,
    check_name varchar,
    blocking boolean,
    passed boolean,
    bad_rows bigint,
    evidence varchar,
    run_id varchar,
    checked_at timestamptz
);
create table if not exists warehouse.refused_builds (
    table_name varchar,
    month date,
    check_name varchar,
    bad_rows bigint,
    evidence varchar,
    run_id varchar,
    refused_at timestamptz
);
"""


class WarehouseUnusable(Exception):
    """The warehouse file can't be opened; the text says why and how to go on."""


def memory_limit_mb() -> int:
    """Half of the machine's memory: DuckDB's own 80 % leaves too little for Python, Dagster and the file cache."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2_000_000


def harden(con: duckdb.DuckDBPyConnection, readable: Iterable[Path], scratch: Path) -> None:
    """Limits memory and temporary files, then allows files below `readable` only, and locks that in.

    The order matters: the allowed folders must be named before external access is turned off (HAZARDS).
    """
    scratch.mkdir(parents=True, exist_ok=True)
    folders = ", ".join(literal(str(path)) for path in [*readable, scratch])
    spare_mb = shutil.disk_usage(scratch).free // 2_000_000
    for setting in (
        f"memory_limit = '{memory_limit_mb()}MB'",
        f"temp_directory = {literal(str(scratch))}",
        f"max_temp_directory_size = '{max(spare_mb, 64)}MB'",
        "TimeZone = 'UTC'",
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
    """The process's one read-write connection to the warehouse, hardened, with the cleaning functions installed.

    Raises WarehouseUnusable for a file that is damaged, of another format, or held open by someone else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    con = _connect(path, say)
    try:
        install_phones(con)
        install_addresses(con)
        harden(con, readable, path.parent / "tmp")
        con.execute(_LEDGERS)
        yield con
        con.execute(f"checkpoint {CATALOG}")
    finally:
        con.close()


@contextlib.contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published copy, for people, reports and status."""
    con = duckdb.connect()
    try:
        con.execute(f"attach {literal(str(path))} as {CATALOG} (read_only)")
        con.execute(f"use {CATALOG}")
        yield con
    finally:
        con.close()


def _connect(path: Path, say: Callable[[str], None]) -> duckdb.DuckDBPyConnection:
    until, told = time.monotonic() + _CONFLICT_WAIT, False
    while True:
        con = duckdb.connect()
        try:
            con.execute(f"attach {literal(str(path))} as {CATALOG}")
            con.execute(f"use {CATALOG}")
            return con
        except duckdb.Error as error:
            con.close()
            text = str(error)
            held = re.search(r"Conflicting lock is held in (\S+).*?\(PID (\d+)\)", text)
            if not held:
                raise WarehouseUnusable(_why_unusable(path, text)) from error
            who = f"{Path(held[1]).name} (process {held[2]})"
            if time.monotonic() > until:
                raise WarehouseUnusable(
                    f"{who} has {path} open. Close it there and try again; "
                    "to look at the tables, open the published copy instead."
                ) from error
            if not told:
                say(f"Waiting for {who}, which has the warehouse file open.")
                told = True
            time.sleep(0.5)


def _why_unusable(path: Path, text: str) -> str:
    """DuckDB's error as words for an operator. The archive is the truth, so a rebuild is always safe."""
    mend = "Nothing is lost: `leads-platform rebuild` makes it anew from the archive."
    if "not a valid DuckDB database" in text or "magic bytes" in text:
        return f"{path} is not a DuckDB file, or its start is damaged. {mend}"
    if "Is a directory" in text:
        return f"{path} is a folder, not a DuckDB file. Move it away and run again."
    if "storage version" in text or "newer version" in text or "Serialization" in text:
        return f"{path} was written by another DuckDB version than {duckdb.__version__}. {mend}"
    if "Permission denied" in text or "read-only" in text.lower():
        return f"{path} can't be written: permission denied. Check the owner of the file and its folder."
    if "No space" in text:
        return f"The disk that holds {path} is full. Free some space and run again; what was committed is safe."
    first = text.splitlines()[0] if text else "unknown error"
    return f"{path} can't be opened ({first}). {mend}"
