"""What manifests add up to: the months a receipt touches, for every delivery, worked out by hand."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import duckdb
import pytest

from leads_platform.arrivals.archive import events
from leads_platform.arrivals.archive.events import EventsState, event_versions_of
from leads_platform.arrivals.archive.sources import STATES, ArchiveSources
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.deliveries import DELIVERIES
from leads_platform.arrivals.contracts.load import ContractError, FeedContract, load_contract
from leads_platform.months import label, parse_month
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows
from leads_platform_tests.known import KNOWN


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "calls", "history", "stages")


def test_what_a_contract_may_say_of_delivery_has_its_demands_and_its_state() -> None:
    said = set(get_args(FeedContract.model_fields["delivery"].annotation))
    assert said == set(DELIVERIES) == set(STATES)
    assert {name: demands.is_partial for name, demands in DELIVERIES.items()} == {
        name: not state.replaces for name, state in STATES.items()
    }


def counts(desk: ArrivalsEnv, feed: str) -> dict[str, int]:
    return {label(month): n for month, n in sorted(desk.arrivals().state.by_feed[feed].counts().items())}


def serving(desk: ArrivalsEnv, *months: str) -> list[str]:
    """Which file of the reference serves each of these months."""
    state = desk.arrivals().state.by_feed["stages"]
    return [entry.manifest.file_name for month in months for entry in state.effective(parse_month(month))]


# -- snapshot ------------------------------------------------------------------------------------------------


def test_a_snapshot_touches_its_own_month_alone(desk: ArrivalsEnv) -> None:
    for month in ("2024-04", "2024-05", "2024-06"):
        assert desk.drop(f"lists/{month}.csv", people(1, 3)).touched == (month,)
    assert desk.drop("lists/2024-05.csv", people(2, 4)).touched == ("2024-05",)


def test_the_same_records_on_other_lines_touch_the_month(desk: ArrivalsEnv) -> None:
    """The tables hold file and line: left as they were, they would differ from a rebuild."""
    desk.drop("lists/2024-05.csv", rows("1 Ann", "2 Bob"))
    assert desk.drop("lists/2024-05.csv", rows("2 Bob", "1 Ann")).touched == ("2024-05",)


# -- extract -------------------------------------------------------------------------------------------------

MARCH, APRIL, MAY = "1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-05-09"


def test_a_new_extract_touches_only_the_months_that_differ(desk: ArrivalsEnv) -> None:
    assert desk.drop("history/a.csv", rows(MARCH, APRIL, MAY)).touched == ("2024-03", "2024-04", "2024-05")
    # April is corrected, June is new, March and May stand as they were, in another order.
    second = desk.drop("history/b.csv", rows(MAY, "2 Bea 2024-04-05", MARCH, "4 Dee 2024-06-01"))
    assert second.touched == ("2024-04", "2024-06")
    third = desk.drop("history/c.csv", rows(MARCH, "2 Bea 2024-04-05", "4 Dee 2024-06-01"))
    assert third.touched == ("2024-05",)  # its record is gone
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1, "2024-06": 1}


def test_a_record_that_moves_in_an_extract_touches_both_months(desk: ArrivalsEnv) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL, MAY))
    assert desk.drop("history/b.csv", rows("1 Ann 2024-04-02", APRIL, MAY)).touched == ("2024-03", "2024-04")


def test_columns_in_another_order_touch_no_month_of_an_extract(desk: ArrivalsEnv) -> None:
    desk.drop("history/a.csv", "Id,Name,Seen,Fax\n1,Ann,2024-03-02,5\n")
    assert desk.drop("history/b.csv", "Seen,Fax,Name,Id\n2024-03-02,5,Ann,1\n").touched == ()


def test_an_extract_keeps_the_file_and_line_that_first_said_so(desk: ArrivalsEnv) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL))
    desk.drop("history/b.csv", rows("2 Bea 2024-04-05", MARCH))
    desk.build("history")
    read = "select strftime(month, '%Y-%m'), file_name, line, name from prospects.base_history order by month"
    assert desk.query(read) == [("2024-03", "a.csv", 2, "Ann"), ("2024-04", "b.csv", 2, "Bea")]


def test_an_older_extract_that_arrives_late_changes_no_record(desk: ArrivalsEnv) -> None:
    desk.drop("history/2024-06-02.csv", rows(MARCH, "2 Bea 2024-04-05"))
    assert desk.drop("history/2024-05-02.csv", rows("1 Anne 2024-03-02", APRIL, MAY)).touched == ()
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1}


def test_extracts_named_by_month_stand_in_that_order(desk: ArrivalsEnv) -> None:
    desk.drop("history/2024-06.csv", rows(MARCH, "2 Bea 2024-04-05"))
    assert desk.drop("history/2024-05.csv", rows(MARCH, APRIL, MAY)).version == "2024-05-01"
    assert counts(desk, "history") == {"2024-03": 1, "2024-04": 1}


def test_a_shrunken_extract_is_held_and_its_withdrawal_brings_back_the_former(desk: ArrivalsEnv) -> None:
    desk.drop("history/a.csv", rows(MARCH, APRIL, MAY))
    short = desk.drop("history/b.csv", rows(MARCH))
    assert (short.verdict, short.touched) == ("held", ())
    assert desk.arrivals().accept(short.sha256).touched == ("2024-04", "2024-05")
    assert desk.arrivals().withdraw(short.sha256).touched == ("2024-04", "2024-05")


# -- events --------------------------------------------------------------------------------------------------


def test_events_the_later_version_wins_per_key_over_all_files(desk: ArrivalsEnv) -> None:
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


def test_an_event_that_moves_touches_the_month_it_leaves_and_the_one_it_enters(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-06-01"))
    assert desk.drop("calls/b.csv", rows("2 Bob 2024-05-05")).touched == ("2024-04", "2024-05")
    assert counts(desk, "calls") == {"2024-03": 1, "2024-05": 1, "2024-06": 1}


def test_events_that_only_repeat_what_is_known_touch_nothing(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    assert desk.drop("calls/b.csv", rows("2 Bob 2024-04-05", "3 Cid 2024-05-05")).touched == ("2024-05",)
    desk.build("calls")
    assert desk.query("select id, file_name, line from prospects.base_calls order by id") == [
        ("1", "a.csv", 2),
        ("2", "a.csv", 3),  # where it was first said
        ("3", "b.csv", 3),
    ]


def test_an_event_file_of_an_older_date_fills_gaps_only(desk: ArrivalsEnv) -> None:
    desk.drop("calls/2024-05-20.csv", rows("1 Ann 2024-05-02"))
    older = desk.drop("calls/2024-05-10.csv", rows("1 Al 2024-04-02", "2 Bob 2024-03-01"))
    assert older.touched == ("2024-03",)
    assert counts(desk, "calls") == {"2024-03": 1, "2024-05": 1}


def test_a_file_of_events_may_hold_none(desk: ArrivalsEnv) -> None:
    empty = desk.drop("calls/a.csv", "Id,Name,Seen\n")
    assert (empty.verdict, empty.records, empty.touched) == ("accepted", 0, ())
    assert desk.drop("calls/b.csv", rows("1 Ann 2024-03-02")).touched == ("2024-03",)


def test_in_one_file_the_last_record_of_a_key_counts(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "1 Bea 2024-03-02"))
    assert desk.build("calls")["calls"] == [("2024-03", "1", "Bea")]


def test_withdrawing_an_events_file_brings_back_what_it_replaced(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    second = desk.drop("calls/b.csv", rows("1 Al 2024-05-02", "3 Cid 2024-06-05"))
    assert second.touched == ("2024-03", "2024-05", "2024-06")
    assert desk.arrivals().withdraw(second.sha256).touched == ("2024-03", "2024-05", "2024-06")
    assert desk.build("calls")["calls"] == [("2024-03", "1", "Ann"), ("2024-04", "2", "Bob")]


# -- events: only what shares keys or months is read ---------------------------------------------------------


def read_for(desk: ArrivalsEnv, feed: str, month: str) -> list[int]:
    """The receipts whose archived files the month's records are read from."""
    select = desk.arrivals().state.relation(feed, parse_month(month), parse_month(month))
    return sorted({int(number) for number in re.findall(r"receipts/(\d{8})/", select)})


def of_events(state: ArchiveSources, feed: str) -> EventsState:
    of_feed = state.by_feed[feed]
    assert isinstance(of_feed, EventsState)
    return of_feed


def anew(desk: ArrivalsEnv, feed: str = "calls") -> dict[str, str]:
    """The versions of all months reckoned from all records of all files, with nothing known before."""
    state = desk.arrivals().state
    found = event_versions_of(EventsState(state.contracts[feed]), of_events(state, feed), state)
    return {month: version for month, version in found.versions.items() if version}


def kept(desk: ArrivalsEnv, feed: str = "calls") -> dict[str, str]:
    """The versions as the manifests add up to."""
    versions = of_events(desk.arrivals().state, feed).versions
    return {f"{month:%Y-%m}": version for month, version in versions.items() if version}


def test_a_month_of_events_is_read_from_the_files_that_hold_it(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    desk.drop("calls/b.csv", rows("3 Cid 2024-04-09", "4 Dee 2024-05-01"))
    desk.drop("calls/c.csv", rows("5 Eve 2024-06-01"))
    assert [read_for(desk, "calls", f"2024-0{month}") for month in (2, 3, 4, 5, 6)] == [[], [1], [1, 2], [2], [3]]


def test_a_month_that_a_record_left_is_read_with_the_month_it_went_to(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-05-05"))
    moved = desk.drop("calls/b.csv", rows("1 Ann 2024-06-02"))
    assert moved.links == {"2024-06": ["2024-03"]}
    assert read_for(desk, "calls", "2024-03") == [1, 2], "else the record would stand in both months"
    assert read_for(desk, "calls", "2024-06") == [1, 2]
    assert (read_for(desk, "calls", "2024-04"), read_for(desk, "calls", "2024-05")) == ([1], [1])
    assert desk.build("calls")["calls"] == [
        ("2024-04", "2", "Bob"),
        ("2024-05", "3", "Cid"),
        ("2024-06", "1", "Ann"),
    ]
    desk.arrivals().withdraw(moved.sha256)
    assert read_for(desk, "calls", "2024-03") == [1]
    assert desk.build("calls")["calls"][0] == ("2024-03", "1", "Ann")


def test_a_record_that_moves_within_one_file_links_its_months(desk: ArrivalsEnv) -> None:
    assert desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "1 Ann 2024-05-02")).links == {"2024-05": ["2024-03"]}
    assert desk.build("calls")["calls"] == [("2024-05", "1", "Ann")]


def test_events_without_known_links_are_read_whole(desk: ArrivalsEnv) -> None:
    """Manifests of before links were kept."""
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02"))
    desk.drop("calls/b.csv", rows("1 Ann 2024-06-02"))
    path = desk.settings.archive / "calls/manifests/00000002.json"
    path.write_text(replace(Manifest.from_json(path.read_text()), links=None, basis="", placed_by="").to_json())
    assert read_for(desk, "calls", "2024-03") == [1, 2]
    assert desk.build("calls")["calls"] == [("2024-06", "1", "Ann")]
    desk.drop("calls/c.csv", rows("2 Bob 2024-06-03"))
    assert kept(desk) == anew(desk)


def test_a_receipt_reads_of_other_event_files_only_records_of_its_keys(
    desk: ArrivalsEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is gathered does not grow with the archive."""
    desk.drop("calls/a.csv", rows(*(f"{number} Ann 2024-03-02" for number in range(100, 200))))
    gathered = []
    standing = events._standing

    def noted(con: duckdb.DuckDBPyConnection, *args) -> dict:
        gathered.append(con.execute("select receipt, id from versions order by all").fetchall())
        return standing(con, *args)

    monkeypatch.setattr(events, "_standing", noted)
    desk.drop("calls/b.csv", rows("150 Bea 2024-03-02", "200 Cid 2024-04-05"))
    assert gathered[-1] == [(1, "150"), (2, "150"), (2, "200")]
    assert kept(desk) == anew(desk)
    assert counts(desk, "calls") == {"2024-03": 100, "2024-04": 1}


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))])
def test_versions_added_up_from_receipts_are_those_of_the_whole_archive(desk: ArrivalsEnv, seed: int) -> None:
    """Files of any date, repeats, corrections, moves, withdrawals: the sums agree, and so does each month's table."""
    draw = random.Random(seed)
    for number in range(8):
        cells = [f"{draw.randint(1, 6)} {draw.choice('AB')} 2024-0{draw.randint(2, 6)}-01" for _ in range(4)]
        dated = f" 2024-05-{draw.randint(10, 28)}" if draw.random() < 0.5 else ""
        desk.drop(f"calls/{number}{dated}.csv", rows(*cells))
        if draw.random() < 0.3:
            arrivals = desk.arrivals()
            standing = [e.manifest.sha256 for e in arrivals.state.by_feed["calls"].entries if e.counts]
            arrivals.withdraw(draw.choice(standing))
        assert kept(desk) == anew(desk)
    state = desk.arrivals().state
    whole = duckdb.sql(f"{state.relation('calls', *state.open_months())} order by all").fetchall()
    single = [
        row
        for month in state.partitions()
        for row in duckdb.sql(f"{state.relation('calls', month, month)} order by all").fetchall()
    ]
    assert single == whole


# -- another key or month ------------------------------------------------------------------------------------

OTHER_MONTH = ("month: {from: column, column: seen}", "month: {from: column, column: name}")


def recontract(desk: ArrivalsEnv, feed: str, *changes: tuple[str, str]) -> None:
    text = (desk.settings.feeds / f"{feed}.yaml").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    desk.contract(feed, text)


def test_another_key_reads_accepted_events_again(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    desk.drop("calls/b.csv", rows("2 Bea 2024-05-05", "3 Ann 2024-06-02"))
    assert counts(desk, "calls") == {"2024-03": 1, "2024-05": 1, "2024-06": 1}
    recontract(desk, "calls", ("key: [id]", "key: [name]"))
    again = desk.take()
    assert [(m.original, m.verdict) for m in again] == [(1, "accepted"), (2, "accepted")]
    # By name: Ann's later record is June's, Bob and Bea are two.
    assert counts(desk, "calls") == {"2024-04": 1, "2024-05": 1, "2024-06": 1}
    assert kept(desk) == anew(desk)
    assert desk.build("calls")["calls"] == [("2024-04", "2", "Bob"), ("2024-05", "2", "Bea"), ("2024-06", "3", "Ann")]
    assert desk.take() == []


@pytest.mark.parametrize("feed", ["calls", "history"])
def test_another_month_column_reads_accepted_files_again(desk: ArrivalsEnv, feed: str) -> None:
    desk.drop(f"{feed}/a.csv", rows("1 2024-06-01 2024-03-02", "2 2024-05-01 2024-04-05"))
    assert counts(desk, feed) == {"2024-03": 1, "2024-04": 1}
    recontract(desk, feed, OTHER_MONTH)
    (again,) = desk.take()
    assert again.touched == ("2024-03", "2024-04", "2024-05", "2024-06")
    assert counts(desk, feed) == {"2024-05": 1, "2024-06": 1}
    assert desk.build(feed)[feed] == [("2024-05", "2", "2024-05-01"), ("2024-06", "1", "2024-06-01")]
    assert desk.take() == []


def test_a_month_column_that_old_files_cannot_give_leaves_them_as_they_are(desk: ArrivalsEnv) -> None:
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02"))
    recontract(desk, "calls", OTHER_MONTH)
    assert [m.verdict for m in desk.take()] == ["refused"]
    assert counts(desk, "calls") == {"2024-03": 1}
    assert desk.take() == []


def test_a_change_that_places_no_record_elsewhere_reads_nothing_again(desk: ArrivalsEnv) -> None:
    for feed in ("lists", "calls", "history"):
        at = "lists/2024-03.csv" if feed == "lists" else f"{feed}/a.csv"
        desk.drop(at, rows("1 Ann 2024-03-02"))
        recontract(
            desk, feed, ("title: ", "description: x\ntitle: "), ("header: Id,", "header: Id, aliases: [Number],")
        )
    recontract(desk, "lists", ("key: [id]", "key: [name]"))  # a list's key replaces no record
    assert desk.take() == []
    desk.drop("calls/b.csv", "Number,Name,Seen\n1,Ann,2024-04-02\n")
    assert kept(desk) == anew(desk)
    assert counts(desk, "calls") == {"2024-04": 1}


def test_a_month_told_in_milliseconds_since_1970(desk: ArrivalsEnv) -> None:
    recontract(desk, "calls", (OTHER_MONTH[0], "month: {from: column, column: seen, formats: [epoch_ms]}"))
    # The last millisecond of April 2026 and the first of May, UTC; then seconds, a date, and no number at all.
    taken = desk.drop(
        "calls/a.csv",
        rows("1 Ann 1777593599999", "2 Bob 1777593600000", "3 Cid 1777593600000", "4 Dee 1777593600", "5 Eve soon"),
    )
    assert (taken.verdict, taken.loaded, taken.quarantined) == ("partial", 3, 2)
    assert {month: told["records"] for month, told in taken.months.items()} == {"2026-04": 1, "2026-05": 2}
    assert "lines 5, 6: `Seen` is not a date written as epoch_ms, so the record has no month" in taken.message
    recontract(desk, "calls", ("[epoch_ms]", '[epoch_ms, "%Y"]'))
    with pytest.raises(ContractError, match="`epoch_ms` stands alone"):
        load_contract(desk.settings.feeds / "calls.yaml", KNOWN)


# -- months of one file --------------------------------------------------------------------------------------


def test_a_large_file_of_several_months_is_stored_month_by_month(desk: ArrivalsEnv) -> None:
    """So that a month's table reads that month's groups of rows and not the whole file."""
    count = 300_000
    lines = (f"{n},Ann,2024-0{3 + n % 3}-02\n" for n in range(count))
    taken = desk.drop("history/a.csv", "Id,Name,Seen\n" + "".join(lines))
    assert {month: told["records"] for month, told in taken.months.items()} == dict.fromkeys(
        ("2024-03", "2024-04", "2024-05"), count // 3
    )
    path = desk.settings.archive / "history/receipts/00000001/records.parquet"
    bounds = duckdb.sql(
        f"select stats_min_value, stats_max_value from parquet_metadata('{path}') "
        "where path_in_schema = 'record_month' order by row_group_id"
    ).fetchall()
    assert len(bounds) > 2
    assert all(before[1] <= after[0] for before, after in pairwise(bounds)), bounds
    # Lines are those of the file as it came: number n stands on line n + 2.
    assert duckdb.sql(f"select count(*) from '{path}' where _line = Id::bigint + 2").fetchall() == [(count,)]
    state, may = desk.arrivals().state, parse_month("2024-05")
    select = state.relation("history", may, may)
    assert duckdb.sql(f"select count(*), min(line), max(line) from ({select})").fetchall() == [
        (count // 3, 4, count + 1)
    ]


# -- reference -----------------------------------------------------------------------------------------------


def test_dated_references_serve_from_their_month_on_and_the_earliest_all_before(desk: ArrivalsEnv) -> None:
    march = desk.drop("stages/2024-03.csv", rows("1 New"))
    assert march.touched == tuple(f"2024-0{month}" for month in range(1, 8))  # today is 15 July
    assert desk.drop("stages/2024-05-20.csv", rows("1 Fresh")).touched == ("2024-05", "2024-06", "2024-07")
    assert serving(desk, "2024-01", "2024-04", "2024-05", "2024-07") == [
        *["2024-03.csv"] * 2,
        *["2024-05-20.csv"] * 2,
    ]


def test_references_serve_by_their_dates_whatever_the_order_of_arrival(desk: ArrivalsEnv) -> None:
    desk.drop("stages/2024-05.csv", rows("1 Fresh"))
    assert desk.drop("stages/2024-03.csv", rows("1 New")).touched == ("2024-01", "2024-02", "2024-03", "2024-04")
    assert serving(desk, "2024-02", "2024-04", "2024-05") == ["2024-03.csv", "2024-03.csv", "2024-05.csv"]


def test_a_corrected_reference_serves_the_months_before_it_too(desk: ArrivalsEnv) -> None:
    desk.drop("stages/2024-03.csv", rows("1 New"))
    corrected = desk.drop("stages/2024-03.csv", rows("1 Neu"))
    assert corrected.touched == tuple(f"2024-0{month}" for month in range(1, 8))


def test_an_unchanged_reference_under_a_later_month_is_the_newest_from_then_on(desk: ArrivalsEnv) -> None:
    desk.drop("stages/2024-02.csv", rows("1 New"))
    desk.drop("stages/2024-04.csv", rows("1 Fresh"))
    assert desk.drop("stages/2024-06.csv", rows("1 New")).touched == ("2024-06", "2024-07")


def test_an_undated_reference_serves_all_months(desk: ArrivalsEnv) -> None:
    assert len(desk.drop("stages/stages.csv", rows("1 New", "2 Won")).touched) == 7
    assert serving(desk, "2024-01", "2024-07") == ["stages.csv", "stages.csv"]
    desk.drop("lists/2024-04.csv", people(1, 1))
    desk.drop("lists/2024-05.csv", people(1, 1))
    assert desk.build("stages")["stages"] == [
        (month, id_, name) for month in ("2024-04", "2024-05") for id_, name in (("1", "New"), ("2", "Won"))
    ]


def test_references_in_force_are_all_that_serve_a_month(desk: ArrivalsEnv) -> None:
    desk.drop("stages/2024-03.csv", rows("1 New"))
    desk.drop("stages/2024-03.csv", rows("1 Neu"))
    desk.drop("stages/2024-05.csv", rows("1 Fresh"))
    assert desk.query("select file_name, in_force from arrivals.files order by receipt") == [
        ("2024-03.csv", False),
        ("2024-03.csv", True),
        ("2024-05.csv", True),
    ]
