"""Reading one file against its contract, to a verdict and accounted records. Touches no warehouse.

Belongs here: `read_file` and what it returns, and what is judged of loaded records (months, empty keys).
Does not: whether the file is new, late or shrunken (the archive knows), or any format's details (their own
modules).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal

import duckdb

from leads_platform.arrivals.contracts.formats import ENDINGS
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import moment_of
from leads_platform.arrivals.landing import parse_file_name, unread_date
from leads_platform.arrivals.reading.clock_changes import warn_of_clock_changes
from leads_platform.arrivals.reading.containers import unwrap
from leads_platform.arrivals.reading.header import Header
from leads_platform.arrivals.reading.loading import MONTH_COLUMNS, LoaderFault, Quarantined, Taken, connect, identifier
from leads_platform.arrivals.reading.refusal import Refusal, shown
from leads_platform.arrivals.reading.second_headers import OTHER, REPEATED, LeftOut, found_among
from leads_platform.months import label

Verdict = Literal["accepted", "partial", "refused", "held"]

# Refusals that begin so speak of the file.
_VERBS = ("is ", "has ", "holds ", "looks ", "sends ", "starts ", "unpacks ", "needs ", "can't ")


class FileReading:
    """One file as read. A context manager: closing it removes its temporary files.

    `verdict`: accepted (all loaded), partial (some quarantined) or refused (none loaded); `held` is decided
    by arrivals. `records` counts the file's records (of a refused file: as far as they could be counted),
    `quarantined` lists those left out; for a file that is not refused, records = loaded_count + quarantined.
    `header`: the file's column titles; `titles` the same as they came, never to be told (they may be the
    first record); `columns`: contract column -> the file's title; `unexpected`: titles
    the contract doesn't know; `missing_optional`: declared titles the file lacks. `months`: loaded records
    by month, where a column gives it. `message`: for people, without personal data.
    """

    def __init__(self, workspace: tempfile.TemporaryDirectory[str]) -> None:
        self._workspace = workspace
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.verdict: Verdict = "refused"
        self.records = 0
        self.loaded_count = 0
        self.quarantined: list[Quarantined] = []
        self.message = ""
        self.header: list[str] = []
        self.titles: list[str] = []
        self.columns: dict[str, str] = {}
        self.unexpected: list[str] = []
        self.missing_optional: list[str] = []
        self.warnings: list[str] = []
        self.months: dict[date, int] = {}
        self._has_month = False
        self._ready = self._kept = False

    @property
    def loaded(self) -> duckdb.DuckDBPyRelation:
        """The loaded records in source order: the file's columns as text (empty is null), then `_line`.

        `_line` is the line where a record starts, from 1; of a workbook its row, of Parquet the record's
        number.
        """
        connection, workspace = self._open(), self._workspace
        if not self._kept:
            # The relation keeps the connection, the connection this function, the function the files:
            # so a relation that outlives its reading can still be read.
            connection.create_function("files_of_loaded", lambda: workspace.name, [], "varchar")  # type: ignore[arg-type]
            self._kept = True
        without = f"exclude ({', '.join(MONTH_COLUMNS)}) " if self._has_month else ""
        return connection.sql(f"select * {without}from loaded")

    def write_parquet(self, path: str | Path) -> None:
        """Writes the loaded records as Parquet.

        `loaded`, and MONTH_COLUMNS where a column gives the month. What holds several months and more than one group of
        rows is put in their order, so that who asks for one month reads little else.
        """
        stored = self._stored
        if not stored.exists():
            self._open().execute(f"copy (select * from loaded) to '{stored}' (format parquet)")
        if self._strewn():
            by_month = stored.with_name("by_month.parquet")
            self._open().execute(
                f"copy (select * from loaded order by record_month, _line) to '{by_month}' "
                "(format parquet, compression snappy)"
            )
            stored = by_month
        Path(path).unlink(missing_ok=True)
        try:
            os.link(stored, path)  # on one disk a second name is enough: neither is ever written again
        except OSError:
            shutil.copyfile(stored, path)

    def _strewn(self) -> bool:
        """Whether groups of rows hold months that are not in order."""
        if len(self.months) < 2:
            return False
        groups = self._open().execute(
            f"select stats_min_value, stats_max_value from parquet_metadata('{self._stored}') "
            "where path_in_schema = 'record_month' order by row_group_id"
        )
        bounds = groups.fetchall()
        return any(before[1] > after[0] for before, after in pairwise(bounds))

    @property
    def _stored(self) -> Path:
        return Path(self._workspace.name) / "loaded.parquet"

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = self._connection
        if connection is None:
            connection = self._connection = connect(Path(self._workspace.name))
        if not self._ready:
            if self._stored.exists():
                connection.execute(f"create view loaded as select * from read_parquet('{self._stored}')")
            else:
                columns = "".join(f"{identifier(name)} varchar, " for name in self.header)
                added = "".join(f", {name} {kind}" for name, kind in MONTH_COLUMNS.items())
                month = added if self._has_month else ""
                connection.execute(f"create table loaded ({columns}_line bigint{month})")
            self._ready = True
        return connection

    def close(self) -> None:
        """Removes the temporary files; `loaded` can't be read any more."""
        if self._connection is not None:
            self._connection.close()
        self._workspace.cleanup()

    def __enter__(self) -> FileReading:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _describe(self, header: Header) -> None:
        self.header, self.columns, self.titles = header.names, header.columns, header.cells
        self.unexpected, self.missing_optional = header.unexpected, header.missing_optional


def read_file(
    path: str | Path,
    contract: FeedContract,
    *,
    name: str | None = None,
    workspace: Path | None = None,
    ours: bool = False,
) -> FileReading:
    """Reads a file against its contract; what is wrong with the file is in the result, never raised.

    `name` is what the file was called, if `path` is a copy under another name. Temporary copies (up to twice
    the unpacked size) lie below `workspace`, else in the system's folder. `ours`: the file lies on `workspace`'s disk
    and nobody else writes to it, so it is read without a copy. Raises OSError only for trouble of this machine, such
    as a full disk.
    """
    temporary = tempfile.TemporaryDirectory(prefix="reading-", dir=workspace)
    reading = FileReading(temporary)
    room = Path(temporary.name)
    taken: Taken | None = None
    try:
        contract = _of_one_format(contract, name or Path(path).name)
        source = unwrap(Path(path), contract.format.type, contract.label, room, ours=ours)
        taken = _READERS[contract.format.type](source, contract, room)
        reading._describe(taken.header)
        reading.records = taken.records
        taken.warnings += [said for said in (unread_date(name or Path(path).name),) if said]
        _judge(reading, taken, contract, parse_file_name(name or Path(path).name, contract).known_on)
        _check_date(name or Path(path).name, taken, contract)
    except Refusal as refusal:
        said = str(refusal)
        reading.records = max(reading.records, refusal.records)
        reading.titles = refusal.titles or reading.titles
        _refuse(reading, f"the file {said}" if said.startswith(_VERBS) else said, room)
    except LoaderFault as fault:
        _refuse(
            reading,
            f"the records could not be loaded ({fault}), though nothing wrong was found; report this",
            room,
        )
    except BaseException:
        if taken is not None and taken.loader is not None:
            taken.loader.connection.close()
        reading.close()
        raise
    finally:
        if taken is not None and taken.loader is not None:
            reading._connection = taken.loader.connection  # already hardened, and 20 ms are 20 ms
    _tidy(room)
    return reading


def _of_one_format(contract: FeedContract, name: str) -> FeedContract:
    """The contract as it speaks of this file. Raises Refusal where it has several formats and the name says none."""
    try:
        return contract.for_file(name)
    except KeyError:
        endings = ", ".join(ENDINGS[one.type][0] for one in contract.formats)
        raise Refusal(
            f"its name does not say which format of {contract.label} it has; end it on one of {endings}, "
            "with .gz or .zip behind it where it is packed"
        ) from None


def _refuse(reading: FileReading, said: str, room: Path) -> None:
    reading.verdict, reading.message = "refused", said[:1].upper() + said[1:]
    reading.loaded_count, reading.quarantined, reading.months = 0, [], {}
    (room / "loaded.parquet").unlink(missing_ok=True)


def _tidy(room: Path) -> None:
    """Only the loaded records stay; the copies of the file may be large."""
    for path in room.iterdir():
        if path.is_file() and path.name != "loaded.parquet":
            path.unlink()


def _judge(reading: FileReading, taken: Taken, contract: FeedContract, day: date | None) -> None:
    """Accounts for the records, then looks at months and keys; `day` is that in its name. Raises Refusal."""
    reading._has_month = contract.month.column is not None
    bad = list(taken.bad)
    if taken.records != taken.loaded + len(bad):
        raise Refusal(
            f"{taken.records} records were counted, {taken.loaded} loaded and {len(bad)} quarantined: these "
            "must agree. This is a fault of the program; nothing was taken, report it with the file"
        )
    if not taken.records and not contract.delivered.is_partial:
        raise Refusal("has a header and no records; ask for the full file")
    loaded = taken.loaded
    if loaded and taken.loader is not None:
        # Lines of JSON carry their keys: there is no header to repeat, and no footer.
        headers = found_among(taken, contract) if contract.format.type != "jsonl" else LeftOut()
        bad += [*headers.repeated, *headers.foreign]
        if headers.condition:
            _check_headers(bad, taken.records, contract)
            loaded = _without(taken, headers.condition, bad)
        if contract.month.undated == "file" and day is not None and (lines := taken.loader.place_undated(day)):
            also = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
            taken.warnings.append(f"line {lines[0]}{also}: no date, so the day of the file that told it first counts")
        for found, condition in _unusable(taken, contract):
            bad += found
            repeated = len(headers.repeated)
            if 2 * (len(bad) - repeated) > taken.records - repeated:
                first = found[0]
                raise Refusal(
                    f"{len(bad)} of {taken.records} records can't be used; the first on line {first.line}: "
                    f"{first.reason}. Is the format in {contract.label} right?"
                )
            loaded = _without(taken, condition, bad)
    if loaded and taken.loader is not None:
        _check_keys(taken, contract)
        if contract.format.type != "jsonl":
            _warn_of_totals(taken)
        warn_of_clock_changes(taken, contract)
        if reading._has_month:
            reading.months = taken.loader.months()
            _check_one_month(reading.months, contract)
    reading.loaded_count, reading.quarantined = loaded, sorted(bad, key=lambda one: one.line)
    reading.verdict = "partial" if bad else "accepted"
    reading.warnings = taken.warnings
    reading.message = _message(reading)


def _without(taken: Taken, condition: str, bad: list[Quarantined]) -> int:
    """Takes records out of the loaded ones; how many are left."""
    assert taken.loader is not None
    left = taken.loader.leave_out(condition)
    if left + len(bad) != taken.records:
        raise Refusal("records were lost while quarantining some; a fault of the program, report it")
    return left


def _check_headers(bad: list[Quarantined], records: int, contract: FeedContract) -> None:
    """A file of headers holds no list; one most of which stands below another header is not this feed's."""
    repeated = sum(one.reason == REPEATED for one in bad)
    if repeated == records and not contract.delivered.is_partial:
        raise Refusal(f"has its header {repeated + 1} times and no records; ask for the full file", records)
    if 2 * (len(bad) - repeated) > records - repeated:
        second = next((one.line for one in sorted(bad) if one.reason == OTHER), 0)
        raise Refusal(
            f"a second table with other columns begins on line {second}, and most of the {records} records are below "
            "it; put each table in a file of its own",
            records,
        )


def _unusable(taken: Taken, contract: FeedContract):
    """Loaded records without a month, or a key where it decides, and the condition that finds them."""
    assert taken.loader is not None
    columns, loader = taken.header.columns, taken.loader
    if contract.month.column is not None:
        found: list[Quarantined] = []
        rest = "record_month is null"
        for name in contract.month_columns():
            if name not in columns:
                continue
            title, own = columns[name], contract.column(name).formats
            formats = " or ".join(own if name == contract.month.prefer else contract.month_formats())
            said = f"is not a date written as {formats or 'ISO 8601 (2024-05-31)'}, so the record has no month"
            filled = f"coalesce(trim({identifier(title)}), '') <> ''"
            found += [Quarantined(line, title, said) for line in loader.lines_where(f"{rest} and {filled}")]
            rest += f" and not ({filled})"
        title = columns.get(contract.month.column, contract.column(contract.month.column).header)
        found += [Quarantined(at, title, "is empty, so the record has no month") for at in loader.lines_where(rest)]
        if found:
            yield found, "record_month is null"
    if contract.delivered.is_partial:
        for name in contract.key:
            title = columns[name]
            missing = f"{identifier(title)} is null"
            lines = loader.lines_where(missing)
            if lines:
                yield (
                    [Quarantined(line, title, "is empty, though part of the key") for line in lines],
                    missing,
                )


def _check_keys(taken: Taken, contract: FeedContract) -> None:
    """A list none of whose records has its key is not that list.

    Single empty keys are kept; staging flags them.
    """
    assert taken.loader is not None
    titles = [taken.header.columns[name] for name in contract.key]
    if not titles:
        return
    filled = " or ".join(f"{identifier(title)} is not null" for title in titles)
    if not taken.loader.run(f"select 1 from {taken.loader.loaded} where {filled} limit 1"):
        raise Refusal(f"{' and '.join(map(shown, titles))}, the key, is empty in every record; ask for the file again")


def _warn_of_totals(taken: Taken) -> None:
    """A footer as wide as a record can't be told from one; that it may be one is said."""
    assert taken.loader is not None
    first = f"regexp_matches(lower({identifier(taken.header.names[0])}), '^\\s*(grand |sub)?totals?\\b')"
    last = f"_line = (select max(_line) from {taken.loader.loaded})"
    for line in taken.loader.lines_where(f"{last} and {first}"):
        taken.warnings.append(f"the last record, on line {line}, begins with a total; if it is a footer, remove it")


def _check_one_month(months: dict[date, int], contract: FeedContract) -> None:
    if contract.delivered.is_monthly and not contract.names_the_list and len(months) > 1:
        listed = ", ".join(f"{label(month)} ({count})" for month, count in list(months.items())[:6])
        raise Refusal(
            f"holds records of several months: {listed}; a snapshot is one month's list, so split it by month"
        )


def _check_date(name: str, taken: Taken, contract: FeedContract) -> None:
    """Where the contract demands it: the file says on which day its content was known."""
    if contract.dated == "optional" or parse_file_name(name, contract).known_on is not None:
        return
    column = contract.version_from
    if column is not None and contract.column(column).type in ("date", "timestamp") and taken.loader is not None:
        cell = f"trim({identifier(taken.header.columns[column])})"
        told = moment_of(contract, contract.column(column), cell).instant()
        if taken.loader.run(f"select 1 from {taken.loader.loaded} where {told} is not null limit 1"):
            return
    month = "2024-05_" if contract.delivered.is_monthly else ""
    raise Refusal(
        f"nothing says on which day its content was known, which {contract.label} demands; add the day to its name, as "
        f"in {contract.feed}_{month}as_of_2024-06-15.{contract.format.type}",
        taken.records,
    )


def _message(reading: FileReading) -> str:
    if reading.verdict == "accepted":
        said = f"{reading.records} record{'' if reading.records == 1 else 's'}"
    else:
        reasons = Counter((one.column_name, one.reason) for one in reading.quarantined)
        first = sorted(reasons.most_common(), key=lambda found: found[0][1] != OTHER)[:3]  # what explains others first
        listed = [_reason(reading, column, reason, count) for (column, reason), count in first]
        more = len(reasons) - len(listed)
        said = (
            f"{reading.loaded_count} of {reading.records} records loaded, "
            + f"{len(reading.quarantined)} quarantined: "
            + "; ".join(listed)
            + (f"; and {more} other reasons" if more else "")
        )
    return ". ".join([said, *(w[:1].upper() + w[1:] for w in reading.warnings)])


def _reason(reading: FileReading, column: str | None, reason: str, count: int) -> str:
    lines = [one.line for one in reading.quarantined if (one.column_name, one.reason) == (column, reason)]
    where = f"line{'s' if count > 1 else ''} {', '.join(map(str, lines[:5]))}{' and more' if count > 5 else ''}"
    blame = "" if column is None else f"{shown(column)}{'' if reason.startswith('is ') else ':'} "
    return f"{where}: {blame}{reason}"


def _read_csv(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    from leads_platform.arrivals.reading.csv_reading import read_csv  # numpy only where files are read

    return read_csv(source, contract, workspace)


def _read_workbook(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    from leads_platform.arrivals.reading.workbook import read_workbook  # calamine only where a feed sends workbooks

    return read_workbook(source, contract, workspace)


def _read_parquet(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    from leads_platform.arrivals.reading.parquet import read_parquet

    return read_parquet(source, contract, workspace)


def _read_jsonl(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    from leads_platform.arrivals.reading.jsonl_reading import read_jsonl

    return read_jsonl(source, contract, workspace)


_READERS = {"csv": _read_csv, "xlsx": _read_workbook, "parquet": _read_parquet, "jsonl": _read_jsonl}
