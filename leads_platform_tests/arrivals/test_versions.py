"""Versions of a record, with the day on which one could know them: worked out by hand, for every delivery.

Belongs here: what `arrivals.<feed>_versions` gives, what it costs, and when it changes. Does not: any order of arrival
(properties), or what a file's name says (test_landing).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from leads_platform.arrivals.archive.versions import carried, version_columns, versions_print
from leads_platform.arrivals.check import check_file
from leads_platform.cli.status import read_status
from leads_platform.months import label, parse_month
from leads_platform.platform import open_session
from leads_platform.settings import Settings
from leads_platform.warehouse import Catalogue, Column, DeclarationError, Table
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.errors import BuildError
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv, people, rows
from leads_platform_tests.rows import GivenFeeds

YEAR = ("2024-01", "2024-07")  # the platform's months: today is 15 July


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "parted", "calls", "stages")


def state(desk: ArrivalsEnv, feed: str, *changes: tuple[str, str]) -> None:
    """Writes the feed's contract with these changes."""
    text = CONTRACTS[feed].replace("ALIASES", "")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    desk.contract(feed, text)


def select(desk: ArrivalsEnv, feed: str, first: str = YEAR[0], last: str = YEAR[1]) -> str:
    return desk.arrivals().state.relation(f"{feed}_versions", parse_month(first), parse_month(last))


def told(desk: ArrivalsEnv, feed: str, first: str = YEAR[0], last: str = YEAR[1]) -> list[str]:
    """Each version in a line: month, key, name or `gone`, the day it was known and the day it was last told."""
    found = duckdb.sql(
        f"select month, id, case when is_gone then 'gone' else name end, known_on, last_told_at "
        f"from ({select(desk, feed, first, last)}) order by month, id, version_number"
    ).fetchall()
    return [
        f"{label(month)} {key} {name} {day(known)} {day(last_told)}" for month, key, name, known, last_told in found
    ]


def day(known: date | None) -> str:
    return f"{known:%m-%d}" if known else "-"


def prints(desk: ArrivalsEnv, feed: str) -> dict[str, str | None]:
    sources = desk.arrivals().state
    return {label(month): sources.version(f"{feed}_versions", month) for month in sources.partitions()}


def drop(desk: ArrivalsEnv, feed: str, files: Iterable[tuple[str, str]]) -> None:
    for name, content in files:
        desk.drop(f"{feed}/{name}.csv", content)


# -- snapshot ------------------------------------------------------------------------------------------------

MAY_LISTS = (
    ("2024-05_as_of_2024-05-31", rows("1 Ann", "2 Bob")),
    ("2024-05_as_of_2024-06-15", rows("1 Ann", "3 Cid")),
    ("2024-05_as_of_2024-06-20", rows("1 Anna", "2 Bob", "3 Cid")),
)
MAY_VERSIONS = [
    "2024-05 1 Ann 05-31 06-15",
    "2024-05 1 Anna 06-20 06-20",
    "2024-05 2 Bob 05-31 05-31",
    "2024-05 2 gone 06-15 06-15",
    "2024-05 2 Bob 06-20 06-20",
    "2024-05 3 Cid 06-15 06-20",
]


@pytest.mark.parametrize("order", list(permutations(MAY_LISTS)))
def test_a_list_told_again_gives_what_changed_and_what_vanished(
    desk: ArrivalsEnv, order: tuple[tuple[str, str], ...]
) -> None:
    drop(desk, "lists", order)
    assert told(desk, "lists") == MAY_VERSIONS


def test_a_version_names_the_file_and_line_that_first_told_it_and_a_disappearance_the_file(desk: ArrivalsEnv) -> None:
    drop(desk, "lists", MAY_LISTS)
    asked = f"select file_name, line, seen from ({select(desk, 'lists')}) where id = $id order by version_number"
    assert duckdb.sql(asked.replace("$id", "'2'")).fetchall() == [
        ("2024-05_as_of_2024-05-31.csv", 3, None),
        ("2024-05_as_of_2024-06-15.csv", None, None),
        ("2024-05_as_of_2024-06-20.csv", 3, None),
    ]


@pytest.mark.parametrize("order", list(permutations(["05-31", "06-10", "06-20"])))
def test_the_same_bytes_under_another_date_hold_until_another_version_came_between(
    desk: ArrivalsEnv, order: tuple[str, ...]
) -> None:
    """A, B, A by date is three versions, though the second A may change nothing when it comes."""
    content = {"05-31": rows("1 Ann"), "06-10": rows("1 Bob"), "06-20": rows("1 Ann")}
    drop(desk, "lists", ((f"2024-05_as_of_2024-{at}", content[at]) for at in order))
    assert told(desk, "lists") == [
        "2024-05 1 Ann 05-31 05-31",
        "2024-05 1 Bob 06-10 06-10",
        "2024-05 1 Ann 06-20 06-20",
    ]


def test_the_later_line_of_a_key_wins_and_a_record_without_a_key_has_no_version(desk: ArrivalsEnv) -> None:
    drop(desk, "lists", [("2024-05-31", "Id,Name,Seen\n1,Ann,\n,Eve,\n1,Bob,\n")])
    assert told(desk, "lists") == ["2024-05 1 Bob 05-31 05-31"]


def test_files_without_a_date_come_first_whenever_they_arrive(desk: ArrivalsEnv) -> None:
    drop(desk, "lists", [("2024-05-31", rows("1 Ann")), ("2024-05", rows("1 Bob"))])
    assert told(desk, "lists") == ["2024-05 1 Bob - -", "2024-05 1 Ann 05-31 05-31"]


@pytest.mark.parametrize("order", list(permutations(["2024-05", "2024-05_as_of_2024-06-10"])))
def test_a_name_without_a_date_takes_no_known_date_away(desk: ArrivalsEnv, order: tuple[str, ...]) -> None:
    drop(desk, "lists", ((name, rows("1 Ann")) for name in order))
    assert told(desk, "lists") == ["2024-05 1 Ann 06-10 06-10"]


def test_bytes_that_say_their_day_are_told_on_it_under_any_name(desk: ArrivalsEnv) -> None:
    state(desk, "lists", ("key: [id]", "key: [id]\nversion_from: seen"))
    drop(desk, "lists", [(name, rows("1 Ann 2024-05-30")) for name in ("2024-05_as_of_2024-06-10", "2024-05")])
    assert told(desk, "lists") == ["2024-05 1 Ann 05-30 06-10"]


def test_two_pulls_of_a_day_stand_in_the_order_of_their_instants(desk: ArrivalsEnv) -> None:
    late, early = "2024-05_as_of_2024-06-15T180000Z", "2024-05_as_of_2024-06-15T060312Z"
    drop(desk, "lists", [(late, rows("1 Ann")), (early, rows("1 Zoe"))])
    asked = f"select name, known_on, known_at::varchar from ({select(desk, 'lists')}) order by version_number"
    assert duckdb.sql(asked).fetchall() == [
        ("Zoe", date(2024, 6, 15), "2024-06-15 06:03:12"),
        ("Ann", date(2024, 6, 15), "2024-06-15 18:00:00"),
    ]
    assert desk.build("lists")["lists"] == [("2024-05", "1", "Ann")]


def test_without_a_day_in_the_name_the_records_date_their_file(desk: ArrivalsEnv) -> None:
    state(desk, "lists", ("key: [id]", "key: [id]\nversion_from: seen"), ("type: date", "type: timestamp"))
    drop(desk, "lists", [("2024-05", "Id,Name,Seen\n1,Ann,2024-06-01T22:30:00-07:00\n2,Bob,2024-05-30 10:00:00\n")])
    asked = f"select id, known_on, known_at::varchar from ({select(desk, 'lists')}) order by id"
    assert duckdb.sql(asked).fetchall() == [
        ("1", date(2024, 6, 2), "2024-06-02 05:30:00"),
        ("2", date(2024, 6, 2), "2024-05-30 10:00:00"),
    ]


def test_a_key_that_another_part_of_the_month_holds_is_not_gone(desk: ArrivalsEnv) -> None:
    drop(
        desk,
        "parted",
        [
            ("2024-05_part1_as_of_2024-06-01", rows("1 Ann", "2 Bob")),
            ("2024-05_part2_as_of_2024-06-02", rows("3 Cid")),
            ("2024-05_part2_as_of_2024-06-03", rows("2 Bob", "4 Dee")),
            ("2024-05_part1_as_of_2024-06-04", rows("1 Ann", "5 Eve")),  # Bob went over to the other part
            ("2024-05_part2_as_of_2024-06-05", rows("3 Cid", "4 Dee")),  # and from there
        ],
    )
    assert told(desk, "parted") == [
        "2024-05 1 Ann 06-01 06-04",
        "2024-05 2 Bob 06-01 06-03",
        "2024-05 2 gone 06-05 06-05",
        "2024-05 3 Cid 06-02 06-02",
        "2024-05 3 gone 06-03 06-03",
        "2024-05 3 Cid 06-05 06-05",
        "2024-05 4 Dee 06-03 06-05",
        "2024-05 5 Eve 06-04 06-04",
    ]


def test_what_is_held_or_withdrawn_told_nothing(desk: ArrivalsEnv) -> None:
    drop(desk, "lists", [("2024-05_as_of_2024-06-01", people(1, 4))])
    short = desk.drop("lists/2024-05_as_of_2024-06-10.csv", people(1, 1))
    again = desk.drop("lists/2024-05_as_of_2024-06-05.csv", people(1, 1))
    assert (short.verdict, again.verdict) == ("held", "held")
    first = [f"2024-05 {key} Ann 06-01 06-01" for key in (1, 2, 3, 4)]
    assert told(desk, "lists") == first
    desk.arrivals().accept(short.sha256)
    # The same bytes waited once, and were told twice.
    assert told(desk, "lists")[:3] == ["2024-05 1 Ann 06-01 06-10", first[1], "2024-05 2 gone 06-05 06-05"]
    desk.arrivals().withdraw(short.sha256)
    assert told(desk, "lists") == first


# -- records with months of their own ------------------------------------------------------------------------

OWN_MONTH = ("key: [id]", "key: [id]\nmonth: {from: name, column: seen}")


def test_a_list_may_hold_records_of_other_months_than_its_own(desk: ArrivalsEnv) -> None:
    state(desk, "lists", OWN_MONTH)
    first = desk.drop(
        "lists/2024-05_as_of_2024-06-01.csv", rows("1 Ann 2024-05-03", "2 Bob 2024-06-01", "3 Cid 2024-05-05")
    )
    assert (first.verdict, first.touched) == ("accepted", ("2024-05", "2024-06"))
    desk.drop("lists/2024-06_as_of_2024-07-01.csv", rows("4 Dee 2024-06-04"))
    second = desk.drop(
        "lists/2024-05_as_of_2024-06-15.csv", rows("1 Ann 2024-05-03", "2 Bob 2024-05-31", "3 Cid 2024-08-05")
    )
    assert second.touched == ("2024-05", "2024-06")
    assert told(desk, "lists") == [
        "2024-05 1 Ann 06-01 06-15",
        "2024-05 2 Bob 06-15 06-15",
        "2024-05 3 Cid 06-01 06-01",
        "2024-05 3 gone 06-15 06-15",
        "2024-06 2 Bob 06-01 06-01",
        "2024-06 2 gone 06-15 06-15",
        "2024-06 4 Dee 07-01 07-01",
    ]
    assert desk.build("lists")["lists"] == [  # built: so the account of every file adds up
        ("2024-05", "1", "Ann"),
        ("2024-05", "2", "Bob"),
        ("2024-06", "4", "Dee"),
    ]
    status = read_status(desk.platform()).to_json()
    assert [(f["files"], f["records"], f["first_month"], f["last_month"]) for f in status["feeds"] if f["records"]] == [
        (2, 4, "2024-05", "2024-08")
    ]
    assert desk.arrivals().state.outside() == {"lists": {"waiting": 1, "before_first_month": 0}}


def test_the_same_bytes_in_two_lists_stand_in_both(desk: ArrivalsEnv) -> None:
    state(desk, "lists", OWN_MONTH)
    for month in ("2024-05", "2024-06"):
        assert desk.drop(f"lists/{month}_as_of_2024-07-01.csv", rows("1 Ann 2024-05-03")).verdict == "accepted"
    assert desk.build("lists")["lists"] == [("2024-05", "1", "Ann")] * 2
    asked = f"select slot_month, id, version_number from ({select(desk, 'lists')}) order by all"
    assert duckdb.sql(asked).fetchall() == [(date(2024, 5, 1), "1", 1), (date(2024, 6, 1), "1", 1)]


# -- events, extract, reference ------------------------------------------------------------------------------


def test_an_event_that_moves_leaves_its_month_and_enters_another(desk: ArrivalsEnv) -> None:
    drop(
        desk,
        "calls",
        [
            ("2024-06-20", rows("1 Ann 2024-05-03")),  # it comes back as it was
            ("2024-06-10", rows("1 Ann 2024-06-03", "2 Bob 2024-05-04")),
            ("2024-05-31", rows("1 Ann 2024-05-03", "2 Bob 2024-05-04")),
        ],
    )
    may = [
        "2024-05 1 Ann 05-31 05-31",
        "2024-05 1 gone 06-10 06-10",
        "2024-05 1 Ann 06-20 06-20",
        "2024-05 2 Bob 05-31 06-10",
    ]
    june = ["2024-06 1 Ann 06-10 06-10", "2024-06 1 gone 06-20 06-20"]
    assert told(desk, "calls") == may + june
    assert (told(desk, "calls", "2024-05", "2024-05"), told(desk, "calls", "2024-06", "2024-06")) == (may, june)


def test_no_file_of_events_says_that_a_record_is_gone(desk: ArrivalsEnv) -> None:
    drop(desk, "calls", [("2024-05-31", rows("1 Ann 2024-05-03")), ("2024-06-10", rows("2 Bob 2024-05-04"))])
    assert told(desk, "calls") == ["2024-05 1 Ann 05-31 05-31", "2024-05 2 Bob 06-10 06-10"]


def test_a_record_without_a_date_stays_where_it_was_told_first(desk: ArrivalsEnv) -> None:
    """An empty day, and one that is none, are told with their lines, and a later file does not move the record."""
    month = ("month: {from: column", "month: {undated: file, from: column")
    state(desk, "calls", month, ("delivery: events", "delivery: events\ndated: required"))
    files = [
        ("2024-06-10", rows("1 Ann ", "2 Bob 2024-05-04", "3 Cat soon")),
        ("2024-05-31", rows("1 Ann ")),
        ("2024-06-20", rows("1 Ada ", "3 Cat 2024-05-09")),
    ]
    drop(desk, "calls", files)
    assert told(desk, "calls") == [
        "2024-05 1 Ann 05-31 06-10",
        "2024-05 1 Ada 06-20 06-20",
        "2024-05 2 Bob 06-10 06-10",
        "2024-05 3 Cat 06-20 06-20",
        "2024-06 3 Cat 06-10 06-10",
        "2024-06 3 gone 06-20 06-20",
    ]
    said = check_file(desk.path("calls/2024-06-10.csv"), desk.contracts()["calls"])
    assert (said["verdict"], said["loaded"], said["quarantined"]) == ("accepted", 3, [])
    assert "Line 2 and 1 more: no date" in said["message"]


def test_what_a_newer_extract_lacks_is_gone(desk: ArrivalsEnv) -> None:
    state(desk, "history", ("delivery: extract", "delivery: extract\nkey: [id]\nshrink_limit: 1"))
    drop(
        desk,
        "history",
        [
            ("2024-06-10", rows("1 Ann 2024-06-03")),
            ("2024-05-31", rows("1 Ann 2024-05-03", "2 Bob 2024-05-04")),
            ("2024-06-20", rows("1 Ann 2024-06-03", "2 Bob 2024-05-04")),
        ],
    )
    assert told(desk, "history") == [
        "2024-05 1 Ann 05-31 05-31",
        "2024-05 1 gone 06-10 06-10",
        "2024-05 2 Bob 05-31 05-31",
        "2024-05 2 gone 06-10 06-10",
        "2024-05 2 Bob 06-20 06-20",
        "2024-06 1 Ann 06-10 06-20",
    ]


def test_a_references_versions_stand_in_the_month_in_which_they_were_known(desk: ArrivalsEnv) -> None:
    drop(
        desk,
        "stages",
        [
            ("2024-05-20", rows("1 Fresh", "3 Won")),
            ("stages", rows("1 New")),
            ("2023-11-02", rows("1 New", "2 Old")),  # before the platform's first month
        ],
    )
    assert told(desk, "stages") == [
        "2024-01 1 New - 11-02",
        "2024-01 2 Old 11-02 11-02",
        "2024-05 1 Fresh 05-20 05-20",
        "2024-05 2 gone 05-20 05-20",
        "2024-05 3 Won 05-20 05-20",
    ]


def test_a_reference_may_serve_all_months_by_its_newest_file(desk: ArrivalsEnv) -> None:
    state(desk, "stages", ("key: [id]", "key: [id]\nserves: newest"))
    drop(desk, "lists", [("2024-04", people(1, 1)), ("2024-05", people(1, 1))])
    drop(desk, "stages", [("2024-06-02", rows("1 Closed")), ("2024-05-02", rows("1 Open"))])
    assert desk.build("stages")["stages"] == [("2024-04", "1", "Closed"), ("2024-05", "1", "Closed")]
    assert sorted(
        e.manifest.file_name for e in desk.arrivals().state.by_feed["stages"].effective(parse_month("2024-04"))
    ) == ["2024-06-02.csv"]


# -- an empty value never replaces a known one ---------------------------------------------------------------

SEEN_STAYS = ("type: date}", "type: date}\n  - {name: mail, header: Mail}")
KEEPS_MAIL = (("key: [id]", "key: [id]\nnever_empty: [mail]"), SEEN_STAYS)


def mails(*cells: str) -> str:
    """A csv of Id, Name, Seen and Mail: `mails("1 Ann 2024-05-03 a@x")`."""
    return "Id,Name,Seen,Mail\n" + "".join(",".join([*cell.split(" "), ""][:4]) + "\n" for cell in cells)


@pytest.mark.parametrize("feed", ["calls", "lists"])
def test_a_wiped_field_keeps_what_was_known(desk: ArrivalsEnv, feed: str) -> None:
    state(desk, feed, *KEEPS_MAIL)
    drop(
        desk,
        feed,
        [
            ("2024-05_as_of_2024-05-31", mails("1 Ann 2024-05-03 a@x", "2 Bob 2024-05-03 b@x")),
            ("2024-05_as_of_2024-06-10", mails("1 Ann 2024-05-03", "2 Bea 2024-05-03")),
            ("2024-05_as_of_2024-06-20", mails("1 Ann 2024-05-03 c@x", "2 Bea 2024-05-03")),
        ],
    )
    asked = f"select id, name, mail, known_on, last_told_at from ({select(desk, feed)}) order by id, version_number"
    assert [(*row[:3], day(row[3]), day(row[4])) for row in duckdb.sql(asked).fetchall()] == [
        ("1", "Ann", "a@x", "05-31", "06-10"),
        ("1", "Ann", "c@x", "06-20", "06-20"),
        ("2", "Bob", "b@x", "05-31", "05-31"),
        ("2", "Bea", "b@x", "06-10", "06-20"),
    ]


@pytest.mark.parametrize("empty", ["", " ", "\t", "\u00a0", "[]", "{}", "[ ]", " {}\n"])
def test_what_counts_as_empty(empty: str) -> None:
    kept = carried(["mail"], "order by n")
    asked = f"select mail from (select * {kept} from (values (1, '{{\"a\": 1}}'), (2, $said)) as t(n, mail)) order by n"
    assert duckdb.execute(asked, {"said": empty}).fetchall() == [('{"a": 1}',)] * 2


@pytest.mark.parametrize("feed", ["calls", "lists"])
def test_a_value_of_an_earlier_line_of_the_same_file_is_known_too(desk: ArrivalsEnv, feed: str) -> None:
    state(desk, feed, *KEEPS_MAIL)
    drop(
        desk,
        feed,
        [
            ("2024-05_as_of_2024-05-31", mails("1 Ann 2024-05-03 a@x", "1 Ann 2024-05-03")),
            ("2024-05_as_of_2024-06-10", mails("1 Ann 2024-05-03 b@x", "1 Bea 2024-05-03")),
            ("2024-05_as_of_2024-06-20", mails("1 Cid 2024-05-03")),
        ],
    )
    asked = f"select name, mail, known_on, line from ({select(desk, feed)}) order by version_number"
    assert [(*row[:2], day(row[2]), row[3]) for row in duckdb.sql(asked).fetchall()] == [
        ("Ann", "a@x", "05-31", 3),
        ("Bea", "b@x", "06-10", 3),
        ("Cid", "b@x", "06-20", 2),
    ]


def test_the_base_table_of_events_keeps_a_wiped_field_under_the_newest_file(desk: ArrivalsEnv) -> None:
    state(desk, "calls", *KEEPS_MAIL)
    drop(
        desk,
        "calls",
        [
            ("2024-05-31", mails("1 Ann 2024-05-03 a@x", "2 Bob 2024-05-03")),
            ("2024-06-10", mails("1 Ann 2024-05-03", "2 Bea 2024-05-03")),
        ],
    )
    read = "select id, name, mail, file_name, line from prospects.base_calls order by id"
    desk.build("calls")
    assert desk.query(read) == [
        ("1", "Ann", "a@x", "2024-05-31.csv", 2),  # wiped, and nothing else: told again, by no new version
        ("2", "Bea", None, "2024-06-10.csv", 3),
    ]
    # An older file that comes late knew a value: the month is touched, though no other row counts now.
    late = desk.drop("calls/2024-05-01.csv", mails("2 Bob 2024-05-03 b@x"))
    assert late.touched == ("2024-05",)
    desk.build("calls")
    assert desk.query(read)[1] == ("2", "Bea", "b@x", "2024-06-10.csv", 3)
    assert desk.drop("calls/2024-05-02.csv", mails("2 Bob 2024-05-03 b@x")).touched == ()


# -- a date is demanded --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "name", "verdict"),
    [
        ("lists", "2024-05", "refused"),
        ("lists", "2024-05-17", "accepted"),
        ("lists", "2024-05 as of 2024-06-15", "accepted"),
        ("calls", "2024-05-01 to 2024-05-31", "refused"),
        ("calls", "2024-05-01_2024-05-31_as_of_2024-06-02", "accepted"),
        ("stages", "stages", "refused"),
    ],
)
def test_a_contract_can_demand_a_date(desk: ArrivalsEnv, feed: str, name: str, verdict: str, tmp_path: Path) -> None:
    state(desk, feed, ("key: [id]", "key: [id]\ndated: required"))
    taken = desk.drop(f"{feed}/{name}.csv", rows("1 Ann 2024-05-03"))
    assert taken.verdict == verdict
    if verdict == "refused":
        assert (taken.records, taken.loaded, taken.quarantined) == (1, 0, 1)
        assert f"feeds/{feed}.yaml demands; add the day to its name, as in {feed}_" in taken.message
        path = tmp_path / f"{name}.csv"
        path.write_text(rows("1 Ann 2024-05-03"))
        assert taken.message in check_file(path, desk.contracts()[feed])["message"]


def test_the_same_bytes_under_an_undated_name_are_told_where_a_date_is_demanded(desk: ArrivalsEnv) -> None:
    state(desk, "lists", ("key: [id]", "key: [id]\ndated: required"))
    desk.drop("lists/2024-05_as_of_2024-06-10.csv", rows("1 Ann"))
    again = desk.drop("lists/2024-05.csv", rows("1 Ann"))
    assert again.verdict == "unchanged"
    assert again.message.endswith("Its name gives no day, which feeds/lists.yaml demands, so it tells no version")
    assert told(desk, "lists") == ["2024-05 1 Ann 06-10 06-10"]


def test_the_same_bytes_under_another_day_say_so(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05_as_of_2024-06-10.csv", rows("1 Ann"))
    again = desk.drop("lists/2024-05_as_of_2024-06-01.csv", rows("1 Ann"))
    assert again.message.endswith("What it says is known since 2024-06-01 now, no longer 2024-06-10")
    later = desk.drop("lists/2024-05_as_of_2024-06-20.csv", rows("1 Ann"))
    assert later.message.endswith("as 2024-05_as_of_2024-06-10.csv. It was told on 2024-06-20, too")


def test_the_word_on_a_demanded_date_names_the_kind_of_file(desk: ArrivalsEnv) -> None:
    state(desk, "calls", ("key: [id]", 'key: [id]\ndated: required\nfiles: ["*.jsonl"]\nformat: {type: jsonl}'))
    taken = desk.drop("calls/may.jsonl", '{"Id": "1", "Name": "Ann", "Seen": "2024-05-03"}\n')
    assert taken.message.endswith("as in calls_as_of_2024-06-15.jsonl")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("2024-05_as_of_20240615", "what stands behind as_of_ in its name is not read as a date; "),
        ("2024-05_as_of_2024-06-15T060312+0200", "the time behind as_of_ in its name is not read; "),
        ("2024-05_as_of_2024-06-15T060312Z", ""),
        ("2024-05_as_of_2024-06-15 final", ""),
        ("2024-05_as_of_today", ""),
    ],
)
def test_a_date_that_is_not_read_is_noted(desk: ArrivalsEnv, name: str, note: str) -> None:
    taken = desk.drop(f"lists/{name}.csv", rows("1 Ann"))
    assert taken.verdict == "accepted"
    assert [one.startswith(note) for one in taken.notes] == ([True] if note else [])


def test_a_column_can_give_the_date_that_is_demanded(desk: ArrivalsEnv) -> None:
    state(desk, "lists", ("key: [id]", "key: [id]\ndated: required\nversion_from: seen"))
    assert desk.drop("lists/2024-05.csv", rows("1 Ann 2024-05-30")).verdict == "accepted"
    assert desk.drop("lists/2024-06.csv", rows("1 Ann")).verdict == "refused"


# -- what it costs, and when it changes ----------------------------------------------------------------------


def files_read(desk: ArrivalsEnv, feed: str, month: str) -> list[int]:
    """The receipts whose archived files the month's versions are read from."""
    return sorted({int(number) for number in re.findall(r"receipts/(\d{8})/", select(desk, feed, month, month))})


def test_a_months_versions_read_the_months_files_alone(desk: ArrivalsEnv) -> None:
    for number, month in enumerate(("2024-03", "2024-04", "2024-05"), 1):
        drop(desk, "lists", [(f"{month}-1{n}", people(1, n)) for n in (3, 4)])
        drop(desk, "calls", [(f"a {month}", rows(f"{number} Ann {month}-02"))])
    assert [files_read(desk, "lists", m) for m in ("2024-02", "2024-04", "2024-05")] == [[], [4, 5], [7, 8]]
    assert [files_read(desk, "calls", m) for m in ("2024-02", "2024-04", "2024-05")] == [[], [6], [9]]
    desk.drop("calls/moved.csv", rows("3 Ann 2024-04-03"))  # it was of May
    assert [files_read(desk, "calls", m) for m in ("2024-03", "2024-04", "2024-05")] == [[3], [6, 9, 10], [6, 9, 10]]


def test_the_fingerprint_of_versions_changes_with_them_and_not_with_the_order_of_arrival(
    desk: ArrivalsEnv, settings: Settings, tmp_path: Path
) -> None:
    drop(desk, "lists", MAY_LISTS[:2])
    before = prints(desk, "lists")
    assert [month for month, said in before.items() if said] == ["2024-05"]
    desk.drop("lists/2024-04_as_of_2024-06-20.csv", people(1, 1))
    assert prints(desk, "lists")["2024-05"] == before["2024-05"]
    again = desk.drop("lists/2024-05_as_of_2024-06-21.csv", MAY_LISTS[1][1])
    assert (again.verdict, again.touched) == ("unchanged", ()), "the records are as they were, but told again"
    assert prints(desk, "lists")["2024-05"] != before["2024-05"]
    desk.drop("lists/2024-05_as_of_2024-06-21.csv", MAY_LISTS[1][1] + "\n")
    other = ArrivalsEnv(replace(settings, data=tmp_path / "other"), "lists")
    drop(
        other,
        "lists",
        [("2024-05_as_of_2024-06-21", MAY_LISTS[1][1] + "\n"), ("2024-04_as_of_2024-06-20", people(1, 1))],
    )
    drop(other, "lists", [("2024-05_as_of_2024-06-21", MAY_LISTS[1][1]), *MAY_LISTS[1::-1]])
    assert told(other, "lists") == told(desk, "lists")
    assert prints(other, "lists") == prints(desk, "lists")


def test_another_zone_changes_the_fingerprint_where_it_tells_the_day(desk: ArrivalsEnv) -> None:
    for feed in ("lists", "parted"):
        state(desk, feed, ("key: [id]", "key: [id]\nversion_from: seen")) if feed == "lists" else None
        drop(desk, feed, [("2024-05", rows("1 Ann 2024-05-30"))])
    before = [prints(desk, feed)["2024-05"] for feed in ("lists", "parted")]
    desk.settings = replace(desk.settings, timezone=ZoneInfo("Asia/Tokyo"))
    desk._platform = None
    after = [prints(desk, feed)["2024-05"] for feed in ("lists", "parted")]
    assert after[0] not in (None, before[0])
    assert after[1] == before[1]


@pytest.mark.parametrize("feed", ["history", "stages", "lists"])
def test_the_fingerprints_of_many_months_ask_each_file_once(
    desk: ArrivalsEnv, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three files, seven months."""
    desk.contract(feed, CONTRACTS[feed].replace("ALIASES", ""))
    drop(desk, feed, ((f"{month}-31", people(1, int(month[-1]))) for month in ("2024-01", "2024-03", "2024-05")))
    if feed == "history":
        drop(desk, feed, ((f"2024-0{n}-30", rows("1 Ann 2024-03-02", f"{n} Bob 2024-05-02")) for n in (4, 5, 6)))
    state, asked = desk.arrivals().state.by_feed[feed], []
    told_as = state.told_as
    monkeypatch.setattr(state, "told_as", lambda entry: asked.append(entry) or told_as(entry))
    found = [versions_print(state, parse_month(f"2024-0{n}"), parse_month(YEAR[0])) for n in range(1, 8)]
    assert sum(one is not None for one in found) == {"history": 2, "stages": 7, "lists": 3}[feed]
    assert len(asked) == 3


def test_a_file_that_is_read_again_takes_its_repeats_along(desk: ArrivalsEnv) -> None:
    """By another column's month, the file is of June, and so is what was told again."""
    inside = CONTRACTS["inside"].replace("ALIASES", "")
    text = inside + "  - {name: sent, header: Sent, type: date}\n"
    desk.contract("inside", text)
    content = "Id,Name,Seen,Sent\n1,Ann,2024-05-03,2024-06-03\n"
    drop(desk, "inside", ((f"x_as_of_2024-06-{day}", content) for day in ("10", "20")))
    assert told(desk, "inside") == ["2024-05 1 Ann 06-10 06-20"]
    desk.contract("inside", text.replace("column: seen", "column: sent"))
    desk.take()
    assert told(desk, "inside") == ["2024-06 1 Ann 06-10 06-20"]


def test_another_contract_changes_the_fingerprint(desk: ArrivalsEnv) -> None:
    drop(desk, "lists", MAY_LISTS)
    before = prints(desk, "lists")["2024-05"]
    state(desk, "lists", ("key: [id]", "key: [id]\nnever_empty: [name]"))
    assert prints(desk, "lists")["2024-05"] not in (None, before)


def test_a_file_that_is_let_in_again_is_read_with_the_months_its_records_went_to(desk: ArrivalsEnv) -> None:
    """What came while it was withdrawn looked for its keys in vain: the record stood in both months."""
    first = desk.drop("calls/a 2024-03-31.csv", rows("1 Ann 2024-03-02"))
    desk.arrivals().withdraw(first.sha256)
    desk.drop("calls/b 2024-06-30.csv", rows("1 Ann 2024-06-02"))
    desk.arrivals().accept(first.sha256)
    assert desk.build("calls")["calls"] == [("2024-06", "1", "Ann")]
    sources, march = desk.arrivals().state, parse_month("2024-03")
    assert duckdb.sql(sources.relation("calls", march, march)).fetchall() == []
    assert told(desk, "calls", "2024-03", "2024-03") == ["2024-03 1 Ann 03-31 03-31", "2024-03 1 gone 06-30 06-30"]


# -- read by a table -----------------------------------------------------------------------------------------


def known(feed: str) -> Table:
    return Table(
        says="What was known.",
        grain=("id", "version_number"),
        columns=(
            Column("month", "date", "Month"),
            Column("id", "varchar", "Key"),
            Column("version_number", "bigint", "Version"),
            Column("known_on", "date", "Day"),
        ),
        select=f"select month, id, version_number, known_on from arrivals.{feed}_versions",
    ).named("prospects", "fct_known")


@pytest.fixture
def builds(desk: ArrivalsEnv) -> Callable[[], list[tuple]]:
    """Builds a table of versions, and gives its rows."""

    def build() -> list[tuple]:
        platform = desk.platform()
        catalogue = Catalogue([known("lists")], desk.arrivals().state.feeds(), {})
        with open_session(replace(platform, catalogue=catalogue), "test") as session:
            assert build_stale(session.warehouse) == {}
            return session.warehouse.con.execute("from prospects.fct_known order by all").fetchall()

    return build


def test_a_table_is_built_again_when_versions_change(desk: ArrivalsEnv, builds: Callable[[], list[tuple]]) -> None:
    drop(desk, "lists", MAY_LISTS)
    assert [(key, number, day(on)) for _, key, number, on in builds()] == [
        ("1", 1, "05-31"),
        ("1", 2, "06-20"),
        ("2", 1, "05-31"),
        ("2", 2, "06-15"),
        ("2", 3, "06-20"),
        ("3", 1, "06-15"),
    ]
    desk.drop("lists/2024-05_as_of_2024-05-02.csv", rows("1 Ann", "2 Bob"))  # known earlier than was known
    assert [day(on) for _, key, number, on in builds() if number == 1] == ["05-02", "05-02", "06-15"]


def test_a_damaged_file_that_was_replaced_is_told_before_its_versions_are_read(
    desk: ArrivalsEnv, builds: Callable[[], list[tuple]]
) -> None:
    drop(desk, "lists", MAY_LISTS)
    with (desk.settings.archive / "lists/receipts/00000001/records.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BuildError, match=r"the records of 2024-05_as_of_2024-05-31\.csv, is damaged"):
        builds()


def test_versions_of_a_feed_without_a_key_are_refused_in_words() -> None:
    with pytest.raises(DeclarationError, match=r"arrivals\.history_versions is read, .* history has no `key`"):
        Catalogue([known("history")], ["history", "history_counts"], {})


def test_a_test_may_give_versions() -> None:
    may = date(2024, 5, 1)
    given = GivenFeeds(may, {"salesforce_leads_versions": [{"known_on": may, "known_at": "2024-05-01 06:00:00"}]})
    rows_given = duckdb.sql(given.relation("salesforce_leads_versions", may, may))
    assert (rows_given.columns[0], rows_given.fetchall()[0][:5]) == (
        "month",
        (may, may, duckdb.sql("select timestamp '2024-05-01 06:00:00'").fetchall()[0][0], None, False),
    )
    assert duckdb.sql(given.relation("ok_licensing_versions", may, may)).fetchall() == []


def test_the_columns_are_those_that_are_told(desk: ArrivalsEnv) -> None:
    drop(desk, "calls", [("2024-05-31", rows("1 Ann 2024-05-03"))])
    columns = version_columns(desk.contracts()["calls"])
    for month in ("2024-05", "2024-06"):  # with and without a record
        found = duckdb.sql(select(desk, "calls", month, month))
        assert dict(zip(found.columns, map(str, found.types), strict=True)) == {
            c: k.upper() for c, k in columns.items()
        }
