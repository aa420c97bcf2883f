"""Three suppliers in other shapes, taken in by `feed new` and YAML alone: what it writes is put into feeds/ and run.

Belongs here: the way from a sample to leads. Does not: what is guessed of single columns (test_propose).
The expected leads are read off the samples by hand. German numbers are those the regulator keeps for films.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from leads_platform.cli.commands import commands
from leads_platform.settings import Settings
from leads_platform_tests.helpers import ask, run

PAGE = Path(__file__).parents[2] / "docs" / "add-a-supplier.md"
GERMAN = """\
Kundennummer;Firma;Ansprechpartner;Straße;Hausnummer;PLZ;Ort;Telefon Büro;Mobil;E-Mail;Umsatz;Gültig bis
1001;Kita Löwenzahn;Jörg Muster;Hauptstraße;5;10115;Berlin;030 23125001;0171 3920001;a@kita.example;1.234,50;31.12.2025
1002;Spatzennest;Änne Beispiel;Lindenallee;12a;80331;München;;0171 3920002;b@kita.example;980,00 EUR;30.06.2025
1003;Kinderhaus Süd;Max Probe;Am Markt;3;01067;Dresden;12;0152 28817386;c@kita.example;33,00;15.01.2026
1004;Kita Löwenzahn;Jörg Muster;Hauptstr.;5;10115;Berlin;+49 30 23125001;;a@kita.example;5,00;31.12.2025
"""
FLORIDA = (
    ("Florida Care Directory",),
    (),
    ("License No", "Facility", "Street Address", "City", "Zip", "Phone", "Expires"),
    ("FL-01", "Palm Kids", "12 Oak St", "Tampa", "33602", "813-555-0101", date(2025, 6, 30)),
    ("FL-02", "Sun Care", "7 Lake Dr", "Ocala", "34470", "352-555-0102", date(2025, 12, 15)),
)
DAY_FIRST = """\
Permit No,Provider Name,Address,City,State,Zip,Telephone,Issued,Expires
P-7,Cedar House,3 Elm Ave,Reno,NV,89501,775-555-0104,03/04/2021,05/06/2025
P-8,Little Owls,44 Pine Rd,Elko,NV,89801,775-555-0105,25/12/2022,31/01/2026
"""


def new_feed(settings: Settings, sample: Path, name: str, *more: str) -> str:
    """The contract that `feed new` writes into feeds/, as the page has the command; nobody touches it."""
    target = settings.feeds / f"{name}.yaml"
    shown = f'"{sample.name}"' if " " in sample.name else sample.name
    written = f"leads-platform feed new {shown} --name {name} --out data/feeds/{name}.yaml {' '.join(more)}".rstrip()
    assert f"\n{written}\n" in PAGE.read_text(encoding="utf-8")
    answer = CliRunner().invoke(
        commands,
        ["feed", "new", str(sample), "--name", name, "--out", str(target), *more],
        env={"LEADS_PLATFORM_DATA": str(settings.data)},
    )
    assert answer.exit_code == 0, answer.output
    folder = settings.landing / name
    folder.mkdir()
    (folder / sample.name).write_bytes(sample.read_bytes())
    return answer.output


@pytest.fixture
def suppliers(settings: Settings, tmp_path: Path) -> Settings:
    """An environment with the three suppliers' proposals and samples; nothing else."""
    (german := tmp_path / "Musterliste 2024-05.csv").write_bytes(GERMAN.encode("latin-1"))
    new_feed(settings, german, "de_kitas")
    # What the sample did not show: an amount that is none.
    (settings.landing / "de_kitas" / german.name).write_bytes(GERMAN.replace("33,00", "unklar").encode("latin-1"))
    book = openpyxl.Workbook()
    for row in FLORIDA:
        book.worksheets[0].append(row)
    book.save(florida := tmp_path / "Leads May 2024.xlsx")
    new_feed(settings, florida, "fl_care", "--constant", "state=FL")
    (day_first := tmp_path / "permits_2024-05.csv").write_text(DAY_FIRST)
    new_feed(settings, day_first, "nv_permits", "--dates", "day-first")
    return settings


def test_three_new_suppliers_become_leads_with_no_hand_in_between(suppliers: Settings) -> None:
    run(suppliers, rooms=["prospects"])
    assert ask(
        suppliers,
        "select sources[1], company_name, phone_e164, city, state, postal_code, has_phone_and_address, "
        "first_received_month from prospects.dim_prospective_leads order by all",
    ) == [
        ("de_kitas", "Kinderhaus Süd", "+4915228817386", "Dresden", None, "01067", True, date(2024, 5, 1)),
        ("de_kitas", "Kita Löwenzahn", "+493023125001", "Berlin", None, "10115", True, date(2024, 5, 1)),
        ("de_kitas", "Spatzennest", "+491713920002", "München", None, "80331", True, date(2024, 5, 1)),
        ("fl_care", "Palm Kids", "+18135550101", "Tampa", "FL", "33602", True, date(2024, 5, 1)),
        ("fl_care", "Sun Care", "+13525550102", "Ocala", "FL", "34470", True, date(2024, 5, 1)),
        ("nv_permits", "Cedar House", "+17755550104", "Reno", "NV", "89501", True, date(2024, 5, 1)),
        ("nv_permits", "Little Owls", "+17755550105", "Elko", "NV", "89801", True, date(2024, 5, 1)),
    ]
    # The first valid phone is the lead's; lines 2 and 5 are one lead, told by the later one. 12 is no valid phone.
    assert ask(
        suppliers,
        "select source_id, phone_raw, records_in_file from prospects.stg_leads_de_kitas order by source_id",
    ) == [("1002", "0171 3920002", 1), ("1003", "0152 28817386", 1), ("1004", "+49 30 23125001", 2)]
    assert ask(
        suppliers,
        "select line, phones, phone_keys, umsatz, unreadable_columns "
        "from prospects.stg_lead_values_de_kitas order by line",
    ) == [
        (3, ["0171 3920002"], ["1713920002"], Decimal("980.0000"), []),
        (4, ["12", "0152 28817386"], ["12", "15228817386"], None, ["umsatz"]),
        (5, ["+49 30 23125001"], ["3023125001"], Decimal("5.0000"), []),
    ]
    assert ask(
        suppliers,
        "select source_id, license_issued_on, license_expires_on from prospects.stg_leads_nv_permits order by 1",
    ) == [("P-7", date(2021, 4, 3), date(2025, 6, 5)), ("P-8", date(2022, 12, 25), date(2026, 1, 31))]
    assert ask(suppliers, "select line, state from prospects.base_leads_fl_care order by 1") == [(4, "FL"), (5, "FL")]
    # Unreadable money is told by a check with its line, as an unreadable date is.
    assert ask(
        suppliers,
        "select passed, bad_rows, contains(evidence, '4') from warehouse.checks where check_name = "
        "'values_are_readable' and table_name = 'prospects.stg_lead_values_de_kitas' and not passed",
    ) == [(False, 1, True)]


def test_what_a_proposal_asks_a_person_is_little(suppliers: Settings) -> None:
    """It sees delimiter, encoding, header row, month, country and the order of dates by itself."""
    german, florida = ((suppliers.feeds / f"{name}.yaml").read_text() for name in ("de_kitas", "fl_care"))
    assert 'format: {type: csv, delimiter: ";", quote: \'"\', encoding: cp1252}' in german
    assert "phone_region: DE" in german and "phones: [telefon_buro, mobil]" in german
    assert 'formats: ["%d.%m.%Y"]' in german
    assert "format: {type: xlsx, header_row: 3}" in florida
    assert 'month: {from: name, pattern: "%B %Y"}' in florida
    assert "Muster" not in german.replace("Musterliste", "") and "3920001" not in german
