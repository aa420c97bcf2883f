"""Tables of prospects, one by one: a few rows in, the rows out, counted by hand."""

from datetime import date

import pytest

from leads_platform.warehouse import sql
from leads_platform_tests.rows import NoFeeds, bad_rows_of, rows_of

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)
BEFORE = {"month": JAN, "source_name": "nv_licensing", "first_received_month": JAN, "in_latest_file": True}
NOW = {"source_name": "nv_licensing", "first_received_month": FEB}


def test_a_listing_tells_what_changed_since_the_supplier_s_list_before() -> None:
    found = rows_of(
        "prospects.int_lead_listings",
        FEB,
        int_lead_listings=[
            {**BEFORE, "phone_address_key": "gone"},
            {**BEFORE, "phone_address_key": "kept", "lead_hash": "a"},
            {**BEFORE, "phone_address_key": "old", "source_id": "7", "phone_key": "1", "address_key": "OAK"},
            {**BEFORE, "phone_address_key": "other", "source_name": "tx_licensing"},
        ],
        stg_leads_nv_licensing=[
            {**NOW, "phone_address_key": "kept", "lead_hash": "b", "first_received_month": JAN},
            {**NOW, "phone_address_key": "new", "source_id": "7", "phone_key": "1", "address_key": "ELM"},
        ],
    )
    told = {
        row["phone_address_key"]: {
            name
            for name in ("in_latest_file", "listed_this_month", "changed_since_last_file", "gone_since_last_file",
                         "has_moved", "has_new_phone")
            if row[name]
        }
        for row in found
    }  # fmt: skip
    assert told == {
        "gone": {"gone_since_last_file"},
        "kept": {"in_latest_file", "listed_this_month", "changed_since_last_file"},
        "new": {"in_latest_file", "listed_this_month", "has_moved"},
        "old": {"gone_since_last_file"},
        "other": {"in_latest_file"},  # its supplier sent no list
    }
    assert {row["phone_address_key"]: row["replaces_key"] for row in found if row["replaces_key"]} == {"new": "old"}


def test_a_known_licence_is_known_again_without_its_phone_and_after_a_gap() -> None:
    """A licence that gains a phone, loses one, or is missing from a list in between, is no new licence."""
    once = {**BEFORE, "in_latest_file": False}
    at = {"phone_key": "1", "address_key": "OAK"}
    found = rows_of(
        "prospects.int_lead_listings",
        FEB,
        int_lead_listings=[
            {**BEFORE, "phone_address_key": "without phone", "source_id": "1", "address_key": "OAK"},
            {**BEFORE, "phone_address_key": "with phone", "source_id": "2", **at},
            {**once, "phone_address_key": "long ago", "source_id": "3", "last_received_file_date": "2023-11-05", **at},
            {**once, "phone_address_key": "last seen", "source_id": "3", "last_received_file_date": "2023-12-05", **at},
            {**BEFORE, "phone_address_key": "of another", "source_id": "4", "source_name": "tx_licensing", **at},
        ],
        stg_leads_nv_licensing=[
            {**NOW, "phone_address_key": "a", "source_id": "1", **at},
            {**NOW, "phone_address_key": "b", "source_id": "2", "address_key": "OAK"},
            {**NOW, "phone_address_key": "c", "source_id": "3", "phone_key": "2", "address_key": "ELM"},
            {**NOW, "phone_address_key": "d", "source_id": "4", **at},
            {**NOW, "phone_address_key": "e", **at},
        ],
    )
    told = {row["phone_address_key"]: (row["replaces_key"], row["has_moved"], row["has_new_phone"]) for row in found}
    assert {key: told[key] for key in "abcde"} == {
        "a": ("without phone", False, True),
        "b": ("with phone", False, True),
        "c": ("last seen", True, True),
        "d": (None, False, False),  # numbers are a supplier's own
        "e": (None, False, False),
    }


def test_a_lead_is_net_new_for_good_or_never() -> None:
    lead = {"source_name": "nv_licensing", "first_received_month": FEB, "first_received_file_date": "2024-02-10"}
    never = {"month": JAN, "phone_address_key": "never was", "was_net_new": False}
    known = {"source_name": "nv_licensing", "first_received_month": JAN, "first_received_file_date": "2024-01-10"}
    found = rows_of(
        "prospects.dim_prospective_leads_source_level",
        FEB,
        int_lead_listings=[
            {**lead, "phone_address_key": "in Salesforce before", "phone_key": "1"},
            {**lead, "phone_address_key": "in Salesforce since", "phone_key": "2"},
            {**lead, "phone_address_key": "of two suppliers"},
            {**known, "phone_address_key": "of two suppliers", "source_name": "tx_licensing"},
            {**known, "phone_address_key": "never was", "phone_key": "3"},
        ],
        dim_prospective_leads_source_level=[{**known, **never}],
        int_salesforce_phones=[
            {"phone_key": "1", "first_created_at": "2024-02-09 23:00:00", "salesforce_lead_id": "a"},
            {"phone_key": "2", "first_created_at": "2024-02-10 01:00:00", "salesforce_lead_id": "b"},
        ],
        dim_salesforce_leads=[{"salesforce_lead_id": "a"}],
    )
    assert {(row["phone_address_key"], row["source_name"][:2]): row["was_net_new"] for row in found} == {
        ("in Salesforce before", "nv"): False,
        ("in Salesforce since", "nv"): True,
        ("of two suppliers", "nv"): False,
        ("of two suppliers", "tx"): True,
        ("never was", "nv"): False,
    }
    assert {row["phone_address_key"] for row in found if row["is_new_prospective_lead"]} == {
        "of two suppliers",
        "never was",
    }


LISTED = [{"phone_address_key": "a", "source_name": "nv"}, {"phone_address_key": "b", "source_name": "nv"}]


@pytest.mark.parametrize(
    ("address", "audit", "row", "reads"),
    [
        (
            "prospects.dim_prospective_leads",
            "leads_reconcile",
            {},
            {"dim_prospective_leads_source_level": [*LISTED, LISTED[0]]},  # one of two suppliers
        ),
        (
            "prospects.dim_prospective_leads_source_level",
            "leads_reconcile",
            {"source_name": "nv"},
            {"int_lead_listings": LISTED},
        ),
        ("prospects.fct_lead_files", "files_reconcile", {"distinct_leads": 1}, {"stg_leads_nv_licensing": LISTED}),
        (
            "prospects.rep_net_new_leads",
            "files_agree",
            {"source_name": "nv", "net_new_leads": 1},
            {"fct_lead_files": [{"source_name": "nv", "net_new_leads": 2}]},
        ),
        (
            "prospects.stg_salesforce_leads",
            "records_reconcile",
            {"records_in_file": 1},
            {"base_salesforce_leads": [{}, {}]},
        ),
    ],
)
def test_a_lead_that_is_missing_is_told_as_expected_and_found(
    address: str, audit: str, row: dict[str, object], reads: dict[str, list[dict[str, object]]]
) -> None:
    name = address.split(".")[1]
    (bad,) = bad_rows_of(address, audit, JAN, **{name: [row]}, **reads)
    assert (bad["month"], bad["expected"], bad["found"]) == (JAN, 2, 1)
    assert bad_rows_of(address, audit, JAN, **{name: [row, row]}, **reads) == []


@pytest.mark.parametrize(("erased", "bad"), [(0, 1), (1, 0), (2, 1)])
def test_a_file_s_records_are_loaded_quarantined_or_erased(
    erased: int, bad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"source_name": "nv", "file_sha256": "ab", "records": 4, "loaded": 2, "quarantined": 1}
    told = f"select {sql.literal(JAN)} as month, 'nv' as feed, 'ab' as sha256, {erased} as erased"
    monkeypatch.setattr(NoFeeds, "relation", lambda self, feed, first, last: told)
    assert len(bad_rows_of("prospects.fct_lead_files", "records_reconcile", JAN, fct_lead_files=[row])) == bad
