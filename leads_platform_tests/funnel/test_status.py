"""Turns of a deal's status that real histories hold: at one second, lost twice, won after lost, deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leads_platform.settings import Settings
from leads_platform_tests.funnel.files import activities, changes, look_ups
from leads_platform_tests.helpers import ask, run

START = """
    1 2024-01-01 add_time 2024-01-01
    1 2024-01-01 user_id 1
    1 2024-01-02 stage_id 1
"""


def deal(settings: Settings, month: str, columns: str) -> tuple:
    return ask(settings, f"select {columns} from funnel.dim_deals where deal_id = 1 and month = date '{month}-01'")[0]


def stays(settings: Settings) -> list[tuple]:
    return ask(
        settings,
        "select stage_id, left_for, duration_days from funnel.fct_stage_durations "
        "where not is_censored order by stay_num",
    )


def test_opened_and_moved_in_one_second(settings: Settings) -> None:
    """Incident: the stage stood first, the `open` then ended a stay of no days, and two checks blocked the room."""
    look_ups(settings)
    lost = START + "1 2024-01-05 status lost\n"
    for lines in (
        "1 2024-01-09 stage_id 2\n1 2024-01-09 status open",
        "1 2024-01-09 status open\n1 2024-01-09 stage_id 2",
    ):
        changes(settings, lost + lines + "\n1 2024-01-19 stage_id 3", f"changes_{lines[16]}.csv")
        run(settings)
        assert deal(settings, "2024-01", "status, current_stage_id, closed_at") == ("open", 3, None)
        assert [stay for stay in stays(settings) if stay[2]] == [(1, "lost", 3), (2, "stage", 10)]


def test_lost_and_opened_in_one_second_ends_as_the_later_line_says(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, START + "1 2024-01-05 status lost\n1 2024-01-05 status open")
    run(settings)
    assert deal(settings, "2024-01", "status, closed_at") == ("open", None)


def test_lost_again_without_a_reason_does_not_keep_the_old_one(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, START + """
        1 2024-01-05 status lost
        1 2024-01-05 lost_reason 2
        1 2024-02-01 status open
        1 2024-02-09 status lost
        1 2024-03-03 lost_reason 3
    """)  # fmt: skip
    run(settings)
    assert deal(settings, "2024-01", "status, lost_reason") == ("lost", "Pricing Issues")
    assert deal(settings, "2024-02", "status, lost_reason") == ("lost", None)
    # Said later: the deal was lost in February all the same.
    assert deal(settings, "2024-03", "closed_at::date, lost_reason") == (date(2024, 2, 9), "Unreachable Customer")


def test_lost_then_won_closes_with_the_win_in_one_month_or_two(settings: Settings) -> None:
    look_ups(settings)
    for month, day in (("2024-01", "2024-01-20"), ("2024-02", "2024-02-20")):
        changes(settings, START + f"1 2024-01-05 status lost\n1 {day} status won", f"changes_{month}.csv")
        run(settings)
        assert deal(settings, month, "status, closed_at::date") == ("won", date.fromisoformat(day))
    assert stays(settings) == [(1, "lost", 3)]


def test_a_win_belongs_to_who_owned_the_deal_then(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, START + "1 2024-01-10 status won\n1 2024-01-12 user_id 2")
    run(settings)
    assert deal(settings, "2024-01", "owner_user_id, closed_by_user_id") == (2, 1)
    assert ask(settings, "select user_id, deals_won from funnel.rep_sales_rep_performance where deals_won > 0") == [
        (1, 1)
    ]


def test_a_deleted_deal_leaves_the_pipeline_and_is_neither_won_nor_lost(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, START + "1 2024-01-10 status deleted\n2 2024-01-03 add_time x\n2 2024-01-04 status archived")
    run(settings)
    assert deal(settings, "2024-01", "status, closed_at::date") == ("deleted", date(2024, 1, 10))
    told = ask(settings, "select deals_won, deals_lost, open_deals from funnel.rep_sales_velocity")
    assert told == [(0, 0, 1)]
    assert ask(settings, "select evidence::varchar from warehouse.checks where check_name = 'statuses_are_known'") == [
        ('{"lines": [7], "ids": [2]}',)
    ]


def test_an_activity_of_no_deal_is_kept_and_counts_in_no_step(settings: Settings) -> None:
    look_ups(settings)
    changes(settings, START)
    activities(settings, "5 meeting 1 1 True 2024-01-15\n6 meeting 1  True 2024-01-16".replace("1  True", "1 - True"))
    run(settings)
    assert ask(settings, "select count(*) from funnel.int_completed_activities") == [(2,)]
    assert ask(settings, "select deals_count from funnel.rep_sales_funnel_monthly where funnel_step = 2.1") == [(1,)]


def test_when_an_activity_was_done_counts_before_when_it_was_due(settings: Settings) -> None:
    look_ups(settings)
    from leads_platform_tests.helpers import drop

    drop(settings, "pipedrive_activity", "a.csv",
        "activity_id,type,assigned_to_user,deal_id,done,due_to,marked_as_done_time",
        ["1,meeting,1,1,True,2024-01-31T10:00:00,2024-02-01T09:00:00", "2,meeting,1,2,True,2024-01-30T10:00:00,"],
    )  # fmt: skip
    run(settings)
    assert ask(settings, "select month, deals_count from funnel.rep_sales_funnel_monthly order by 1") == [
        (date(2024, 1, 1), 1),
        (date(2024, 2, 1), 1),
    ]


def test_the_last_evening_of_a_month_in_the_platforms_zone(settings: Settings) -> None:
    """Found in use, 1: 31 January, 22:30 in California is 1 February in UTC; all checks hold in that zone, too."""
    settings = replace(settings, timezone=ZoneInfo("America/Los_Angeles"))
    look_ups(settings)
    changes(settings, "1 2024-01-31T22:30:00-08:00 add_time x\n1 2024-02-01T06:30:00Z stage_id 1")
    run(settings)
    assert ask(settings, "select month, deals_count from funnel.rep_sales_funnel_monthly") == [(date(2024, 1, 1), 1)]
    assert ask(settings, "select distinct date from funnel.daily_deal_stats") == [(date(2024, 1, 31),)]
    assert ask(settings, "select distinct record_at from funnel.base_pipedrive_deal_changes") == [
        (datetime(2024, 2, 1, 6, 30),)
    ]


def test_a_contract_can_count_due_dates_and_another_time_zone(settings: Settings) -> None:
    """23:30 in UTC on 31 January is February in Berlin."""
    from importlib.resources import files

    packaged = (files("leads_platform.funnel") / "feeds" / "pipedrive_deal_changes.yaml").read_text()
    settings.feeds.mkdir()
    (settings.feeds / "changes.yaml").write_text(
        packaged.replace("column: change_time}", "column: change_time, timezone: Europe/Berlin}")
    )
    look_ups(settings)
    changes(settings, "1 2024-01-31T23:30:00 add_time x\n1 2024-01-31T23:30:00 stage_id 1")
    run(settings)
    assert ask(settings, "select month, deals_count from funnel.rep_sales_funnel_monthly") == [(date(2024, 2, 1), 1)]
    # Taken away again, the file is read again.
    (settings.feeds / "changes.yaml").unlink()
    run(settings)
    assert ask(settings, "select month, deals_count from funnel.rep_sales_funnel_monthly") == [(date(2024, 1, 1), 1)]
