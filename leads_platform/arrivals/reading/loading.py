"""DuckDB as the loader: sound text, or Parquet, becomes one Parquet file of the feed's records, all text.

Belongs here: the hardened connection, the pinned reading, each record's line and month. Does not: deciding
whether a file is sound (counting.py), or what to say about it (file_reading.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from leads_platform.arrivals.contracts.model import FeedContract
from leads_platform.arrivals.contracts.typed import moment_of
from leads_platform.arrivals.reading.header import Header
from leads_platform.arrivals.reading.refusal import Refusal
from leads_platform.values.times import Moment, in_zone

if TYPE_CHECKING:
    import numpy as np

    from leads_platform.arrivals.reading.json_values import Cells

MEMORY_LIMIT = "1GB"
"""Reading streams; the rest of the machine belongs to the warehouse."""


USUAL_LINE = 2 * 2**20
"""Bytes a record may have without being asked for."""
_ROWS = 1000


class Quarantined(NamedTuple):
    """A record that could not be taken.

    Its first line in the file, the column (if one is to blame) and why.
    """

    line: int
    column_name: str | None
    reason: str


@dataclass
class Taken:
    """What reading one format comes to.

    `records` is the independent counter's word, the rest the loader's.
    """

    header: Header
    records: int
    loaded: int
    loader: Loader | None
    bad: list[Quarantined] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class LoaderFault(Exception):
    """DuckDB failed on text that was proved sound. Names the error's kind only: its text quotes the file."""


def connect(workspace: Path, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can touch nothing but `workspace`; every look at delivered or archived files uses it.

    `threads`: as many as there are cores, if not given.
    """
    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT})
    if threads is not None:
        connection.execute(f"set threads = {threads}")
    # The order matters: the folder is allowed before access is closed, and the lock comes last.
    for statement in (
        "set enable_progress_bar = false",
        "set TimeZone = 'UTC'",  # what a typed instant is as text must not depend on the machine
        f"set temp_directory = {literal(str(workspace / 'spill'))}",
        f"set allowed_directories = [{literal(str(workspace) + '/')}]",
        "set enable_external_access = false",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set allow_community_extensions = false",
        "set python_enable_replacements = false",
        "set lock_configuration = true",
    ):
        connection.execute(statement)
    return connection


def literal(text: str) -> str:
    """A text as SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as quoted SQL identifier; a NUL, which SQL can't hold, is left out."""
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


# What reading adds to a record, where a column gives its month.
MONTH_COLUMNS = {
    "record_at": "timestamp",
    "record_local_at": "timestamp",
    "record_is_instant": "boolean",
    "record_month": "date",
}


def record_moment(contract: FeedContract, columns: Mapping[str, str], also: tuple[str, ...] = ()) -> Moment:
    """A record's time by the contract's rule for months; null where it is not written so.

    `columns`: the contract's columns that the file has -> its titles. `also`: formats in which the file's type, a
    workbook say, writes a date whatever the contract states.
    """
    stated, utc = [], []
    for name in contract.month_columns():
        if name not in columns:
            continue
        cell = f"trim({identifier(columns[name])})"
        own = contract.column(name).formats if name == contract.month.prefer else contract.month_formats()
        moments = moment_of(contract, contract.column(name), cell, own, also)
        filled = f"coalesce({cell}, '') <> ''"
        for found, expression in ((stated, moments.stated), (utc, moments.utc)):
            read = expression or "null::timestamp"
            if not own and not also:  # a date starts as ISO 8601 says, though DuckDB's cast takes 2024/05/31 as well
                read = f"case when regexp_matches({cell}, '^\\d{{4}}-\\d{{2}}-\\d{{2}}') then {read} end"
            found.append(f"when {filled} then {read}")
    if not stated:  # the file lacks the column, as it may where undated records are placed by the file
        return Moment("null::timestamp", "null::timestamp")
    return Moment(f"case {' '.join(stated)} end", f"case {' '.join(utc)} end")


class Loader:
    """Loads into `workspace/loaded.parquet`.

    Columns are the file's own, then `_line`, then perhaps MONTH_COLUMNS: the record's time (of an instant in UTC), the
    same by the clock of the zone in which months are reckoned, whether it is an instant, and its month.
    """

    def __init__(self, workspace: Path, names: list[str]) -> None:
        self.workspace, self.names = workspace, names
        # Numbering lines makes reading text one thread's work; a second would only spin, and the counter needs it.
        self.connection = connect(workspace, threads=1)
        self.parquet = workspace / "loaded.parquet"
        self.moment: Moment | None = None
        self.zone, self.all_utc = "UTC", False

    def set_month(self, contract: FeedContract, header: Header, also: tuple[str, ...] = ()) -> None:
        """By the contract's rule: which of the file's columns give each record's time, and so its month.

        `also`: formats in which the file's type, a workbook say, writes a date whatever the contract states.
        """
        self.moment = record_moment(contract, header.columns, also)
        # With a zone of its own the contract says that times without an offset are UTC; all are told by that clock.
        self.zone, self.all_utc = contract.zone, contract.month.timezone is not None

    def load_csv(
        self,
        path: Path,
        delimiter: str,
        quote: str | None,
        *,
        first_line: int,
        lines: np.ndarray | None,
        longest: int,
        skip: int = 0,
        dropped: bool = False,
    ) -> int:
        """Loads sound text with LF line ends after `skip` lines. Returns the number of records.

        `lines` are the records' lines, None where they follow each other from `first_line`. `dropped`: each
        record ends with one more field, empty, that is left out.
        """
        columns = [f"c{index}" for index in range(len(self.names) + dropped)]
        typed = ", ".join(f"'{column}': 'varchar'" for column in columns)
        # The longest record must fit the reader's line, several lines its buffer.
        line_size = max(USUAL_LINE, longest + 1024)
        source = f"""read_csv(
            {literal(str(path))}, auto_detect = false, header = false, skip = {skip}, columns = {{{typed}}},
            delim = {literal(delimiter)}, quote = {literal(quote or "")}, escape = {literal(quote or "")},
            new_line = '\\n', nullstr = '', strict_mode = true, null_padding = false, ignore_errors = false,
            max_line_size = {line_size}, buffer_size = {max(32 * 2**20, 4 * line_size)}
        )"""
        named = ", ".join(f"{c} as {identifier(n)}" for c, n in zip(columns, self.names, strict=False))
        if lines is None:
            return self._write(f"select {named}, row_number() over () + {first_line - 1} as _line from {source}")
        import pandas as pd  # only files with records of several lines need it

        self.connection.register("record_lines", pd.DataFrame({"_line": lines}))
        return self._write(f"select {named}, record_lines._line from {source} positional join record_lines")

    def load_json(self, path: Path, cells: Cells, *, lines: np.ndarray | None, longest: int) -> int:
        """Loads sound JSON Lines with LF line ends, without records that hold a value of another kind than declared.

        `lines` are the records' lines, None where they follow each other from 1. Returns the number of records.
        """
        source = self._numbered(cells.source(path, longest), lines)
        return self._write(f"select {cells.selected}, _line from {source} where not ({cells.odd})")

    def odd_json(
        self, path: Path, cells: Cells, *, lines: np.ndarray | None, longest: int
    ) -> list[tuple[int, str, str]]:
        """Of the records that were not loaded for it: line, column, and the first letter of the odd value's kind."""
        source = self._numbered(cells.source(path, longest), lines)
        return self.run(
            f"select _line, found.title, found.kind from (select _line, {cells.first_odd} as found from {source}) "
            "where found is not null order by _line"
        )

    def _numbered(self, source: str, lines: np.ndarray | None) -> str:
        """The source's rows with `_line`."""
        if lines is None:
            return f"(select *, row_number() over () as _line from {source})"
        import pandas as pd  # only files with empty lines or records that are left out need it

        self.connection.register("record_lines", pd.DataFrame({"_line": lines}))
        return f"(select * from {source} positional join record_lines)"

    def load_parquet(self, path: Path, columns: list[str], commas: Collection[str] = ()) -> int:
        """Loads a Parquet file; `columns` are its own names. `_line` is the record's number. Returns their number.

        `commas`: of `names` those whose numbers are written with a comma.
        """
        texts = [f"cast({identifier(column)} as varchar)" for column in columns]
        named = ", ".join(
            f"nullif({f'replace({text}, $$.$$, $$,$$)' if name in commas else text}, '') as {identifier(name)}"
            for text, name in zip(texts, self.names, strict=True)
        )
        source = f"read_parquet({literal(str(path))}, file_row_number = true)"
        return self._write(f"select {named}, file_row_number + 1 as _line from {source}")

    def _write(self, select: str) -> int:
        if self.moment:
            select = f"select *, {self.moment.stated} as record_at from ({select})"
            # Few times have an offset: only what is no time without one is looked at for it.
            select = f"select *, case when record_at is null then {self.moment.utc} end as record_utc from ({select})"
            own = in_zone("record_at", self.zone) if self.all_utc else "record_at"
            select = f"""
                select * exclude (record_at, record_utc),
                    coalesce(record_at, record_utc) as record_at,
                    coalesce({own}, {in_zone("record_utc", self.zone)}) as record_local_at,
                    record_utc is not null as record_is_instant
                from ({select})
            """
            select = f"select *, cast(date_trunc('month', record_local_at) as date) as record_month from ({select})"
        return self._copy(select, self.parquet)

    def _copy(self, select: str, target: Path) -> int:
        counted = self.run(f"copy ({select}) to {literal(str(target))} (format parquet, compression snappy)")
        return int(counted[0][0])

    def leave_out(self, condition: str) -> int:
        """Takes the records that fulfil the condition out again. Returns how many are left."""
        rest = self.workspace / "rest.parquet"
        count = self._copy(f"select * from {self.loaded} where not ({condition})", rest)
        rest.replace(self.parquet)
        return count

    def place_undated(self, day: date) -> list[int]:
        """Gives the records without a date the month of that day. Returns their lines."""
        lines = self.lines_where("record_month is null")
        if lines:
            placed = self.workspace / "placed.parquet"
            month = literal(f"{day:%Y-%m}-01")
            self._copy(
                f"select * replace (coalesce(record_month, {month}::date) as record_month) from {self.loaded}", placed
            )
            placed.replace(self.parquet)
        return lines

    @property
    def loaded(self) -> str:
        """The loaded records as SQL source."""
        return f"read_parquet({literal(str(self.parquet))})"

    def lines_where(self, condition: str) -> list[int]:
        """The lines of the loaded records that fulfil the condition."""
        return [row[0] for row in self.run(f"select _line from {self.loaded} where {condition} order by _line")]

    def months(self) -> dict[date, int]:
        """Loaded records by month."""
        rows = self.run(f"select record_month, count(*) from {self.loaded} group by record_month order by record_month")
        return dict(rows)

    def run(self, statement: str) -> list[tuple]:
        """Executes; an error is told by its kind only, since DuckDB quotes the line it stumbled over."""
        return list(self.stream(statement))

    def stream(self, statement: str) -> Iterator[tuple]:
        """As `run`, some rows at a time; nothing else may be asked in between."""
        try:
            found = self.connection.execute(statement)
            while rows := found.fetchmany(_ROWS):
                yield from rows
        except duckdb.OutOfMemoryException:
            raise Refusal(f"needs more than {MEMORY_LIMIT} of memory to read; split the file") from None
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise OSError(28, "No space left on device for reading the file") from None
            raise LoaderFault(type(error).__name__) from None
