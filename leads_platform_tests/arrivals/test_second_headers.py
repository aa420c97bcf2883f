"""Headers among the records: repeated ones, and those of a second table, in CSV, workbooks and Parquet.

Belongs here: files with more than one header, each by hand. Does not: the header above the records (test_reading.py).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from leads_platform.arrivals import FileReading, read_file
from leads_platform_tests.arrivals.test_reading import contract

HEAD = ("Id", "Name", "Phone", "City")
ANN, BOB, CYD = ("1", "Ann", "702-555-0101", "Reno"), ("2", "Bob", "702-555-0102", "Elko"), ("3", "Cyd", "x", "Ely")
OTHER = ("Name", "Id", "Phone", "City")  # the same titles in another order
ZOE = ("Zoe", "9", "y", "Ely")
REPEATS = "repeats the header, so it is no record"
SECOND = "is the header of a second table with other columns; put that table in a file of its own"
BELOW = "stands in a second table with other columns, whose header is on line {}"
Grid = Sequence[Sequence[str]]


def csv(grid: Grid) -> bytes:
    return "".join(",".join(row) + "\n" for row in grid).encode()


def book(grid: Grid) -> bytes:
    made, out = Workbook(), io.BytesIO()
    for row in grid:
        made.worksheets[0].append(list(row))
    made.save(out)
    return out.getvalue()


def read(tmp_path: Path, content: bytes, **changes: object) -> FileReading:
    (tmp_path / "list").write_bytes(content)
    return read_file(tmp_path / "list", contract(**changes), workspace=tmp_path)


def outcome(reading: FileReading) -> tuple[list[int], list[tuple[int, str]]]:
    """The loaded records' lines, and the quarantined ones' with why."""
    assert reading.records == reading.loaded_count + len(reading.quarantined)
    return [row[-1] for row in reading.loaded.fetchall()], [(bad.line, bad.reason) for bad in reading.quarantined]


GRIDS = [
    pytest.param([HEAD, ANN, BOB, HEAD, CYD], [2, 3, 5], [(4, REPEATS)], id="two lists, one after the other"),
    pytest.param([HEAD, HEAD, HEAD, ANN, BOB], [4, 5], [(2, REPEATS), (3, REPEATS)], id="the header three times"),
    pytest.param(
        [HEAD, ANN, ("ID", "name ", "PHONE", "Town"), BOB], [2, 4], [(3, REPEATS)], id="other case, and an alias"
    ),
    pytest.param(
        [HEAD, ANN, BOB, CYD, OTHER, ZOE],
        [2, 3, 4],
        [(5, SECOND), (6, BELOW.format(5))],
        id="a second table in another order",
    ),
    pytest.param(
        [HEAD, ANN, BOB, CYD, OTHER, ZOE, HEAD, ANN],
        [2, 3, 4, 8],
        [(5, SECOND), (6, BELOW.format(5)), (7, REPEATS)],
        id="and the first one again",
    ),
    pytest.param([HEAD, ANN, ("5", "Name", "", "Reno")], [2, 3], [], id="one title among the values is a value"),
    pytest.param([HEAD, ANN, ("5", "Name", "City", "Reno")], [2, 3], [], id="so are two, if they are not most"),
    pytest.param([HEAD, ANN, ("Id", "Id", "Id", "Id")], [2, 3], [], id="one title over and over is no header"),
]


@pytest.mark.parametrize(("grid", "loaded", "left_out"), GRIDS)
@pytest.mark.parametrize("type", ["csv", "xlsx", "parquet"])
def test_headers_among_the_records(
    type: str, grid: Grid, loaded: list[int], left_out: list[tuple[int, str]], tmp_path: Path
) -> None:
    """Found in use, 5: a repeated header line was loaded as a lead, and a second table under the first one's titles."""
    content, off = {"csv": csv, "xlsx": book}.get(type, csv)(grid), 0
    if type == "parquet":  # its records count from 1
        rows = ", ".join(str(tuple(row)) for row in grid[1:])
        titles = ", ".join(f'"{title}"' for title in HEAD)
        made = tmp_path / "made.parquet"
        duckdb.sql(f"copy (select * from (values {rows}) as made({titles})) to '{made}' (format parquet)")
        content, off = made.read_bytes(), 1
        left_out = [(at - 1, why.replace("line 5", "line 4")) for at, why in left_out]
    with read(tmp_path, content, format={"type": type}) as reading:
        assert outcome(reading) == ([line - off for line in loaded], left_out)


@pytest.mark.parametrize(
    ("line", "is_header"),
    [
        ("iD,nAmE,pHone,cITy", True),
        ('" ID","Name\n","Phone ",\tcity', True),
        ('"Id\r\n","\u00a0NAME","phone","  tOWN "', True),
        ('iD,"pHone\n",nAmE,City', True),  # in another order
        ('7,"nAme\n",pHoNe,Reno', False),
        ('iD,Ann,"702-555-0199\n",Reno', False),
    ],
)
def test_titles_in_odd_case_and_space(line: str, is_header: bool, tmp_path: Path) -> None:
    """Found in use, mended: concatenated lists whose header differed in case or space loaded it as a lead."""
    with read(tmp_path, f"{csv([HEAD, ANN, BOB]).decode()}{line}\n".encode()) as reading:
        loaded, left_out = outcome(reading)
        assert (loaded, [at for at, _ in left_out]) == (([2, 3], [4]) if is_header else ([2, 3, 4], []))


def test_a_header_whose_words_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    """Found in use, mended: a wrapped title, repeated with its line break elsewhere, was loaded as a lead."""
    one = {"columns": [{"name": "name", "header": "Name of Person"}, {"name": "id", "header": "Licence No"}], "key": []}
    content = b'"Name\nof Person","Licence\nNo"\nAnn,1\n"NAME OF\nPERSON","LICENCE  NO"\nBob,2\n'
    with read(tmp_path, content, **one) as reading:
        assert (reading.loaded_count, [bad.reason for bad in reading.quarantined]) == (2, [REPEATS])


def test_columns_without_a_title_hide_no_header(tmp_path: Path) -> None:
    """Found in use, mended: a title was looked for in the first five columns, though these had none."""
    blank = ("",) * 5
    with read(tmp_path, csv([(*blank, *HEAD), (*blank, *ANN), (*blank, *HEAD), ("x", *blank[1:], *BOB)])) as reading:
        assert outcome(reading) == ([2, 4], [(3, REPEATS)])


def test_a_second_table_of_other_width_takes_no_record_of_the_first_with_it(tmp_path: Path) -> None:
    """Found in use, 5: of a second table with fewer or more columns, rows as wide as the first one's were loaded."""
    for title, row, stray, much in (
        (HEAD[:3], ("7", "Zoe", "y"), ("8", "Ulf, Jr", "x"), "few fields: 3"),
        ((*HEAD, "Fax"), ("7", "Zoe", "y", "z", "0"), ("8", "Ulf", "x", "y"), "many fields: 5"),
    ):
        grid = [HEAD, *[ANN] * 5, title, row, stray]
        with read(tmp_path, csv(grid)) as reading:
            assert outcome(reading) == (
                [2, 3, 4, 5, 6],
                [(7, SECOND), (8, f"too {much}, the header has 4"), (9, BELOW.format(7))],
            )
            assert reading.message.startswith("5 of 8 records loaded, 3 quarantined: line 7: is the header of a second")


def test_a_narrower_second_table_in_a_workbook(tmp_path: Path) -> None:
    """Found in use, 5: rows of a sheet are as wide as they need to be, so a narrower second table looked like ours."""
    grid = [HEAD, *[ANN] * 5, ("Name", "City"), ("Zoe", "Ely"), ("Ulf", "Ely")]
    with read(tmp_path, book(grid), format={"type": "xlsx"}) as reading:
        assert outcome(reading) == ([2, 3, 4, 5, 6], [(7, SECOND), (8, BELOW.format(7)), (9, BELOW.format(7))])


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ([HEAD, HEAD, HEAD], "has its header 3 times and no records; ask for the full file"),
        ([HEAD, ANN, OTHER, ZOE, ZOE], "second table with other columns begins on line 3"),
        ([HEAD, ANN, HEAD[:3], *[("7", "Zoe", "y")] * 4], "the first is on line 3: is the header of a second table"),
        ([("Licence", "Phone", "City"), ("Id", "", ""), ANN[:3]], "`Id`, `Name` are missing"),
        ([("Id", "Phone", "City", ""), ("", "", "", "Name"), ANN], "its titles spread over lines 1 and 2"),
    ],
)
def test_files_that_are_more_headers_than_list_are_refused(grid: Grid, words: str, tmp_path: Path) -> None:
    """Found in use, 5: where most lies under another header, or nothing under any, the file is refused in words."""
    with read(tmp_path, csv(grid)) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message


def test_repeated_headers_do_not_make_a_list_mostly_bad(tmp_path: Path) -> None:
    """Found in use, 5: an export with a page break after each record is still a list."""
    with read(tmp_path, csv([HEAD, ANN, HEAD, BOB, HEAD, HEAD])) as reading:
        assert outcome(reading) == ([2, 4], [(3, REPEATS), (5, REPEATS), (6, REPEATS)])


def test_in_a_list_of_one_column_the_title_is_a_value_and_that_is_said(tmp_path: Path) -> None:
    """Found in use, 5: a single cell that equals the title can't be told from a record."""
    only = {"delivery": "reference", "key": [], "columns": [{"name": "name", "header": "Name", "required": True}]}
    with read(tmp_path, b"Name\nEve\nName\nFay\n", **only) as reading:
        assert (reading.verdict, reading.loaded_count) == ("accepted", 3)
        assert "The title stands among the values, on line 3; if it is a repeated header, remove it" in reading.message


SHOP = ("DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "ProductDescription", "URL", "Comments")
URL = "https://x.example"
SOLD = [(f"{day}/01/2018", "00:00", "2", f"MG-{day}", "$74.69", "Boots", "Rugged", URL, "") for day in range(10, 20)]
SALES = {
    "delivery": "reference",
    "key": ["productid"],
    "columns": [{"name": title.lower(), "header": title} for title in SHOP],
}


@pytest.mark.parametrize(
    ("name", "grid", "loaded", "headers"),
    [
        ("file_header_multirow_2", [SHOP, SHOP, *SOLD], 10, [2]),
        ("file_header_multirow_3", [SHOP, SHOP, SHOP, *SOLD], 10, [2, 3]),
        ("file_multitable_same", [SHOP, *SOLD, SHOP, *SOLD], 20, [12]),
    ],
)
def test_pollocks_files_of_several_headers(
    name: str, grid: Grid, loaded: int, headers: list[int], tmp_path: Path
) -> None:
    """Found in use, 5: Pollock (github.com/HPI-Information-Systems/Pollock) pollutes its source in these three ways."""
    with read(tmp_path, csv(grid).replace(b"\n", b"\r\n"), **SALES) as reading:
        assert outcome(reading)[1] == [(line, REPEATS) for line in headers], name
        assert reading.loaded_count == loaded


def test_pollocks_second_table_with_one_more_column(tmp_path: Path) -> None:
    """Found in use, 5: `file_multitable_more` has the same titles and `col1`; some of its rows are as wide as ours."""
    more = [(*row, "") for row in SOLD[:4]]
    grid = [SHOP, *SOLD, (*SHOP, "col1"), *more, SOLD[0]]
    with read(tmp_path, csv(grid), **SALES) as reading:
        assert reading.loaded_count == 10
        assert [bad.line for bad in reading.quarantined] == [12, 13, 14, 15, 16, 17]
        assert reading.quarantined[0].reason == SECOND
        assert reading.quarantined[-1].reason == BELOW.format(12)


def test_events_tell_a_repeated_header_by_that_and_not_by_its_date(tmp_path: Path) -> None:
    """Found in use, 5: where a column gives the month, the header was quarantined for its date, which misleads."""
    monthly = {"month": {"from": "column", "column": "city"}, "delivery": "events"}
    days = [(*ANN[:3], "2024-05-01"), (*BOB[:3], "2024-05-02")]
    with read(tmp_path, csv([HEAD, *days, HEAD]), **monthly) as reading:
        assert outcome(reading) == ([2, 3], [(4, REPEATS)])
