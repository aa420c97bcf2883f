"""Workbooks, Parquet, gz and zip: what a file is, whatever it is called.

Belongs here: formats other than bare CSV. Does not: CSV itself (test_reading.py).
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from leads_platform.arrivals import FileReading, read_file
from leads_platform.arrivals.reading import containers as wrapping
from leads_platform.arrivals.reading import csv_reading, loading
from leads_platform.arrivals.reading import workbook as workbook_module
from leads_platform_tests.arrivals.catalogue.case import rezipped
from leads_platform_tests.arrivals.test_reading import GOOD, HEAD, ONE, contract

XLSX = {"format": {"type": "xlsx"}}
PARQUET = {"format": {"type": "parquet"}}
TITLES = ["Id", "Name", "Phone", "City"]


def read(tmp_path: Path, content: bytes, **changes: object) -> FileReading:
    (tmp_path / "list.csv").write_bytes(content)
    return read_file(tmp_path / "list.csv", contract(**changes))


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def names(reading: FileReading) -> list[str]:
    return [row[1] for row in reading.loaded.fetchall()]


def test_gz_and_zip_of_one_are_unwrapped(tmp_path: Path) -> None:
    for content in (gzip.compress(GOOD), zipped(a=GOOD), zipped(**{"a": GOOD, "__MACOSX/._a": b"x"})):
        with read(tmp_path, content) as reading:
            assert (reading.verdict, names(reading)) == ("accepted", ["Ann", "Bob", "Cyd"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(a=GOOD, b=GOOD), "zip of 2 files"),
        (zipped(), "zip of 0 files"),
        (zipped(a=gzip.compress(GOOD)), "archive inside an archive"),
        (gzip.compress(zipped(a=GOOD)), "archive inside an archive"),
        (gzip.compress(GOOD * 1000)[:-20], "cut short"),
        (zipped(a=GOOD)[:-30], "cut short"),
        (gzip.compress(b""), "empty"),
        (b"PAR1....PAR1", "a Parquet file"),
        (workbook(a=[TITLES]), "an Excel workbook"),
    ],
    # not the bytes themselves: they hold the second in which they were made, and each worker must find the same tests
    ids=["two", "none", "gz in zip", "zip in gz", "short gz", "short zip", "empty gz", "Parquet", "workbook"],
)
def test_refused_wrappings(content: bytes, words: str, tmp_path: Path) -> None:
    with read(tmp_path, content) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapping, "RATIO_FREE_BYTES", 2**20)
    for content in (gzip.compress(b"\n" * 2**24), zipped(a=b"\n" * 2**24)):
        with read(tmp_path, content) as reading:
            assert reading.verdict == "refused"
            assert "unpacks to more than" in reading.message


def test_cells_of_a_workbook_become_text(tmp_path: Path) -> None:
    rows = [
        [*TITLES, "When", "At", "Sum", "Yes"],
        ["007", "Ann", 7025550101, "Reno", date(2024, 5, 1), datetime(2024, 5, 1, 6, 30), 0.1, True],
        [],
        [8, "Bob\nJr", None, "Elko", None, None, 12.0, False],
    ]
    with read(tmp_path, workbook(List=rows), **XLSX) as reading:
        assert (reading.verdict, reading.records) == ("accepted", 2)
        assert reading.loaded.fetchall() == [
            ("007", "Ann", "7025550101", "Reno", "2024-05-01", "2024-05-01 06:30:00", "0.1", "TRUE", 2),
            ("8", "Bob\nJr", None, "Elko", None, None, "12", "FALSE", 4),
        ]


def test_which_sheet(tmp_path: Path) -> None:
    one, two = [TITLES, [1, "Ann", "x", "y"]], [TITLES, [2, "Bob", "x", "y"]]
    with read(tmp_path, workbook(Empty=[], List=one), **XLSX) as reading:
        assert names(reading) == ["Ann"]
    with read(tmp_path, workbook(A=one, B=two), **XLSX) as reading:
        assert reading.verdict == "refused"
        assert "2 sheets with cells: `A`, `B`" in reading.message
    with read(tmp_path, workbook(A=one, B=two), format={"type": "xlsx", "sheet": "B"}) as reading:
        assert names(reading) == ["Bob"]
    with read(tmp_path, workbook(A=one), format={"type": "xlsx", "sheet": "B"}) as reading:
        assert "has no sheet `B`; its sheets are `A`" in reading.message


@pytest.mark.parametrize(
    ("rows", "verdict", "words"),
    [
        ([["Licences"], [], TITLES, [1, "Ann", "x", "y"]], "refused", "header in row 3"),
        ([[1, "Ann", "x", "y"]], "refused", "no header"),
        ([TITLES], "refused", "no records"),
        ([], "refused", "without any cell"),
        ([TITLES, [1, "Ann", "x", "y"], [2, "Bob", "x", "y", "z"]], "partial", "line 3: too many fields"),
        ([["Id", "Name", "City"], [1, "Ann", "x"]], "refused", "`Phone` is missing"),
    ],
)
def test_workbooks_that_are_not_right(rows: list[list[object]], verdict: str, words: str, tmp_path: Path) -> None:
    with read(tmp_path, workbook(List=rows), **XLSX) as reading:
        assert reading.verdict == verdict
        assert words in reading.message


def test_csv_where_a_workbook_is_expected(tmp_path: Path) -> None:
    with read(tmp_path, HEAD + ONE, **XLSX) as reading:
        assert reading.verdict == "refused"
        assert "not an Excel workbook" in reading.message


def test_parquet(tmp_path: Path) -> None:
    duckdb.sql(
        "copy (select * from (values (1, 'Ann', '01001', 'Reno', date '2024-05-01'),"
        " (2, '', null, 'Elko', null))"
        f' t("Id", "Name", "Phone", "Town", "Since")) to \'{tmp_path}/p.parquet\' (format parquet)'
    )
    content = (tmp_path / "p.parquet").read_bytes()
    with read(tmp_path, content, **PARQUET) as reading:
        assert (reading.verdict, reading.records, reading.unexpected) == ("accepted", 2, ["Since"])
        assert reading.loaded.fetchall() == [
            ("1", "Ann", "01001", "Reno", "2024-05-01", 1),
            ("2", None, None, "Elko", None, 2),
        ]
    with read(tmp_path, content[:-50], **PARQUET) as reading:
        assert reading.verdict == "refused"
        assert "cut short" in reading.message


def _sheet(change: Callable[[bytes], bytes]) -> bytes:
    """A workbook of two people whose sheet's XML is changed."""
    return rezipped(workbook(May=[["Id", "Name", "Phone", "City"], [1, "Ann", "x", "y"]]), SHEET, change)


def _far(reference: str) -> bytes:
    """With one more cell at this place."""
    row = "".join(letter for letter in reference if letter.isdigit())
    cell = f'<row r="{row}"><c r="{reference}" t="inlineStr"><is><t>x</t></is></c></row>'.encode()
    return _sheet(lambda xml: xml.replace(b"</sheetData>", cell + b"</sheetData>"))


def _formatted(cells: int) -> bytes:
    """With so many cells below the list that hold a format and nothing else."""
    row = b'<row r="9">' + b'<c r="A9" s="0"/>' * cells + b"</row>"
    return _sheet(lambda xml: xml.replace(b"</sheetData>", row + b"</sheetData>"))


SHEET = "xl/worksheets/sheet1.xml"
WIDE = b"Id,Name,Phone,City," + b",".join(b"c%d" % number for number in range(119_996)) + b"\n1,Ann,x,y\n"


@pytest.mark.parametrize(
    ("type", "content", "words"),
    [
        ("csv", lambda: WIDE, "has a header of 120,000 columns, of which at most 4,096 are read"),
        ("xlsx", lambda: _far("XFD1"), "has a header of 16,384 columns"),
        ("xlsx", lambda: _far("XFD1048576"), "cells as far as row 1048576, column 16384, and 9 filled in all"),
        ("xlsx", lambda: _far("D1048576"), "cells as far as row 1048576, column 4, and 9 filled in all"),
        ("xlsx", lambda: _far("XFD480"), "cells as far as row 480, column 16384"),
        ("xlsx", lambda: _formatted(1_100_000), "more than 1,000,000 cells with a format and no value"),
    ],
)
def test_what_is_too_wide_or_too_far_is_refused_before_it_is_read(
    type: str, content: Callable[[], bytes], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 21: 120,000 columns cost 52 seconds of processor time before the refusal, far cells 23."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was read, counted or parsed first")

    monkeypatch.setattr(csv_reading, "scan", never)
    monkeypatch.setattr(csv_reading, "match_header", never)
    monkeypatch.setattr(loading.Loader, "load_csv", never)
    if words.startswith(("cells", "more than")):
        monkeypatch.setattr(workbook_module.CalamineWorkbook, "from_filelike", never)
    with read(tmp_path, content(), format={"type": type}) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message
        assert "delete" in reading.message  # what to do


def test_a_parquet_file_is_refused_by_its_width_before_its_columns_are_named(tmp_path: Path) -> None:
    """Found in use, 21: so it is where the format says itself how many columns there are."""
    listed = ", ".join(f"1 as c{number}" for number in range(4_097))
    duckdb.sql(f"copy (select {listed}) to '{tmp_path}/wide.parquet' (format parquet)")
    with read_file(tmp_path / "wide.parquet", contract(format={"type": "parquet"})) as reading:
        assert reading.verdict == "refused"
        assert "has a header of 4,097 columns" in reading.message
