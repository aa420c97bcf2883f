"""How a sample file is written: type, delimiter, quote, encoding, header. For proposing a contract only.

Belongs here: trying what a file could be. Does not: reading deliveries, where nothing is guessed (reading), or what
the columns mean (propose_columns.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.arrivals.contracts.load import Column, FeedContract, Format
from leads_platform.arrivals.reading.containers import Kind, unwrap
from leads_platform.arrivals.reading.csv_reading import line_ends
from leads_platform.arrivals.reading.csv_records import Dialect
from leads_platform.arrivals.reading.loading import literal
from leads_platform.arrivals.reading.refusal import Refusal
from leads_platform.arrivals.reading.text import to_utf8

_HEAD_BYTES = 2**20
_LOOK_AT = 200  # records; enough to tell a delimiter from a comma in a name
_HEADER_WITHIN = 30  # records; titles of the whole list are few
_WHERE = "the contract"


def how_it_is_written(file: Path, folder: Path) -> tuple[Format, list[str], list[str]]:
    """The format, the header's cells, and what a person should look at. Raises Refusal."""
    first: Refusal | None = None
    for kind in ("csv", "xlsx", "parquet"):
        try:
            source = unwrap(file, kind, _WHERE, folder)
        except Refusal as refusal:
            first = first or refusal
            continue
        return _WRITTEN[kind](source, folder)
    raise first or Refusal("can't be read")


def _csv(source: Path, folder: Path) -> tuple[Format, list[str], list[str]]:
    with source.open("rb") as opened:
        encodings = _encodings(opened.read(4096))
    encoding, text = _decoded(source, folder / "text", encodings)
    notes = [] if encoding == "utf-8" else [f"the sample is not UTF-8; it can be read as {encoding}"]
    with text.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    best: tuple[int, int] = (0, 0)
    chosen: tuple[str, str | None, list[str], int | None] = (",", '"', [], None)
    for quote in ('"', None):
        for delimiter in (",", ";", "\t", "|"):
            cells, alike, row = _try_dialect(head, Dialect(delimiter, quote))
            if len(cells) > 1 and (alike, len(cells)) > best:
                best, chosen = (alike, len(cells)), (delimiter, quote, cells, row)
    delimiter, quote, cells, row = chosen
    if not cells:  # one column: any delimiter will do
        cells, _, row = _try_dialect(head, Dialect(",", '"'))
        notes.append("one column only: is the delimiter another than , ; tab or | ?")
    notes += _above(row)
    return Format(delimiter=delimiter, quote=quote, encoding=encoding, header_row=row), cells, notes


def _above(row: int | None) -> list[str]:
    return [f"the column titles stand on line {row}; what is above is not read"] if row else []


def header_of(rows: list[tuple[int, list[str]]]) -> tuple[list[str], int | None]:
    """The column titles among a sample's first rows that hold anything, and their line where others are above it.

    What is above fills at most half of the columns that the list fills.
    """
    filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in rows[:_HEADER_WITHIN]]
    at = next((at for at, count in enumerate(filled) if count > 1 and 2 * count > max(filled)), 0)
    number, cells = rows[at]
    return cells, number if at else None


def _decoded(source: Path, target: Path, encodings: tuple[str, ...]) -> tuple[str, Path]:
    """The first of the encodings that fits, and the text as UTF-8. Raises the last one's Refusal."""
    *others, last = encodings
    for encoding in others:
        try:
            return encoding, to_utf8(source, target, encoding, _WHERE).path
        except Refusal:
            continue
    return last, to_utf8(source, target, last, _WHERE).path


def _try_dialect(head: bytes, dialect: Dialect) -> tuple[list[str], int, int | None]:
    """The header's cells, how many of the first records are as wide, and its line where others are above it."""
    cells, row = header_of([(line, cells) for line, cells in _records(head, dialect)] or [(1, [])])
    start = 0 if row is None else [0, *(end.end() for end in re.finditer(rb"\r\n|\r|\n", head))][row - 1]
    at, alike = start + len(head[start:]) - len(head[start:].lstrip(b"\r\n")), 0
    at = dialect.read(head, at).next if at < len(head) else at
    for _ in range(_LOOK_AT):
        if at >= len(head):
            break
        record = dialect.read(head, at, len(cells) or None)
        alike += record.reason is None and record.fields == len(cells)
        at = record.next + len(head[record.next :]) - len(head[record.next :].lstrip(b"\r\n"))
    return cells, alike, row


def _records(head: bytes, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of the first records, empty lines left out."""
    at, line = 0, 1
    for _ in range(_HEADER_WITHIN):
        blank = len(head[at:]) - len(head[at:].lstrip(b"\r\n"))
        line += line_ends(head[at : at + blank])
        at += blank
        if at >= len(head):
            return
        record = dialect.read(head, at)
        yield line, [cell.decode("utf-8", "replace") for cell in dialect.cells(head, record)]
        line += line_ends(head[at : record.next])
        at = record.next


def _encodings(head: bytes) -> tuple[str, ...]:
    """Encodings to try, in order: by the mark, by where NUL bytes are, else by whether the text is valid."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return ("utf-32",)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    if head.count(b"\0") > len(head) // 5:
        return ("utf-16-le",) if head[1::2].count(b"\0") > head[::2].count(b"\0") else ("utf-16-be",)
    return ("utf-8", "cp1252", "latin-1")


def _xlsx(source: Path, folder: Path) -> tuple[Format, list[str], list[str]]:
    from python_calamine import CalamineWorkbook

    from leads_platform.arrivals.reading.workbook import read_sheet

    try:
        _, rows = read_sheet(source, least_contract("sample", ["x"], Format(type="xlsx")))
        cells, row = _titles(rows)
        return Format(type="xlsx", header_row=row), cells, _above(row)
    except Refusal:
        with source.open("rb") as opened:
            names = CalamineWorkbook.from_filelike(opened).sheet_names
        if len(names) < 2:
            raise
    sheets = {}
    for name in names:
        _, rows = read_sheet(source, least_contract("sample", ["x"], Format(type="xlsx", sheet=name)))
        sheets[name] = rows
    largest = max(sheets, key=lambda name: len(sheets[name]))
    note = "the workbook has several sheets; format.sheet is the one with most rows"
    cells, row = _titles(sheets[largest])
    return Format(type="xlsx", sheet=largest, header_row=row), cells, [note, *_above(row)]


def _titles(rows: list[tuple[int, list[str]]]) -> tuple[list[str], int | None]:
    if not rows:
        raise Refusal("is a workbook without any cell; ask for the file again")
    return header_of(rows)


def _parquet(source: Path, folder: Path) -> tuple[Format, list[str], list[str]]:
    try:
        described = duckdb.sql(f"describe select * from read_parquet({literal(str(source))})").fetchall()
    except duckdb.Error:
        raise Refusal("is a Parquet file that can't be read (damaged or cut short); send it again") from None
    return Format(type="parquet"), [row[0] for row in described], []


_WRITTEN: dict[Kind, Any] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}


def check_titles(cells: list[str]) -> None:
    """A first line of data would become column names, with the personal data in it. Raises Refusal."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        raise Refusal("has no header: its first line is empty; it must name the columns")
    looks = [cell for cell in filled if "@" in cell or re.search(r"(\d\D?){7}", cell)]
    numbers = [cell for cell in filled if re.fullmatch(r"[\d.,/ -]+", cell.strip())]
    if looks or 2 * len(numbers) >= len(filled):
        raise Refusal("has no header: its first line looks like data; it must name the columns")


def least_contract(feed: str, cells: Iterable[str], dialect: Format) -> FeedContract:
    """The least contract by which the sample can be read: all its columns, as text."""
    titles = dict.fromkeys(cell.strip() for cell in cells if cell.strip())
    columns = tuple(Column(name=f"c{index}", header=title) for index, title in enumerate(titles))
    return FeedContract(feed=feed, room="sample", title="sample", delivery="snapshot", format=dialect, columns=columns)
