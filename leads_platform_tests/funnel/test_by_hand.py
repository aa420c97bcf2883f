"""Three months of three deals, small enough to work every expected number out by hand.

Deal 1 goes to stage 2, back to 1, to 2 again, skips to 5, changes hands and is won. Deal 2 is lost on the last day of
January, opened again, and goes to stage 2. Deal 3 has no owner and stays in stage 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from leads_platform_tests.conftest import environment
from leads_platform_tests.funnel.files import activities, changes, look_ups
from leads_platform_tests.helpers import Ask, asking, run

JAN, FEB, MAR = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    settings = environment(tmp_path_factory.mktemp("team") / "data")
    look_ups(settings)
    changes(settings, """
        1 2024-01-01 add_time 2024-01-01
        1 2024-01-01 user_id 1
        1 2024-01-02 stage_id 1
        1 2024-01-12 stage_id 2
        1 2024-01-22 stage_id 1
        1 2024-02-01 stage_id 2
        1 2024-02-05 user_id 2
        1 2024-02-05 value 1000
        1 2024-02-11 stage_id 5
        1 2024-02-21 status won
        2 2024-01-10 add_time 2024-01-10
        2 2024-01-10 user_id 1
        2 2024-01-11 stage_id 1
        2 2024-01-31 lost_reason 2
        2 2024-02-10 status open
        2 2024-02-20 stage_id 2
        3 2024-02-03 add_time 2024-02-03
        3 2024-02-04 stage_id 1
    """)  # fmt: skip
    activities(settings, """
        10 meeting 1 1 True 2024-01-15
        11 meeting 1 1 True 2024-01-16
        12 meeting 1 1 False 2024-02-02
        13 sc_2 2 9 True 2024-03-05
        14 follow_up 2 1 True 2024-03-06
    """)  # fmt: skip
    run(settings, rooms=["funnel"])
    with asking(settings) as ask:
        yield ask


def test_the_monthly_funnel_counts_first_entries(team: Ask) -> None:
    assert team("select month, funnel_step, deals_count from funnel.rep_sales_funnel_monthly order by 1, 2") == [
        (JAN, Decimal("1.0"), 2),
        (JAN, Decimal("2.0"), 1),
        (JAN, Decimal("2.1"), 1),
        (FEB, Decimal("1.0"), 1),
        (FEB, Decimal("2.0"), 1),
        (FEB, Decimal("5.0"), 1),
        (MAR, Decimal("3.1"), 1),
    ]


def test_the_monthly_stats_count_every_entry(team: Ask) -> None:
    assert team("select month, kpi_name, deals_count from funnel.monthly_stats order by month, funnel_step") == [
        (JAN, "Lead Generation", 3),
        (JAN, "Qualified Lead", 1),
        (JAN, "Sales Call 1", 2),
        (FEB, "Lead Generation", 1),
        (FEB, "Qualified Lead", 2),
        (FEB, "Negotiation", 1),
        (MAR, "Sales Call 2", 1),
    ]


def test_the_definitions_differ_where_deal_1_came_back(team: Ask) -> None:
    told = team("""
        select month, funnel_step, first_entry_count, every_entry_count, difference, deal_ids
        from funnel.rep_funnel_definitions order by 1, 2
    """)  # fmt: skip
    assert told == [
        (JAN, Decimal("1.0"), 2, 3, 1, [1]),
        (JAN, Decimal("2.1"), 1, 2, 1, [1]),
        (FEB, Decimal("2.0"), 1, 2, 1, [1]),
    ]


def test_deals_as_of_each_month(team: Ask) -> None:
    told = team("""
        select month, deal_id, owner_user_id, current_stage_id, furthest_stage_id, entered_stage_ids, status,
            closed_at::date, lost_reason, deal_value
        from funnel.dim_deals order by 1, 2
    """)  # fmt: skip
    won = (2, 5, 5, [1, 2, 5], "won", date(2024, 2, 21), None, Decimal("1000.00"))
    again = (1, 2, 2, [1, 2], "open", None, None, None)
    new = (None, 1, 1, [1], "open", None, None, None)
    assert told == [
        (JAN, 1, 1, 1, 2, [1, 2], "open", None, None, None),
        (JAN, 2, 1, 1, 1, [1], "lost", date(2024, 1, 31), "Pricing Issues", None),
        (FEB, 1, *won),
        (FEB, 2, *again),
        (FEB, 3, *new),
        (MAR, 1, *won),
        (MAR, 2, *again),
        (MAR, 3, *new),
    ]


def test_owners_in_turn(team: Ask) -> None:
    told = team("""
        select deal_id, ownership_num, user_id, valid_from::date, valid_to::date, is_current
        from funnel.dim_deal_ownership where month = date '2024-02-01' order by 1, 2
    """)  # fmt: skip
    assert told == [
        (1, 1, 1, date(2024, 1, 1), date(2024, 2, 5), False),
        (1, 2, 2, date(2024, 2, 5), None, True),
        (2, 1, 1, date(2024, 1, 10), None, True),
    ]


def test_stays_end_once_and_open_ones_are_censored(team: Ask) -> None:
    told = team("""
        select month, deal_id, stay_num, stage_id, is_censored, left_for, duration_days
        from funnel.fct_stage_durations where month < date '2024-03-01' order by 1, 2, 3
    """)  # fmt: skip
    assert told == [
        (JAN, 1, 1, 1, False, "stage", 10),
        (JAN, 1, 2, 2, False, "stage", 10),
        (JAN, 1, 3, 1, True, None, 10),  # it leaves in the first moment of February
        (JAN, 2, 1, 1, False, "lost", 20),
        (FEB, 1, 3, 1, False, "stage", 10),
        (FEB, 1, 4, 2, False, "stage", 10),
        (FEB, 1, 5, 5, False, "won", 10),
        (FEB, 2, 2, 1, False, "stage", 10),  # from its opening on 10 February
        (FEB, 2, 3, 2, True, None, 10),
        (FEB, 3, 1, 1, True, None, 26),
    ]


def test_norms_and_ageing(team: Ask) -> None:
    """Stage 1 by February: 10, 10, 10 and 20 days ended, 26 open. p90 is 10 + 0.7 x 10. Half of five end at day 10."""
    told = team("""
        select stage_id, ended_stays, median_days, p90_days, open_stays, median_open_days, overdue_open_stays,
            median_days_with_open
        from funnel.rep_stage_durations where month = date '2024-02-01' order by 1
    """)  # fmt: skip
    assert told == [
        (1, 4, 10, pytest.approx(17), 1, 26, 1, 10),
        (2, 2, 10, 10, 1, 10, 0, 10),
        (5, 1, 10, 10, 0, None, 0, 10),
    ]


def test_conversion_of_the_january_cohort(team: Ask) -> None:
    told = team("""
        select stage_id, deals_created, deals_entered, deals_reached, deals_still_open, step_conversion,
            cumulative_conversion, cumulative_conversion_at_most
        from funnel.rep_funnel_conversion
        where month = date '2024-02-01' and cohort_month = date '2024-01-01' and stage_id <= 6 order by 1
    """)  # fmt: skip
    assert told == [
        (1, 2, 2, 2, 0, None, 1, 1),
        (2, 2, 2, 2, 0, 1, 1, 1),
        (3, 2, 0, 1, 1, 0.5, 0.5, 1),
        (4, 2, 0, 1, 1, 1, 0.5, 1),
        (5, 2, 1, 1, 1, 1, 0.5, 1),
        (6, 2, 0, 0, 1, 0, 0, 0.5),
    ]


def test_the_quarter_so_far(team: Ask) -> None:
    told = team("""
        select month, months_in_quarter, funnel_step, deals_count
        from funnel.rep_sales_funnel_quarterly where month <> date '2024-01-01' order by 1, 3
    """)  # fmt: skip
    steps = {"1.0": 3, "2.0": 2, "2.1": 1}
    assert told == [
        *((FEB, 2, Decimal(step), deals) for step, deals in {**steps, "5.0": 1}.items()),
        *((MAR, 3, Decimal(step), deals) for step, deals in {**steps, "3.1": 1, "5.0": 1}.items()),
    ]


def test_trends_know_zero_from_unknown(team: Ask) -> None:
    told = team("""
        select month, deals_count, previous_month_count, month_on_month, year_ago_count, rolling_12_count,
            rolling_months
        from funnel.rep_funnel_trends where funnel_step = 1 order by 1
    """)  # fmt: skip
    assert told == [
        (JAN, 2, None, None, None, 2, 1),
        (FEB, 1, 2, -0.5, None, 3, 2),
        (MAR, 0, 1, -1, None, 3, 3),
    ]
    assert team("select count(*) from funnel.rep_funnel_trends") == [(33,)]


def test_sales_reps(team: Ask) -> None:
    told = team("""
        select month, user_id, activities_done, sales_calls_done, stage_entries, deals_won, deals_lost, win_rate,
            value_won, open_deals
        from funnel.rep_sales_rep_performance order by 1, 2
    """)  # fmt: skip
    assert told == [
        (JAN, 1, 2, 2, 4, 0, 1, 0, None, 1),
        (FEB, 0, 0, 0, 1, 0, 0, None, None, 1),
        (FEB, 1, 0, 0, 2, 0, 0, None, None, 1),
        (FEB, 2, 0, 0, 1, 1, 0, 1, Decimal(1000), 0),
        (MAR, 0, 0, 0, 0, 0, 0, None, None, 1),
        (MAR, 1, 0, 0, 0, 0, 0, None, None, 1),
        (MAR, 2, 2, 1, 0, 0, 0, None, None, 0),
    ]


def test_losses_and_velocity(team: Ask) -> None:
    """February: two open deals, all that closed was won, 1,000 a deal, 51 days from 1 January to 21 February."""
    assert team("select * exclude (kpi_name) from funnel.rep_lost_reasons") == [
        (JAN, "Pricing Issues", 1, 1, 1.0, None)
    ]
    told = team("""
        select month, deals_created, deals_won, deals_lost, win_rate, open_deals, mean_days_to_win, velocity_per_day
        from funnel.rep_sales_velocity order by 1
    """)  # fmt: skip
    assert told == [
        (JAN, 2, 0, 1, 0, 1, None, None),
        (FEB, 1, 1, 0, 1, 2, 51, pytest.approx(2 * 1000 / 51)),
        (MAR, 0, 0, 0, None, 2, None, None),
    ]


def test_the_pipeline_at_each_months_end(team: Ask) -> None:
    told = team("""
        select month, stage_id, open_deals, pipeline_value, median_days_in_stage, median_days_open
        from funnel.rep_pipeline_snapshot where month < date '2024-03-01' order by 1, 2
    """)  # fmt: skip
    assert told == [
        (JAN, 1, 1, None, 10, 31),
        (FEB, 1, 1, None, 26, 27),
        (FEB, 2, 1, None, 10, 51),
    ]


def test_the_steps_a_month_lacks(team: Ask) -> None:
    """Of eleven steps, January and February have three, March one."""
    assert team("""
        select month, bad_rows, passed from warehouse.checks where check_name = 'funnel_is_complete' order by month
    """) == [(JAN, 8, False), (FEB, 8, False), (MAR, 10, False)]  # fmt: skip


def test_the_warnings(team: Ask) -> None:
    told = team("""
        select table_name, check_name, month, bad_rows, evidence::varchar
        from warehouse.checks
        where not passed and table_name like 'funnel.%' and check_name <> 'row_volume_is_usual'
            and check_name not in ('funnel_is_complete', 'funnel_narrows')
        order by all
    """)  # fmt: skip
    assert told == [
        ("funnel.int_completed_activities", "deals_have_a_history", MAR, 1, '{"ids": [9]}'),
        ("funnel.rep_funnel_trends", "no_step_shrinks", FEB, 2,
         '{"rows": [{"funnel_step": "1.0", "expected": "2", "found": "1"}, '
         '{"funnel_step": "2.1", "expected": "1", "found": "0"}]}'),
        ("funnel.rep_funnel_trends", "no_step_shrinks", MAR, 3,
         '{"rows": [{"funnel_step": "1.0", "expected": "1", "found": "0"}, '
         '{"funnel_step": "2.0", "expected": "1", "found": "0"}, '
         '{"funnel_step": "5.0", "expected": "1", "found": "0"}]}'),
        ("funnel.rep_sales_funnel_monthly", "calls_do_not_exceed_their_stage", MAR, 1,
         '{"rows": [{"funnel_step": "3.1", "expected": "0", "found": "1"}]}'),
        ("funnel.rep_sales_funnel_monthly", "new_leads_hold_up", FEB, 1,
         '{"rows": [{"expected": "2", "found": "1"}]}'),
        ("funnel.rep_sales_funnel_monthly", "new_leads_hold_up", MAR, 1,
         '{"rows": [{"expected": "1", "found": "0"}]}'),
    ]  # fmt: skip
