"""Excel workbooks: which sheet, which cells, as text.

Belongs here: xlsx by python-calamine, and counting a sheet's rows from its XML, which is not calamine. Does
not: zips and passwords (wrapping.py), or what the columns mean (header.py).
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook

from leads_platform.arrivals.contract import FeedContract
from leads_platform.arrivals.header import match_header, matches
from leads_platform.arrivals.loading import Loader, Quarantined, Taken
from leads_platform.arrivals.parquet import ISO
from leads_platform.arrivals.refusal import Refusal, shown

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_sheet(path: Path, contract: FeedContract) -> tuple[str, list[tuple[int, list[str]]]]:
    """The sheet's name and its rows that hold anything, with their row numbers, all cells as text.

    Dates become ISO 8601, whole numbers have no decimals, text stays as it is. Raises Refusal.
    """
    try:
        with path.open("rb") as file:
            workbook = CalamineWorkbook.from_filelike(file)
            name = _choose(workbook, contract)
            grid = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError as error:
        if "assword" in str(error) or "ncrypt" in str(error):
            raise Refusal("is protected by a password; remove it and save the workbook again") from None
        raise Refusal("is a workbook that can't be read (damaged or cut short); save it again as .xlsx") from None
    rows = ((number, [cell_text(cell) for cell in row]) for number, row in enumerate(grid, start=1))
    return name, [(number, cells) for number, cells in rows if _says_something(cells)]


def _choose(workbook: CalamineWorkbook, contract: FeedContract) -> str:
    wanted, names = contract.format.sheet, workbook.sheet_names
    listed = ", ".join(shown(name) for name in names)
    if wanted is not None:
        if wanted not in names:
            raise Refusal(
                f"has no sheet {shown(wanted)}; its sheets are {listed}. Set format.sheet in {contract.label}"
            )
        return wanted
    filled = [name for name in names if any(map(_says_something, _texts(workbook, name)))]
    if len(filled) > 1:
        listed = ", ".join(shown(name) for name in filled)
        raise Refusal(f"has {len(filled)} sheets with cells: {listed}; say which in format.sheet of {contract.label}")
    if not filled:
        raise Refusal("is a workbook without any cell; ask for the file again")
    return filled[0]


def _says_something(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _texts(workbook: CalamineWorkbook, name: str) -> Iterator[list[str]]:
    try:
        yield from ([cell_text(cell) for cell in row] for row in workbook.get_sheet_by_name(name).to_python())
    except CalamineError:  # a chart sheet has no cells
        return


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
            return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
        case datetime():
            midnight = value.time() == time()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)


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

    Rows that hold a value, cells that hold an error, formulas without a stored value.
    """

    rows: int = 0
    errors: int = 0
    unvalued: int = 0


def count_rows(path: Path, sheet: str) -> SheetCount:
    """Counts the sheet's rows that hold anything but space or errors, from the workbook's XML."""
    count = SheetCount()
    with zipfile.ZipFile(path) as archive:
        blank = _blank_strings(archive)
        with archive.open(_part_of(archive, sheet)) as file:
            for row in _elements(file, "row"):
                count.rows += any(_filled(cell, blank) for cell in row)
                count.errors += sum(cell.get("t") == "e" for cell in row)
                count.unvalued += sum(
                    cell.find(f"{_MAIN}f") is not None and not cell.findtext(f"{_MAIN}v") for cell in row
                )
    return count


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


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file inside the workbook that holds the sheet."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    wanted = next(s.get(_RELATION) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet)
    target = next(r.get("Target", "") for r in relations if r.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else re.sub(r"^(?:\./)?", "xl/", target, count=1)


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
    sheet, rows = read_sheet(source, contract)
    if not rows:
        raise Refusal("has no cells in its sheet; ask for the file again")
    first, cells = rows[0]
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    _check_header(rows, contract)
    header = match_header(cells, contract)
    width = len(header.names)
    good = [(number, row[:width] + [""] * (width - len(row))) for number, row in rows[1:] if not any(row[width:])]
    bad = [
        Quarantined(number, None, f"too many fields: cells to the right of the header's {width} columns")
        for number, row in rows[1:]
        if any(row[width:])
    ]
    count = count_rows(source, sheet)
    records = count.rows - 1
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
        loader.set_month(header.columns[contract.month.column], (*contract.month_formats(), *ISO))
    text = workspace / "rows.csv"
    longest = write_rows(good, text)
    numbers = np.array([number for number, _ in good], dtype=np.int64)
    loaded = loader.load_csv(text, ",", '"', first_line=0, lines=numbers, longest=longest) if good else 0
    return Taken(header, records, loaded, loader, bad, warnings)


def _check_header(rows: list[tuple[int, list[str]]], contract: FeedContract) -> None:
    found = matches(rows[0][1], contract)
    for number, cells in rows[1:30]:
        if matches(cells, contract) > max(2 * found, 1):
            raise Refusal(f"has its header in row {number}; remove the rows above it")
    if not found:
        titles = ", ".join(shown(c.header) for c in contract.columns if c.name in contract.needed)
        raise Refusal(f"has no header: its first row names no column of {contract.label}; it must name {titles}")
