"""Files whose times are of the supplier's clock: their month, the doubled hour and the missing one.

Belongs here: what a contract's `source_timezone` does to records. Does not: reading such a time (values/test_times), or
times with an offset (test_instants).
"""

from __future__ import annotations

from datetime import datetime

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv
from leads_platform_tests.arrivals.test_instants import move_to, told

CHICAGO = CONTRACTS["calls"].replace("ALIASES", "").replace("type: date", "type: timestamp")
CHICAGO = CHICAGO.replace("key: [id]", "source_timezone: America/Chicago\nkey: [id]")
# 22:30 on 31 May in Chicago is 03:30 on 1 June in UTC, 20:30 on 31 May in California.
NIGHT = "Id,Name,Seen\n1,Ann,2024-05-31 22:30:00\n2,Bob,2024-05-31 12:00:00\n3,Cid,2024-05-31T22:30:00+02:00\n"


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    desk = ArrivalsEnv(settings)
    desk.contract("calls", CHICAGO)
    return desk


def test_a_time_without_an_offset_is_of_the_suppliers_zone(desk: ArrivalsEnv) -> None:
    taken = desk.drop("calls/a.csv", NIGHT)
    assert (taken.verdict, taken.reckoned_in) == ("accepted", "UTC")
    june, noon, evening = datetime(2024, 6, 1, 3, 30), datetime(2024, 5, 31, 17), datetime(2024, 5, 31, 20, 30)
    assert told(desk, "calls") == [
        ("1", "2024-06", june, june),
        ("2", "2024-05", noon, noon),
        ("3", "2024-05", evening, evening),
    ]
    move_to(desk, "America/Los_Angeles")
    assert [m.file_name for m in desk.take()] == ["a.csv"]
    assert told(desk, "calls") == [
        ("1", "2024-05", june, datetime(2024, 5, 31, 20, 30)),
        ("2", "2024-05", noon, datetime(2024, 5, 31, 10)),
        ("3", "2024-05", evening, datetime(2024, 5, 31, 13, 30)),
    ]
    assert desk.take() == []


def test_a_zone_that_the_contract_learns_later_places_records_anew(desk: ArrivalsEnv) -> None:
    desk.contract("calls", CHICAGO.replace("source_timezone: America/Chicago\n", ""))
    desk.drop("calls/a.csv", NIGHT)
    assert [row[1] for row in told(desk, "calls")] == ["2024-05"] * 3
    desk.contract("calls", CHICAGO)
    assert [m.file_name for m in desk.take()] == ["a.csv"]
    assert [row[1] for row in told(desk, "calls")] == ["2024-06", "2024-05", "2024-05"]
    assert desk.take() == []


def test_days_have_no_zone(desk: ArrivalsEnv) -> None:
    desk.contract("calls", CHICAGO.replace("type: timestamp", "type: date"))
    move_to(desk, "America/Los_Angeles")
    desk.drop("calls/a.csv", "Id,Name,Seen\n1,Ann,2024-06-01\n2,Bob,2024-06-01 00:30:00\n")
    # The second is 22:30 of 31 May in California.
    assert [row[1] for row in told(desk, "calls")] == ["2024-06", "2024-05"]


def test_doubled_and_missing_hours_are_counted_and_told(desk: ArrivalsEnv) -> None:
    """Chicago, 2024: 3 November has 01:00 to 01:59 twice, 10 March has no 02:00 to 02:59."""
    desk.today("2024-12-15")
    taken = desk.drop(
        "calls/a.csv",
        "Id,Name,Seen\n1,Ann,2024-11-03 01:00:00\n2,Bob,2024-11-03 01:59:59\n3,Cid,2024-11-03 02:00:00\n"
        "4,Dee,2024-03-10 02:30:00\n5,Eve,2024-03-10 03:00:00\n6,Fay,2024-11-03 01:30:00Z\n",
    )
    zone = "the clock of America/Chicago"
    doubled = f"`Seen`: 2 times are in an hour that {zone} shows twice; the first reading is taken (lines 2, 3)"
    missing = f"`Seen`: 1 time is in an hour that {zone} skips; read by the offset before, an hour later (line 5)"
    assert taken.notes == (doubled, missing)
    assert doubled in taken.message and missing in taken.message
    assert [(row[0], row[2]) for row in told(desk, "calls")] == [
        ("1", datetime(2024, 11, 3, 6, 0)),
        ("2", datetime(2024, 11, 3, 6, 59, 59)),
        ("3", datetime(2024, 11, 3, 8, 0)),
        ("4", datetime(2024, 3, 10, 8, 30)),
        ("5", datetime(2024, 3, 10, 8, 0)),
        ("6", datetime(2024, 11, 3, 1, 30)),
    ]


def test_every_column_of_times_is_looked_at(desk: ArrivalsEnv) -> None:
    more = '  - {name: due, header: Due, type: timestamp, formats: ["%m/%d/%Y %H:%M"]}\n'
    desk.contract("calls", CHICAGO + more)
    taken = desk.drop("calls/a.csv", "Id,Name,Seen,Due\n1,Ann,2024-05-03,11/03/2024 01:15\n")
    assert [note.split(";")[0] for note in taken.notes] == [
        "`Due`: 1 time is in an hour that the clock of America/Chicago shows twice"
    ]


def test_five_spellings_of_one_moment(desk: ArrivalsEnv) -> None:
    """REVENUE 7.9: all June by a platform in UTC, all May in Los Angeles; a time without an offset stays May."""
    desk.contract("calls", CONTRACTS["calls"].replace("ALIASES", ""))
    numbers = CONTRACTS["history"].replace("ALIASES", "").replace("type: date", "type: timestamp, formats: [epoch_ms]")
    desk.contract("history", numbers)
    spellings = [
        "2024-05-31T22:30:00-07:00",
        "2024-06-01T05:30:00Z",
        "2024-06-01 05:30:00+00",
        "2024-05-31 22:30:00 -07:00",
        "2024-05-31 22:30:00",
    ]
    desk.put("calls/a.csv", "Id,Name,Seen\n" + "".join(f"{n},Ann,{text}\n" for n, text in enumerate(spellings)))
    desk.put("history/a.csv", "Id,Name,Seen\n1,Ann,1717219800000\n")
    desk.take()
    assert [row[1] for row in told(desk, "calls")] == ["2024-06"] * 4 + ["2024-05"]
    assert [row[1] for row in told(desk, "history")] == ["2024-06"]
    move_to(desk, "America/Los_Angeles")
    desk.take()
    assert [row[1] for row in told(desk, "calls") + told(desk, "history")] == ["2024-05"] * 6
