"""Samples in other languages and shapes: what is seen without asking, what is marked as personal, what is said.

Belongs here: `feed new` on titles that are not English, on titles above the header, months in words, and a person's
choices. Does not: types and keys (test_propose), or the way to leads (prospects/test_three_suppliers).
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from leads_platform.arrivals import ContractError
from leads_platform.arrivals.contracts.propose import propose_contract
from leads_platform.arrivals.contracts.propose_columns import Choices
from leads_platform.arrivals.contracts.propose_words import regions_of
from leads_platform.cli.commands import commands
from leads_platform.prospects.lead_list import LeadList
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.test_propose import line_of, mapping, proposed, write
from leads_platform_tests.known import KNOWN

# Titles, one record, and the lead column that each title is taken for; `!` marks personal data beside these.
GERMAN = {
    "Lfd. Nummer": ("17", "source_id"),
    "Name der Einrichtung": ("Kita Nord", "company_name"),
    "Anschrift": ("Am Ring 5", "street"),
    "Postleitzahl": ("20095", "postal_code"),
    "Ort": ("Hamburg", "city"),
    "Bundesland": ("Hamburg", ""),
    "Rufnummer": ("040 66969001", "phone"),
    "E-Mail": ("a@kita.example", "email"),
    "Inhaber": ("Uwe Muster", "contact_name"),
    "Vorname": ("Uwe", "!"),
    "Fax": ("040 66969002", "!"),
    "Plätze": ("40", "capacity"),
    "Gültig bis": ("31.12.2025", "license_expires_on"),
}
SPANISH = {
    "Número de licencia": ("L-1", "source_id"),
    "Empresa": ("Guardería Sol", "company_name"),
    "Dirección": ("Calle Mayor 5", "street"),
    "Código postal": ("28013", "postal_code"),
    "Ciudad": ("Madrid", "city"),
    "Provincia": ("Madrid", ""),
    "Teléfono": ("910 123 456", "phone"),
    "Correo electrónico": ("a@sol.example", "email"),
    "Persona de contacto": ("Ana Prueba", "contact_name"),
    "Apellidos": ("Prueba", "!"),
    "Fecha de vencimiento": ("31/12/2025", "license_expires_on"),
}
FRENCH = {
    "Matricule": ("F-1", "source_id"),
    "Société": ("Crèche Étoile", "company_name"),
    "Adresse": ("5 rue de la Paix", "street"),
    "Code postal": ("75002", "postal_code"),
    "Ville": ("Paris", "city"),
    "Téléphone": ("01 99 00 12 34", "phone"),
    "Courriel": ("a@etoile.example", "email"),
    "Responsable": ("Léa Essai", "contact_name"),
    "Prénom": ("Léa", "!"),
    "Valable": ("oui", ""),
}


@pytest.mark.parametrize(("titles", "region"), [(GERMAN, "DE"), (SPANISH, "ES"), (FRENCH, "FR")])
def test_titles_of_other_languages(titles: dict[str, tuple[str, str]], region: str, tmp_path: Path) -> None:
    text = ";".join(titles) + "\n" + ";".join(cell for cell, _ in titles.values()) + "\n"
    contract = proposed(write(tmp_path, text, encoding="cp1252"), records=1)
    assert isinstance(contract, LeadList)
    by_name = {column.name: column.header for column in contract.columns}
    assert {by_name[column]: lead for lead, column in mapping(contract).items()} == {
        title: lead for title, (_, lead) in titles.items() if lead not in ("", "!")
    }
    assert (contract.phone_region, contract.format.encoding) == (region, "cp1252")
    personal = {"street", "phone", "email", "contact_name", "!"}
    assert {title for title, (_, lead) in titles.items() if lead in personal} == {
        column.header for column in contract.columns if column.pii
    }


def test_phones_of_any_shape_are_personal_whatever_their_title(tmp_path: Path) -> None:
    rows = ("+49 30 23125001,030/23125001,(030) 23125001,01 99 00 12 34,910 123 456", "2024-05-01,x,y,z,w")
    contract = proposed(write(tmp_path, f"A,B,C,D,E\n{rows[0]}\n"))
    assert [column.name for column in contract.columns if column.pii] == ["a", "b", "c", "d", "e"]
    dates = proposed(write(tmp_path, "A,B,C\n01.02.2024,2024-05-01,20240501\n"))
    assert not any(column.pii for column in dates.columns)


def test_the_country_is_tried_where_the_titles_speak_of_one() -> None:
    assert regions_of(["strasse", "plz", "ort"])[0] == "DE"
    assert regions_of(["calle", "telefono"])[0] == "ES"
    assert regions_of(["street", "phone"])[0] == "US"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Leads May 2024.csv", "%B %Y"),
        ("leads_SEP-2024.csv", "%b %Y"),
        ("2024 May leads.csv", "%Y %B"),
        ("leads_202405.csv", "%Y%m"),
        ("leads 20240517.csv", "%Y%m%d"),
        ("leads 05-2024.csv", "%m %Y"),
        ("leads_2024-05.csv", None),
    ],
)
def test_the_month_in_the_name_is_seen(name: str, pattern: str | None, tmp_path: Path) -> None:
    contract = proposed(write(tmp_path, "Id,City\n1,Reno\n", name))
    assert (contract.month.pattern, contract.feed) == (pattern, "leads")


def test_titles_above_the_header_are_seen_in_text_and_workbook(tmp_path: Path) -> None:
    rows = (("Licences of May",), (), ("as of", "31 May"), ("Id", "Name", "City", "Zip"), ("1", "A", "Reno", "89501"))
    text = "".join(",".join(row) + "\n" for row in rows)
    contract = proposed(write(tmp_path, text), records=1)
    assert (contract.format.header_row, [c.name for c in contract.columns]) == (4, ["id", "name", "city", "zip"])
    padded = proposed(write(tmp_path, "Licences of May,,\nId,City,State\n1,Reno,NV\n"), records=1)
    assert padded.format.header_row == 2
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(tmp_path / "list_2024-05.xlsx")
    assert proposed(tmp_path / "list_2024-05.xlsx", records=1).format.header_row == 4


LIST = "Id,Company,Street,City,Zip,Phone,Seen\n1,Acorn,1 Elm St,Reno,89501,775-555-0100,03/04/2024\n"


def test_what_a_person_knows_is_said_at_once(tmp_path: Path) -> None:
    sample = write(tmp_path, LIST)
    alone = propose_contract(sample, KNOWN)
    assert "its records will not become leads: for a lead list (kind: lead_list) no column was found for state" in alone
    assert "nothing proves whether day or month comes first" in alone
    chosen = propose_contract(sample, KNOWN, "acme", Choices({"state": "NV"}, "GB", day_first=True))
    assert 'constants: {state: "NV"}' in chosen
    assert "\n  state: state\n" not in chosen and "phone_region: GB" in chosen  # of no use there
    assert 'formats: ["%d/%m/%Y"]' in line_of(chosen, "seen") and "nothing proves" not in chosen
    american = propose_contract(sample, KNOWN, "acme", Choices({"state": "NV"}, day_first=False))
    assert "kind: lead_list" in american and "\n  state: state\n" in american
    assert 'formats: ["%m/%d/%Y"]' in line_of(american, "seen")
    with pytest.raises(ContractError, match="sends `City`, so it can't be given as a constant"):
        propose_contract(sample, KNOWN, "acme", Choices({"city": "Reno"}))


def test_what_will_not_become_leads_is_said_with_why(tmp_path: Path) -> None:
    text = propose_contract(write(tmp_path, "Deal,Stage\n1,Open\n2,Won\n"), KNOWN)
    assert "its records will not become leads" in text
    assert "no column was found for company_name, phone, street, city, state, postal_code" in text


def test_amounts_are_money_in_the_style_that_reads_them_all(tmp_path: Path) -> None:
    contract = proposed(write(tmp_path, 'Id;Preis;Total\n1;"1.234,50 €";1.5\n2;5,00;2.5\n', encoding="utf-8"))
    assert (contract.money, contract.column("preis").type, contract.column("total").type) == ("eu", "money", "decimal")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("Id;Preis;Firma\n1;1.234;A\n2;5.000;B\n", "eu"),  # a German list
        ("Id;Price;Company\n1;1.234;A\n2;5.000;B\n", "us"),
        ('Id;Price;Cost\n1;1.234;"1.234,50"\n2;5.000;"2,5"\n', "eu"),  # the other amounts prove it
        ('Id;Preis;Kosten\n1;1.234;"1,234.50"\n2;5.000;"2.5"\n', "us"),
    ],
)
def test_amounts_that_both_styles_read_are_told(text: str, style: str, tmp_path: Path) -> None:
    sample = write(tmp_path, text)
    assert proposed(sample).money == style
    said = propose_contract(sample, KNOWN)
    lines = [line for line in said.splitlines() if "amounts that both styles read" in line]
    assert len(lines) == 1 and "# check:" in lines[0] and f"taken as {style}" in lines[0]
    assert "not all amounts are" not in said


def test_amounts_that_mean_the_same_in_both_styles_are_not_asked_about(tmp_path: Path) -> None:
    said = propose_contract(write(tmp_path, 'Id;Preis;Kosten\n1;5;"1,50"\n2;17;"2,5"\n'), KNOWN)
    assert "money: eu\n" in said and "both styles" not in said and "not all amounts" not in said


# Toronto, Vancouver and Montreal; New York, Chicago and Miami
_CANADA = ("416-977-1234", "604-681-1234", "514-284-1234", "416-977-4321", "604-681-4321")
_STATES = ("212-736-1234", "312-922-1234", "305-373-1234", "212-736-4321", "312-922-4321")


@pytest.mark.parametrize(
    ("phones", "region"),
    [(_CANADA, "CA"), (_STATES, "US"), (_STATES[:3] + _CANADA[:2], "US"), (_CANADA[:4] + _STATES[:1], "CA")],
)
def test_a_list_of_north_america_is_dialled_there(phones: tuple[str, ...], region: str, tmp_path: Path) -> None:
    rows = "".join(f"{at},Acorn {at},{at} Elm St,Reno,NV,89501,{phone}\n" for at, phone in enumerate(phones))
    said = propose_contract(write(tmp_path, f"Id,Company,Street,City,State,Zip,Phone\n{rows}"), KNOWN)
    assert f"phone_region: {region}" in said


def test_a_feed_that_is_there_is_not_replaced_without_a_word(settings: Settings, tmp_path: Path) -> None:
    sample = write(tmp_path, "Id,City\n1,Reno\n", "nv_licensing_2024-05.csv")
    command = ["feed", "new", str(sample), "--out", str(tmp_path / "out.yaml")]
    said = CliRunner().invoke(commands, command, env={"LEADS_PLATFORM_DATA": str(settings.data)}).output
    assert "there is a feed nv_licensing already (comes with the platform)" in " ".join(said.split())
    assert "# check: there is a feed nv_licensing already" in (tmp_path / "out.yaml").read_text()
    free = [*command[:-1], str(tmp_path / "free.yaml"), "--name", "nv_other"]
    assert "already" not in CliRunner().invoke(commands, free, env={"LEADS_PLATFORM_DATA": str(settings.data)}).output


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--constant", "FL"], "is not NAME=VALUE; write it as state=FL"),
        (["--constant", "State=FL"], "is not NAME=VALUE"),
        (["--constant", "state="], "is not NAME=VALUE"),
        (["--constant", "state= "], "is not NAME=VALUE"),
        (["--constant", "month=FL"], "month is a column the platform adds itself; choose another name"),
        (["--phone-region", "germany"], "is not a country's two capital letters"),
    ],
)
def test_an_option_that_says_nothing_is_told(option: list[str], words: str, tmp_path: Path) -> None:
    answer = CliRunner().invoke(commands, ["feed", "new", str(write(tmp_path, "Id\n1\n")), *option])
    assert answer.exit_code == 2
    assert words in " ".join(answer.output.split())
