"""Three months of a few leads, small enough to work every expected number out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.helpers import (
    NV_HEADER,
    SALESFORCE_HEADER,
    TX_HEADER,
    ask,
    drop,
    nv,
    run,
    salesforce,
    tx,
)

JAN, FEB, MAR = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
A_PHONE, B_PHONE, C_PHONE, D_PHONE = "702-555-0101", "702-555-0102", "702-555-0103", "702-555-0104"


@pytest.fixture
def three_months(settings: Settings) -> Settings:
    """A in both lists from January; B known to Salesforce before; C moves in March; D new in February by Texas.

    January: Nevada A, B, C; Texas A, written otherwise. February: Nevada A, B, C; Texas A, D. March: Nevada A
    (licence changed), C at a new address; Texas delivers nothing. Salesforce: January export knows B (created 2023)
    by mobile; February's knows D too, created after February's file.
    """
    drop(settings, "nv_licensing", "nv_2024-01-05.csv", NV_HEADER, [
        nv("1", A_PHONE, "12 N. OAK ST RENO, NV 89501"),
        nv("2", B_PHONE, "7 ELM AVE RENO, NV 89502"),
        nv("3", C_PHONE, "9 ASH RD RENO, NV 89503"),
    ])  # fmt: skip
    drop(settings, "tx_licensing", "tx_2024-01-20.csv", TX_HEADER, [
        tx("900", "+1 (702) 555-0101", "12 North Oak Street", "Reno", "NV", "89501"),
    ])  # fmt: skip
    drop(settings, "salesforce_leads", "sf_2024-01-31.csv", SALESFORCE_HEADER, [
        salesforce("B1", "1234567890", "(702) 555-0102", created="2023-06-01 6:35:38"),
    ])  # fmt: skip
    drop(settings, "nv_licensing", "nv_2024-02-05.csv", NV_HEADER, [
        nv("1", A_PHONE, "12 N. OAK ST RENO, NV 89501"),
        nv("2", B_PHONE, "7 ELM AVE RENO, NV 89502"),
        nv("3", C_PHONE, "9 ASH RD RENO, NV 89503"),
    ])  # fmt: skip
    drop(settings, "tx_licensing", "tx_2024-02-20.csv", TX_HEADER, [
        tx("900", A_PHONE, "12 North Oak Street", "Reno", "NV", "89501"),
        tx("901", D_PHONE, "1 PINE LN", "Reno", "NV", "89504"),
    ])  # fmt: skip
    drop(settings, "salesforce_leads", "sf_2024-02-29.csv", SALESFORCE_HEADER, [
        salesforce("B1", "1234567890", "(702) 555-0102", created="2023-06-01 6:35:38"),
        salesforce("D1", "702.555.0104", created="2024-02-21 9:00:00"),
    ])  # fmt: skip
    drop(settings, "nv_licensing", "nv_2024-03-05.csv", NV_HEADER, [
        nv("1", A_PHONE, "12 N. OAK ST RENO, NV 89501", expires="1/31/24"),
        nv("3", C_PHONE, "500 CEDAR BLVD RENO, NV 89503"),
    ])  # fmt: skip
    run(settings)
    return settings


def test_net_new(three_months: Settings) -> None:
    told = ask(three_months, """
        select month, source_name, files, leads_in_files, net_new_leads, already_known_leads,
            already_in_salesforce_leads, still_new_leads
        from prospects.rep_net_new_leads
        order by month, source_name
    """)  # fmt: skip
    assert told == [
        (
            JAN,
            "all suppliers",
            2,
            3,
            2,
            0,
            1,
            2,
        ),  # A once, though both suppliers brought it; C; B is in Salesforce
        (JAN, "nv_licensing", 1, 3, 2, 0, 1, 2),
        (JAN, "tx_licensing", 1, 1, 1, 0, 0, 1),
        (FEB, "all suppliers", 2, 4, 1, 3, 0, 0),  # D is net-new, and in Salesforce by the month's end
        (FEB, "nv_licensing", 1, 3, 0, 3, 0, 0),
        (FEB, "tx_licensing", 1, 2, 1, 1, 0, 0),
        (MAR, "all suppliers", 1, 2, 1, 1, 0, 1),  # C at its new address is a new site
        (MAR, "nv_licensing", 1, 2, 1, 1, 0, 1),
        (MAR, "tx_licensing", 0, 0, 0, 0, 0, 0),
    ]


def test_the_list_of_prospects_in_march(three_months: Settings) -> None:
    told = ask(three_months, f"""
        select phone_key, street, first_received_file_date, first_received_from_source, sources, in_latest_file,
            is_new_prospective_lead, was_net_new, created_in_salesforce_date
        from prospects.dim_prospective_leads
        where month = date '{MAR}'
        order by phone_key, street
    """)  # fmt: skip
    five, twenty = date(2024, 1, 5), date(2024, 2, 20)
    assert told == [
        (
            "7025550101",
            "12 N. OAK ST",
            five,
            "nv_licensing",
            ["nv_licensing", "tx_licensing"],
            True,
            True,
            True,
            None,
        ),
        (
            "7025550102",
            "7 ELM AVE",
            five,
            "nv_licensing",
            ["nv_licensing"],
            False,
            False,
            False,
            date(2023, 6, 1),
        ),
        (
            "7025550103",
            "500 CEDAR BLVD",
            date(2024, 3, 5),
            "nv_licensing",
            ["nv_licensing"],
            True,
            True,
            True,
            None,
        ),
        ("7025550103", "9 ASH RD", five, "nv_licensing", ["nv_licensing"], False, True, True, None),
        (
            "7025550104",
            "1 PINE LN",
            twenty,
            "tx_licensing",
            ["tx_licensing"],
            True,
            False,
            True,
            date(2024, 2, 21),
        ),
    ]


def test_what_changed_in_march(three_months: Settings) -> None:
    told = ask(three_months, f"""
        select source_id, street, changed_since_last_file, gone_since_last_file, has_moved, license_expired_at_file_date
        from prospects.dim_prospective_leads_source_level
        where month = date '{MAR}' and source_name = 'nv_licensing'
        order by source_id, street
    """)  # fmt: skip
    assert told == [
        ("1", "12 N. OAK ST", True, False, False, True),
        ("2", "7 ELM AVE", False, True, False, False),
        ("3", "500 CEDAR BLVD", False, False, True, False),
        ("3", "9 ASH RD", False, True, False, False),
    ]


def test_the_net_new_leads_one_by_one(three_months: Settings) -> None:
    told = ask(three_months, """
        select month, source_name, source_id, contact_name, phone_e164, street, file_name, line, suppliers,
            is_new_licence, license_expired_at_file_date, without_contact, former_address
        from prospects.rep_new_leads
        order by month, source_id
    """)  # fmt: skip
    january, both = "nv_2024-01-05.csv", ["nv_licensing", "tx_licensing"]
    assert told == [
        (JAN, "nv_licensing", "1", "ANN LEE", "+17025550101", "12 N. OAK ST", january, 2, both,
         True, False, False, None),
        (JAN, "nv_licensing", "3", "ANN LEE", "+17025550103", "9 ASH RD", january, 4, both[:1],
         True, False, False, None),
        (FEB, "tx_licensing", "901", None, "+17025550104", "1 PINE LN", "tx_2024-02-20.csv", 3, both[1:],
         True, None, False, None),
        (MAR, "nv_licensing", "3", "ANN LEE", "+17025550103", "500 CEDAR BLVD", "nv_2024-03-05.csv", 3, both[:1],
         False, False, False, "9 ASH RD, RENO, NV 89503"),
    ]  # fmt: skip


def test_what_changed_about_known_leads(three_months: Settings) -> None:
    """Texas writes A's phone otherwise; A's licence has another last day, C has moved; that B is gone is no field."""
    told = ask(three_months, """
        select month, source_name, field, before, now, replaces_key is not null, was_gone, since_file_name
        from prospects.rep_lead_changes
        order by all
    """)  # fmt: skip
    assert told == [
        (FEB, "tx_licensing", "other", None, None, False, False, "tx_2024-02-20.csv"),
        (MAR, "nv_licensing", "address", "9 ASH RD, RENO, NV 89503", "500 CEDAR BLVD, RENO, NV 89503", True, False,
         "nv_2024-03-05.csv"),
        (MAR, "nv_licensing", "license_expires_on", "2030-12-31", "2024-01-31", False, False, "nv_2024-03-05.csv"),
    ]  # fmt: skip


def test_the_first_supplier_of_a_lead_is_marked_once(three_months: Settings) -> None:
    told = ask(three_months, f"""
        select source_name, is_first_received_lead
        from prospects.dim_prospective_leads_source_level
        where month = date '{JAN}' and phone_key = '7025550101'
        order by source_name
    """)  # fmt: skip
    assert told == [("nv_licensing", True), ("tx_licensing", False)]


def test_without_any_salesforce_export_newness_is_unknown(settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-01.csv", NV_HEADER, [nv("1", A_PHONE, "12 OAK ST RENO, NV 89501")])
    run(settings)
    assert ask(settings, "select is_new_prospective_lead, was_net_new from prospects.dim_prospective_leads") == [
        (None, True)
    ]
    assert ask(settings, "select distinct still_new_leads, salesforce_as_of from prospects.rep_net_new_leads") == [
        (None, None)
    ]


def test_leads_without_phone_or_address_are_kept_apart(settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-01.csv", NV_HEADER, [
        nv("1", "", "12 OAK ST RENO, NV 89501"),
        nv("2", "", "12 OAK ST RENO, NV 89501"),
        nv("3", A_PHONE, ""),
        nv("4", A_PHONE, ""),
        nv("4", A_PHONE, ""),
    ])  # fmt: skip
    run(settings)
    told = ask(settings, """
        select source_id, has_phone_and_address, records_in_file
        from prospects.stg_leads_nv_licensing
        order by source_id
    """)  # fmt: skip
    assert told == [("1", False, 1), ("2", False, 1), ("3", False, 1), ("4", False, 2)]


def test_the_last_of_two_records_of_a_lead_counts(settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-01.csv", NV_HEADER, [
        nv("1", A_PHONE, "12 OAK ST RENO, NV 89501", name="FIRST"),
        nv("1", A_PHONE, "12 Oak Street Reno, NV 89501", name="SECOND"),
    ])  # fmt: skip
    run(settings)
    assert ask(settings, "select company_name, records_in_file, line from prospects.stg_leads_nv_licensing") == [
        ("SECOND", 2, 3)
    ]
    failed = ask(settings, """
        select check_name, bad_rows, evidence from warehouse.checks
        where not passed and table_name = 'prospects.stg_leads_nv_licensing'
    """)  # fmt: skip
    assert failed == [("leads_stand_once", 1, '{"lines": [3]}')]


def test_values_that_are_not_of_their_type_are_null_and_named(settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-01.csv", NV_HEADER, [
        nv("1", A_PHONE, "12 OAK ST RENO, NV 89501", expires="soon"),
    ])  # fmt: skip
    run(settings)
    assert ask(settings, "select license_expires_on, unreadable_columns from prospects.stg_leads_nv_licensing") == [
        (None, ["license_expires_on"])
    ]


def test_one_best_match_and_all_matches_in_salesforce(settings: Settings) -> None:
    drop(
        settings,
        "nv_licensing",
        "nv_2024-01-05.csv",
        NV_HEADER,
        [nv("1", A_PHONE, "12 OAK ST RENO, NV 89501")],
    )
    drop(settings, "salesforce_leads", "sf_2024-01-31.csv", SALESFORCE_HEADER, [
        salesforce("S1", A_PHONE, deleted="TRUE"),
        salesforce("S2", "", A_PHONE),
        salesforce("S3", A_PHONE, created="2024-01-06 1:00:00"),
    ])  # fmt: skip
    run(settings)
    told = ask(settings, """
        select salesforce_lead_id, salesforce_lead_ids, is_new_prospective_lead, was_net_new
        from prospects.dim_prospective_leads_source_level
    """)  # fmt: skip
    # S3 is the best (not deleted, by phone); that S1 and S2 were created before the file makes the lead known.
    assert told == [("S3", ["S1", "S2", "S3"], False, False)]


def test_a_lead_that_was_known_to_salesforce_stays_so_when_its_phone_there_changes(settings: Settings) -> None:
    """Incident: a new phone on a Salesforce lead made the old phone's prospect net-new again, months later."""
    for month in ("01", "02"):
        drop(settings, "nv_licensing", f"nv_2024-{month}-05.csv", NV_HEADER, [
            nv("1", A_PHONE, "12 OAK ST RENO, NV 89501"),
        ])  # fmt: skip
    drop(settings, "salesforce_leads", "sf_2024-01-31.csv", SALESFORCE_HEADER, [salesforce("S1", A_PHONE)])
    drop(settings, "salesforce_leads", "sf_2024-02-29.csv", SALESFORCE_HEADER, [salesforce("S1", B_PHONE)])
    run(settings)
    told = ask(settings, "select month, was_net_new from prospects.dim_prospective_leads order by month")
    assert told == [(JAN, False), (FEB, False)]


def test_salesforce_leads_without_an_id_are_told_apart_by_what_they_say(settings: Settings) -> None:
    """Incident: by their line, two different leads of two exports were one."""
    drop(settings, "salesforce_leads", "sf_2024-01-31.csv", SALESFORCE_HEADER, [
        salesforce("S1", C_PHONE), salesforce("", A_PHONE)
    ])  # fmt: skip
    drop(settings, "salesforce_leads", "sf_2024-02-29.csv", SALESFORCE_HEADER, [
        salesforce("S1", C_PHONE), salesforce("", B_PHONE)
    ])  # fmt: skip
    run(settings)
    told = ask(settings, f"select phone_key from prospects.dim_salesforce_leads where month = date '{FEB}' order by 1")
    assert told == [("7025550101",), ("7025550102",), ("7025550103",)]
