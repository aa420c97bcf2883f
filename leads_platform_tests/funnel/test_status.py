"""Turns of a deal's status that real histories hold: at one second, lost twice, won after lost, deleted.

Typed changes in, the tables worked out from them, counted by hand; the times of records are read in files.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.funnel.files import changed, changes
from leads_platform_tests.helpers import ask, drop, run
from leads_platform_tests.rows import bad_rows_of, rows_of, worked_out

JAN, FEB, MAR = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
START = """
    1 2024-01-01 add_time 2024-01-01
    1 2024-01-01 user_id 1
    1 2024-01-02 stage_id 1
"""
DEALS, STAYS = "funnel.dim_deals", "funnel.fct_stage_durations"


@pytest.mark.parametrize(
    "lines",
    [
        "1 2024-01-09 stage_id 2\n1 2024-01-09 status open",
        "1 2024-01-09 status open\n1 2024-01-09 stage_id 2",
    ],
)
def test_opened_and_moved_in_one_second(lines: str) -> None:
    """Incident: the stage stood first, the `open` then ended a stay of no days, and two checks blocked the room."""
    lost = START + "1 2024-01-05 status lost\n"
    rows = changed(lost + lines + "\n1 2024-01-19 stage_id 3")
    with worked_out([DEALS, STAYS], JAN, JAN, stg_deal_changes=rows) as ask:
        assert ask(f"select status, current_stage_id, closed_at from {DEALS}") == [("open", 3, None)]
        assert ask(
            f"select stage_id, left_for, duration_days from {STAYS} "
            "where not is_censored and duration_days > 0 order by stay_num"
        ) == [(1, "lost", 3), (2, "stage", 10)]


def test_lost_and_opened_in_one_second_ends_as_the_later_line_says() -> None:
    rows = changed(START + "1 2024-01-05 status lost\n1 2024-01-05 status open")
    with worked_out([DEALS], JAN, JAN, stg_deal_changes=rows) as ask:
        assert ask(f"select status, closed_at from {DEALS}") == [("open", None)]


def test_lost_again_without_a_reason_does_not_keep_the_old_one() -> None:
    rows = changed(START + """
        1 2024-01-05 status lost
        1 2024-01-05 lost_reason 2
        1 2024-02-01 status open
        1 2024-02-09 status lost
        1 2024-03-03 lost_reason 3
    """)  # fmt: skip
    with worked_out([DEALS], JAN, MAR, stg_deal_changes=rows) as ask:
        assert ask(f"select month, status, closed_at::date, lost_reason_key from {DEALS} order by month") == [
            (JAN, "lost", date(2024, 1, 5), "2"),
            (FEB, "lost", date(2024, 2, 9), None),
            (MAR, "lost", date(2024, 2, 9), "3"),  # said later: the deal was lost in February all the same
        ]


@pytest.mark.parametrize("won", [date(2024, 1, 20), date(2024, 2, 20)])
def test_lost_then_won_closes_with_the_win_in_one_month_or_two(won: date) -> None:
    rows = changed(START + f"1 2024-01-05 status lost\n1 {won} status won")
    with worked_out([DEALS, STAYS], JAN, FEB, stg_deal_changes=rows) as ask:
        assert ask(f"select status, closed_at::date from {DEALS} where month = date_trunc('month', date '{won}')") == [
            ("won", won)
        ]
        assert ask(f"select stage_id, left_for, duration_days from {STAYS}") == [(1, "lost", 3)]


def test_a_win_belongs_to_who_owned_the_deal_then() -> None:
    rows = changed(START + "1 2024-01-10 status won\n1 2024-01-12 user_id 2")
    performance = "funnel.rep_sales_rep_performance"
    with worked_out([DEALS, performance], JAN, JAN, stg_deal_changes=rows) as ask:
        assert ask(f"select owner_user_id, closed_by_user_id from {DEALS}") == [(2, 1)]
        assert ask(f"select user_id, deals_won from {performance} where deals_won > 0") == [(1, 1)]


def test_a_deleted_deal_leaves_the_pipeline_and_is_neither_won_nor_lost() -> None:
    rows = changed(START + "1 2024-01-10 status deleted\n2 2024-01-03 add_time x\n2 2024-01-04 status archived")
    velocity = "funnel.rep_sales_velocity"
    with worked_out([DEALS, velocity], JAN, JAN, stg_deal_changes=rows) as ask:
        assert ask(f"select status, closed_at::date from {DEALS} where deal_id = 1") == [("deleted", date(2024, 1, 10))]
        assert ask(f"select deals_won, deals_lost, open_deals from {velocity}") == [(0, 0, 1)]
    (bad,) = bad_rows_of("funnel.stg_deal_changes", "statuses_are_known", JAN, stg_deal_changes=rows)
    assert (bad["line"], bad["named_id"]) == (7, 2)


def test_an_activity_of_no_deal_is_kept_and_counts_in_no_step() -> None:
    done = {"activity_type_key": "meeting", "user_id": 1, "is_completed": True}
    activities = [
        {"activity_id": 5, "deal_id": 1, "due_timestamp": "2024-01-15 00:00:00", **done},
        {"activity_id": 6, "due_timestamp": "2024-01-16 00:00:00", **done},
        {"activity_id": 7, "deal_id": 1, **done, "is_completed": False},
    ]
    kept = rows_of("funnel.int_completed_activities", JAN, stg_activity=activities)
    assert sorted(row["activity_id"] for row in kept) == [5, 6]
    meeting = {"activity_type_key": "meeting", "kpi_name": "Step 2.1: Sales Call 1", "funnel_step": 2.1}
    found = rows_of("funnel.fct_activities", JAN, int_completed_activities=kept, dim_kpis=[meeting])
    assert [row["activity_id"] for row in found] == [5]


def test_when_an_activity_was_done_counts_before_when_it_was_due(settings: Settings) -> None:
    drop(settings, "pipedrive_activity", "a.csv",
        "activity_id,type,assigned_to_user,deal_id,done,due_to,marked_as_done_time",
        ["1,meeting,1,1,True,2024-01-31T10:00:00,2024-02-01T09:00:00", "2,meeting,1,2,True,2024-01-30T10:00:00,"],
    )  # fmt: skip
    run(settings, rooms=["funnel"], tables=["funnel.stg_activity"])
    assert ask(settings, "select month, activity_id, activity_timestamp from funnel.stg_activity order by all") == [
        (JAN, 2, datetime(2024, 1, 30, 10)),
        (FEB, 1, datetime(2024, 2, 1, 9)),
    ]


def test_the_last_evening_of_a_month_in_the_platforms_zone(settings: Settings) -> None:
    """Found in use, 1: 31 January, 22:30 in California is 1 February in UTC; all checks hold in that zone, too."""
    settings = replace(settings, timezone=ZoneInfo("America/Los_Angeles"))
    changes(settings, "1 2024-01-31T22:30:00-08:00 add_time x\n1 2024-02-01T06:30:00Z stage_id 1")
    run(settings, rooms=["funnel"], tables=["funnel.rep_sales_funnel_monthly", "funnel.monthly_stats"])
    assert ask(settings, "select month, deals_count from funnel.rep_sales_funnel_monthly") == [(JAN, 1)]
    assert ask(settings, "select distinct date from funnel.daily_deal_stats") == [(date(2024, 1, 31),)]
    assert ask(settings, "select distinct record_at from funnel.base_pipedrive_deal_changes") == [
        (datetime(2024, 2, 1, 6, 30),)
    ]


def test_a_contract_can_count_due_dates_and_another_time_zone(settings: Settings) -> None:
    """23:30 in UTC on 31 January is February in Berlin."""
    packaged = (files("leads_platform.funnel") / "feeds" / "pipedrive_deal_changes.yaml").read_text()
    settings.feeds.mkdir()
    (settings.feeds / "changes.yaml").write_text(
        packaged.replace("column: change_time}", "column: change_time, timezone: Europe/Berlin}")
    )
    changes(settings, "1 2024-01-31T23:30:00 add_time x\n1 2024-01-31T23:30:00 stage_id 1")
    history = "funnel.int_deal_stage_history"
    run(settings, rooms=["funnel"], tables=[history])
    assert ask(settings, f"select month, stage_entry_timestamp from {history}") == [(FEB, datetime(2024, 2, 1, 0, 30))]
    # Taken away again, the file is read again.
    (settings.feeds / "changes.yaml").unlink()
    run(settings, rooms=["funnel"], tables=[history])
    assert ask(settings, f"select month, stage_entry_timestamp from {history}") == [
        (JAN, datetime(2024, 1, 31, 23, 30))
    ]
