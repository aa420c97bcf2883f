"""Times as they are written: which moment, which day, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from leads_platform.values.times import (
    DOUBLED,
    SKIPPED,
    clock_change,
    install_times,
    local_day,
    moment,
    to_utc,
)

PACIFIC = "America/Los_Angeles"
# 22:30 on 31 May in California is 05:30 on 1 June in UTC; half past five there, in India at noon of that day.
SAME = [
    "2026-05-31T22:30:00-07:00",
    "2026-05-31 22:30:00-07",
    "2026-05-31 22:30:00 -0700",
    "2026-05-31 22:30-07:00",
    "2026-06-01T05:30:00Z",
    "2026-06-01T05:30:00.000z",
    "2026-06-01 05:30:00 UTC",
    "2026-06-01 05:30:00+00",
    "2026-06-01 05:30:00 GMT",
    "2026-06-01T05:30:00Z[UTC]",
    "2026-05-31T22:30:00-07:00[America/Los_Angeles]",
    "2026-06-01T11:00:00.0+0530",
    "\t2026-06-01 05:30:00 +00:00\u00a0",
]
STATED = {
    "2026-05-31 22:30:00": datetime(2026, 5, 31, 22, 30),
    "2026-05-31T22:30:00.5": datetime(2026, 5, 31, 22, 30, 0, 500_000),
    "2026-05-31 22:30": datetime(2026, 5, 31, 22, 30),
    "2026-05-31": datetime(2026, 5, 31),
}
# Offsets that no place has, with seconds, of a date alone, twice; a zone's name; no time.
UNREADABLE = ["2026-05-31 22:30:00+99", "2026-05-31 22:30:00+05:30:15", "2026-05-31 22:30:00 -7"]
UNREADABLE += ["2026-05-31 22:30:00+05:30 +02", "2026-05-31 22:30:00 Europe/Berlin", "soon", "", None]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def read(con: duckdb.DuckDBPyConnection, zone: str, *written: str | None) -> list[tuple]:
    install_times(con, zone)
    con.execute("create or replace temp table typed as select unnest($1::varchar[]) as cell", [list(written)])
    return con.execute("select local_time(cell), local_day(cell) from typed").fetchall()


def by(con: duckdb.DuckDBPyConnection, cell: str, *formats: str) -> tuple:
    told = moment("cell", formats)
    return con.execute(f"select {told.instant()}, {told.has_offset()} from (select $1 as cell)", [cell]).fetchall()[0]


def test_any_shape_of_an_offset_is_an_instant(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, 1: 2026-05-31T22:30:00-07:00 was read as 22:30 on 31 May; it is 1 June, 05:30 UTC."""
    assert read(con, "UTC", *SAME) == [(datetime(2026, 6, 1, 5, 30), date(2026, 6, 1))] * len(SAME)
    assert read(con, PACIFIC, *SAME) == [(datetime(2026, 5, 31, 22, 30), date(2026, 5, 31))] * len(SAME)


def test_no_column_of_a_file_is_taken_for_a_part_of_the_time(con: duckdb.DuckDBPyConnection) -> None:
    """Found while building: a file with a column titled Told could not be read."""
    read = moment("cell").instant()
    asked = f"select {read} from (select '2026-06-01T05:30:00Z' as cell, 'x' as told, 'x' as written, 'x' as at_)"
    assert con.execute(asked).fetchall() == [(datetime(2026, 6, 1, 5, 30),)]


@pytest.mark.parametrize("zone", ["UTC", PACIFIC])
def test_without_an_offset_a_time_is_read_as_before(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Found in use, 1: nobody knows of which zone such a time is, so it stands as it is written."""
    assert read(con, zone, *STATED) == [(at, at.date()) for at in STATED.values()]


def test_an_offset_that_cannot_be_read_is_not_dropped(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, 1: DuckDB's own cast reads +99 as if it were not there."""
    found = read(con, "UTC", *UNREADABLE)
    assert [at for at, _ in found] == [None] * len(UNREADABLE)
    assert found[:2] == [(None, None)] * 2


def test_the_day_of_a_time_that_cannot_be_read_is_not_made_up(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, mended: DuckDB's cast gives 31 May for any zone; in California it may be the day before."""
    unknown = ["2026-05-31 22:30:00 PST", "2026-05-31 22:30:00 Europe/Berlin", "2026-05-31 10:30 PM -0700"]
    assert read(con, PACIFIC, *unknown) == [(None, None)] * 3
    # Without a zone the day stays what it was, though the time of day can't be read.
    assert read(con, PACIFIC, "2026-05-31 10:30:00 PM", "2026-05-31 10:30 a.m.") == [(None, date(2026, 5, 31))] * 2


def test_formats_with_an_offset_and_without_stand_side_by_side(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, 1: `formats: ["... %z"]` made times of another type, and the base table was refused."""
    formats = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M %z")
    june = datetime(2026, 6, 1, 5, 30)
    assert by(con, "05/31/2026 22:30", *formats) == (datetime(2026, 5, 31, 22, 30), False)
    for offset in (" -0700", "-07:00", " -07"):
        assert by(con, f"05/31/2026 22:30{offset}", *formats) == (june, True)
    assert by(con, "06/01/2026 05:30Z", *formats) == (june, True)
    assert by(con, "05/31/2026 22:30 +99", *formats) == (None, False)
    assert by(con, "Sun May 31 22:30:00 -0700 2026", "%a %b %d %H:%M:%S %z %Y") == (june, True)
    assert by(con, "1780291800000", "epoch_ms") == (june, True)
    assert by(con, "05/31/2026 22:30 -0700", "%m/%d/%Y %H:%M") == (None, False)


CHICAGO = "America/Chicago"
# Days on which clocks are moved, both ways, in zones that do it by an hour, by half of one, and once by a day.
CHANGES = [
    (CHICAGO, "2024-03-10"),
    (CHICAGO, "2024-11-03"),
    ("Europe/Berlin", "2024-03-31"),
    ("Europe/Berlin", "2024-10-27"),
    ("Australia/Lord_Howe", "2024-04-07"),
    ("Australia/Lord_Howe", "2024-10-06"),
    ("Pacific/Apia", "2011-12-30"),
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_a_whole_day_of_moved_clocks(con: duckdb.DuckDBPyConnection, zone: str, day: str) -> None:
    """Every ten minutes from the day before to the day after, as zoneinfo reads them.

    Its `fold=0` is the first of two readings, and in a skipped hour the one by the offset before.
    """
    start, there = datetime.fromisoformat(day) - timedelta(days=1), ZoneInfo(zone)
    clock = [start + timedelta(minutes=10 * step) for step in range(3 * 24 * 6)]
    con.execute("create or replace temp table clocks as select unnest($1::timestamp[]) as shown", [clock])
    said = f"'{zone}'"
    read = con.execute(f"select shown, {to_utc('shown', said)}, {clock_change('shown', said)} from clocks").fetchall()
    expected = []
    for at in clock:
        first, second = (at.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
        shown = first.astimezone(there).replace(tzinfo=None) == at
        change = SKIPPED if not shown else DOUBLED if first != second else None
        expected.append((at, first.replace(tzinfo=None), change))
    assert read == expected
    assert {change for *_, change in expected} - {None} in ({DOUBLED}, {SKIPPED})


def test_the_hours_around_a_change_by_hand(con: duckdb.DuckDBPyConnection) -> None:
    """Chicago is 5 hours behind in summer and 6 in winter; 02:30 of 10 March was never, 01:30 of 3 November twice."""
    by_hand = {
        "2024-03-10 01:59:59": "2024-03-10 07:59:59",
        "2024-03-10 02:30:00": "2024-03-10 08:30:00",
        "2024-03-10 03:00:00": "2024-03-10 08:00:00",
        "2024-11-03 00:59:59": "2024-11-03 05:59:59",
        "2024-11-03 01:30:00": "2024-11-03 06:30:00",
        "2024-11-03 02:00:00": "2024-11-03 08:00:00",
    }
    install_times(con, "UTC")
    for text, utc in by_hand.items():
        found = con.execute("select local_time_from($1, $2)", [text, CHICAGO]).fetchall()
        assert found == [(datetime.fromisoformat(utc),)], text


def test_a_senders_zone_is_for_times_without_an_offset_only(con: duckdb.DuckDBPyConnection) -> None:
    install_times(con, PACIFIC)
    # 22:30 in Chicago is 20:30 in California; with an offset the text says what it is; a day alone is its midnight.
    for text, local in {
        "2024-05-31 22:30:00": datetime(2024, 5, 31, 20, 30),
        "2024-05-31T22:30:00-07:00": datetime(2024, 5, 31, 22, 30),
        "2024-05-31": datetime(2024, 5, 30, 22, 0),
        "2024-05-31 22:30:00+99": None,
        "soon": None,
    }.items():
        assert con.execute("select local_time_from($1, $2)", [text, CHICAGO]).fetchall() == [(local,)], text


def test_formats_are_of_the_senders_zone_too(con: duckdb.DuckDBPyConnection) -> None:
    formats = ("%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M %z")
    for midnight, day in ((False, datetime(2024, 5, 31)), (True, datetime(2024, 5, 31, 5, 0))):
        told = moment("cell", formats, f"'{CHICAGO}'", midnight=midnight)
        found = [
            con.execute(f"select {told.instant()}, {told.has_offset()} from (select $1 as cell)", [text]).fetchall()[0]
            for text in ("05/31/2024 22:30", "05/31/2024 22:30 -0700", "05/31/2024")
        ]
        # 22:30 in Chicago is 03:30 in UTC.
        assert found == [(datetime(2024, 6, 1, 3, 30), True), (datetime(2024, 6, 1, 5, 30), True), (day, midnight)]


def test_seconds_and_milliseconds_since_1970(con: duckdb.DuckDBPyConnection) -> None:
    """1,717,219,800 seconds after 1970 are 1 June 2024, 05:30 in UTC, whatever zone the sender is in."""
    june = datetime(2024, 6, 1, 5, 30)
    assert by(con, "1717219800", "epoch_s") == by(con, "1717219800000", "epoch_ms") == (june, True)
    assert by(con, "999999999", "epoch_s") == (datetime(2001, 9, 9, 1, 46, 39), True)
    both = ("epoch_s", "epoch_ms")
    assert by(con, "1717219800", *both) == by(con, "1717219800000", *both) == (june, True)
    for text in ("17172198", "17172198000", "-1717219800", "1717219800.5", "1.7e9", "١٧١٧٢١٩٨٠٠", ""):
        assert by(con, text, *both) == (None, False), text
    told = moment("'1717219800'", ("epoch_s",), f"'{CHICAGO}'")
    assert con.execute(f"select {told.local(PACIFIC)}").fetchall() == [(datetime(2024, 5, 31, 22, 30),)]
    day = local_day("'1717219800'", ("epoch_s",), PACIFIC)
    assert con.execute(f"select {day}").fetchall() == [(date(2024, 5, 31),)]
