"""The four real files, dropped as month 2024-05. Expected numbers are recounted here with csv and phonenumbers."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest

from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import Ask, asking, run
from leads_platform_tests.pins import pinned, tables_of

FILES = {
    "nv_licensing": "source1.csv",
    "ok_licensing": "source2.csv",
    "tx_licensing": "source3.csv",
    "salesforce_leads": "salesforce_leads.csv",
}
PHONES = {"nv_licensing": "Phone", "ok_licensing": "Phone", "tx_licensing": "Phone"}


def rows(reference: Path, feed: str) -> list[dict[str, str]]:
    with (reference / "leads" / FILES[feed]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def is_valid(text: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(text, "US"))


@pytest.fixture(scope="module")
def real(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = environment(tmp_path_factory.mktemp("real") / "data")
    for feed, name in FILES.items():
        (settings.landing / feed).mkdir()
        shutil.copy(reference / "leads" / name, settings.landing / feed / name.replace(".csv", "_2024-05.csv"))
    run(settings, rooms=["prospects"])
    return settings


@pytest.fixture(scope="module")
def ask(real: Settings) -> Iterator[Ask]:
    with asking(real) as told:
        yield told


def test_every_record_is_accounted_for(ask: Ask) -> None:
    told = ask("select feed, records, loaded, quarantined, verdict from arrivals.files order by feed")
    assert told == [
        ("nv_licensing", 70, 70, 0, "accepted"),
        ("ok_licensing", 28, 28, 0, "accepted"),
        ("salesforce_leads", 39, 39, 0, "accepted"),
        ("tx_licensing", 29, 29, 0, "accepted"),
    ]


def test_every_cell_of_every_record_is_in_the_base_table(ask: Ask, reference: Path) -> None:
    tables = {
        "nv_licensing": "base_leads_nv_licensing",
        "ok_licensing": "base_leads_ok_licensing",
        "tx_licensing": "base_leads_tx_licensing",
        "salesforce_leads": "base_salesforce_leads",
    }
    for feed, table in tables.items():
        loaded = ask(
            f"""
            select * exclude (month, file_name, file_date, file_sha256, part, line)
            from prospects.{table}
            order by line
            """,
        )
        delivered = [tuple(value or None for value in row.values()) for row in rows(reference, feed)]
        assert [tuple(row) for row in loaded] == delivered, feed


def test_a_phone_at_an_address_is_one_lead(ask: Ask, reference: Path) -> None:
    sites = {("nv", digits(row["Phone"]), row["Address"]) for row in rows(reference, "nv_licensing")}
    sites |= {("ok", digits(row["Phone"]), row["Address1"] + row["Zip"]) for row in rows(reference, "ok_licensing")}
    sites |= {("tx", digits(row["Phone"]), row["Address"] + row["Zip"]) for row in rows(reference, "tx_licensing")}
    assert len(sites) == 127
    assert ask("select count(*) from prospects.dim_prospective_leads_source_level") == [(127,)]
    assert ask("select count(*), count(distinct phone_address_key) from prospects.dim_prospective_leads") == [
        (127, 127)
    ]


@pytest.mark.parametrize("feed", sorted(PHONES))
def test_phone_validity_is_phonenumbers_own(ask: Ask, reference: Path, feed: str) -> None:
    expected = sorted((digits(row[PHONES[feed]]), is_valid(row[PHONES[feed]])) for row in rows(reference, feed))
    told = ask(f"select phone_key, phone_is_valid from prospects.stg_leads_{feed}")
    assert sorted(told) == expected


def test_no_salesforce_phone_is_valid_and_all_identify(ask: Ask, reference: Path) -> None:
    both = [row[column] for row in rows(reference, "salesforce_leads") for column in ("phone", "mobile_phone")]
    assert len(both) == 78
    assert not any(is_valid(text) for text in both)
    told = ask(
        """
        select count(phone_key), count(mobile_phone_key), count(*) filter (where phone_is_valid),
            count(*) filter (where mobile_phone_is_valid), count(*) filter (where is_deleted)
        from prospects.dim_salesforce_leads
        """,
    )
    assert told == [(39, 39, 0, 0, 1)]


def test_no_lead_matches_salesforce_so_all_are_net_new(ask: Ask, reference: Path) -> None:
    known = {digits(row[c]) for row in rows(reference, "salesforce_leads") for c in ("phone", "mobile_phone")}
    ours = [digits(row["Phone"]) for feed in PHONES for row in rows(reference, feed)]
    assert len([phone for phone in ours if phone in known]) == 0
    told = ask(
        """
        select source_name, files, leads_in_files, net_new_leads, still_new_leads
        from prospects.rep_net_new_leads
        order by source_name
        """,
    )
    assert told == [
        ("all suppliers", 3, 127, 127, 127),
        ("nv_licensing", 1, 70, 70, 70),
        ("ok_licensing", 1, 28, 28, 28),
        ("tx_licensing", 1, 29, 29, 29),
    ]


def test_typed_values_are_those_of_the_file(ask: Ask, reference: Path) -> None:
    expected = sorted(
        (row["Credential Number"], *(int(part) for part in row["Expiration Date"].split("/")))
        for row in rows(reference, "nv_licensing")
    )
    told = ask(
        """
        select source_id, month(license_expires_on), day(license_expires_on), year(license_expires_on) - 2000
        from prospects.stg_leads_nv_licensing
        """,
    )
    assert sorted(told) == expected
    licences = sorted(row["Type License"].rsplit(" - ", 1)[1] for row in rows(reference, "ok_licensing"))
    assert sorted(r[0] for r in ask("select source_id from prospects.stg_leads_ok_licensing")) == licences
    contacts = sorted(
        (lines[0].strip(), lines[-1].strip())
        for row in rows(reference, "ok_licensing")
        for lines in [row["Primary Caregiver"].splitlines()]
    )
    told = ask("select contact_name, contact_title from prospects.stg_leads_ok_licensing")
    assert sorted(told) == contacts
    capacities = sorted(int(row["Capacity"] or 0) for row in rows(reference, "tx_licensing"))
    told = ask("select coalesce(capacity, 0) from prospects.stg_leads_tx_licensing")
    assert sorted(r[0] for r in told) == capacities


def test_postal_codes_stay_text(ask: Ask, reference: Path) -> None:
    expected = sorted(row["Zip"] for row in rows(reference, "tx_licensing"))
    told = ask("select postal_code from prospects.stg_leads_tx_licensing")
    assert sorted(r[0] for r in told) == expected


def test_every_table_is_as_pinned(real: Settings) -> None:
    pins = {table: pin for table, pin in pinned("leads").items() if table.startswith("prospects.")}
    assert tables_of(real) == pins
