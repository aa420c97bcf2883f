"""The specification's worked examples, by their numbers, from files to reports; every number counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from leads_platform_tests.helpers import Ask
from leads_platform_tests.revenue.files import august, built, transactions

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
