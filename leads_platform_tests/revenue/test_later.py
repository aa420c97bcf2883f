"""What a late file does: which months it touches, what stays as it was known, and what is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform.warehouse.outcome import Build
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask, content_hash, run
from leads_platform_tests.revenue.files import rules, transactions

APRIL, MAY, JUNE = date(2024, 4, 1), date(2024, 5, 1), date(2024, 6, 1)
AS_KNOWN = """
    select month, business_unit, partner_id, sum(amount)
    from revenue.fct_revenue_entries where known_on <= '2024-06-03' group by all order by all
"""


def at(data: Path, day: str) -> Settings:
    """The environment on that day."""
    return environment(data, {"LEADS_PLATFORM_NOW": f"{day}T12:00:00"})


def three_months(settings: Settings) -> None:
    transactions(settings, "2024-04", "2024-04-30", "A1 301 standard sale 10.00 2024-04-04")
    transactions(settings, "2024-05", "2024-05-31", "M1 301 standard sale 38.00 2024-05-04")
    transactions(settings, "2024-06", "2024-06-30", "J1 301 standard sale 50.00 2024-06-04")


def test_a_late_refund_touches_its_own_month_and_what_counts_on_from_it(tmp_path: Path) -> None:
    settings = at(tmp_path / "data", "2024-07-02")
    three_months(settings)
    run(settings, rooms=["revenue"])
    known = ask(settings, AS_KNOWN)
    assert known == [(month, "leads", "301", Decimal(cents)) for month, cents in ((APRIL, 10), (MAY, 38))]
    transactions(settings, "2024-05", "2024-07-01", """
        M1 301 standard sale 38.00 2024-05-04
        M2 301 standard refund -38.00 2024-05-30 parent_transaction_id=M1
    """)  # fmt: skip
    built: list[Build] = []
    run(settings, built.append, rooms=["revenue"])
    months = {build.table.split(".")[1]: (build.first, build.last) for build in built}
    # The leads of April's calls may have been sold in May, and are weighed by what they were sold for.
    assert {table for table, (first, _) in months.items() if first == APRIL} == {
        "int_call_leads",
        "fct_call_revenue_allocations",
    }
    assert {first for first, _ in months.values()} == {APRIL, MAY}
    alone = {"stg_boberdoo_transactions", "base_boberdoo_transactions"}
    assert {table for table, (_, last) in months.items() if last == MAY} == alone
    assert ask(settings, AS_KNOWN) == known
    changed = "select month, reason, amount, reported, restated from revenue.rep_revenue_restatement where amount <> 0"
    assert ask(settings, changed) == [(MAY, "refund", Decimal(-38), Decimal(38), Decimal(0))]


@pytest.mark.parametrize("backwards", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_order_of_arrival_changes_nothing(tmp_path: Path, backwards: bool) -> None:
    exports = {
        "2024-05-31": "M1 301 standard sale 38.00 2024-05-04",
        "2024-06-05": "M1 302 standard sale 38.00 2024-05-04",
        "2024-06-09": "M1 301 standard sale 38.00 2024-05-04",
        "2024-06-11": "M2 301 standard sale 1.00 2024-05-04",
    }
    settings = at(tmp_path / "data", "2024-07-02")
    others = "\n".join(f"K{n} 303 drip sale 5.00 2024-05-02" for n in range(4))  # a list that loses much is held
    for day, lines in sorted(exports.items(), reverse=backwards):
        transactions(settings, "2024-05", day, f"{lines}\n{others}")
        if backwards:
            platform = run(settings, rooms=["revenue"])
    platform = run(settings, rooms=["revenue"])
    entries = "select known_on, partner_id, change, amount from revenue.fct_lead_transactions order by 1, 4 desc"
    days = [date.fromisoformat(day) for day in exports]
    assert ask(settings, entries) == [
        (days[0], "301", "first", Decimal(38)),
        (days[1], "302", "reassigned", Decimal(38)),
        (days[1], "301", "reassigned", Decimal(-38)),
        (days[2], "301", "reassigned", Decimal(38)),
        (days[2], "302", "reassigned", Decimal(-38)),
        (days[3], "301", "first", Decimal(1)),
        (days[3], "301", "undone", Decimal(-38)),
    ]
    again = content_hash(settings, platform)
    name = f"boberdoo_transactions_2024-05_as_of_{min(exports)}.csv"
    path = settings.landing / "boberdoo_transactions" / name
    path.with_name(name.replace("05-31", "06-01")).write_bytes(path.read_bytes())
    assert content_hash(settings, run(settings, rooms=["revenue"])) == again, "the same bytes under another date"


def test_a_file_dated_in_a_close_that_came_after_it_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = at(data, "2024-05-31")
    transactions(settings, "2024-04", "2024-04-30", "A1 301 standard sale 10.00 2024-04-04")
    transactions(settings, "2024-05", "2024-05-31", "M1 301 standard sale 38.00 2024-05-04")
    run(settings, rooms=["revenue"])
    settings = at(data, "2024-06-08")
    transactions(settings, "2024-05", "2024-06-02", "M1 301 standard sale 39.00 2024-05-04")
    run(settings, rooms=["revenue"])
    told = "select month from warehouse.checks where not passed and check_name like 'files_came_before%'"
    assert ask(settings, told) == [(MAY,)]


def test_a_money_file_without_a_date_is_refused_and_another_currency_is_a_file_away(tmp_path: Path) -> None:
    settings = at(tmp_path / "data", "2024-07-02")
    path = transactions(settings, "2024-05", "2024-05-31", """
        E1 301 standard sale 10.00 2024-05-04 currency=EUR
        U1 301 standard sale 20.00 2024-05-04
    """)  # fmt: skip
    path.with_name("boberdoo_transactions_2024-04.csv").write_bytes(path.read_bytes())
    run(settings, rooms=["revenue"])
    total = "select sum(amount) from revenue.fct_revenue_entries"
    assert ask(settings, total) == [(Decimal(20),)]
    rules(settings, "2024-06-20", "currency,eur")
    run(settings, rooms=["revenue"])
    assert ask(settings, total) == [(Decimal(10),)]
    assert ask(settings, "select verdict from arrivals.files where file_name like '%2024-04.csv'") == [("refused",)]


def test_7_9_a_row_of_one_month_s_export_may_be_of_the_next(tmp_path: Path) -> None:
    """May's export by the source's clock holds its last evening, which is June's by the platform's; it is not refused.

    Where June's export holds the row, too, both count, and that is told (ruling 37).
    """
    settings = at(tmp_path / "data", "2024-07-02")
    transactions(settings, "2024-05", "2024-06-01", """
        M1 301 standard sale 38.00 2024-05-31T22:30:00
        M2 301 standard sale 40.00 2024-05-31T22:30:00-07:00
        M3 301 standard sale 22.00 2024-06-01T05:30:00Z
    """)  # fmt: skip
    transactions(settings, "2024-06", "2024-06-30", "M3 301 standard sale 22.00 2024-06-01T05:30:00Z")
    run(settings, rooms=["revenue"])
    months = "select month, transaction_id, happened_at::varchar from revenue.fct_revenue_entries order by all"
    assert ask(settings, months) == [
        (MAY, "M1", "2024-05-31 22:30:00"),
        (JUNE, "M2", "2024-06-01 05:30:00"),
        (JUNE, "M3", "2024-06-01 05:30:00"),
        (JUNE, "M3", "2024-06-01 05:30:00"),
    ]
    told = "select month, bad_rows from warehouse.checks where check_name = 'transactions_stand_in_one_export'"
    assert sorted(ask(settings, f"{told} and not passed")) == [(JUNE, 2)]
