"""Files as suppliers send them: titles above the header, a month in words, columns that are missing, amounts as text.

Belongs here: reading and checking such a file by a contract that says so. Does not: what such a contract may say
(test_contract), time zones (test_source_timezone), or leads made of it (prospects).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from leads_platform.arrivals import FeedContract, read_file
from leads_platform.arrivals.check import check_file
from leads_platform.arrivals.contracts.load import parse_contract
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv

PLAIN = """\
feed: lists
room: prospects
title: Lists
delivery: snapshot
files: ["*.csv", "*.xlsx", "*.jsonl"]
key: [id]
{said}
columns:
  - {{name: id, header: Id, required: true}}
  - {{name: name, header: Name, required: true, pii: true}}
  - {{name: paid, header: Paid, type: money}}
"""
TITLED = 'Leads of "May\n\nstand: 31 May, all\nId,Name,Paid\n1,Ann,5\n2,Bob,\n'


def contract(said: str = "") -> FeedContract:
    return parse_contract(Path("lists.yaml"), PLAIN.format(said=said).encode())


def put(tmp_path: Path, text: str, name: str = "2024-05.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_above_the_header_are_not_read(end: str, tmp_path: Path) -> None:
    """The quote that opens above and an empty line are nobody's business; lines are told as they stand."""
    path = put(tmp_path, TITLED.replace("\n", end))
    with read_file(path, contract("format: {header_row: 4}")) as reading:
        assert (reading.verdict, reading.records, reading.header) == ("accepted", 2, ["Id", "Name", "Paid"])
        assert reading.loaded.fetchall() == [("1", "Ann", "5", 5), ("2", "Bob", None, 6)]


def test_damage_below_a_stated_header_is_told_with_its_line(tmp_path: Path) -> None:
    path = put(tmp_path, TITLED + "3,Cid,1,too many\n4,Dee,\n")
    with read_file(path, contract("format: {header_row: 4}")) as reading:
        assert (reading.records, reading.loaded_count) == (4, 3)
        assert [one.line for one in reading.quarantined] == [7]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (3, "has its header on line 4; set format.header_row: 4 in feeds/lists.yaml, which says 3"),
        (5, "has its header on line 4; set format.header_row: 4 in feeds/lists.yaml, which says 5"),
        (2, "has nothing on line 2, where format.header_row in feeds/lists.yaml says"),
        (99, "has nothing on line 99, where format.header_row in feeds/lists.yaml says"),
    ],
)
def test_a_wrong_header_row_is_told_with_the_right_one(row: int, words: str, tmp_path: Path) -> None:
    text = TITLED.replace('"', "")
    with read_file(put(tmp_path, text), contract(f"format: {{header_row: {row}}}")) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message


def test_an_unstated_one_is_told_how_to_state_it(tmp_path: Path) -> None:
    with read_file(put(tmp_path, TITLED.replace('"', "")), contract()) as reading:
        assert "remove what is above it, or set format.header_row: 4 in feeds/lists.yaml" in reading.message


def book(tmp_path: Path, name: str = "2024-05.xlsx") -> Path:
    made = openpyxl.Workbook()
    for row in (["Leads"], [], ["Id", "Name", "Paid"], [1, "Ann", 5], [], [2, "Bob", None]):
        made.worksheets[0].append(row)
    made.save(tmp_path / name)
    return tmp_path / name


def test_rows_above_a_workbooks_header_are_not_read(tmp_path: Path) -> None:
    with read_file(book(tmp_path), contract("format: {type: xlsx, header_row: 3}")) as reading:
        assert (reading.verdict, reading.records) == ("accepted", 2)
        assert reading.loaded.fetchall() == [("1", "Ann", "5", 4), ("2", "Bob", None, 6)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (1, "has its header in row 3; set format.header_row: 3 in feeds/lists.yaml, which says 1"),
        (4, "has its header in row 3; set format.header_row: 3 in feeds/lists.yaml, which says 4"),
        (9, "has its header in row 3; set format.header_row: 3 in feeds/lists.yaml, which says 9"),
    ],
)
def test_a_wrong_row_of_a_workbook_is_told(row: int, words: str, tmp_path: Path) -> None:
    with read_file(book(tmp_path), contract(f"format: {{type: xlsx, header_row: {row}}}")) as reading:
        assert reading.verdict == "refused"
        assert words in reading.message


MAY = date(2024, 5, 1)


@pytest.mark.parametrize(
    ("name", "pattern", "month", "day"),
    [
        ("Leads May 2024.xlsx", "%B %Y", MAY, None),
        ("LEADS_MAY-2024.xlsx", "%B %Y", MAY, None),
        ("sub/folder 2023-01/leads may 2024 (2).csv", "%B %Y", MAY, None),
        ("Sept_2024 list.csv", "%b %Y", date(2024, 9, 1), None),
        ("list-05.24.csv", "%m %y", MAY, None),
        ("list 20240517.csv", "%Y%m%d", MAY, date(2024, 5, 17)),
        ("list May 2024 as of 2024-05-17.csv", "%B %Y", MAY, date(2024, 5, 17)),
        ("May 2024 and May 2024.csv", "%B %Y", MAY, None),
        ("dismay 2024.csv", "%B %Y", None, None),
        ("list 2024-05.csv", "%B %Y", None, None),
        ("list 20240231.csv", "%Y%m%d", None, None),
        ("Mai 2024.csv", "%B %Y", None, None),
    ],
)
def test_a_month_in_words(name: str, pattern: str, month: date | None, day: date | None) -> None:
    said = parse_file_name(name, contract(f'month: {{pattern: "{pattern}"}}'))
    assert (said.month, said.day, said.trouble) == (month, day, "")


def test_two_months_in_words_are_trouble_and_none_is_told_by_the_pattern(tmp_path: Path) -> None:
    by_name = contract('month: {pattern: "%B %Y"}')
    assert "more than one month (2024-04 and 2024-05)" in parse_file_name("April 2024 to May 2024.csv", by_name).trouble
    said = check_file(put(tmp_path, "Id,Name,Paid\n1,Ann,\n"), by_name)
    assert said["verdict"] == "refused"
    assert "no month written as %B %Y in its name, as month.pattern in feeds/lists.yaml says" in said["message"]
    assert "add it, as in list May 2024" in said["message"]


def test_a_list_with_its_month_in_words_is_replaced_by_the_later_day_in_any_order(settings: Settings) -> None:
    names = ("Leads May 2024 (2024-06-10).csv", "Leads May 2024 (2024-06-03).csv")
    said = contract('month: {pattern: "%B %Y"}')
    assert [parse_file_name(name, said).day for name in names] == [date(2024, 6, 10), date(2024, 6, 3)]
    desk = ArrivalsEnv(settings)
    desk.contract("lists", PLAIN.format(said='month: {pattern: "%B %Y"}'))
    for name, person in zip(names, ("Late", "Soon"), strict=True):  # the earlier list comes last
        desk.drop(f"lists/{name}", f"Id,Name,Paid\n1,{person},\n")
    assert desk.build("lists")["lists"] == [("2024-05", "1", "Late")]


def test_a_number_that_is_no_month_is_let_be_where_the_month_is_in_words() -> None:
    said = contract('month: {pattern: "%B %Y"}')
    named = parse_file_name("Leads May 2024 offer 2024-99.csv", said)
    assert (named.month, named.trouble) == (MAY, "")
    assert "2024-06-31 in its name is not a date" in parse_file_name("Leads May 2024 (2024-06-31).csv", said).trouble


def test_a_pattern_that_comes_later_reads_the_refused_file_again(settings: Settings) -> None:
    desk = ArrivalsEnv(settings)
    desk.contract("lists", PLAIN.format(said=""))
    assert desk.drop("lists/Leads May 2024.csv", "Id,Name,Paid\n1,Ann,5\n").verdict == "refused"
    desk.contract("lists", PLAIN.format(said='month: {pattern: "%B %Y"}\nconstants: {state: FL}'))
    (again,) = desk.take()
    assert (again.verdict, again.month) == ("accepted", MAY)
    assert desk.build("lists")["lists"] == [("2024-05", "1", "Ann")]
    assert desk.query("select id, state from prospects.base_lists") == [("1", "FL")]


def test_a_file_that_sends_what_the_contract_gives_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "Id,Name,Paid,Lead State\n1,Ann,,NV\n")
    with read_file(path, contract("constants: {lead_state: FL}")) as reading:
        assert reading.verdict == "refused"
        assert "The file sends `Lead State`, which feeds/lists.yaml gives as a constant" in reading.message
        assert "take it out of `constants`" in reading.message


def test_json_lines_that_send_what_the_contract_gives_are_refused(tmp_path: Path) -> None:
    said = contract("format: {type: jsonl}\nconstants: {lead_state: FL}")
    path = put(tmp_path, '{"Id":1,"Name":"Ann","Lead_State":"NV"}\n', "2024-05.jsonl")
    with read_file(path, said) as reading:
        assert reading.verdict == "refused"
        assert "sends `Lead_State`, which feeds/lists.yaml gives as a constant" in reading.message


def test_a_constant_that_comes_later_is_held_against_files_that_came_before(settings: Settings) -> None:
    desk = ArrivalsEnv(settings)
    desk.contract("lists", PLAIN.format(said=""))
    assert desk.drop("lists/2024-04.csv", "Id,Name,Paid\n1,Ann,\n").verdict == "accepted"
    assert desk.drop("lists/2024-05.csv", "Id,Name,Paid,State\n1,Ann,,NV\n").verdict == "accepted"
    desk.contract("lists", PLAIN.format(said="constants: {state: FL}"))
    (again,) = desk.take()
    assert (again.file_name, again.verdict) == ("2024-05.csv", "refused")
    assert "sends `State`, which feeds/lists.yaml gives as a constant" in again.message
    assert desk.take() == []


@pytest.mark.parametrize(("style", "bad"), [("us", [3, 5]), ("eu", [2, 5])])
def test_check_tells_unreadable_money_with_its_line(style: str, bad: list[int], tmp_path: Path) -> None:
    cells = ('"1,234.50"', '"1.234,50"', "5", "free", "")
    text = "Id,Name,Paid\n" + "".join(f"{number},Ann,{cell}\n" for number, cell in enumerate(cells))
    said = check_file(put(tmp_path, text), contract(f"money: {style}"))
    assert said["verdict"] == "accepted"
    found = [(one["line"], one["column_name"], one["reason"]) for one in said["warnings"]]
    assert found == [(line, "paid", f"is not money as the {style} write it") for line in bad]
