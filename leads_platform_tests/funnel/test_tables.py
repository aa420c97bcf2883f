"""Tables of the funnel, one by one: a few rows in, the rows out, counted by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from leads_platform_tests.rows import bad_rows_of, rows_of

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)


def test_a_closure_counts_in_the_month_in_which_the_deal_closed() -> None:
    found = rows_of("funnel.fct_deal_closures", JAN, dim_deals=[
        {"deal_id": 1, "status": "won", "closed_at": "2024-01-31 23:59:59", "deal_value": 10.5, "current_stage_id": 8},
        {"deal_id": 2, "status": "lost", "closed_at": "2023-12-31 23:59:59"},
        {"deal_id": 3, "status": "open"},
        {"deal_id": 4, "status": "deleted", "closed_at": "2024-01-01 00:00:00"},
    ])  # fmt: skip
    assert [(row["deal_id"], row["stage_id"], row["deal_value"]) for row in found] == [
        (1, 8, Decimal("10.50")),
        (4, None, None),
    ]


def test_an_owner_that_is_no_number_is_no_change_of_owner() -> None:
    found = rows_of("funnel.int_deal_owner_changes", JAN, stg_deal_changes=[
        {"deal_id": 1, "field_key": "user_id", "new_value": "7", "line": 2},
        {"deal_id": 1, "field_key": "user_id", "new_value": "nobody", "line": 3},
        {"deal_id": 1, "field_key": "stage_id", "new_value": "8", "line": 4},
    ])  # fmt: skip
    assert [(row["deal_id"], row["user_id"], row["line"]) for row in found] == [(1, 7, 2)]


def test_a_month_of_a_deal_knows_who_had_it_when_it_closed_and_that_its_value_was_emptied() -> None:
    changed = [
        ("add_time", "2024-01-02", "2024-01-02 08:00:00"),
        ("user_id", "7", "2024-01-02 08:00:00"),
        ("stage_id", "2", "2024-01-03 09:00:00"),
        ("stage_id", "1", "2024-01-04 10:00:00"),
        ("value", "100", "2024-01-05 11:00:00"),
        ("value", None, "2024-01-06 12:00:00"),
        ("lost_reason", "3", "2024-01-07 13:00:00"),
        ("user_id", "9", "2024-01-08 14:00:00"),
    ]
    (deal,) = rows_of(
        "funnel.int_deal_months",
        JAN,
        stg_deal_changes=[
            {"deal_id": 1, "field_key": field, "new_value": value, "change_timestamp": at, "line": line}
            for line, (field, value, at) in enumerate(changed, start=2)
        ],
        int_deal_status_history=[
            {"deal_id": 1, "status_num": 1, "status": "lost", "status_timestamp": "2024-01-07 13:00:00"}
        ],
        int_deal_owner_changes=[
            {"deal_id": 1, "user_id": 7, "change_timestamp": "2024-01-02 08:00:00", "line": 3},
            {"deal_id": 1, "user_id": 9, "change_timestamp": "2024-01-08 14:00:00", "line": 9},
        ],
    )
    assert (deal["creations"], deal["owner_user_id"], deal["closed_by_user_id"]) == (1, 9, 7)
    assert (deal["current_stage_id"], deal["entered_stage_ids"]) == (1, [1, 2])
    assert (deal["status"], deal["closed_at"]) == ("lost", datetime(2024, 1, 7, 13))
    assert (deal["states_value"], deal["deal_value"], deal["lost_reason_key"]) == (True, None, "3")


def test_a_deal_keeps_what_the_month_says_nothing_of() -> None:
    before = {"month": JAN, "creations": 1, "owner_user_id": 7, "current_stage_id": 2, "entered_stage_ids": [1, 2]}
    (opened, kept) = rows_of(
        "funnel.dim_deals",
        FEB,
        dim_deals=[
            {**before, "deal_id": 1, "status": "lost", "closed_at": "2024-01-09 00:00:00", "deal_value": 5},
            {**before, "deal_id": 2, "status": "lost", "lost_reason_key": "3", "closed_at": "2024-01-09 00:00:00"},
        ],
        int_deal_months=[
            {"deal_id": 1, "creations": 0, "status": "open", "entered_stage_ids": [4], "states_value": True}
        ],
        int_field_options=[{"field_key": "lost_reason", "option_id": 3, "option_label": "Too dear"}],
    )
    assert (opened["status"], opened["closed_at"], opened["deal_value"]) == ("open", None, None)
    assert (opened["owner_user_id"], opened["entered_stage_ids"], opened["furthest_stage_id"]) == (7, [1, 2, 4], 4)
    assert (kept["status"], kept["lost_reason"], kept["closed_at"]) == ("lost", "Too dear", datetime(2024, 1, 9))


def test_a_stay_is_censored_in_each_month_until_the_one_in_which_it_ends() -> None:
    happenings = [
        {"month": JAN, "deal_id": 1, "happened_at": "2024-01-31 00:00:00", "line": 2, "kind": "stage", "stage_id": 3},
        {"month": FEB, "deal_id": 1, "happened_at": "2024-02-02 12:00:00", "line": 3, "kind": "won"},
    ]
    told = ("stay_num", "is_censored", "left_for", "duration_days")
    (january,) = rows_of("funnel.fct_stage_durations", JAN, int_deal_happenings=happenings)
    (february,) = rows_of("funnel.fct_stage_durations", FEB, int_deal_happenings=happenings)
    assert [tuple(row[name] for name in told) for row in (january, february)] == [
        (1, True, None, 1.0),
        (1, False, "won", 2.5),
    ]


def test_a_half_life_takes_open_stays_in() -> None:
    """By hand: of three stays one ended after 2 days, one after 4; the third has lasted 3 days: 2/3, then 2/3 x 0/1."""
    stays = [
        {"stage_id": 1, "stay_num": n, "duration_days": days, "is_censored": is_open}
        for n, (days, is_open) in enumerate([(2.0, False), (3.0, True), (4.0, False)])
    ]
    (row,) = rows_of("funnel.int_stage_half_lives", JAN, fct_stage_durations=stays)
    assert row["median_days_with_open"] == 4.0


def test_lost_deals_by_reason_and_stage() -> None:
    found = rows_of("funnel.rep_lost_reasons", JAN, fct_deal_closures=[
        {"deal_id": 1, "status": "lost", "stage_id": 2, "lost_reason": "Too dear", "deal_value": 10},
        {"deal_id": 2, "status": "lost", "stage_id": 2, "lost_reason": "Too dear"},
        {"deal_id": 3, "status": "lost"},
        {"deal_id": 4, "status": "won", "stage_id": 2},
    ], dim_stages=[{"stage_id": 2, "kpi_name": "Step 2: Call"}])  # fmt: skip
    assert [(row["lost_reason"], row["kpi_name"], row["deals_lost"], row["value_lost"]) for row in found] == [
        ("Too dear", "Step 2: Call", 2, 10),
        ("not stated", "in no stage yet", 1, None),
    ]


DEALS = [
    {"deal_id": 1, "status": "open", "current_stage_id": 2, "created_at": "2024-01-02 00:00:00"},
    {"deal_id": 2, "status": "open", "current_stage_id": 2, "created_at": "2024-01-02 00:00:00"},
]
ENTRIES = [{"field_key": "stage_id"}, {"field_key": "stage_id"}]
LOST = [{"deal_id": 3, "status": "lost"}, {"deal_id": 4, "status": "lost"}]


@pytest.mark.parametrize(
    ("address", "audit", "row", "reads"),
    [
        ("funnel.rep_pipeline_snapshot", "open_deals_reconcile", {"open_deals": 1}, {"dim_deals": DEALS}),
        ("funnel.rep_lost_reasons", "losses_reconcile", {"deals_lost": 1}, {"fct_deal_closures": LOST}),
        ("funnel.rep_sales_rep_performance", "open_deals_reconcile", {"open_deals": 1}, {"dim_deals": DEALS}),
        (
            "funnel.rep_sales_rep_performance",
            "closed_deals_reconcile",
            {"deals_won": 0, "deals_lost": 1},
            {"fct_deal_closures": LOST},
        ),
        ("funnel.fct_stage_durations", "open_stays_are_open_deals", {"is_censored": True}, {"dim_deals": DEALS}),
        (
            "funnel.int_funnel_cohorts",
            "cohorts_are_all_deals",
            {"stage_id": 1, "deals_created": 1},
            {"dim_deals": DEALS},
        ),
        (
            "funnel.monthly_deal_stats",
            "months_are_the_sum_of_their_days",
            {"funnel_step": 1, "deals_count": 1},
            {"daily_deal_stats": [{"funnel_step": 1, "deals_count": 2}]},
        ),
        (
            "funnel.int_deal_stage_history",
            "entries_reconcile",
            {},
            {"stg_deal_changes": [{"field_key": "stage_id"}] * 2},
        ),
        ("funnel.fct_deal_stage_history", "entries_reconcile", {}, {"int_deal_stage_history": [{}, {}]}),
    ],
)
def test_a_deal_that_is_missing_is_told_as_expected_and_found(
    address: str, audit: str, row: dict[str, object], reads: dict[str, list[dict[str, object]]]
) -> None:
    name = address.split(".")[1]
    (bad,) = bad_rows_of(address, audit, JAN, **{name: [row]}, **reads)
    assert (bad["month"], bad["expected"], bad["found"]) == (JAN, 2, 1)
    assert bad_rows_of(address, audit, JAN, **{name: [row, row]}, **reads) == []
