"""Records whose time has an offset: which month they are in, and what another time zone does to the archive."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest

from leads_platform.arrivals.archive import sources as state
from leads_platform.arrivals.reading import loading
from leads_platform.platform import open_session
from leads_platform.settings import Settings
from leads_platform.values.times import Moment
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv, as_before

# Five ways to write 1 June 2024, 05:30 in UTC, then a time of no known zone.
MIXED = """Id,Name,Seen
1,Ann,2024-05-31T22:30:00-07:00
2,Bob,2024-06-01T05:30:00Z
3,Cid,2024-06-01 05:30:00+00
4,Dee,2024-05-31 22:30:00 -07:00
5,Eve,2024-06-01T11:00:00.0+0530
6,Fay,2024-05-31 22:30:00
"""
JUNE, MAY = datetime(2024, 6, 1, 5, 30), datetime(2024, 5, 31, 22, 30)
IN_UTC = [(str(number), "2024-06", JUNE, JUNE) for number in range(1, 6)] + [("6", "2024-05", MAY, MAY)]
IN_CALIFORNIA = [(str(number), "2024-05", JUNE, MAY) for number in range(1, 6)] + [("6", "2024-05", MAY, MAY)]

ZONED = CONTRACTS["calls"].replace("ALIASES", "").replace("column: seen}", "column: seen, timezone: Europe/Berlin}")


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "calls", "history")


def told(desk: ArrivalsEnv, feed: str) -> list[tuple]:
    """Each record's month and times, as its base table has them after a build."""
    table = f"prospects.base_{feed}"
    with open_session(desk.platform(), "test") as session:
        assert build_stale(session.warehouse, select=[table]) == {}
        return session.warehouse.con.execute(
            f"select id, strftime(month, '%Y-%m'), record_at, record_local_at from {table} order by id"
        ).fetchall()


def move_to(desk: ArrivalsEnv, zone: str) -> None:
    desk.settings = replace(desk.settings, timezone=ZoneInfo(zone))
    desk._platform = None


def drop_as_before(desk: ArrivalsEnv, at: str, content: str) -> None:
    """Takes a file in as the platform did before it knew offsets: each dropped, each time taken as it stands."""
    with pytest.MonkeyPatch.context() as patch:
        dropped = Moment("try_cast(left(Seen, 19) as timestamp)", "null::timestamp")
        patch.setattr(loading, "record_moment", lambda *_: dropped)
        patch.setattr(state, "misplaced", lambda *_: set())
        receipt = desk.drop(at, content).receipt
    folder = desk.settings.archive / at.split("/", maxsplit=1)[0]
    path = folder / f"receipts/{receipt:08d}/records.parquet"
    new = path.with_name("old.parquet")
    duckdb.sql(
        f"copy (select * exclude (record_local_at, record_is_instant) from '{path}') to '{new}' (format parquet)"
    )
    new.replace(path)
    note = folder / f"manifests/{receipt:08d}.json"
    manifest = as_before(json.loads(note.read_text()))
    del manifest["reckoned_in"], manifest["stored"]
    note.write_text(json.dumps(manifest))


@pytest.mark.parametrize("feed", ["calls", "history"])
def test_an_instant_is_in_the_month_of_the_platforms_zone(desk: ArrivalsEnv, feed: str) -> None:
    """Found in use, 1: five of these were in May at 22:30, or quarantined; all of them are 1 June, 05:30 UTC."""
    taken = desk.drop(f"{feed}/a.csv", MIXED)
    assert (taken.verdict, taken.reckoned_in) == ("accepted", "UTC")
    assert {month: found["records"] for month, found in taken.months.items()} == {"2024-05": 1, "2024-06": 5}
    assert told(desk, feed) == IN_UTC


@pytest.mark.parametrize("feed", ["calls", "history"])
def test_another_zone_places_instants_anew_and_only_them(desk: ArrivalsEnv, feed: str) -> None:
    """Found in use, 1: the same files and settings give the same warehouse, whatever the zone was before."""
    desk.drop(f"{feed}/a.csv", MIXED)
    if feed == "calls":  # another file of the feed, of which no time has an offset
        desk.drop("calls/b.csv", "Id,Name,Seen\n7,Gus,2024-05-31 23:59:59\n")
    before = told(desk, feed)
    move_to(desk, "America/Los_Angeles")
    assert [m.file_name for m in desk.take()] == ["a.csv"]
    assert [row for row in told(desk, feed) if row[0] != "7"] == IN_CALIFORNIA
    assert desk.take() == []
    move_to(desk, "UTC")
    assert [m.reckoned_in for m in desk.take()] == ["UTC"]
    assert told(desk, feed) == before


def test_a_time_that_stays_in_its_month_follows_the_zone_too(desk: ArrivalsEnv) -> None:
    """Found in use, 1: the month's content is the same then, and yet its table must be built again."""
    desk.drop("history/a.csv", "Id,Name,Seen\n1,Ann,2024-05-15T12:00:00Z\n")
    desk.drop("calls/a.csv", "Id,Name,Seen\n1,Ann,2024-05-15T12:00:00Z\n")
    noon, dawn = datetime(2024, 5, 15, 12), datetime(2024, 5, 15, 5)
    assert told(desk, "history") == told(desk, "calls") == [("1", "2024-05", noon, noon)]
    move_to(desk, "America/Los_Angeles")
    desk.take()
    assert told(desk, "history") == told(desk, "calls") == [("1", "2024-05", noon, dawn)]


@pytest.mark.parametrize("feed", ["calls", "history"])
def test_what_was_archived_before_offsets_were_known_is_read_again(desk: ArrivalsEnv, feed: str) -> None:
    """Found in use, 1: only the file that has some; one without any is not touched."""
    drop_as_before(desk, f"{feed}/a.csv", MIXED)
    if feed == "calls":
        drop_as_before(desk, "calls/b.csv", "Id,Name,Seen\n7,Gus,2024-05-31 23:59:59\n")
    assert {row[1] for row in told(desk, feed)} == {"2024-05", "2024-06"}  # Eve's day alone was in June
    assert [m.file_name for m in desk.take()] == ["a.csv"]
    assert [row for row in told(desk, feed) if row[0] != "7"] == IN_UTC
    assert desk.take() == []


def test_an_archive_without_offsets_is_not_read_again(desk: ArrivalsEnv) -> None:
    """Found in use, 1: neither by the program that knows offsets, nor by another time zone; its table stands."""
    drop_as_before(desk, "history/a.csv", "Id,Name,Seen\n1,Ann,2024-05-31 22:30:00\n")
    assert desk.take() == []
    assert told(desk, "history") == [("1", "2024-05", MAY, MAY)]
    move_to(desk, "America/Los_Angeles")
    assert desk.take() == []
    with open_session(desk.platform(), "test") as session:
        built = session.warehouse.built()
        build_stale(session.warehouse, select=["prospects.base_history"])
        assert session.warehouse.built() == built


def test_formats_with_an_offset_give_a_base_table(desk: ArrivalsEnv) -> None:
    """Found in use, 1: `formats: ["... %z"]` refused it."""
    formats = 'type: timestamp, formats: ["%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M %z"]'
    desk.contract("calls", CONTRACTS["calls"].replace("ALIASES", "").replace("type: date", formats))
    desk.drop(
        "calls/a.csv", "Id,Name,Seen\n1,Ann,05/31/2024 22:30 -0700\n2,Bob,05/31/2024 22:30\n3,Cid,06/01/2024 05:30Z\n"
    )
    assert told(desk, "calls") == [
        ("1", "2024-06", JUNE, JUNE),
        ("2", "2024-05", MAY, MAY),
        ("3", "2024-06", JUNE, JUNE),
    ]


def test_a_contracts_own_zone_is_the_one_of_reckoning(desk: ArrivalsEnv) -> None:
    """Found in use, 1: a time without an offset is UTC there, as before; others are told by the same clock."""
    desk.contract("calls", ZONED)
    desk.drop("calls/a.csv", "Id,Name,Seen\n1,Ann,2024-05-31T15:30:00-07:00\n2,Bob,2024-05-31 22:30:00\n")
    utc, berlin = datetime(2024, 5, 31, 22, 30), datetime(2024, 6, 1, 0, 30)
    assert told(desk, "calls") == [("1", "2024-06", utc, berlin), ("2", "2024-06", utc, berlin)]
    move_to(desk, "America/Los_Angeles")
    assert desk.take() == []


def test_a_contracts_own_zone_once_gave_the_time_too(desk: ArrivalsEnv) -> None:
    """Found in use, mended: such files are read again once, so that `record_at` is UTC in all of them."""
    desk.contract("calls", ZONED)
    drop_as_before(desk, "calls/a.csv", "Id,Name,Seen\n2,Bob,2024-05-31 22:30:00\n")
    assert [m.file_name for m in desk.take()] == ["a.csv"]
    assert told(desk, "calls") == [("2", "2024-06", datetime(2024, 5, 31, 22, 30), datetime(2024, 6, 1, 0, 30))]
    assert desk.take() == []


def test_a_time_among_many_faults_is_found(desk: ArrivalsEnv) -> None:
    """Found in use, mended: a manifest's words tell the most frequent faults only; each record's own fault is kept."""
    good = "".join(f"{number},Ann,2024-05-31\n" for number in range(100))
    drop_as_before(desk, "calls/a.csv", f"Id,Name,Seen\n{good}100,Eve,soon\n")
    note = next(desk.settings.archive.glob("calls/manifests/*.json"))
    manifest = json.loads(note.read_text())
    note.write_text(json.dumps({**manifest, "message": "1 of 101 records is left out: another fault"}))
    assert [m.file_name for m in desk.take()] == ["a.csv"]


def test_a_time_with_an_offset_that_cannot_be_read_is_told(desk: ArrivalsEnv) -> None:
    """Found in use, 1: nothing is dropped in silence, so such a record is left out with its line."""
    taken = desk.drop("calls/a.csv", "Id,Name,Seen\n1,Ann,2024-05-03\n2,Bob,2024-05-31 22:30:00+99\n")
    assert (taken.loaded, taken.quarantined) == (1, 1)
    assert "line 3: `Seen` is not a date written as ISO 8601 (2024-05-31), so the record has no month" in taken.message
