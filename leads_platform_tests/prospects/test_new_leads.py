"""Net-new leads by what they are, and what changed about known ones: a few rows in, the rows out, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leads_platform_tests.rows import Row, bad_rows_of, rows_of

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)
ALL, NV, TX = "all suppliers", "nv_licensing", "tx_licensing"
OAK = {"phone_key": "7025550101", "phone_raw": "702-555-0101", "phone_e164": "+17025550101", "phone_is_valid": True,
       "street": "12 OAK ST", "city": "RENO", "state": "NV", "postal_code": "89501"}  # fmt: skip


def lead(key: str, supplier: str = NV, **more: object) -> Row:
    """A lead that this supplier brought first this month, and nobody before: a new licence with a valid phone."""
    return {
        "phone_address_key": key, "source_name": supplier, "was_net_new": True, "first_received_month": FEB,
        "lead_first_received_month": FEB, "is_first_received_lead": True, "listed_this_month": True,
        "has_moved": False, "has_new_phone": False, **OAK, **more,
    }  # fmt: skip


FORMER: Row = {**OAK, "source_name": NV, "was_net_new": True, "first_received_month": JAN, "listed_this_month": False}
# Eight sites. Nevada brings seven of them: one as Texas does, one again, one that Salesforce knew.
LEADS = (
    lead("of two", license_expired_at_file_date=True),
    lead("of two", TX, is_first_received_lead=False, license_expired_at_file_date=False),
    lead("moved", has_moved=True, replaces_key="old site"),
    lead("new phone", has_new_phone=True, replaces_key="old number", license_expired_at_file_date=True),
    lead("both", has_moved=True, has_new_phone=True, replaces_key="old both", email="a@example.org",
         phone_is_valid=False, phone_e164=None),
    lead("no phone", email="n/a", phone_key=None, phone_raw=None, phone_e164=None, phone_is_valid=None),
    lead("again", first_received_month=JAN, lead_first_received_month=JAN),
    lead("in Salesforce", was_net_new=False),
    lead("of Texas", TX),
    {**FORMER, "phone_address_key": "old site", "street": "9 ASH RD"},
    {**FORMER, "phone_address_key": "old number", "phone_raw": "12", "phone_e164": None, "phone_is_valid": False},
    {**FORMER, "phone_address_key": "old both", "street": None, "city": None, "state": None, "postal_code": None},
)  # fmt: skip
NET_NEW = {"of two", "moved", "new phone", "both", "no phone", "of Texas"}


def staged(lead: Row, line: int) -> Row:
    names = ("phone_address_key", "source_name", "email", *OAK)
    return {"file_name": f"{lead['source_name']}.csv", "line": line, **{name: lead.get(name) for name in names}}


def new_leads(*leads: Row) -> dict[str, dict[str, Any]]:
    """The rows of rep_new_leads by lead; a lead stands in its file in the line of its place here, from 2."""
    listed = [staged(row, line) for line, row in enumerate(leads, start=2) if row["listed_this_month"]]
    found = rows_of(
        "prospects.rep_new_leads",
        FEB,
        dim_prospective_leads_source_level=leads,
        stg_leads_nv_licensing=[row for row in listed if row["source_name"] == NV],
        stg_leads_tx_licensing=[row for row in listed if row["source_name"] == TX],
    )
    return {row["phone_address_key"]: row for row in found}


def test_the_list_tells_each_net_new_lead_once_and_what_it_is() -> None:
    found = new_leads(*LEADS)
    assert found.keys() == NET_NEW  # not the one listed again, nor the one in Salesforce
    flags = ("is_new_licence", "has_moved", "has_new_phone", "license_expired_at_file_date", "without_contact")
    assert {key: {name for name in flags if row[name]} for key, row in found.items()} == {
        "of two": {"is_new_licence", "license_expired_at_file_date"},
        "moved": {"has_moved"},
        "new phone": {"has_new_phone", "license_expired_at_file_date"},
        "both": {"has_moved", "has_new_phone"},  # its phone is not valid, but it has an e-mail
        "no phone": {"is_new_licence", "without_contact"},  # what is no address is no way to reach anybody
        "of Texas": {"is_new_licence"},
    }
    assert {key: (row["source_name"], row["line"], row["suppliers"]) for key, row in found.items()} == {
        "of two": (NV, 2, [NV, TX]),
        "moved": (NV, 4, [NV]),
        "new phone": (NV, 5, [NV]),
        "both": (NV, 6, [NV]),
        "no phone": (NV, 7, [NV]),
        "of Texas": (TX, 10, [TX]),
    }
    assert {key: (row["replaces_key"], row["former_phone"], row["former_address"])
            for key, row in found.items() if not row["is_new_licence"]} == {
        "moved": ("old site", "+17025550101", "9 ASH RD, RENO, NV 89501"),
        "new phone": ("old number", "12", "12 OAK ST, RENO, NV 89501"),
        "both": ("old both", "+17025550101", None),
    }  # fmt: skip


def test_a_licence_that_one_of_two_suppliers_knew_is_no_new_one() -> None:
    (found,) = new_leads(
        lead("site"),
        lead("site", TX, is_first_received_lead=False, has_moved=True, replaces_key="old site"),
        {**FORMER, "source_name": TX, "phone_address_key": "old site"},
        {**FORMER, "phone_address_key": "old site", "phone_e164": "+17025550199"},  # Nevada's word on it is not asked
    ).values()
    assert (found["source_name"], found["is_new_licence"], found["has_moved"]) == (NV, False, True)
    assert (found["replaces_key"], found["former_phone"]) == ("old site", "+17025550101")


def test_a_lead_that_the_second_supplier_brought_after_salesforce_is_the_first_one_s_alone() -> None:
    (found,) = new_leads(lead("site"), lead("site", TX, is_first_received_lead=False, was_net_new=False)).values()
    assert (found["source_name"], found["suppliers"]) == (NV, [NV])


def test_net_new_leads_are_counted_by_what_they_are() -> None:
    counted = rows_of(
        "prospects.int_net_new_leads",
        FEB,
        dim_prospective_leads_source_level=LEADS,
        rep_new_leads=new_leads(*LEADS).values(),
    )
    names = ("net_new_leads", "new_licences", "moved", "new_phone", "without_valid_phone", "expired_licence")
    told = {row["source_name"]: tuple(row[name] for name in names) for row in counted}
    assert told == {ALL: (6, 3, 2, 2, 2, 2), NV: (5, 2, 2, 2, 2, 2), TX: (2, 2, 0, 0, 0, 0)}
    report = rows_of(
        "prospects.rep_net_new_leads",
        FEB,
        dim_prospective_leads_source_level=[*LEADS, {**FORMER, "phone_address_key": "x", "source_name": "ok"}],
        int_net_new_leads=counted,
    )
    assert {row["source_name"]: tuple(row[name] for name in names) for row in report} == {**told, "ok": (0,) * 6}
    salesforce = {row["source_name"]: row["already_in_salesforce_leads"] for row in report}
    assert salesforce == {ALL: 1, NV: 1, TX: 0, "ok": 0}


def test_new_licences_and_those_that_moved_or_changed_are_all() -> None:
    kinds = {"two both": (2, 3, 2), "none both": (2, 2, 1), "too many new": (3, 3, 2), "too few new": (1, 2, 1)}
    rows = [
        {"source_name": name, "net_new_leads": 5, "new_licences": new, "moved": moved, "new_phone": phone}
        for name, (new, moved, phone) in kinds.items()
    ]
    bad = bad_rows_of("prospects.int_net_new_leads", "kinds_reconcile", FEB, int_net_new_leads=rows)
    assert sorted(row["source_name"] for row in bad) == ["too few new", "too many new"]


def listing(key: str, month: date, **more: object) -> Row:
    return {
        **OAK, "phone_address_key": key, "source_name": NV, "month": month, "address_key": "OAK", "source_id": key,
        "lead_hash": f"{key} of {month}", "in_latest_file": True, "listed_this_month": True,
        "last_received_file_name": f"nv_{month}.csv", "last_received_file_date": month, **more,
    }  # fmt: skip


def test_what_changed_about_known_leads_is_told_by_field() -> None:
    found = rows_of(
        "prospects.rep_lead_changes",
        FEB,
        int_lead_listings=[
            listing("as before", JAN, lead_hash="same"),
            listing("as before", FEB, lead_hash="same"),
            listing("fields", JAN, contact_name="Ann", capacity=12, license_expires_on="2024-01-31"),
            listing("fields", FEB, contact_name="Bo", capacity=12, license_expires_on="2025-01-31", email="b@a.org"),
            listing("style", JAN),
            listing("style", FEB, phone_raw="(702) 555-0101", street="12 Oak Street"),
            listing("old site", JAN, source_id="7"),
            listing("old site", FEB, source_id="7", listed_this_month=False, in_latest_file=False),  # gone
            listing("moved", FEB, source_id="7", replaces_key="old site", address_key="ELM", street="7 ELM AVE"),
            listing("old both", JAN, source_id="8"),
            listing("both", FEB, source_id="8", replaces_key="old both", address_key="ELM", street="7 ELM AVE",
                    phone_key="7025550102", phone_raw="702-555-0102"),
            listing("back", JAN, company_name="ACORN", listed_this_month=False, in_latest_file=False),
            listing("back", FEB, company_name="ACORN HOUSE"),
            listing("new", FEB),
            listing("fields", JAN, source_name=TX),
            listing("fields", FEB, source_name=TX, listed_this_month=False),  # Texas sent no list
        ],
    )  # fmt: skip
    phones, places = ("702-555-0101", "702-555-0102"), ("12 OAK ST, RENO, NV 89501", "7 ELM AVE, RENO, NV 89501")
    assert [(row["phone_address_key"], row["field"], row["before"], row["now"], row["replaces_key"]) for row in found
            ] == [
        ("back", "company_name", "ACORN", "ACORN HOUSE", None),
        ("both", "address", *places, "old both"),
        ("both", "phone", *phones, "old both"),
        ("fields", "contact_name", "Ann", "Bo", None),
        ("fields", "email", None, "b@a.org", None),
        ("fields", "license_expires_on", "2024-01-31", "2025-01-31", None),
        ("moved", "address", *places, "old site"),
        ("style", "other", None, None, None),
    ]  # fmt: skip
    assert [row["phone_address_key"] for row in found if row["was_gone"]] == ["back"]
    assert {(row["source_name"], row["since_file_name"], row["since_file_date"]) for row in found} == {
        (NV, "nv_2024-02-01.csv", FEB)
    }


def test_the_first_month_changes_nothing() -> None:
    assert rows_of("prospects.rep_lead_changes", JAN, int_lead_listings=[listing("a", JAN), listing("a", FEB)]) == []


TOLD: Row = {"phone_address_key": "a", "source_name": NV, "was_gone": False}
MOVED: Row = {**TOLD, "replaces_key": "old", "field": "address"}
PHONE: Row = {**TOLD, "replaces_key": "old", "field": "phone"}


@pytest.mark.parametrize(
    ("address", "audit", "enough", "reads"),
    [
        (
            "rep_new_leads",
            "leads_reconcile",
            [{"phone_address_key": "a"}, {"phone_address_key": "b"}],
            {"dim_prospective_leads": [
                {"phone_address_key": "a", "was_net_new": True, "first_received_month": FEB},
                {"phone_address_key": "b", "was_net_new": True, "first_received_month": FEB},
                {"phone_address_key": "c", "was_net_new": True, "first_received_month": JAN},
                {"phone_address_key": "d", "was_net_new": False, "first_received_month": FEB},
            ]},
        ),
        (
            "rep_lead_changes",
            "changed_leads_are_told",
            [TOLD, {**TOLD, "phone_address_key": "b"}],
            {"fct_lead_files": [{"source_name": NV, "changed_leads": 2}]},
        ),
        (
            "rep_lead_changes",
            "moved_leads_are_told",
            [MOVED, {**MOVED, "phone_address_key": "b"}],
            {"fct_lead_files": [{"source_name": NV, "moved_leads": 1}, {"source_name": NV, "moved_leads": 1}]},
        ),
        (
            "rep_lead_changes",
            "new_phone_leads_are_told",
            [PHONE, {**PHONE, "phone_address_key": "b"}],
            {"fct_lead_files": [{"source_name": NV, "new_phone_leads": 2}]},
        ),
    ],
)  # fmt: skip
def test_a_lead_that_another_table_counts_and_this_one_lacks_is_told(
    address: str, audit: str, enough: list[Row], reads: dict[str, list[Row]]
) -> None:
    assert bad_rows_of(f"prospects.{address}", audit, FEB, **{address: enough}, **reads) == []
    (bad,) = bad_rows_of(f"prospects.{address}", audit, FEB, **{address: enough[:1]}, **reads)
    assert (bad["month"], bad["expected"], bad["found"]) == (FEB, 2, 1)
    more = [*enough, {**enough[0], "phone_address_key": "c"}]
    (bad,) = bad_rows_of(f"prospects.{address}", audit, FEB, **{address: more}, **reads)
    assert (bad["expected"], bad["found"]) == (2, 3)


def test_a_lead_counts_once_for_all_and_once_for_each_supplier() -> None:
    listed = [{"phone_address_key": "a", "suppliers": [NV, TX]}, {"phone_address_key": "b", "suppliers": [NV]}]

    def bad(of_all: int) -> list[dict[str, Any]]:
        counts = [{"source_name": name, "net_new_leads": n} for name, n in ((ALL, of_all), (NV, 2), (TX, 1))]
        return bad_rows_of(
            "prospects.int_net_new_leads", "leads_are_listed", FEB, int_net_new_leads=counts, rep_new_leads=listed
        )

    assert bad(2) == []
    assert [(row["expected"], row["found"]) for row in bad(3)] == [(5, 6)]


def test_a_known_licence_told_as_new_is_told() -> None:
    rows = [
        {"phone_address_key": "new", "is_new_licence": True},
        {"phone_address_key": "moved", "is_new_licence": False, "replaces_key": "old"},
        {"phone_address_key": "a", "is_new_licence": True, "replaces_key": "old"},
        {"phone_address_key": "b", "is_new_licence": False},
    ]
    bad = bad_rows_of("prospects.rep_new_leads", "known_licences_are_told", FEB, rep_new_leads=rows)
    assert sorted(row["phone_address_key"] for row in bad) == ["a", "b"]
