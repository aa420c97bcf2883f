"""Writing what goes out: exact for programs, harmless for people who open it in a spreadsheet.

Belongs here: CSV and xlsx, and what a cell may hold. Does not: which columns there are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

Cell = str | int | date | None
XLSX_LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
# A spreadsheet takes a cell for a formula by its first character, also behind blanks and in its full-width form.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def length(text: str) -> int:
    """Characters as Java and Excel count them: one outside of the basic plane, as most emoji, counts twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def write_exact_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """For a program: UTF-8 without a mark, every cell as it is, in quotes; RFC 4180."""
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows([_text(cell) for cell in row] for row in rows)


def write_plain_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """For people: UTF-8 with the mark by which spreadsheets know it, cells of one line, nothing that calculates."""
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_harmless(_text(cell)) for cell in row] for row in rows)


def write_xlsx(path: Path, title: str, columns: Mapping[str, int], rows: Iterable[Sequence[Cell]]) -> None:
    """For people: one sheet with its header frozen; `columns` are titles with their widths in characters.

    Text is text whatever it begins with, also after somebody edits the cell. What is written before it is packed lies
    beside it, not in the system's folder: it holds all rows, and whoever is killed leaves it.
    """
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell as Written
    from openpyxl.cell.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet._writer import WorksheetWriter

    beside = path.with_name(f"{path.name}.sheet")

    class Beside(WorksheetWriter):
        def cleanup(self) -> None:  # openpyxl's own forgets a file of a list that this one is not on
            beside.unlink()

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(columns.values(), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet._writer = Beside(sheet, str(beside))  # as openpyxl does itself, but for where
    sheet._writer.write_top()

    def cell(value: Cell) -> Written:
        made = WriteOnlyCell(sheet)
        made.value = _NOT_IN_XML.sub("\ufffd", value) if isinstance(value, str) else value
        if isinstance(value, str):
            made.data_type, made.number_format, made.quotePrefix = "s", "@", True
        elif isinstance(value, date):
            made.number_format = "yyyy-mm-dd"
        return made

    header = [cell(column) for column in columns]
    for made in header:
        made.font = Font(bold=True)
    sheet.append(header)
    for row in rows:
        sheet.append([cell(value) for value in row])
    book.save(path)


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _harmless(text: str) -> str:
    line = _BREAKS.sub(" ", text)
    return f"'{line}" if _FORMULA.match(line) else line
