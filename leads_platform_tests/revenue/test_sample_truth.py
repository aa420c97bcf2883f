"""The sample's known truth equals the room's tables to the cent: each fact and report in every column."""

from __future__ import annotations

from datetime import date

import pytest

from leads_platform.revenue.sample.truth import TABLES, revenue_truth
from leads_platform.sample import Sample
from leads_platform.settings import Settings
from leads_platform_tests.helpers import ask
from leads_platform_tests.sample_truth import Truth, assert_as_told, facts_and_reports

NEWEST = date(2024, 6, 1)


@pytest.fixture(scope="module")
def truth(built_sample: tuple[Settings, Sample]) -> Truth:
    return revenue_truth(built_sample[1].world)


@pytest.mark.parametrize("table", [*facts_and_reports("revenue"), "dim_month_closes"])
def test_every_row_is_as_told(table: str, built_sample: tuple[Settings, Sample], truth: Truth) -> None:
    assert_as_told(built_sample[0], f"revenue.{table}", truth)


def test_what_let_wrong_code_pass_unseen_is_there(truth: Truth) -> None:
    entries = truth["fct_revenue_entries"]
    assert {row["change"] for row in entries} >= {"first", "price_change", "undone", "reassigned"}
    kinds = {"sale", "refund", "refund_reversal", "adjustment", "conversion", "chargeback", "fee", "credit"}
    assert {row["entry_kind"] for row in entries} == kinds
    assert {row["business_unit"] for row in entries} == set(TABLES)
    assert any(row["sale_month"] < row["month"] for row in entries), "a refund in a later month"
    assert any(row["amount"] == row["amount"].to_integral_value() for row in entries)
    reasons = {row["reason"] for row in truth["rep_revenue_restatement"]}
    assert reasons >= {"unchanged", "price_change", "undone", "reassigned"}
    assert any(row["prior_period_adjustment"] for row in truth["rep_revenue_booked"])
    assert {row["by"] for row in truth["dim_month_closes"]} == {"closes", "default"}


def test_the_slips_are_told_and_none_of_them_in_the_newest_month(built_sample: tuple[Settings, Sample]) -> None:
    found = ask(
        built_sample[0],
        "select distinct check_name, month from warehouse.checks where not passed and table_name like 'revenue.%'",
    )
    assert {name for name, _ in found} >= {
        "events_and_deals_are_known",
        "currency_is_ours",
        "amounts_are_whole_cents",
        "amounts_are_given",
        "refunds_are_negative",
        "sales_are_known",
        "refunds_are_within_their_sale",
    }
    assert NEWEST not in {month for _, month in found}
