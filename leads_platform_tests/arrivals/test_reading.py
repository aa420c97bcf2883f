"""CSV files of every kind, each with the verdict, the counts and the words it must get.

Belongs here: one table of hand-made files, and the real files. Does not: workbooks, Parquet and wrappings
(test_reading_formats.py), or contracts (test_contract.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from leads_platform.arrivals import FeedContract, load_contracts, read_file
from leads_platform.arrivals.reading.header import match_header
from leads_platform_tests.known import KNOWN

HEAD = b"Id,Name,Phone,City\n"
ONE, TWO, THREE = b"1,Ann,702-555-0101,Reno\n", b"2,Bob,702-555-0102,Elko\n", b"3,Cyd,702-555-0103,Ely\n"
GOOD = HEAD + ONE + TWO + THREE


def contract(**changes: object) -> FeedContract:
    said: dict = {
        "feed": "people",
        "room": "prospects",
        "title": "People",
        "delivery": "snapshot",
        "key": ["id"],
        "columns": [
            {"name": "id", "header": "Id"},
            {"name": "name", "header": "Name", "required": True},
            {"name": "phone", "header": "Phone", "required": True, "pii": True},
            {"name": "city", "header": "City", "aliases": ["Town"]},
        ],
    }
    return FeedContract.model_validate(said | changes)


@dataclass
class Case:
    kind: str
    content: bytes
    verdict: str
    records: int
    loaded: int
    bad_lines: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    lines: tuple[int, ...] | None = None
    changes: dict | None = None


def accepted(kind: str, content: bytes, records: int = 3, **more) -> Case:
    return Case(kind, content, "accepted", records, records, **more)


def partial(kind: str, content: bytes, records: int, bad_lines: tuple[int, ...], **more) -> Case:
    return Case(kind, content, "partial", records, records - len(bad_lines), bad_lines, **more)


def refused(kind: str, content: bytes, *words: str, records: int = 0, **more) -> Case:
    return Case(kind, content, "refused", records, 0, words=words, **more)


SEMICOLON = {"format": {"delimiter": ";"}}
CASES = [
    accepted("plain", GOOD, names=("Ann", "Bob", "Cyd"), lines=(2, 3, 4)),
    accepted("no final line break", GOOD[:-1], names=("Ann", "Bob", "Cyd")),
    accepted("CR LF line ends", GOOD.replace(b"\n", b"\r\n"), names=("Ann", "Bob", "Cyd"), lines=(2, 3, 4)),
    accepted("CR line ends", GOOD.replace(b"\n", b"\r"), names=("Ann", "Bob", "Cyd"), lines=(2, 3, 4)),
    accepted(
        "mixed line ends",
        HEAD + ONE.replace(b"\n", b"\r\n") + TWO.replace(b"\n", b"\r") + THREE,
        names=("Ann", "Bob", "Cyd"),
        lines=(2, 3, 4),
    ),
    accepted("byte order mark", b"\xef\xbb\xbf" + GOOD, names=("Ann", "Bob", "Cyd")),
    accepted("blank lines", HEAD + b"\n" + ONE + b"\n\n" + TWO + THREE + b"\n\n", lines=(3, 6, 7)),
    accepted("blank lines above the header", b"\n\r\n" + GOOD, lines=(4, 5, 6)),
    accepted(
        "quoted line breaks",
        HEAD + b'1,"Ann\n \nOwner",x,y\n' + TWO,
        2,
        names=("Ann\n \nOwner", "Bob"),
        lines=(2, 5),
    ),
    accepted(
        "quoted CR LF in a CR LF file",
        HEAD.replace(b"\n", b"\r\n") + b'1,"Ann\r\nOwner",x,y\r\n2,Bob,x,y\r\n',
        2,
        names=("Ann\r\nOwner", "Bob"),
        lines=(2, 4),
    ),
    accepted("doubled quotes", HEAD + b'1,"K"" Street ""LLC""",x,y\n', 1, names=('K" Street "LLC"',)),
    accepted("a field that is a quote", HEAD + b'1,"""",x,y\n', 1, names=('"',)),
    accepted("empty fields are null", HEAD + b'1,,x,y\n2,"",x,y\n', 2, names=(None, None)),
    accepted(
        "NULL, NA and spaces are text",
        HEAD + b"1,NULL,x,y\n2,NA,x,y\n3, Ann ,x,y\n",
        names=("NULL", "NA", " Ann "),
    ),
    accepted("leading zeros", b"Id,Name,Phone,City\n1,01001,007,x\n", 1, names=("01001",)),
    accepted("reordered header", b"City,Phone,Name,Id\nReno,x,Ann,1\n", 1, names=("Ann",)),
    accepted("header in other case and spacing", b" id ,NAME,  phone,city\n1,Ann,x,y\n", 1, names=("Ann",)),
    accepted("alias", b"Id,Name,Phone,Town\n1,Ann,x,y\n", 1),
    accepted("optional column missing", b"Id,Name,Phone\n1,Ann,x\n", 1, words=("`City`", "missing")),
    accepted(
        "extra column",
        b"Id,Name,Phone,City,Fax\n1,Ann,x,y,z\n",
        1,
        words=("New columns", "`Fax`", "feeds/people.yaml"),
    ),
    accepted("column without a name", b"Id,Name,,Phone,City\n1,Ann,?,x,y\n", 1, words=("`column_3`",)),
    accepted(
        "delimiter at the end of each record",
        HEAD + b"1,Ann,x,y,\n2,Bob,x,y,\n",
        2,
        words=("one more delimiter",),
    ),
    accepted("delimiter at the end of the header", b"Id,Name,Phone,City,\n1,Ann,x,y\n", 1, names=("Ann",)),
    accepted("semicolons by contract", GOOD.replace(b",", b";"), names=("Ann", "Bob", "Cyd"), changes=SEMICOLON),
    accepted(
        "SQL, HTML and formulas",
        HEAD + b"1,'; drop table x; --,=1+1,<b>\n",
        1,
        names=("'; drop table x; --",),
    ),
    accepted("SQL in a title", b'Id,Name,Phone,"x"";drop"\n1,Ann,x,y\n', 1, names=("Ann",)),
    accepted(
        "cp1252 by contract",
        HEAD + b"1,Jos\xe9,x,y\n",
        1,
        names=("José",),
        changes={"format": {"encoding": "cp1252"}},
    ),
    accepted(
        "UTF-16 by contract",
        GOOD.decode().encode("utf-16"),
        names=("Ann", "Bob", "Cyd"),
        changes={"format": {"encoding": "utf-16"}},
    ),
    accepted("a 10 MB cell", HEAD + b"1," + b"x" * 10_000_000 + b",x,y\n" + TWO, 2, names=("x" * 10_000_000, "Bob")),
    accepted("two encodings at once", HEAD + "1,JosÃ©,x,y\n".encode(), 1, words=("Ã©",)),
    accepted("duplicate keys", HEAD + ONE + ONE + ONE, names=("Ann", "Ann", "Ann")),
    accepted("one empty key", HEAD + ONE + b",Bob,x,y\n", 2),
    accepted(
        "header only, events",
        HEAD,
        0,
        changes={"delivery": "events", "month": {"from": "column", "column": "city"}},
    ),
    partial("too few fields", GOOD + b"4,Dan\n", 4, (5,), words=("line 5", "too few fields: 2", "4")),
    partial("too many fields", HEAD + b"0,Smith, Bob,x,y\n" + ONE + TWO, 3, (2,), words=("too many fields: 5",)),
    partial("footer with totals", GOOD + b"Total: 3\n", 4, (5,), names=("Ann", "Bob", "Cyd")),
    partial(
        "quote inside an unquoted field",
        HEAD + ONE + b'2,Bo"b,x,y\n' + THREE,
        3,
        (3,),
        words=("`Name`", "not quoted"),
    ),
    partial(
        "text behind a closing quote",
        HEAD + ONE + b'2,"Bob" Jr,x,y\n' + THREE,
        3,
        (3,),
        words=("after its closing quote",),
    ),
    partial(
        "quote never closed",
        HEAD + ONE + b'2,"Bob,x,y\n' + THREE,
        3,
        (3,),
        words=("never closed",),
        names=("Ann", "Cyd"),
    ),
    partial("cut off inside quotes", GOOD + b'4,"Da', 4, (5,), words=("never closed",)),
    partial("cut off inside a record", GOOD + b"4,Dan,702", 4, (5,), words=("too few fields",)),
    partial("NUL byte", HEAD + ONE + b"2,B\0b,x,y\n" + THREE, 3, (3,), words=("NUL",)),
    partial(
        "damage after quoted line breaks",
        HEAD + b'1,"A\nn",x,y\n' + TWO + b'3,C"d,x,y\n',
        3,
        (5,),
        lines=(2, 4),
    ),
    partial(
        "damage in a CR LF file",
        (GOOD + b"4\n").replace(b"\n", b"\r\n"),
        4,
        (5,),
        names=("Ann", "Bob", "Cyd"),
    ),
    partial(
        "two stray quotes that swallow records",
        HEAD + ONE * 300 + b'2,"Bob,x,y\n' + ONE * 498 + b'3,Cyd",x,y\n' + ONE * 200,
        1000,
        (302, 801),
        words=("takes in the next 499 lines",),
    ),
    refused("empty file", b"", "empty"),
    refused("only blank lines", b"\n\n\r\n", "empty lines"),
    refused("header only", HEAD, "no records"),
    refused("no header", ONE + TWO, "no header", "`Name`", "`Phone`"),
    refused("required column missing", b"Id,Name,City\n1,Ann,x\n", "`Phone`", "is missing"),
    refused(
        "required column renamed",
        b"Id,Name,Phone Number,City\n1,Ann,x,y\n",
        "`Phone` is missing; `Phone Number` is new; did the supplier rename it? "
        "Add it as an alias in feeds/people.yaml",
    ),
    refused("duplicate column", b"Id,Name,Phone,phone,City\n1,Ann,x,z,y\n", "two columns"),
    refused("header and alias both", b"Id,Name,Phone,City,Town\n1,Ann,x,y,z\n", "`City` and `Town`"),
    refused("preamble", b"Licences of Nevada\nas of 2024-05\n\n" + GOOD, "header on line 4", "remove what is above it"),
    refused("other delimiter", GOOD.replace(b",", b";"), "semicolon", 'format.delimiter: ";"'),
    refused("tabs", GOOD.replace(b",", b"\t"), "tab", "format.delimiter"),
    refused(
        "latin letters",
        HEAD + ONE + b"2,Jos\xe9,x,y\n",
        "not valid utf-8 at line 3",
        "cp1252",
        "format.encoding",
    ),
    refused("UTF-16", GOOD.decode().encode("utf-16"), "UTF-16", "format.encoding: utf-16"),
    refused("UTF-16 without mark", GOOD.decode().encode("utf-16-le"), "UTF-16", "utf-16-le"),
    refused("nothing but NUL", b"\0" * 5000, "NUL"),
    refused("most records don't fit", HEAD + b"1,2,3\n" * 5 + ONE, "5 of 6 records", "delimiter", records=6),
    refused("rows wider than the header", HEAD + b"1,Ann,x,y,z\n" * 3, "3 of 3", "5 fields", records=3),
    refused("web page", b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
    refused("JSON", b'[{"Id": 1}]', "JSON"),
    refused("PDF", b"%PDF-1.7 ...", "a PDF"),
    refused("old Excel or password", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
    refused("every key empty", HEAD + b",Ann,x,y\n,Bob,x,y\n", "`Id`", "empty in every record", records=2),
    refused("reserved title", b"Id,Name,Phone,_line\n1,Ann,x,y\n", "`_line`"),
    refused("damaged header", b'Id,Na"me,Phone,City\n1,Ann,x,y\n', "header", "line 1"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_kind(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "people 2024-05.csv"
    path.write_bytes(case.content)
    with read_file(path, contract(**(case.changes or {}))) as reading:
        assert (reading.verdict, reading.records, reading.loaded_count) == (
            case.verdict,
            case.records,
            case.loaded,
        )
        assert tuple(bad.line for bad in reading.quarantined) == case.bad_lines
        for words in case.words:
            assert words in reading.message
        for personal in ("Ann", "Bob", "702-555"):
            assert personal not in reading.message
        if case.verdict == "refused":
            assert reading.loaded.fetchall() == []
            return
        assert reading.loaded.columns == [*reading.header, "_line"]
        rows = reading.loaded.fetchall()
        assert len(rows) == case.loaded
        if case.names is not None:
            at = reading.header.index(reading.columns["name"])
            assert tuple(row[at] for row in rows) == case.names
        if case.lines is not None:
            assert tuple(row[-1] for row in rows) == case.lines


def test_real_files(reference: Path) -> None:
    contracts = load_contracts([Path(__file__).parents[2] / "leads_platform" / "prospects" / "feeds"], KNOWN)
    for file, feed, records in (
        ("source1", "nv_licensing", 70),
        ("source2", "ok_licensing", 28),
        ("source3", "tx_licensing", 29),
        ("salesforce_leads", "salesforce_leads", 39),
    ):
        with read_file(reference / "leads" / f"{file}.csv", contracts[feed]) as reading:
            assert (reading.verdict, reading.records, reading.loaded_count) == ("accepted", records, records)
            assert (reading.quarantined, reading.unexpected, reading.missing_optional) == ([], [], [])
            assert list(reading.columns) == [column.name for column in contracts[feed].columns]


MONTHLY = {"month": {"from": "column", "column": "city", "formats": ["%m/%d/%Y", "%Y-%m-%d"]}}


def test_month_from_a_column(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    dates = b"03/04/2024", b"soon", b"2024-05-31", b"", b"2024-05-01", b"2024-05-01", b"2024-05-02"
    keys = b"1", b"2", b"3", b"4", b"5", b"", b"7"
    rows = [b"%s,Ann,x,%s\n" % (key, day) for key, day in zip(keys, dates, strict=True)]
    path.write_bytes(HEAD + b"".join(rows))
    with read_file(path, contract(delivery="events", **MONTHLY)) as reading:
        assert reading.verdict == "partial"
        bad = [(bad.line, bad.column_name) for bad in reading.quarantined]
        assert bad == [(3, "City"), (5, "City"), (7, "Id")]
        assert reading.months == {date(2024, 3, 1): 1, date(2024, 5, 1): 3}
        assert "soon" not in reading.message
        reading.write_parquet(tmp_path / "out.parquet")
    stored = duckdb.sql(f"select _line, record_month from '{tmp_path}/out.parquet'").fetchall()
    march, may = date(2024, 3, 1), date(2024, 5, 1)
    assert stored == [(2, march), (4, may), (6, may), (8, may)]


def test_snapshot_of_two_months_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEAD + b"1,Ann,x,2024-04-30\n2,Bob,x,2024-05-01\n")
    with read_file(path, contract(**MONTHLY)) as reading:
        assert reading.verdict == "refused"
        assert "2024-04 (1), 2024-05 (1)" in reading.message


def _link(path: Path) -> None:
    path.with_suffix(".target").write_bytes(GOOD)
    path.symlink_to(path.with_suffix(".target"))


NOT_FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("symbolic link", _link, "symbolic link"),
    ("pipe", os.mkfifo, "a pipe"),
    ("folder", lambda path: path.mkdir(), "a folder"),
    ("vanished", lambda path: None, "not there"),
]


@pytest.mark.parametrize(("make", "words"), [case[1:] for case in NOT_FILES], ids=[case[0] for case in NOT_FILES])
def test_what_is_no_file(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    make(tmp_path / "x.csv")
    with read_file(tmp_path / "x.csv", contract()) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message


@pytest.mark.parametrize(
    "name", ["star*.csv", 'it\'s "x".csv', "a\nb.csv", "é.csv", "[x].csv", "x" * 251 + ".csv", "?.csv"]
)
def test_names_mean_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "starX.csv").write_bytes(HEAD + ONE)
    (tmp_path / name).write_bytes(GOOD)
    with read_file(tmp_path / name, contract()) as reading:
        assert (reading.verdict, reading.records) == ("accepted", 3)


def test_temporary_files_vanish_and_relations_outlive(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(GOOD)
    work = tmp_path / "work"
    work.mkdir()
    relation = read_file(tmp_path / "x.csv", contract(), workspace=work).loaded
    assert [row[1] for row in relation.fetchall()] == ["Ann", "Bob", "Cyd"]
    del relation
    with read_file(tmp_path / "x.csv", contract(), workspace=work):
        assert list(work.iterdir())
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ("Id,Name,Phone,Fax,702-346-9171", "Id,Name,Phone,Fax,column_5"),
        ("Id,Phone,Full Name,702-346-9171", "Id,Phone,Full Name,column_4"),
        ("Id,Name,Fax,Ann Lee,702-346-9171", "Id,Name,column_3,column_4,column_5"),
        ("City,Ann Lee,702-346-9171", "City,column_2,column_3"),
    ],
)
def test_a_title_that_looks_like_data_hides_itself_and_others_only_where_few_titles_are_known(
    cells: str, names: str
) -> None:
    """Found in use, mended: one number among the titles, and every new column beside it lost its title."""
    one = [{"name": name.lower(), "header": name} for name in ("Id", "Name", "Phone", "City")]
    assert match_header(cells.split(","), contract(columns=one, key=[])).names == names.split(",")
