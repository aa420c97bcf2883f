"""The clock and the time zone: what month it is, at its edges, and a clock that was set back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from leads_platform.arrivals.receive import read_state
from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.faults.small import SMALL
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import ask, content_hash, drop, run, take_in


def at(settings: Settings, moment: str, zone: str = "UTC") -> Settings:
    """The same environment at a moment given in UTC, in a time zone of its own."""
    there = ZoneInfo(zone)
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("UTC")).astimezone(there)
    return replace(settings, timezone=there, fixed_now=now)


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """What month it is, is asked by the engine alone."""
    with only(*SMALL):
        yield


def list_of(settings: Settings, month: str) -> None:
    drop(settings, "lists", f"lists_{month}.csv", "Number,Person", ["1,Ann", "2,Pat"])


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        ("2024-06-30T23:59:59", "UTC", date(2024, 6, 1)),
        ("2024-07-01T00:00:00", "UTC", date(2024, 7, 1)),
        ("2024-07-01T03:59:59", "America/New_York", date(2024, 6, 1)),  # a minute to midnight there
        ("2024-07-01T04:00:00", "America/New_York", date(2024, 7, 1)),
        ("2024-06-30T15:00:00", "Asia/Tokyo", date(2024, 7, 1)),
        ("2024-12-31T23:30:00", "Europe/Berlin", date(2025, 1, 1)),  # half past midnight in the new year
        ("2025-01-01T04:30:00", "America/New_York", date(2024, 12, 1)),
        ("2024-03-31T00:59:59", "Europe/Berlin", date(2024, 3, 1)),  # the night that lacks an hour
        ("2024-03-31T01:00:00", "Europe/Berlin", date(2024, 3, 1)),
        ("2024-03-31T22:00:00", "Europe/Berlin", date(2024, 4, 1)),  # already summer time: two hours ahead
        ("2024-10-31T22:59:59", "Europe/Berlin", date(2024, 10, 1)),  # winter again: one hour
        ("2024-10-31T23:00:00", "Europe/Berlin", date(2024, 11, 1)),
    ],
)
def test_a_month_begins_at_midnight_of_the_platforms_time_zone(
    settings: Settings, moment: str, zone: str, month: date
) -> None:
    now = at(settings, moment, zone)
    assert now.current_month() == month
    list_of(now, f"{month:%Y-%m}")
    assert [m.verdict for m in take_in(now)] == ["accepted"]


def test_a_list_of_a_month_that_has_not_begun_there_waits_and_is_taken_when_it_has(settings: Settings) -> None:
    list_of(settings, "2024-07")
    before = at(settings, "2024-07-01T03:00:00", "America/New_York")
    refused = take_in(before)
    assert [m.reason for m in refused] == ["future"]
    after = at(settings, "2024-07-01T04:00:00", "America/New_York")
    run(after)
    state = read_state(after, load_platform(after).contracts)
    assert state.by_feed["lists"].months() == {date(2024, 7, 1)}


@pytest.mark.slow
def test_a_clock_set_back_by_a_month_loses_nothing(settings: Settings) -> None:
    for month in ("2024-05", "2024-06", "2024-07"):
        list_of(settings, month)
    platform = run(settings)
    counted = "select month, count(*) from small.base_lists group by month order by month"
    before = ask(settings, counted)
    assert before == [(date(2024, month, 1), 2) for month in (5, 6, 7)]
    whole = content_hash(settings, platform)
    back = at(settings, "2024-06-10T12:00:00")
    list_of(back, "2024-04")
    run(back)
    # July has not begun by that clock, but it was built: it stays as it was.
    assert ask(back, counted) == [(date(2024, 4, 1), 2), *before]
    assert len(read_state(back, load_platform(back).contracts).manifests) == 4
    again = run(settings)
    assert ask(settings, counted) == [(date(2024, 4, 1), 2), *before]
    fresh = environment(settings.data.parent / "fresh")
    for month in ("2024-04", "2024-05", "2024-06", "2024-07"):
        list_of(fresh, month)
    assert content_hash(settings, again) == content_hash(fresh, run(fresh)) != whole
