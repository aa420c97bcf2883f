"""Times as they are written: which moment, which day, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import duckdb
import pytest

from leads_platform.values.times import install_times, moment

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
