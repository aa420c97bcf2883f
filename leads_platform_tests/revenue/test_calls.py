"""What calls are worth and whose leads they are: the worked example 7.1 and the rulings on calls, counted by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest

from leads_platform_tests.helpers import Ask
from leads_platform_tests.revenue.calls import (
    Row,
    call_row,
    campaign,
    lead,
    leg,
    sale,
    same_month_by_month,
)
from leads_platform_tests.rows import bad_rows_of, worked_out

MONTHS = [date(2024, month, 1) for month in (3, 4, 5, 6, 7)]
MAY, JUNE = MONTHS[2], MONTHS[3]
LISTED = campaign("K1", "invoca", "401"), campaign("K2", "boberdoo", "402")
PHONE = {"phone": "(702) 555-0101"}
TABLES = (
    "int_call_records",
    "fct_call_transactions",
    "int_calls",
    "fct_calls",
    "int_call_leads",
    "fct_call_revenue_allocations",
    "rep_call_revenue_reconciliation",
)


@contextmanager
def calls(
    told: Iterable[Row] = (), leads: Iterable[Row] = (), sales: Iterable[Row] = (), campaigns: Iterable[Row] = ()
) -> Iterator[Ask]:
    """The tables of calls, the same at once and month by month; K1 is Invoca's, K2 boberdoo's."""
    with worked_out(
        [f"revenue.{name}" for name in TABLES],
        MONTHS[0],
        MONTHS[-1],
        invoca_transactions_versions=told,
        boberdoo_leads_versions=leads,
        boberdoo_transactions_versions=sales,
        dim_campaigns=[*campaigns, *({"month": month, **row} for month in MONTHS for row in LISTED)],
        dim_revenue_settings=[{"month": month, "currency": "USD"} for month in MONTHS],
    ) as ask:
        for name in TABLES:
            same_month_by_month(f"revenue.{name}", MONTHS, ask)
        yield ask


def dec(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


LEADS = (
    lead("L0", "2024-04-10 12:00:00"),
    lead("L1", "2024-05-01 12:00:00"),
    lead("L2", "2024-05-10 12:00:00"),
    lead("L3", "2024-05-19 12:00:00"),
)
SHARES = "select {} from revenue.fct_call_revenue_allocations order by month, lead_id"


def shared(ask: Ask, what: str) -> list[Decimal]:
    return [amount for (amount,) in ask(SHARES.format(what))]


@pytest.fixture
def three_leads() -> Iterator[Ask]:
    prices = sale("S1", "2024-05-01", "38.00", lead_id="L1"), sale("S2", "2024-05-10", "12.00", lead_id="L2")
    with calls(
        [leg("T1", "2024-05-21", "10.00", payout="6.00", **PHONE)],
        LEADS,
        [*prices, sale("S3", "2024-05-19", "0.01", lead_id="L3")],
    ) as ask:
        yield ask


def test_7_1_a_call_with_three_leads(three_leads: Ask) -> None:
    assert three_leads(SHARES.format("call_id, lead_id, src, revenue_equal, payout_equal")) == [
        ("C1", "L1", "s-L1", *dec("3.34", "2.00")),
        ("C1", "L2", "s-L2", *dec("3.33", "2.00")),
        ("C1", "L3", "s-L3", *dec("3.33", "2.00")),
    ]


def test_7_1_first_last_and_by_price(three_leads: Ask) -> None:
    assert three_leads(SHARES.format("revenue_first, revenue_last, revenue_price")) == [
        dec("10.00", "0.00", "7.60"),
        dec("0.00", "0.00", "2.40"),
        dec("0.00", "10.00", "0.00"),
    ]


def test_7_1_without_prices_as_equal() -> None:
    returned = sale("S1", "2024-05-02", "-5.00", lead_id="L1", event="sale")
    with calls([leg("T1", "2024-05-21", "10.00", **PHONE)], LEADS, [returned]) as ask:
        assert shared(ask, "revenue_price") == list(dec("3.34", "3.33", "3.33"))


def test_7_1_no_lead_is_unattributed() -> None:
    with calls([leg("T1", "2024-05-21", "10.00", payout="6.00", **PHONE)], LEADS[:1]) as ask:
        assert ask(SHARES.format("lead_id, revenue_equal, revenue_first, revenue_price, payout_last")) == [
            (None, *dec("10.00", "10.00", "10.00", "6.00"))
        ]


def test_7_1_one_cent_over_three_and_less_than_nothing() -> None:
    for payin, shares in (
        ("0.01", dec("0.01", "0", "0")),
        ("-10.00", dec("-3.34", "-3.33", "-3.33")),
        ("9.98", dec("3.33", "3.33", "3.32")),
    ):
        with calls([leg("T1", "2024-05-21", payin, **PHONE)], LEADS) as ask:
            assert shared(ask, "revenue_equal") == list(shares), payin


def test_7_1_a_corrected_call_shares_its_total_and_not_the_difference() -> None:
    corrected = leg("T2", "2024-06-05", "9.98", corrects="T1", at="2024-06-05T08:00:00", **PHONE)
    with calls([leg("T1", "2024-05-21", "10.00", **PHONE), corrected], LEADS) as ask:
        assert shared(ask, "revenue_equal") == list(dec("3.33", "3.33", "3.32"))


def test_7_1_what_comes_back_in_a_later_month_leaves_the_shares_of_the_total() -> None:
    told = [leg("T1", "2024-05-21", "0", campaign="K2", **PHONE)]
    money = [call_row("B1", "2024-05-20", "10.00"), call_row("B2", "2024-06-09", "-0.02", event="refund")]
    with calls(told, LEADS, money) as ask:
        assert ask(SHARES.format("month, lead_id, revenue_equal")) == [
            (MAY, "L1", *dec("3.34")),
            (MAY, "L2", *dec("3.33")),
            (MAY, "L3", *dec("3.33")),
            (JUNE, "L1", *dec("-0.01")),
            (JUNE, "L2", *dec("0.00")),
            (JUNE, "L3", *dec("-0.01")),
        ]
        assert ask("select month, started_in, revenue, revenue_before, legs from revenue.fct_calls order by month") == [
            (MAY, MAY, *dec("10", "0"), 1),
            (JUNE, MAY, *dec("-0.02", "10"), 0),
        ]


def candidates(*leads: Row, start: str = "2024-05-20 15:00:00") -> list[str]:
    with calls([leg("T1", "2024-06-21", "10.00", start=start, **PHONE)], leads) as ask:
        return [name for (name,) in ask("select lead_id from revenue.int_call_leads order by position")]


def test_7_1_thirty_days_before_to_five_minutes_after() -> None:
    assert candidates(
        lead("at-the-end", "2024-05-20 15:05:00"),
        lead("too-late", "2024-05-20 15:05:01"),
        lead("inside", "2024-05-20 15:04:00"),
        lead("at-the-beginning", "2024-04-20 15:00:00"),
        lead("too-early", "2024-04-20 14:59:59"),
    ) == ["at-the-beginning", "inside", "at-the-end"]


def test_leads_of_the_months_around_are_candidates() -> None:
    assert candidates(lead("next", "2024-06-01 00:03:00"), start="2024-05-31 23:59:00") == ["next"]
    assert candidates(lead("earlier", "2024-03-31 12:00:00"), start="2024-04-30 11:00:00") == ["earlier"]


def test_tests_duplicates_and_other_phones_are_no_candidates() -> None:
    day = "2024-05-10 12:00:00"
    assert candidates(
        lead("L9", day, status="Matched"),
        lead("L8", day, status="Duplicate"),
        lead("L7", day, status="test"),
        lead("L6", day, phone="702-555-0102"),
        lead("L5", day, phone=None),
        lead("L4", day),
        lead("L3", day, status="Matched"),
        lead("L3", day, status="Duplicate", version_number=2),
    ) == ["L4", "L9"]


@pytest.fixture
def two_systems() -> Iterator[Ask]:
    told = [
        leg("T1", "2024-05-21", "42.00", call="ours", payout="5.00"),
        leg("T2", "2024-05-21", "30.00", call="theirs", campaign="K2", payout="4.00", line=3),
        leg("T3", "2024-05-21", "20.00", call="unlisted", campaign="K3", payout="3.00", line=4),
        leg("T4", "2024-05-21", "11.00", call="late", line=5),
        leg("T5", "2024-05-21", "8.00", call="alone", campaign="K2", line=6),
    ]
    rows = [
        call_row("B1", "2024-05-22", "41.00", "ours"),
        call_row("B2", "2024-05-22", "31.00", "theirs"),
        call_row("B3", "2024-05-22", "21.00", "unlisted"),
        call_row("B4", "2024-05-20", "10.00", "late"),
        call_row("B5", "2024-05-20", "7.00", "unheard"),
        call_row("B6", "2024-05-20", "6.00", None),
        call_row("B7", "2024-06-20", "-1.00", "ours", event="refund"),
        call_row("B8", "2024-05-21", "0.50", "ours", event="adjustment"),
    ]
    with calls(told, (), rows) as ask:
        yield ask


def test_a_call_counts_once_by_its_system_of_record(two_systems: Ask) -> None:
    found = two_systems(
        "select call_id, sum(revenue), sum(payout) from revenue.fct_calls group by 1 order by 1 nulls first"
    )
    assert found == [
        (None, *dec("6", "0")),
        ("alone", *dec("0", "0")),
        ("late", *dec("11", "0")),
        ("ours", *dec("42", "5")),
        ("theirs", *dec("31", "4")),
        ("unheard", *dec("7", "0")),
        ("unlisted", *dec("21", "3")),
    ]


def test_what_boberdoo_told_before_the_call_was_known_comes_back_on_that_day(two_systems: Ask) -> None:
    entries = (
        "select source_system, transaction_id, known_on::varchar, change, amount, payout, partner_id "
        "from revenue.fct_call_transactions where call_id = '{}' order by known_on, amount"
    )
    assert two_systems(entries.format("late")) == [
        ("boberdoo", "B4", "2024-05-20", "first", *dec("10", "0"), "301"),
        ("boberdoo", "B4", "2024-05-21", "undone", *dec("-10", "0"), "301"),
        ("invoca", "T4", "2024-05-21", "first", *dec("11", "0"), "401"),
    ]
    assert two_systems(entries.format("ours")) == [("invoca", "T1", "2024-05-21", "first", *dec("42", "5"), "401")]
    assert two_systems(entries.format("theirs")) == [
        ("invoca", "T2", "2024-05-21", "first", *dec("0", "4"), "402"),
        ("boberdoo", "B2", "2024-05-22", "first", *dec("31", "0"), "301"),
    ]
    assert two_systems(entries.format("unlisted"))[0][-1] is None


def test_the_reconciliation_shows_both_words_and_what_one_lacks(two_systems: Ask) -> None:
    found = two_systems(
        "select month, campaign_id, system_of_record, calls, payin, boberdoo_amount, difference, only_invoca, "
        "only_boberdoo, revenue from revenue.rep_call_revenue_reconciliation order by month, campaign_id nulls first"
    )
    assert found == [
        (MAY, None, "boberdoo", 0, *dec("0", "13", "-13"), 0, 2, *dec("13")),
        (MAY, "K1", "invoca", 2, *dec("53", "51.50", "1.50"), 0, 0, *dec("53")),
        (MAY, "K2", "boberdoo", 2, *dec("38", "31", "7"), 1, 0, *dec("31")),
        (MAY, "K3", "boberdoo", 1, *dec("20", "21", "-1"), 0, 0, *dec("21")),
        (JUNE, "K1", "invoca", 0, *dec("0", "-1", "1"), 0, 0, *dec("0")),
    ]


def test_a_call_that_is_no_longer_invocas_is_boberdoos_again() -> None:
    told = [
        leg("T1", "2024-05-21", "42.00"),
        leg("T2", "2024-05-25", "42.00", campaign="K2", corrects="T1", at="2024-05-25T08:00:00"),
    ]
    with calls(
        told, (), [call_row("B1", "2024-05-22", "41.00"), call_row("B2", "2024-05-26", "1.00", event="adjustment")]
    ) as ask:
        found = ask(
            "select source_system, known_on::varchar, change, amount from revenue.fct_call_transactions "
            "order by known_on, source_system, amount"
        )
    assert found == [
        ("invoca", "2024-05-21", "first", *dec("42")),
        ("boberdoo", "2024-05-25", "undone", *dec("41")),
        ("invoca", "2024-05-25", "reassigned", *dec("-42")),
        ("boberdoo", "2024-05-26", "first", *dec("1")),
    ]


def test_the_record_is_that_of_the_month_of_the_calls_start() -> None:
    told = [leg("T1", "2024-06-01", "42.00", start="2024-05-31 23:59:00", campaign="K4")]
    rows = [call_row("B1", "2024-06-02", "41.00")]
    records = [{"month": MAY, **campaign("K4", "invoca")}, {"month": JUNE, **campaign("K4", "boberdoo")}]
    with calls(told, (), rows, records) as ask:
        assert ask("select month, source_system, amount from revenue.fct_call_transactions") == [
            (MAY, "invoca", *dec("42"))
        ]


def test_a_planted_share_is_found() -> None:
    given = {
        "fct_calls": [
            {"call_id": "C1", "revenue": "10.00", "payout": "6.00"},
            {"call_id": "C2", "revenue": "1", "payout": "0"},
        ],
        "fct_call_revenue_allocations": [
            {"call_id": "C1", "lead_id": name, **dict.fromkeys(REVENUES, "5.00"), **dict.fromkeys(PAYOUTS, "3.00")}
            for name in ("L1", "L2")
        ],
    }
    address, audit = "revenue.fct_call_revenue_allocations", "shares_add_up_to_the_call"
    assert len(bad_rows_of(address, audit, MAY, **given)) == 1  # C2 has no share at all
    given["fct_calls"].pop()
    assert bad_rows_of(address, audit, MAY, **given) == []
    for planted in (*REVENUES, *PAYOUTS):
        wrong = [
            dict(given["fct_call_revenue_allocations"][0], **{planted: "4.99"}),
            given["fct_call_revenue_allocations"][1],
        ]
        assert bad_rows_of(address, audit, MAY, **{**given, "fct_call_revenue_allocations": wrong}), planted


REVENUES = [f"revenue_{policy}" for policy in ("equal", "first", "last", "price")]
PAYOUTS = [name.replace("revenue", "payout") for name in REVENUES]


def test_a_planted_weight_is_found() -> None:
    rows = [{"call_id": "C1", "lead_id": name, "leads": 2, "numerator": 3, "denominator": 6} for name in ("L1", "L2")]
    assert bad_rows_of("revenue.int_call_leads", "weights_add_to_one", MAY, int_call_leads=rows) == []
    for planted in ({"numerator": 2}, {"denominator": 5}, {"leads": 3}):
        wrong = [rows[0], {**rows[1], **planted}]
        assert bad_rows_of("revenue.int_call_leads", "weights_add_to_one", MAY, int_call_leads=wrong), planted


def test_a_planted_entry_of_a_family_is_found() -> None:
    told: list[Row] = [
        {
            "transaction_id": name,
            "version": 1,
            "is_gone": False,
            "payin": payin,
            "payout": "6.00",
            "campaign_id": "K1",
            **more,
        }
        for name, payin, more in (
            ("T1", "42.00", {}),
            ("T2", "36.00", {"corrects_transaction_id": "T1", "corrected_at": "2024-05-10 08:00:00"}),
        )
    ]
    given = {"stg_invoca_transactions": told, "dim_campaigns": [campaign("K1", "invoca")]}
    address, audit = "revenue.int_invoca_entries", "families_add_up_to_their_newest_version"

    def bad(*amounts: str, payout: str = "6.00") -> list[dict[str, object]]:
        entries = [{"campaign_id": "K1", "amount": amount, "payout": "0"} for amount in amounts]
        return bad_rows_of(
            address,
            audit,
            MAY,
            int_invoca_entries=[*entries, {"campaign_id": "K1", "amount": "0", "payout": payout}],
            **given,
        )

    assert bad("42.00", "-6.00") == []
    assert bad("42.00") == [{"month": MAY, "expected": Decimal("42"), "found": Decimal("48")}]
    assert bad("42.00", "-6.00", payout="5.99") != []
    assert bad("42.00", "-6.00", "0.01") != []
