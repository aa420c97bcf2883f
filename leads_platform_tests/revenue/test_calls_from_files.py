"""Calls from files to reports: the worked example 7.6 with a call of Invoca, and what a late correction touches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform.warehouse.outcome import Build
from leads_platform_tests.helpers import Ask, ask, run
from leads_platform_tests.revenue.calls import campaigns, invoca, leg
from leads_platform_tests.revenue.files import august, built, leads, transactions

APRIL, MAY, JUNE = date(2024, 4, 1), date(2024, 5, 1), date(2024, 6, 1)
START = "2024-05-20 15:00:00"


def dec(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


@pytest.fixture(scope="module")
def a_restatement(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """7.6, in which the call is Invoca's; the broker's conversion as boberdoo tells it."""
    settings = august(tmp_path_factory.mktemp("restated"))
    told = {
        "38": "T1 301 standard sale 38.00 2024-05-04",
        "40": "T2 301 standard sale 40.00 2024-05-10",
        "22": "T3 301 standard sale 22.00 2024-05-20",
        "cpa": "T4 318 cpa sale 0.01 2024-05-04",
    }
    conversion = {"conversion": "T6 318 cpa conversion 145.00 2024-05-29 parent_transaction_id=T4"}
    refund = {"refund": "T7 301 standard refund -38.00 2024-05-30 parent_transaction_id=T1 reason=wrong_number"}
    exports = {"2024-05-31": told, "2024-06-05": told | conversion, "2024-06-09": told | conversion | refund}
    exports["2024-06-15"] = exports["2024-06-09"] | {"22": told["22"].replace("22.00", "20.00")}
    exports["2024-06-20"] = {name: line for name, line in exports["2024-06-15"].items() if name != "40"}
    for day, lines in exports.items():
        transactions(settings, "2024-05", day, "\n".join(lines.values()))
    campaigns(settings, "2024-05-01", "K1,invoca,401")
    phone = "(702) 555-0101"
    invoca(
        settings,
        leg("T1", "2024-05-31", "42.00", start=START, payout="6.00", phone=phone),
        leg(
            "T2",
            "2024-06-10",
            "36.00",
            start=START,
            payout="6.00",
            phone=phone,
            corrects="T1",
            at="2024-06-10T08:00:00",
        ),
    )
    leads(settings, "2024-05-31", """
        L1 2024-05-01T12:00:00 web
        L2 2024-05-10T12:00:00 web
        L3 2024-05-19T12:00:00 web
        L0 2024-05-19T12:00:00 web phone=702-555-0102
    """)  # fmt: skip
    with built(settings) as asked:
        yield asked


def test_7_6_each_reason_has_its_cents(a_restatement: Ask) -> None:
    found = a_restatement(
        "select business_unit, reason, amount, reported, restated from revenue.rep_revenue_restatement "
        "where month = '2024-05-01' order by all"
    )
    assert found == [
        ("cbm", "correction", *dec("-6.00", "42.00", "36.00")),
        ("cpa_cpt", "conversion", *dec("145.00", "0.01", "145.01")),
        ("leads", "price_change", *dec("-2.00", "100.00", "20.00")),
        ("leads", "refund", *dec("-38.00", "100.00", "20.00")),
        ("leads", "undone", *dec("-40.00", "100.00", "20.00")),
    ]


def test_7_6_reported_142_01_is_restated_as_201_01(a_restatement: Ask) -> None:
    totals = "select sum(amount), sum(amount) filter (known_on <= '2024-06-03') from revenue.fct_revenue_entries"
    assert a_restatement(totals) == [dec("201.01", "142.01")]


def test_both_systems_tie_to_the_ledger(a_restatement: Ask) -> None:
    found = a_restatement(
        "select source_system, source_total, ledger_total, difference from revenue.rep_revenue_reconciliation "
        "where month = '2024-05-01' order by 1"
    )
    assert found == [("boberdoo", *dec("165.01", "165.01", "0")), ("invoca", *dec("36", "36", "0"))]


def test_the_call_is_shared_by_the_leads_of_its_phone(a_restatement: Ask) -> None:
    found = a_restatement(
        "select call_id, lead_id, src, revenue_equal, payout_equal from revenue.fct_call_revenue_allocations order by 2"
    )
    assert found == [("C1", name, "web", *dec("12.00", "2.00")) for name in ("L1", "L2", "L3")]


def test_a_late_correction_touches_the_months_around_it_and_nothing_of_boberdoo(tmp_path: Path) -> None:
    settings: Settings = august(tmp_path)
    campaigns(settings, "2024-03-01", "K1,invoca,401")
    for month in ("03", "04", "05", "06"):
        start = f"2024-{month}-10 15:00:00"
        invoca(settings, leg(f"T{month}", f"2024-{month}-28", "42.00", call=f"C{month}", start=start))
        transactions(settings, f"2024-{month}", f"2024-{month}-28", f"B{month} 301 standard sale 38.00 2024-{month}-04")
    run(settings, rooms=["revenue"])
    as_known = "select * from revenue.fct_revenue_entries where known_on <= '2024-06-30' order by all"
    known = ask(settings, as_known)
    assert len(known) == 8
    invoca(
        settings,
        leg(
            "T9",
            "2024-07-20",
            "40.00",
            call="C05",
            start="2024-05-10 15:00:00",
            corrects="T05",
            at="2024-07-20T08:00:00",
        ),
    )
    made: list[Build] = []
    run(settings, made.append, rooms=["revenue"])
    months = {build.table.split(".")[1]: (build.first, build.last) for build in made}
    assert {months[name] for name in ("base_invoca_transactions", "stg_invoca_transactions")} == {(MAY, MAY)}
    # A family may reach into the next month, so April looks at May; what has history goes on to the end.
    assert months["int_invoca_families"] == months["fct_revenue_entries"] == (APRIL, JUNE)
    assert {first for first, _ in months.values()} == {APRIL, MAY}
    assert not [name for name in months if "boberdoo" in name]
    assert ask(settings, as_known) == known
    late = "select month, amount, change from revenue.fct_revenue_entries where known_on > '2024-06-30'"
    assert ask(settings, late) == [(MAY, *dec("-2"), "correction")]
