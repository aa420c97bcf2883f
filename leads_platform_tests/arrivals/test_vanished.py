"""Columns that vanish from a feed's files: told by name, warned of by a check, the same in any order of arrival.

Belongs here: which files lack what earlier ones had, the words, and the notes of files in force. Does not: columns a
file is refused without (test_reading.py).
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from leads_platform.arrivals.archive.notes import grouped, notes
from leads_platform.cli.status import read_status
from leads_platform.months import parse_month
from leads_platform.platform import open_session
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv
from leads_platform_tests.conftest import environment

FULL = "Id,Name,Seen\n1,Ann,2024-05-01\n2,Bob,2024-05-02\n"
RENAMED = FULL.replace("Seen", "Last Seen")
LACKING = "Id,Name\n1,Ann\n2,Bob\n"
WORDS = (
    "`Seen` has vanished: 2024-04.csv had it, here it is left empty. `Last Seen` is new: did the supplier rename it? "
    "Then write `aliases: [Last Seen]` into the column `seen` in feeds/lists.yaml"
)


@pytest.fixture
def desk(tmp_path: Path) -> ArrivalsEnv:
    return ArrivalsEnv(environment(tmp_path / "data"), "lists")


def told(desk: ArrivalsEnv) -> list[tuple[str, str]]:
    """Files in force of which something is to be known."""
    return [(note.file_name, note.says) for note in notes(desk.arrivals().state)]


def test_a_vanished_column_is_told_with_the_line_that_mends_it(desk: ArrivalsEnv) -> None:
    """Found in use, 9: an optional column under a new title was left empty without a word."""
    assert desk.drop("lists/2024-04.csv", FULL).verdict == "accepted"
    assert told(desk) == []
    assert desk.drop("lists/2024-05.csv", RENAMED).verdict == "accepted"
    assert ("2024-05.csv", WORDS) in told(desk)
    assert {"feed": "lists", "file_name": "2024-05.csv", "says": WORDS}.items() <= next(
        note.items() for note in read_status(desk.platform()).to_json()["notes"] if note["says"] == WORDS
    )


@pytest.mark.parametrize("line", ["aliases: [Last Seen]", "may_be_missing: true"])
def test_the_contract_ends_the_matter(desk: ArrivalsEnv, line: str) -> None:
    """Found in use, 9: what the words say to write is what ends them; the records are not read anew for it."""
    desk.drop("lists/2024-04.csv", FULL)
    desk.drop("lists/2024-05.csv", RENAMED)
    mended = CONTRACTS["lists"].replace("ALIASES", "").replace("header: Seen", f"header: Seen, {line}")
    desk.contract("lists", mended)
    assert all("vanished" not in says for _, says in told(desk))
    assert desk.take() == []


def test_a_column_that_never_came_has_not_vanished(desk: ArrivalsEnv) -> None:
    """Found in use, 9: Pipedrive's export never has `marked_as_done_time`; that is no news of any file."""
    desk.drop("lists/2024-04.csv", LACKING)
    desk.drop("lists/2024-05.csv", LACKING)
    desk.drop("lists/2024-06.csv", FULL)  # what comes later has not been there before
    assert told(desk) == []


def warned(desk: ArrivalsEnv) -> list[tuple[str, str]]:
    """Months and evidence of the base table's check, after a build."""
    with open_session(desk.platform(), "test") as session:
        assert build_stale(session.warehouse, select=["prospects.base_lists"]) == {}
    failed = read_status(desk.platform()).to_json()["failed_checks"]
    return [(f["month"], str(f["evidence"]["rows"])) for f in failed if f["check"] == "no_column_has_vanished"]


def test_the_check_warns_of_a_month_that_was_built_before_the_file_that_had_the_column_came(desk: ArrivalsEnv) -> None:
    """Found in use, 9: what a month is judged by may come after it was built; it is built again then."""
    desk.drop("lists/2024-03.csv", LACKING)
    desk.drop("lists/2024-05.csv", LACKING)
    assert warned(desk) == []
    desk.drop("lists/2024-04.csv", FULL)
    assert warned(desk) == [("2024-05", "[{'expected': '`Seen`', 'found': None}]")]
    desk.arrivals().withdraw(next(m.sha256 for m in desk.arrivals().state.manifests if m.file_name == "2024-04.csv"))
    assert warned(desk) == []


def test_what_has_vanished_is_the_same_in_any_order_of_arrival(tmp_path: Path) -> None:
    """Found in use, 9: earlier is by month and version, never by arrival."""
    files = {"2024-03.csv": LACKING, "2024-04.csv": FULL, "2024-05-02.csv": RENAMED, "2024-05-09.csv": LACKING}
    seen = set()
    for number, order in enumerate(list(permutations(files))[::5]):
        desk = ArrivalsEnv(environment(tmp_path / str(number)), "lists")
        for name in order:
            desk.put(f"lists/{name}", files[name])
        desk.take()
        state = desk.arrivals().state
        seen.add(tuple(state.version("lists_vanished", parse_month(f"2024-0{month}")) for month in (3, 4, 5)))
    ((march, april, may),) = seen
    assert (march, april) == (None, None)
    assert may


def test_nothing_changes_where_nothing_has_vanished(desk: ArrivalsEnv) -> None:
    """Found in use, 9: what a table is built from has another version only in a month that lacks a column."""
    for month in ("2024-03", "2024-04"):
        desk.drop(f"lists/{month}.csv", FULL.replace("Ann", f"Ann {month}"))
    state = desk.arrivals().state
    assert [state.version("lists_vanished", month) for month in sorted(state.by_feed["lists"].months())] == [None] * 2


@pytest.mark.parametrize(
    ("header", "instead"),
    [
        ("Id,Name,Licensed Cap", "Licensed Cap"),  # the place, though the name is another
        ("Seen on,Id,Name", "Seen on"),  # the name, though the place is another
        ("Extra,Id,Name", "Extra"),  # one came, one went
        ("Extra,More,Id,Name", None),
        ("Id,Name,012345678", None),  # may be data
    ],
)
def test_what_may_stand_for_it(desk: ArrivalsEnv, header: str, instead: str | None) -> None:
    """Found in use, 9: the new column is named by its place, else by its name, else as the only new one."""
    desk.drop("lists/2024-04.csv", FULL)
    cells = {"Id": "1", "Name": "Ann"}
    desk.drop("lists/2024-05.csv", f"{header}\n{','.join(cells.get(t, 'x') for t in header.split(','))}\n")
    ((one,),) = desk.arrivals().state.vanished("lists").values()
    assert (one.column, one.title, one.instead) == ("seen", "Seen", instead)


def test_a_feeds_habit_of_no_last_line_end_says_nothing(desk: ArrivalsEnv) -> None:
    """Found in use, 16: the words for a file that may be cut are printed, but not of a supplier who always ends so."""
    cut = "The last line has no line end: some suppliers leave it out, but so does a file cut short"
    desk.drop("lists/2024-03.csv", FULL)
    desk.drop("lists/2024-04.csv", FULL.replace("Ann", "Amy")[:-1])
    assert told(desk) == [("2024-04.csv", cut)]
    for month in ("2024-05", "2024-06"):
        desk.drop(f"lists/{month}.csv", FULL.replace("Ann", month)[:-1])
    assert told(desk) == []


def test_what_is_to_be_known_of_many_files_is_one_row(desk: ArrivalsEnv) -> None:
    """Found in use, 16: short for a tired person: a note that many files of a feed share is told once."""
    for month in ("2024-03", "2024-04", "2024-05"):
        desk.drop(f"lists/{month}.csv", f"Id,Name,Seen,Fax\n{month},Ann,,1\n")
    says = "New columns, kept as they are: `Fax`; declare them in feeds/lists.yaml"
    assert grouped(notes(desk.arrivals().state)) == [("lists", "2024-05.csv and 2 more", says)]
