"""The specification's worked examples of brokers, by their numbers, from files and YAMLs to reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.helpers import Ask, asking, run
from leads_platform_tests.revenue.brokers import ACME, ZENITH, noted, sold, write
from leads_platform_tests.revenue.files import august, built, leads, transactions

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
SALES = "Ref,Lead,Phone,Sold,Paid"
NOTES = "Note,Ref,Phone,Outcome,Since"


def dec(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def sell(settings: Settings) -> None:
    """7.4: one lead, to a buyer and to a CPA broker."""
    transactions(settings, "2024-05", "2024-05-31", """
        T1 301 standard sale 38.00 2024-05-04 lead_id=L1
        T2 318 cpa sale 0.01 2024-05-04 lead_id=L1
    """)  # fmt: skip
    leads(settings, "2024-05-05", "L1 2024-05-04 web phone=702-555-0101")


@pytest.fixture(scope="module")
def cpa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    settings = august(tmp_path_factory.mktemp("cpa"))
    write(settings.data, ZENITH)
    sell(settings)
    sold(settings, "zenith", "2024-06-05", SALES, "Z1,,(702) 555-0101,2024-05-29,$145.00")
    sold(settings, "zenith", "2024-06-12", SALES, "Z1,,(702) 555-0101,2024-05-29,$145.00")  # delivered again
    noted(settings, "zenith", "2024-07-15", NOTES, "N1,Z1,,Cancelled,2024-07-15")
    with built(settings) as ask:
        yield ask


def test_7_4_a_conversion_counts_in_the_month_of_its_sale(cpa: Ask) -> None:
    found = cpa(
        "select sum(gross_sold), sum(conversions), sum(net_sold) from revenue.rep_revenue_monthly "
        "where month = '2024-05-01'"
    )
    assert found == [dec("38.01", "145.00", "183.01")]


def test_7_4_the_closed_may_stays_and_june_takes_the_conversion(cpa: Ask) -> None:
    found = cpa(
        "select month, sum(current_period), sum(prior_period_adjustment) from revenue.rep_revenue_booked "
        "group by month order by month"
    )
    assert found == [(MAY, *dec("38.01", "0.00")), (JUNE, *dec("0.00", "145.00")), (JULY, *dec("-145.00", "0.00"))]


def test_7_4_entries_are_a_conversion_and_its_chargeback_and_no_second(cpa: Ask) -> None:
    found = cpa("""
        select entry_kind, amount, happened_at::date::varchar, known_on::varchar, sale_month, partner_id, lead_id, src
        from revenue.fct_revenue_entries where source_system = 'zenith' order by known_on
    """)
    assert found == [
        ("conversion", Decimal("145.0000"), "2024-05-29", "2024-06-05", MAY, "318", "L1", "web"),
        ("chargeback", Decimal("-145.0000"), "2024-07-15", "2024-07-15", MAY, "318", "L1", "web"),
    ]


def test_7_4_the_cohort_of_may_is_38_01_again(cpa: Ask) -> None:
    found = cpa(
        "select month, sum(net_sold) from revenue.rep_revenue_cohorts where sale_month = '2024-05-01' "
        "group by month order by month"
    )
    assert found == [(MAY, *dec("38.01")), (JUNE, *dec("183.01")), (JULY, *dec("38.01"))]


def test_7_4_and_7_8_a_share_of_the_premium_and_one_reference_of_two_brokers(tmp_path: Path) -> None:
    """7.4's percent_of: 1,740.00 x 0.0833 = 144.94. 7.8: A1 of acme 145.00 and A1 of zenith 99.00 are 244.00."""
    settings = august(tmp_path)
    write(settings.data, ACME.replace("{percent_of: premium, rate: 0.0833}", "{column: premium}"), ZENITH)
    transactions(settings, "2024-05", "2024-05-31", """
        T1 401 cpa sale 0.01 2024-05-04 lead_id=1
        T2 318 cpa sale 0.01 2024-05-04 lead_id=1
        T3 402 cpa sale 0.01 2024-05-06 lead_id=2
    """)  # fmt: skip
    acme = "Policy Ref,Lead,Phone,Sold On,Premium"
    sold(settings, "zenith", "2024-06-05", SALES, "A1,1,,2024-05-20,99.00")
    run(settings, rooms=["revenue"])
    sold(settings, "acme", "2024-06-04", acme, "A1,AC-1,,2024-05-21,145.00", 'A2,AC-2,,2024-05-22,"1,740.00"')
    run(settings, rooms=["revenue"])
    own = "select source_system, transaction_id, amount from revenue.fct_revenue_entries where {} order by all"
    with asking(settings) as ask:
        assert ask(own.format("transaction_id = 'A1'")) == [
            ("acme", "A1", Decimal("145.0000")),
            ("zenith", "A1", Decimal("99.0000")),
        ]
        total = "select sum(amount) from revenue.fct_revenue_entries where transaction_id = 'A1'"
        assert ask(total) == [dec("244.00")]
    write(settings.data, ACME)  # another price: its rows are worth something else, and nobody delivers anything anew
    run(settings, rooms=["revenue"])
    with asking(settings) as ask:
        assert ask(own.format("transaction_id = 'A2'")) == [("acme", "A2", Decimal("144.9400"))]
