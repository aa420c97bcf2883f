"""What manifests add up to: the months a receipt touches, for every delivery, worked out by hand."""

from __future__ import annotations

import pytest

from leads_platform.months import label, parse_month
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.desk import Desk, people, rows


@pytest.fixture
def desk(settings: Settings) -> Desk:
    return Desk(settings, "lists", "calls", "history", "stages")


def counts(desk: Desk, feed: str) -> dict[str, int]:
    return {label(month): n for month, n in sorted(desk.arrivals().state.by_feed[feed].counts().items())}


def serving(desk: Desk, *months: str) -> list[str]:
    """Which file of the reference serves each of these months."""
    state = desk.arrivals().state.by_feed["stages"]
    return [entry.manifest.file_name for month in months for entry in state.effective(parse_month(month))]


# -- snapshot ------------------------------------------------------------------------------------------------


def test_a_snapshot_touches_its_own_month_alone(desk: Desk) -> None:
    for month in ("2024-04", "2024-05", "2024-06"):
        assert desk.drop(f"lists/{month}.csv", people(1, 3)).touched == (month,)
    assert desk.drop("lists/2024-05.csv", people(2, 4)).touched == ("2024-05",)


def test_the_same_records_on_other_lines_touch_the_month(desk: Desk) -> None:
    """The tables hold file and line: left as they were, they would differ from a rebuild."""
    desk.drop("lists/2024-05.csv", rows("1 Ann", "2 Bob"))
    assert desk.drop("lists/2024-05.csv", rows("2 Bob", "1 Ann")).touched == ("2024-05",)


# -- extract -------------------------------------------------------------------------------------------------

MARCH, APRIL, MAY = "1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-05-09"


def test_a_new_extract_touches_only_the_months_that_differ(desk: Desk) -> None:
    assert desk.drop("history/a.csv", rows(MARCH, APRIL, MAY)).touched == ("2024-03", "2024-04", "2024-05")
    # April is corrected, June is new, March and May stand as they were, in another order.
    second = desk.drop("history/b.csv", rows(MAY, "2 Bea 2024-04-05", MARCH, "4 Dee 2024-06-01"))
    assert second.touched == ("2024-04", "2024-06")
    third = desk.drop("history/c.csv", rows(MARCH, "2 Bea 2024-04-05", "4 Dee 2024-06-01"))
    assert third.touched == ("2024-05",)  # its record is gone
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1, "2024-06": 1}


def test_a_record_that_moves_in_an_extract_touches_both_months(desk: Desk) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL, MAY))
    assert desk.drop("history/b.csv", rows("1 Ann 2024-04-02", APRIL, MAY)).touched == ("2024-03", "2024-04")


def test_columns_in_another_order_touch_no_month_of_an_extract(desk: Desk) -> None:
    desk.drop("history/a.csv", "Id,Name,Seen,Fax\n1,Ann,2024-03-02,5\n")
    assert desk.drop("history/b.csv", "Seen,Fax,Name,Id\n2024-03-02,5,Ann,1\n").touched == ()


def test_an_extract_keeps_the_file_and_line_that_first_said_so(desk: Desk) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL))
    desk.drop("history/b.csv", rows("2 Bea 2024-04-05", MARCH))
    desk.build("history")
    read = "select strftime(month, '%Y-%m'), file_name, line, name from prospects.base_history order by month"
    assert desk.query(read) == [("2024-03", "a.csv", 2, "Ann"), ("2024-04", "b.csv", 2, "Bea")]


def test_an_older_extract_that_arrives_late_changes_no_record(desk: Desk) -> None:
    desk.drop("history/2024-06-02.csv", rows(MARCH, "2 Bea 2024-04-05"))
    assert desk.drop("history/2024-05-02.csv", rows("1 Anne 2024-03-02", APRIL, MAY)).touched == ()
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1}


def test_extracts_named_by_month_stand_in_that_order(desk: Desk) -> None:
    desk.drop("history/2024-06.csv", rows(MARCH, "2 Bea 2024-04-05"))
    assert desk.drop("history/2024-05.csv", rows(MARCH, APRIL, MAY)).version == "2024-05-01"
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1}


def test_a_shrunken_extract_is_held_and_its_withdrawal_brings_back_the_former(desk: Desk) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL, MAY))
    short = desk.drop("history/b.csv", rows(MARCH))
    assert (short.verdict, short.touched) == ("held", ())
    assert desk.arrivals().accept(short.sha256).touched == ("2024-04", "2024-05")
    assert desk.arrivals().withdraw(short.sha256).touched == ("2024-04", "2024-05")


# -- events --------------------------------------------------------------------------------------------------


def test_events_the_later_version_wins_per_key_over_all_files(desk: Desk) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-03-05", "3 Cid 2024-04-09"))
    second = desk.drop("calls/b.csv", rows("2 Bea 2024-03-05", "4 Dee 2024-05-01"))
    assert second.touched == ("2024-03", "2024-05")
    assert counts(desk, "calls") == {"2024-03": 2, "2024-04": 1, "2024-05": 1}
    assert desk.build("calls")["calls"] == [
        ("2024-03", "1", "Ann"),
        ("2024-03", "2", "Bea"),
        ("2024-04", "3", "Cid"),
        ("2024-05", "4", "Dee"),
    ]


def test_an_event_that_moves_touches_the_month_it_leaves_and_the_one_it_enters(desk: Desk) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-06-01"))
    assert desk.drop("calls/b.csv", rows("2 Bob 2024-05-05")).touched == ("2024-04", "2024-05")
    assert counts(desk, "calls") == {"2024-03": 1, "2024-05": 1, "2024-06": 1}


def test_events_that_only_repeat_what_is_known_touch_nothing(desk: Desk) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    assert desk.drop("calls/b.csv", rows("2 Bob 2024-04-05", "3 Cid 2024-05-05")).touched == ("2024-05",)
    desk.build("calls")
    assert desk.query("select id, file_name, line from prospects.base_calls order by id") == [
        ("1", "a.csv", 2),
        ("2", "a.csv", 3),  # where it was first said
        ("3", "b.csv", 3),
    ]


def test_an_event_file_of_an_older_date_fills_gaps_only(desk: Desk) -> None:
    desk.drop("calls/2024-05-20.csv", rows("1 Ann 2024-05-02"))
    older = desk.drop("calls/2024-05-10.csv", rows("1 Al 2024-04-02", "2 Bob 2024-03-01"))
    assert older.touched == ("2024-03",)
    assert counts(desk, "calls") == {"2024-03": 1, "2024-05": 1}


def test_a_file_of_events_may_hold_none(desk: Desk) -> None:
    empty = desk.drop("calls/a.csv", "Id,Name,Seen\n")
    assert (empty.verdict, empty.records, empty.touched) == ("accepted", 0, ())
    assert desk.drop("calls/b.csv", rows("1 Ann 2024-03-02")).touched == ("2024-03",)


def test_in_one_file_the_last_record_of_a_key_counts(desk: Desk) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "1 Bea 2024-03-02"))
    assert desk.build("calls")["calls"] == [("2024-03", "1", "Bea")]


def test_withdrawing_an_events_file_brings_back_what_it_replaced(desk: Desk) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    second = desk.drop("calls/b.csv", rows("1 Al 2024-05-02", "3 Cid 2024-06-05"))
    assert second.touched == ("2024-03", "2024-05", "2024-06")
    assert desk.arrivals().withdraw(second.sha256).touched == ("2024-03", "2024-05", "2024-06")
    assert desk.build("calls")["calls"] == [("2024-03", "1", "Ann"), ("2024-04", "2", "Bob")]


# -- reference -----------------------------------------------------------------------------------------------


def test_dated_references_serve_from_their_month_on_and_the_earliest_all_before(desk: Desk) -> None:
    march = desk.drop("stages/2024-03.csv", rows("1 New"))
    assert march.touched == tuple(f"2024-0{month}" for month in range(1, 8))  # today is 15 July
    assert desk.drop("stages/2024-05-20.csv", rows("1 Fresh")).touched == ("2024-05", "2024-06", "2024-07")
    assert serving(desk, "2024-01", "2024-04", "2024-05", "2024-07") == [
        *["2024-03.csv"] * 2,
        *["2024-05-20.csv"] * 2,
    ]


def test_references_serve_by_their_dates_whatever_the_order_of_arrival(desk: Desk) -> None:
    desk.drop("stages/2024-05.csv", rows("1 Fresh"))
    assert desk.drop("stages/2024-03.csv", rows("1 New")).touched == ("2024-01", "2024-02", "2024-03", "2024-04")
    assert serving(desk, "2024-02", "2024-04", "2024-05") == ["2024-03.csv", "2024-03.csv", "2024-05.csv"]


def test_a_corrected_reference_serves_the_months_before_it_too(desk: Desk) -> None:
    desk.drop("stages/2024-03.csv", rows("1 New"))
    corrected = desk.drop("stages/2024-03.csv", rows("1 Neu"))
    assert corrected.touched == tuple(f"2024-0{month}" for month in range(1, 8))


def test_an_unchanged_reference_under_a_later_month_is_the_newest_from_then_on(desk: Desk) -> None:
    desk.drop("stages/2024-02.csv", rows("1 New"))
    desk.drop("stages/2024-04.csv", rows("1 Fresh"))
    assert desk.drop("stages/2024-06.csv", rows("1 New")).touched == ("2024-06", "2024-07")


def test_an_undated_reference_serves_all_months(desk: Desk) -> None:
    assert len(desk.drop("stages/stages.csv", rows("1 New", "2 Won")).touched) == 7
    assert serving(desk, "2024-01", "2024-07") == ["stages.csv", "stages.csv"]
    desk.drop("lists/2024-04.csv", people(1, 1))
    desk.drop("lists/2024-05.csv", people(1, 1))
    assert desk.build("stages")["stages"] == [
        (month, id_, name) for month in ("2024-04", "2024-05") for id_, name in (("1", "New"), ("2", "Won"))
    ]


def test_references_in_force_are_all_that_serve_a_month(desk: Desk) -> None:
    desk.drop("stages/2024-03.csv", rows("1 New"))
    desk.drop("stages/2024-03.csv", rows("1 Neu"))
    desk.drop("stages/2024-05.csv", rows("1 Fresh"))
    assert desk.query("select file_name, in_force from arrivals.files order by receipt") == [
        ("2024-03.csv", False),
        ("2024-03.csv", True),
        ("2024-05.csv", True),
    ]
