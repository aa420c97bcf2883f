"""Excel workbooks: which sheet, which cells, as text.

Belongs here: xlsx by python-calamine, and counting a sheet's rows from its XML, which is not calamine. Does
not: zips and passwords (containers.py), or what the columns mean (header.py).
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook

from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import with_comma
from leads_platform.arrivals.reading.header import Header, match_header, matches
from leads_platform.arrivals.reading.loading import Loader, Quarantined, Taken
from leads_platform.arrivals.reading.parquet import ISO
from leads_platform.arrivals.reading.refusal import Refusal, shown
from leads_platform.arrivals.reading.second_headers import Titles

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_UNREADABLE = "is a workbook that can't be read (damaged or cut short); save it again as .xlsx"
_ROOMY = 1_000_000
"""Cells of a sheet, empty ones too, that are read whatever they hold: calamine makes room for each. A million take half
a second and 40 MB; what is larger must be filled to a twentieth."""


def read_sheet(path: Path, contract: FeedContract) -> tuple[str, list[tuple[int, list[str]]]]:
    """The sheet's name and its rows that hold anything, with their row numbers, all cells as text.

    Dates become ISO 8601, whole numbers have no decimals (and the leading zeros they are shown with), text stays as
    it is. Raises Refusal.
    """
    sheets = count_sheets(path)
    name = choose(sheets, contract)
    return name, _rows(path, name, sheets[name])


def _rows(path: Path, name: str, count: SheetCount) -> list[tuple[int, list[str]]]:
    if count.height * count.width > max(_ROOMY, 20 * count.cells):
        raise Refusal(
            f"has cells as far as row {count.height}, column {count.width}, and {count.cells} filled in all; "
            "delete the rows and columns behind the list"
        )
    try:
        with path.open("rb") as file:
            grid = CalamineWorkbook.from_filelike(file).get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError:
        raise Refusal(_UNREADABLE) from None
    rows = [(number, [cell_text(cell) for cell in row]) for number, row in enumerate(grid, start=1)]
    for (number, column), mask in count.masks.items():
        cells = rows[number - 1][1]
        cells[column - 1] = masked(cells[column - 1], mask)
    return [(number, cells) for number, cells in rows if _says_something(cells)]


def choose(sheets: Mapping[str, SheetCount], contract: FeedContract) -> str:
    """The sheet to read: the contract's, else the only one with cells. Raises Refusal."""
    wanted = contract.format.sheet
    if wanted is not None:
        if wanted not in sheets:
            listed = ", ".join(map(shown, sheets))
            raise Refusal(
                f"has no sheet {shown(wanted)}; its sheets are {listed}. Set format.sheet in {contract.label}"
            )
        return wanted
    filled = [name for name, count in sheets.items() if count.rows]
    if len(filled) > 1:
        listed = ", ".join(shown(name) for name in filled)
        raise Refusal(f"has {len(filled)} sheets with cells: {listed}; say which in format.sheet of {contract.label}")
    if not filled:
        raise Refusal("is a workbook without any cell; ask for the file again")
    return filled[0]


class Fraction(str):
    """The text of a cell that is a number with decimals behind a point."""


def _says_something(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells)


def cell_text(value: Any) -> str:  # noqa: PLR0911 - one line per type
    """A cell as text.

    >>> [cell_text(v) for v in (1001.0, "01001", 0.1, datetime(2024, 5, 1), True)]
    ['1001', '01001', '0.1', '2024-05-01', 'TRUE']
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() else Fraction(format(Decimal(repr(value)), "f"))
        case datetime():
            midnight = value.time() == time()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)


def masked(text: str, mask: str) -> str:
    """A whole number as Excel shows it by a form of zeros; anything else as it is.

    >>> masked("1001", "00000"), masked("1001", "00000-0000"), masked("Reno", "00000")
    ('01001', '00000-1001', 'Reno')
    """
    if not (text.isascii() and text.isdigit()):
        return text
    digits = text.zfill(mask.count("0"))
    shown, at = digits[: len(digits) - mask.count("0")], len(digits) - mask.count("0")
    for letter in mask:
        shown += digits[at] if letter == "0" else letter
        at += letter == "0"
    return shown


def write_rows(rows: list[tuple[int, list[str]]], target: Path) -> int:
    """Writes the rows' cells as CSV for the loader, every cell quoted.

    Returns the longest record in bytes.
    """
    longest = 0
    with target.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for _, cells in rows:
            writer.writerow(cells)
            longest = max(longest, 4 * sum(map(len, cells)) + 3 * len(cells))
    return longest


@dataclass
class SheetCount:
    """What the XML says.

    Rows that hold a value, how many of them are above the contract's header row, cells that hold one, the last row and
    column with any cell (from 1), cells that hold an error, formulas without a stored value, and cells whose numbers
    are shown with leading zeros: (row, column) -> the form they are shown in.
    """

    rows: int = 0
    above: int = 0
    cells: int = 0
    height: int = 0
    width: int = 0
    errors: int = 0
    unvalued: int = 0
    masks: dict[tuple[int, int], str] = field(default_factory=dict)


def count_sheets(path: Path, header_row: int | None = None) -> dict[str, SheetCount]:
    """Each sheet of cells with its counts, in the workbook's order, from its XML. Raises Refusal."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = list(_parts(archive))
            for _, part in parts:
                _check_blank_cells(archive, part)
            blank, forms = _blank_strings(archive), _forms(archive)
            return {name: _count(archive, part, blank, forms, header_row or 1) for name, part in parts}
    except (ElementTree.ParseError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, IndexError):
        raise Refusal(_UNREADABLE) from None


def _check_blank_cells(archive: zipfile.ZipFile, part: str) -> None:
    """Refuses a sheet that is formatted far below its list: to parse a million such cells takes five seconds."""
    cells = filled = 0
    with archive.open(part) as file:
        while chunk := file.read(2**20):  # a tag cut in two by the chunk counts little
            cells += chunk.count(b"<c ")
            filled += chunk.count(b"</c>")
    if cells - filled > (room := max(_ROOMY, 20 * filled)):
        raise Refusal(
            f"has more than {room:,} cells with a format and no value, and {filled:,} filled; "
            "delete the rows and columns behind the list"
        )


def _count(
    archive: zipfile.ZipFile, part: str, blank: set[int], forms: list[str | None], header_row: int
) -> SheetCount:
    count = SheetCount()
    with archive.open(part) as file:
        at = 0
        for row in _elements(file, "row"):
            at = int(row.get("r") or at + 1)
            filled = column = 0
            for cell in row.iter(f"{_MAIN}c"):
                column = _column(cell.get("r", "")) or column + 1
                if not len(cell):  # a form and no value: of these there may be millions below and beside the list
                    continue
                filled += _filled(cell, blank)
                count.errors += cell.get("t") == "e"
                count.unvalued += cell.find(f"{_MAIN}f") is not None and not cell.findtext(f"{_MAIN}v")
                form = forms[int(cell.get("s", 0))] if forms and cell.get("t", "n") == "n" else None
                if form is not None and cell.findtext(f"{_MAIN}v"):
                    count.masks[at, column] = form
                if cell.findtext(f"{_MAIN}v") or cell.get("t") == "inlineStr":
                    count.height, count.width = max(count.height, at), max(count.width, column)
            count.rows += filled > 0
            count.above += filled > 0 and at < header_row
            count.cells += filled
    return count


def _column(reference: str) -> int:
    """The number of a cell's column: 1 for A7, 27 for AA1; 0 where none is given."""
    number = 0
    for letter in re.match("[A-Z]*", reference)[0]:  # type: ignore[index] - matches anything
        number = number * 26 + ord(letter) - 64
    return number


def _forms(archive: zipfile.ZipFile) -> list[str | None]:
    """By style: the form of zeros its numbers are shown in, as 00000 for a zip code; None for any other form."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    own = {form.get("numFmtId"): form.get("formatCode", "") for form in styles.iter(f"{_MAIN}numFmt")}
    plain = {number: re.sub(r'[\\"]', "", code) for number, code in own.items()}
    zeros = {number: code for number, code in plain.items() if re.fullmatch(r"[()\- ]*00[0()\- ]*", code)}
    used = styles.find(f"{_MAIN}cellXfs")
    return [] if used is None else [zeros.get(style.get("numFmtId")) for style in used]


def _filled(cell: ElementTree.Element, blank: set[int]) -> bool:
    kind, value = cell.get("t"), (cell.findtext(f"{_MAIN}v") or "").strip()
    if kind == "inlineStr":
        return _has_text(cell)
    if kind == "s":
        return bool(value) and int(value) not in blank
    return bool(value) and kind != "e"


def _has_text(element: ElementTree.Element) -> bool:
    return any((text.text or "").strip() for text in element.iter(f"{_MAIN}t"))


def _blank_strings(archive: zipfile.ZipFile) -> set[int]:
    """Which of the workbook's shared strings are empty."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return set()
    with archive.open("xl/sharedStrings.xml") as file:
        items = enumerate(_elements(file, "si"))
        return {index for index, item in items if not _has_text(item)}


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets of cells, and the files inside the workbook that hold them. Charts are no sheets of cells."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): r.get("Target", "") for r in relations if r.get("Type", "").endswith("/worksheet")}
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATION))
        if target is not None:
            part = target.lstrip("/") if target.startswith("/") else re.sub(r"^(?:\./)?", "xl/", target, count=1)
            yield sheet.get("name", ""), part


def _elements(file: Any, tag: str) -> Iterator[ElementTree.Element]:
    """Streams elements of one tag, forgetting each after use: a sheet may be far larger than its cells."""
    for _, element in ElementTree.iterparse(file, events=("end",)):
        if element.tag == f"{_MAIN}{tag}":
            yield element
            element.clear()


def read_workbook(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    """Reads the sheet against its contract.

    Rows are counted a second time from the workbook's XML. Raises Refusal.
    """
    sheets = count_sheets(source, contract.format.header_row)
    sheet = choose(sheets, contract)
    count = sheets[sheet]
    rows = _rows(source, sheet, count)
    if not rows:
        raise Refusal("has no cells in its sheet; ask for the file again")
    rows = _from_header(rows, contract)
    first, cells = rows[0]
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    _check_header(rows, contract)
    header = match_header(cells, contract)
    width = len(header.names)
    good = [(number, row[:width] + [""] * (width - len(row))) for number, row in rows[1:] if not any(row[width:])]
    titles, wide = Titles(header, contract), f"too many fields: cells to the right of the header's {width} columns"
    _write_commas(good, header, contract)
    bad = [Quarantined(number, None, titles.reason(row) or wide) for number, row in rows[1:] if any(row[width:])]
    records = count.rows - count.above - 1
    warnings = list(header.warnings)
    if count.errors:
        warnings.append(f"{count.errors} cells hold an Excel error such as #N/A; left empty")
    if count.unvalued:
        warnings.append(f"{count.unvalued} formulas have no stored value: empty until the file is saved in Excel")
    if 2 * len(bad) > records:
        said = f"{len(bad)} of {records} rows have cells to the right of the header, which is in row {first}"
        raise Refusal(f"{said}; is that row the header?", records)
    loader = Loader(workspace, header.names)
    if contract.month.column is not None:
        loader.set_month(contract, header, ISO)
    text = workspace / "rows.csv"
    longest = write_rows(good, text)
    numbers = np.array([number for number, _ in good], dtype=np.int64)
    loaded = loader.load_csv(text, ",", '"', first_line=0, lines=numbers, longest=longest) if good else 0
    return Taken(header, records, loaded, loader, bad, warnings)


def _write_commas(rows: list[tuple[int, list[str]]], header: Header, contract: FeedContract) -> None:
    columns = [header.names.index(header.columns[name]) for name in with_comma(contract) & header.columns.keys()]
    for _, cells in rows:
        for column in columns:
            if isinstance(cells[column], Fraction):
                cells[column] = cells[column].replace(".", ",")


def _from_header(rows: list[tuple[int, list[str]]], contract: FeedContract) -> list[tuple[int, list[str]]]:
    """The rows from the one on that the contract calls the header; all, where it names none."""
    row = contract.format.header_row
    if row is None:
        return rows
    found = matches(next((cells for number, cells in rows if number == row), []), contract)
    for number, cells in rows[:30]:
        if matches(cells, contract) > max(2 * found, 1):
            said = f"set format.header_row: {number} in {contract.label}, which says {row}"
            raise Refusal(f"has its header in row {number}; {said}")
    below = [(number, cells) for number, cells in rows if number >= row]
    if not below or below[0][0] != row:
        raise Refusal(
            f"has nothing in row {row}, where format.header_row in {contract.label} says that its header is; "
            "correct the one or the other"
        )
    return below


def _check_header(rows: list[tuple[int, list[str]]], contract: FeedContract) -> None:
    found = matches(rows[0][1], contract)
    for number, cells in rows[1:30]:
        if matches(cells, contract) > max(2 * found, 1):
            raise Refusal(
                f"has its header in row {number}; remove the rows above it, "
                f"or set format.header_row: {number} in {contract.label}"
            )
    if not found:
        titles = ", ".join(shown(c.header) for c in contract.columns if c.name in contract.needed)
        where = "its first row" if contract.format.header_row is None else f"row {rows[0][0]}"
        said = f"has no header: {where} names no column of {contract.label}; it must name {titles}"
        raise Refusal(said, titles=rows[0][1])
