"""The specification's worked examples, by their numbers, from files to reports; every number counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from leads_platform_tests.helpers import Ask
from leads_platform_tests.revenue.files import august, built, closes, costs, leads, transactions
from leads_platform_tests.rows import rows_of

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)


def dec(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


@pytest.fixture(scope="module")
def a_refund_later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    settings = august(tmp_path_factory.mktemp("refund"))
    transactions(settings, "2024-05", "2024-05-31", """
        T1 301 standard sale 38.00 2024-05-04
        T2 301 standard sale 40.00 2024-05-10
        T3 302 standard sale 22.00 2024-05-20
    """)  # fmt: skip
    transactions(settings, "2024-06", "2024-06-30", """
        T4 301 standard sale 50.00 2024-06-05
        T5 301 standard refund -38.00 2024-06-09 parent_transaction_id=T1
    """)  # fmt: skip
    transactions(settings, "2024-07", "2024-07-31", """
        T6 301 standard refund -20.00 2024-07-02 parent_transaction_id=T4
    """)  # fmt: skip
    with built(settings) as ask:
        yield ask


def test_7_3_a_refund_later_by_the_month_of_the_event(a_refund_later: Ask) -> None:
    found = a_refund_later(
        "select month, sum(gross_sold), sum(returned), sum(net_sold) from revenue.rep_revenue_monthly "
        "group by month order by month"
    )
    assert found == [
        (MAY, *dec("100.00", "0.00", "100.00")),
        (JUNE, *dec("50.00", "38.00", "12.00")),
        (JULY, *dec("0.00", "20.00", "-20.00")),
    ]


def test_7_3_a_refund_later_by_the_month_of_the_sale(a_refund_later: Ask) -> None:
    found = a_refund_later(
        "select month, sale_month, sum(net_sold) from revenue.rep_revenue_cohorts group by 1, 2 order by 1, 2"
    )
    assert found == [
        (MAY, MAY, *dec("100.00")),
        (JUNE, MAY, *dec("62.00")),
        (JUNE, JUNE, *dec("50.00")),
        (JULY, MAY, *dec("62.00")),
        (JULY, JUNE, *dec("30.00")),
    ]


@pytest.fixture(scope="module")
def a_restatement(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """7.6, the call's and the broker's rows as boberdoo can tell them: a call row and a conversion row."""
    settings = august(tmp_path_factory.mktemp("restated"))
    told = {
        "38": "T1 301 standard sale 38.00 2024-05-04",
        "40": "T2 301 standard sale 40.00 2024-05-10",
        "22": "T3 301 standard sale 22.00 2024-05-20",
        "cpa": "T4 318 cpa sale 0.01 2024-05-04",
        "call": "T5 401 call sale 42.00 2024-05-20 call_id=C1 lead_id=",
    }
    late = {
        "conversion": "T6 318 cpa conversion 145.00 2024-05-29 parent_transaction_id=T4",
        "refund": "T7 301 standard refund -38.00 2024-05-30 parent_transaction_id=T1 reason=wrong_number",
    }
    exports = {
        "2024-05-31": told,
        "2024-06-05": told | {"conversion": late["conversion"]},
        "2024-06-09": told | late,
        "2024-06-10": told | late | {"call": told["call"].replace("42.00", "36.00")},
    }
    exports["2024-06-15"] = exports["2024-06-10"] | {"22": told["22"].replace("22.00", "20.00")}
    exports["2024-06-20"] = {name: line for name, line in exports["2024-06-15"].items() if name != "40"}
    for day, lines in exports.items():
        transactions(settings, "2024-05", day, "\n".join(lines.values()))
    transactions(settings, "2024-06", "2024-06-30", "T8 301 standard sale 10.00 2024-06-11")
    with built(settings) as ask:
        yield ask


def test_7_6_each_reason_has_its_cents(a_restatement: Ask) -> None:
    found = a_restatement(
        "select business_unit, reason, amount, reported, restated from revenue.rep_revenue_restatement "
        "where month = '2024-05-01' order by all"
    )
    assert found == [
        ("cbm", "price_change", *dec("-6.00", "42.00", "36.00")),
        ("cpa_cpt", "conversion", *dec("145.00", "0.01", "145.01")),
        ("leads", "price_change", *dec("-2.00", "100.00", "20.00")),
        ("leads", "refund", *dec("-38.00", "100.00", "20.00")),
        ("leads", "undone", *dec("-40.00", "100.00", "20.00")),
    ]


def test_7_6_reported_142_01_is_restated_as_201_01(a_restatement: Ask) -> None:
    totals = """
        select sum(amount), sum(amount) filter (known_on <= '2024-06-03')
        from revenue.fct_revenue_entries where month = '2024-05-01'
    """
    assert a_restatement(totals) == [dec("201.01", "142.01")]
    assert a_restatement("select closed_on, \"by\" from revenue.dim_month_closes where month = '2024-05-01'") == [
        (date(2024, 6, 3), "default")
    ]


def test_7_6_the_close_stays_and_june_takes_the_difference(a_restatement: Ask) -> None:
    found = a_restatement(
        "select month, sum(current_period), sum(prior_period_adjustment) from revenue.rep_revenue_booked "
        "group by month order by month"
    )
    assert found == [(MAY, *dec("142.01", "0.00")), (JUNE, *dec("10.00", "59.00"))]


# What a source says later -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A buyer for each thing that can happen to a sale, told by three exports of May and one of June."""
    settings = august(tmp_path_factory.mktemp("changes"))
    leads(settings, "2024-05-31", """
        L1 2024-05-02 web
        L2 2024-05-03 mail
    """)  # fmt: skip
    costs(settings, "2024-05", "2024-05-31", "web media 10.00\nweb vendor 3.00\nradio media 5.00")
    costs(settings, "2024-05", "2024-06-10", "web media 12.50\nweb vendor 3.00\nradio media 5.00")
    closes(settings, "2024-06-06", "2024-05,2024-06-05")
    first = """
        P1 1 standard sale 38.00 2024-05-04T10:00:00 lead_id=L1
        U1 2 drip sale 20.00 2024-05-05
        G1 3 warm_transfer sale 60.00 2024-05-06 lead_id=L2
        G2 3 warm_transfer refund 10.00 2024-05-07 parent_transaction_id=G1 lead_id=L2
        A1 4 lead_call sale 15.00 2024-05-08
        F1 5 standard fee 25.00 2024-05-09
        C1 5 standard credit -5.00 2024-05-09 reason=goodwill
        Y1 5 standard payment 500.00 2024-05-10
        E1 6 standard sale 99.00 2024-05-11 currency=EUR
        B1 7 standard sale 12.00 2024-05-12
        X1 8 cpa sale 0.01 2024-05-13
    """
    second = """
        P1 1 standard sale 30.00 2024-05-04T10:00:00 lead_id=L1
        G1 3 warm_transfer sale 60.00 2024-05-06 lead_id=L2
        G2 3 warm_transfer refund 10.00 2024-05-07 parent_transaction_id=G1 lead_id=L2
        A1 44 lead_call sale 15.00 2024-05-08
        F1 5 standard fee 25.00 2024-05-09
        C1 5 standard credit -5.00 2024-05-09 reason=goodwill
        Y1 5 standard payment 500.00 2024-05-10
        E1 6 standard sale 99.00 2024-05-11 currency=USD
        B1 7 drip sale 13.00 2024-05-12
        X1 8 cpa sale 0.01 2024-05-13
    """
    third = second + "\nU1 2 drip sale 20.00 2024-05-05"
    june = """
        G3 3 warm_transfer refund_reversal 10.00 2024-06-02 parent_transaction_id=G2
        J1 3 warm_transfer adjustment -1.25 2024-06-03 parent_transaction_id=G1
        X2 8 cpa conversion 145.00 2024-06-04 parent_transaction_id=X1
        X3 8 cpa chargeback -45.00 2024-06-05 parent_transaction_id=X2
        N1 9 standard refund -7.00 2024-06-06 parent_transaction_id=nobody
    """
    for day, lines in (("2024-05-31", first), ("2024-06-05", second), ("2024-06-10", third)):
        transactions(settings, "2024-05", day, lines)
    transactions(settings, "2024-06", "2024-06-30", june)
    with built(settings) as ask:
        yield ask


ENTRIES = """
    select transaction_id, change, business_unit, entry_kind, partner_id, amount, known_on
    from revenue.fct_revenue_entries where partner_id in ({}) order by known_on, amount desc
"""
D1, D2, D3 = date(2024, 5, 31), date(2024, 6, 5), date(2024, 6, 10)


def test_a_price_change_is_an_entry_of_the_difference(changes: Ask) -> None:
    assert changes(ENTRIES.format("'1'")) == [
        ("P1", "first", "leads", "sale", "1", *dec("38.00"), D1),
        ("P1", "price_change", "leads", "sale", "1", *dec("-8.00"), D2),
    ]


def test_what_is_undone_comes_back_and_again(changes: Ask) -> None:
    assert changes(ENTRIES.format("'2'")) == [
        ("U1", "first", "drip", "sale", "2", *dec("20.00"), D1),
        ("U1", "undone", "drip", "sale", "2", *dec("-20.00"), D2),
        ("U1", "undone", "drip", "sale", "2", *dec("20.00"), D3),
    ]
    vanished = "select line, file_name from revenue.fct_revenue_entries where partner_id = '2' and amount < 0"
    assert changes(vanished) == [(None, "boberdoo_transactions_2024-05_as_of_2024-06-05.csv")]


def test_another_buyer_or_unit_takes_all_back_and_books_it_anew(changes: Ask) -> None:
    assert changes(ENTRIES.format("'4', '44'")) == [
        ("A1", "first", "lead_call", "sale", "4", *dec("15.00"), D1),
        ("A1", "reassigned", "lead_call", "sale", "44", *dec("15.00"), D2),
        ("A1", "reassigned", "lead_call", "sale", "4", *dec("-15.00"), D2),
    ]
    assert changes(ENTRIES.format("'7'")) == [
        ("B1", "first", "leads", "sale", "7", *dec("12.00"), D1),
        ("B1", "reassigned", "drip", "sale", "7", *dec("13.00"), D2),
        ("B1", "reassigned", "leads", "sale", "7", *dec("-12.00"), D2),
    ]


def test_fees_and_credits_are_the_account_s_and_a_payment_is_no_revenue(changes: Ask) -> None:
    assert changes(ENTRIES.format("'5'")) == [
        ("F1", "first", "account", "fee", "5", *dec("25.00"), D1),
        ("C1", "first", "account", "credit", "5", *dec("-5.00"), D1),
    ]
    leads_of = "select distinct lead_id, reason from revenue.fct_account_transactions order by reason"
    assert changes(leads_of) == [(None, "goodwill"), (None, None)]


def test_another_currency_is_left_out_until_it_is_ours(changes: Ask) -> None:
    assert changes(ENTRIES.format("'6'")) == [("E1", "first", "leads", "sale", "6", *dec("99.00"), D2)]


def test_refunds_reversals_and_adjustments_count_in_the_month_of_the_sale(changes: Ask) -> None:
    """A positive refund is negative. June's reversal goes by its refund to May's sale, the chargeback by its own."""
    found = changes(
        "select transaction_id, amount, sale_month from revenue.fct_revenue_entries "
        "where partner_id in ('3', '8', '9') order by transaction_id"
    )
    assert found == [
        ("G1", *dec("60.00"), MAY),
        ("G2", *dec("-10.00"), MAY),
        ("G3", *dec("10.00"), MAY),
        ("J1", *dec("-1.25"), MAY),
        ("N1", *dec("-7.00"), JUNE),
        ("X1", *dec("0.01"), MAY),
        ("X2", *dec("145.00"), MAY),
        ("X3", *dec("-45.00"), MAY),
    ]
    cohorts = "select month, sale_month, sum(net_sold) from revenue.rep_revenue_cohorts group by all order by all"
    assert changes(cohorts) == [
        (MAY, MAY, *dec("155.01")),  # 38 + 20 + 50 + 15 + 20 + 12 + 0.01
        (JUNE, MAY, *dec("355.76")),  # 30 + 20 + 50 + 15 + 20 + 99 + 13 + 0.01, and 10 - 1.25 + 145 - 45
        (JUNE, JUNE, *dec("-7.00")),
    ]


def test_media_costs_stand_by_source_and_margin_is_what_is_left(changes: Ask) -> None:
    found = changes(
        "select business_unit, src, net_sold, media_cost, margin from revenue.rep_revenue_monthly "
        "where month = '2024-05-01' and src is not null order by all"
    )
    assert found == [
        ("leads", "web", *dec("30.00", "0.00", "30.00")),
        ("warm_transfer", "mail", *dec("50.00", "0.00", "50.00")),
        (None, "radio", *dec("0.00", "5.00", "-5.00")),
        (None, "web", *dec("0.00", "12.50", "-12.50")),
    ]
    assert changes("select change, amount, known_on from revenue.fct_source_costs where src = 'web' order by all") == [
        ("first", *dec("3.00"), D1),
        ("first", *dec("10.00"), D1),
        ("price_change", *dec("2.50"), D3),
    ]


def test_a_statement_is_what_a_buyer_owes_and_what_was_paid(changes: Ask) -> None:
    statements = """
        select partner_id, sold, returned, adjusted, conversions, fees, credits, net, payments
        from revenue.rep_buyer_statements where partner_id in ('3', '5', '8') order by month, partner_id
    """
    assert changes(statements) == [
        ("3", *dec("60.00", "10.00", "0.00", "0.00", "0.00", "0.00", "50.00", "0.00")),
        ("5", *dec("0.00", "0.00", "0.00", "0.00", "25.00", "-5.00", "20.00", "500.00")),
        ("8", *dec("0.01", "0.00", "0.00", "0.00", "0.00", "0.00", "0.01", "0.00")),
        ("3", *dec("0.00", "-10.00", "-1.25", "0.00", "0.00", "0.00", "8.75", "0.00")),
        ("8", *dec("0.00", "0.00", "0.00", "100.00", "0.00", "0.00", "100.00", "0.00")),
    ]


def test_the_ledger_is_the_source_s_to_the_cent(changes: Ask) -> None:
    """May as in the cohorts: 247.01. June: 10 - 1.25 + 145 - 45 - 7."""
    found = changes(
        "select source_system, source_total, ledger_total, difference, payments "
        "from revenue.rep_revenue_reconciliation order by month"
    )
    assert found == [
        ("boberdoo", *dec("247.01", "247.01", "0.00", "500.00")),
        ("boberdoo", *dec("101.75", "101.75", "0.00", "0.00")),
    ]


def test_what_is_known_on_the_day_of_the_close_is_in_the_close(changes: Ask) -> None:
    """Closed on 06-05 with the second export: of May, the sale that came back on 06-10 alone is June's to book."""
    assert changes("select current_period, prior_period_adjustment from revenue.rep_revenue_booked "
                   "where month = '2024-06-01' and partner_id = '2'") == [dec("0.00", "20.00")]  # fmt: skip
    booked = "select sum(booked) from revenue.rep_revenue_booked where month = '2024-05-01'"
    assert changes(booked) == [dec("227.01")]  # 30 + 50 + 15 + 20 + 99 + 13 + 0.01
    late = (
        "select partner_id, reason, amount, reported from revenue.rep_revenue_restatement where reason <> 'unchanged'"
    )
    assert changes(f"{late} and month = '2024-05-01'") == [("2", "undone", *dec("20.00", "0.00"))]


# Returns to come --------------------------------------------------------------------------------------------

MARCH, APRIL = date(2024, 3, 1), date(2024, 4, 1)


def sold(month: date, gross: int, *returned: str) -> list[dict[str, object]]:
    """Entries of a cohort: sales, and what came back in the month itself and those after it, known in that month."""
    days = [month.replace(month=month.month + age) for age in range(len(returned))]
    sale: dict[str, object] = {"month": month, "sale_month": month, "entry_kind": "sale", "amount": gross}
    refunds = [
        {"month": day, "sale_month": month, "entry_kind": "refund", "amount": f"-{amount}", "known_on": day}
        for day, amount in zip(days, returned, strict=True)
    ]
    return [{**sale, "known_on": month}, *refunds]


def test_7_10_returns_to_come() -> None:
    """As of 05-31 March has lived ages 0 to 2, April 0 and 1, May 0: 2 %, 5 % and 3 % by age."""
    entries = [*sold(MARCH, 1000, "20.00", "50.00", "30.00"), *sold(APRIL, 1000, "20.00", "50.00", "30.00")]
    entries += sold(MAY, 800, "16.00")
    cells = rows_of("revenue.int_cohort_returns", MAY, fct_revenue_entries=entries)
    found = rows_of("revenue.rep_returns_development", MAY, int_cohort_returns=cells)
    by_cohort = {
        (row["sale_month"], row["age_months"]): (row["returned"], row["still_expected"], row["net_after_reserve"])
        for row in found
    }
    assert by_cohort == {
        (MARCH, 0): dec("20.00", "0.00", "900.00"),
        (MARCH, 1): dec("50.00", "0.00", "900.00"),
        (MARCH, 2): dec("30.00", "0.00", "900.00"),
        (APRIL, 0): dec("20.00", "30.00", "900.00"),
        (APRIL, 1): dec("50.00", "30.00", "900.00"),
        (APRIL, 2): (None, *dec("30.00", "900.00")),
        (MAY, 0): dec("16.00", "64.00", "720.00"),
        (MAY, 1): (None, *dec("64.00", "720.00")),
        (MAY, 2): (None, *dec("64.00", "720.00")),
    }
    assert [row["return_rate"] for row in found] == pytest.approx([0.02, 0.05, 0.03] * 3)
    shares = [row["returned_share"] for row in found if row["sale_month"] == MARCH]
    assert shares == pytest.approx([0.02, 0.07, 0.10])
