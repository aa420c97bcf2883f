"""The sample's known truth equals the room's tables: facts and reports in every column, the dimensions in most.

Reports that repeat records as delivered are told in part or not yet (leads_platform_tests/sample_truth.py).
"""

from __future__ import annotations

from datetime import date

import pytest

from leads_platform.prospects.sample.calendar import SUPPLIERS
from leads_platform.prospects.sample.truth import prospects_truth
from leads_platform.sample import Sample
from leads_platform.settings import Settings
from leads_platform_tests.pins import contracts_of, pinned, tables_of
from leads_platform_tests.sample_truth import Truth, assert_as_told, facts_and_reports

DIMENSIONS = ("dim_salesforce_leads", "dim_prospective_leads", "dim_prospective_leads_source_level")
NEWEST = date(2024, 6, 1)


@pytest.fixture(scope="module")
def truth(built_sample: tuple[Settings, Sample]) -> Truth:
    settings, sample = built_sample
    return prospects_truth(sample.world, settings.landing)


@pytest.mark.parametrize("table", [*facts_and_reports("prospects"), *DIMENSIONS])
def test_every_row_is_as_told(table: str, built_sample: tuple[Settings, Sample], truth: Truth) -> None:
    assert_as_told(built_sample[0], f"prospects.{table}", truth)


def test_every_count_of_a_file_happens_with_every_supplier(truth: Truth) -> None:
    counts = {name for name, value in truth["fct_lead_files"][0].items() if isinstance(value, int)} - {"quarantined"}
    for supplier in SUPPLIERS:
        files = [row for row in truth["fct_lead_files"] if row["source_name"] == supplier]
        assert [name for name in counts if not sum(row[name] for row in files)] == []
    assert sum(row["quarantined"] for row in truth["fct_lead_files"]) == 1


def test_what_let_wrong_code_pass_unseen_is_there(truth: Truth) -> None:
    """Each of these was in no file of the sample, and mutated selects passed."""
    leads = truth["dim_prospective_leads_source_level"]
    listed = {(row["month"], row["source_name"], row["source_id"]) for row in leads if row["listed_this_month"]}
    before = {date(2024, month, 1): date(2024, month - 1, 1) for month in range(2, 7)}
    moved = [(row["month"], row["source_name"], row["source_id"]) for row in leads if row["has_moved"]]
    assert any((before[month], *number) not in listed for month, *number in moved), "vanishes and comes back elsewhere"
    known = [row for row in truth["dim_salesforce_leads"] if row["month"] == NEWEST]
    assert any(row["phone_key"] and row["phone_key"] == row["mobile_phone_key"] for row in known)
    assert any(
        row["license_expires_on"] == row["last_received_file_date"] and row["license_expired_at_file_date"] is False
        for row in leads
    )
    assert any(row["has_new_phone"] for row in leads)
    assert {len(row["sources"]) for row in truth["dim_prospective_leads"]} == {1, 2, 3}
    assert any(len(row["salesforce_lead_ids"] or ()) > 1 for row in leads)
    assert {row["in_latest_file"] for row in known} == {True, False}
    assert {row["is_deleted"] for row in known} == {row["is_converted"] for row in known} == {True, False}


def test_every_table_is_as_pinned(built_sample: tuple[Settings, Sample]) -> None:
    """A change that should leave rows alone did so; one that changes a table's rows pins it anew, by name."""
    assert tables_of(built_sample[0]) == pinned("sample")


def test_every_contract_is_as_pinned(built_sample: tuple[Settings, Sample]) -> None:
    assert contracts_of(built_sample[0]) == pinned("contracts")
