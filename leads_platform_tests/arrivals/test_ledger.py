"""The ledger tables `arrivals.*`: what the manifests say, as rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from leads_platform.arrivals.archive.store import ArchiveDamaged
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows

# The second record is too short, the third has no date.
BAD = (
    "Id,Name,Seen\n1,Ann,2024-04-01\n2,Canary\n3,Bob,Canaryday\n4,Cid,2024-05-01\n5,Dee,2024-05-02\n6,Eve,2024-05-03\n"
)


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "calls", "stages")


def columns(desk: ArrivalsEnv, table: str) -> list[str]:
    found = desk.query(f"select column_name from duckdb_columns() where schema_name || '.' || table_name = '{table}'")
    return [name for (name,) in found]


def test_the_ledger_has_the_fixed_names(desk: ArrivalsEnv) -> None:
    wanted = {"feed", "file_name", "sha256", "month", "version", "records", "loaded", "quarantined"}
    assert wanted | {"verdict", "received_at"} <= set(columns(desk, "arrivals.files"))
    assert {"feed", "sha256", "line", "column_name", "reason"} <= set(columns(desk, "arrivals.quarantine"))
    assert {"feed", "sha256", "month", "records"} <= set(columns(desk, "arrivals.file_months"))


def test_every_record_of_every_file_is_accounted_for(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 8))
    desk.drop("lists/2024-05 short.csv", people(1, 2))  # held
    desk.drop("lists/2024-06.csv", "Id,Name,Seen\n1,Ann,\n2,Bob\n3,Cid\n")  # refused: more bad than good
    desk.drop("lists/list.csv", people(1, 2))  # refused unread: no month
    desk.drop("calls/2024-05-04.csv", BAD)
    desk.drop("stages/stages.csv", rows("1 New", "2 Won"))
    assert desk.query(
        "select file_name, month, version, records, loaded, quarantined, verdict, in_force "
        "from arrivals.files order by receipt"
    ) == [
        ("2024-05.csv", date(2024, 5, 1), "#1", 8, 8, 0, "accepted", True),
        ("2024-05 short.csv", date(2024, 5, 1), "#2", 2, 2, 0, "held", False),
        ("2024-06.csv", date(2024, 6, 1), "", 3, 0, 3, "refused", False),
        ("list.csv", None, "", 0, 0, 0, "refused", False),
        ("2024-05-04.csv", None, "2024-05-04", 6, 4, 2, "partial", True),
        ("stages.csv", None, "#6", 2, 2, 0, "accepted", True),
    ]
    assert desk.query("select feed, month::varchar, records from arrivals.file_months order by receipt, month") == [
        ("lists", "2024-05-01", 8),
        ("lists", "2024-05-01", 2),
        ("calls", "2024-04-01", 1),
        ("calls", "2024-05-01", 3),
    ]


def test_quarantined_records_keep_file_line_column_and_reason(desk: ArrivalsEnv) -> None:
    taken = desk.drop("calls/calls.csv", BAD)
    (short, unreadable) = desk.query(
        "select feed, sha256, file_name, line, column_name, reason from arrivals.quarantine order by line"
    )
    assert short[:5] == ("calls", taken.sha256, "calls.csv", 3, None)
    assert unreadable[:5] == ("calls", taken.sha256, "calls.csv", 4, "Seen")
    assert "2" in short[5] and "3" in short[5]  # has 2 fields where the header has 3
    assert "is not a date" in unreadable[5]


def test_a_refused_file_says_why_as_a_whole(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-06.csv", "Id,Name,Seen\n1,Ann,\n2,Bob\n3,Cid\n")
    ((line, column, reason),) = desk.query("select line, column_name, reason from arrivals.quarantine")
    assert (line, column) == (1, None)
    assert reason.startswith("the file was refused: 2 of 3 records don't fit the header")


def test_no_cell_of_a_record_reaches_the_ledger(desk: ArrivalsEnv) -> None:
    desk.drop("calls/calls.csv", BAD)
    desk.drop("lists/2024-05.csv", 'Id,Name,Seen\n1,Can"ary,\n2,"Canary,\n3,Ann,\n')
    told = [
        row
        for table in ("files", "file_months", "quarantine", "decisions")
        for row in desk.query(f"select * from arrivals.{table}")
    ]
    assert len(told) >= 5
    assert "ary" not in repr(told).replace("ordinary", "")


def test_the_verdict_after_accept_and_withdraw(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 8))
    held = desk.drop("lists/2024-05.csv", people(1, 2))
    read = "select verdict, in_force, added, changed, removed from arrivals.files order by receipt"
    assert desk.query(read) == [("accepted", True, None, None, None), ("held", False, 0, 0, 6)]
    desk.arrivals().accept(held.sha256)
    assert desk.query(read) == [("accepted", False, None, None, None), ("accepted", True, 0, 0, 6)]
    desk.arrivals().withdraw(held.sha256)
    assert desk.query(read) == [("accepted", True, None, None, None), ("accepted", False, 0, 0, 6)]
    assert desk.query("select action, sha256 from arrivals.decisions order by receipt") == [
        ("accept", held.sha256),
        ("withdraw", held.sha256),
    ]


def test_a_decision_keeps_who_and_why(desk: ArrivalsEnv) -> None:
    """Who let a file in, or took it out, was kept nowhere, as it is of an export."""
    desk.settings = replace(desk.settings, user="ann")
    desk.drop("lists/2024-05.csv", people(1, 8))
    desk.arrivals().withdraw("lists/2024-05.csv", why="the supplier\nsent May's\x1b[2J of 2023")
    desk.settings = replace(desk.settings, user="bob")
    desk.arrivals().accept("lists/2024-05.csv")
    assert desk.query("select action, who, why from arrivals.decisions order by receipt") == [
        ("withdraw", "ann", "the supplier�sent May's�[2J of 2023"),
        ("accept", "bob", ""),
    ]
    assert [m.who for m in desk.arrivals().state.manifests] == ["", "ann", "bob"], "nobody received the file"


FORMER = """
    create or replace table arrivals.decisions as
        select feed, sha256, action, receipt, decided_at from arrivals.decisions;
    update arrivals.ledger_version set version = regexp_replace(version, ', columns .*', '')
"""


def test_a_ledger_of_the_version_before_is_made_anew(desk: ArrivalsEnv) -> None:
    """`create table if not exists` kept the columns of a version before for ever."""
    desk.settings = replace(desk.settings, user="ann")
    desk.drop("lists/2024-05.csv", people(1, 8))
    desk.arrivals().withdraw("lists/2024-05.csv", why="wrong month")
    desk.query(FORMER)
    assert desk.query("select action, who, why from arrivals.decisions") == [("withdraw", "ann", "wrong month")]
    assert desk.query("select verdict from arrivals.files") == [("accepted",)]


def test_a_manifest_that_went_missing_with_an_update_is_told(desk: ArrivalsEnv) -> None:
    """What the former table knows is asked before it is dropped, else a lost decision would be silent."""
    desk.drop("lists/2024-05.csv", people(1, 8))
    desk.arrivals().withdraw("lists/2024-05.csv")
    desk.query(FORMER)
    (desk.settings.archive / "lists/manifests/00000002.json").unlink()
    with pytest.raises(ArchiveDamaged, match="The manifest of receipt 2 of lists"):
        desk.query("select 1")


def test_a_file_that_is_read_again_has_one_row_and_its_new_quarantine(desk: ArrivalsEnv) -> None:
    desk.drop("calls/calls.csv", BAD)
    text = (desk.settings.feeds / "calls.yaml").read_text()
    desk.contract("calls", text + "description: read again\n")
    (again,) = desk.take()
    assert desk.query("select receipt, records, loaded, quarantined from arrivals.files") == [(again.receipt, 6, 4, 2)]
    assert desk.query("select distinct receipt from arrivals.quarantine") == [(again.receipt,)]


def test_unchanged_files_are_not_in_the_ledger(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 2))
    desk.drop("lists/2024-05 copy.csv", people(1, 2))
    assert desk.query("select file_name from arrivals.files") == [("2024-05.csv",)]
