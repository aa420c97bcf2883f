"""The sales list from literal rows: which leads go out, as what, and only once."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from leads_platform.actions.action import Asked
from leads_platform.actions.history import History
from leads_platform.actions.ledger import refresh_actions
from leads_platform.actions.perform import Outcome, perform
from leads_platform.dictionary import packaged
from leads_platform.prospects.email import is_email, is_email_sql
from leads_platform.prospects.new_leads_export import new_leads
from leads_platform.prospects.sales_forms import PEOPLE, SALESFORCE, told
from leads_platform.warehouse import sql
from leads_platform_tests.actions.data_loader import is_address, load
from leads_platform_tests.actions.test_writing import HOSTILE

MAY, JUNE, JULY = (date(2024, month, 1) for month in (5, 6, 7))
NOW = datetime(2024, 7, 15, 8, 0, tzinfo=UTC)
NV = "nv_licensing"
ALL = ("moved", "new_phone", "without_contact")


class House:
    """The tables that the action reads, filled by hand, and an archive and a folder of their own."""

    def __init__(self, data: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.folder, self.history = con, data / "exports", History(data / "archive")
        self.line = 1
        for address in new_leads.reads:
            columns = packaged().catalogue.tables[address].columns
            listed = ", ".join(f"{sql.identifier(column.name)} {column.type}" for column in columns)
            con.execute(f"create schema if not exists prospects; create table {sql.address(address)} ({listed})")
        refresh_actions(con, self.history, ["new-leads"])

    def put(self, table: str, row: Mapping[str, Any]) -> None:
        values = [
            f"[{', '.join(map(sql.literal, v))}]" if isinstance(v, list) else sql.literal(v) for v in row.values()
        ]
        into = ", ".join(map(sql.identifier, row))
        self.con.execute(f"insert into prospects.{table} ({into}) values ({', '.join(values)})")

    def lead(self, key: str, month: date = MAY, *, replaces: str = "", listed: bool = False, **changes: Any) -> None:
        """A new licence with a valid phone, or what `changes` makes of it; `listed`: the lead it replaces still is."""
        self.line += 1
        file = f"{NV}_{month:%Y-%m}.csv"
        if not self.con.execute(f"from prospects.fct_lead_files where file_name = '{file}'").fetchall():
            told = {"month": month, "source_name": NV, "file_name": file, "file_sha256": file}
            self.put("fct_lead_files", told)
        row = {
            "month": month, "phone_address_key": key, "source_name": NV, "source_id": f"id {key}",
            "contact_name": "ANN LEE", "company_name": "ACORN HOUSE", "street": "12 OAK ST", "city": "RENO",
            "state": "NV", "postal_code": "89501", "phone_raw": "(702) 555-0101", "phone_e164": "+17025550101",
            "phone_is_valid": True, "file_name": file, "line": self.line, "suppliers": [NV],
            "is_new_licence": not replaces, "has_moved": bool(replaces), "has_new_phone": False,
            "replaces_key": replaces or None, "without_contact": False, **changes,
        }  # fmt: skip
        self.put("rep_new_leads", row)
        for snapshot in (each for each in (MAY, JUNE, JULY) if each >= month):
            told = {"month": snapshot, "phone_address_key": key, "source_name": NV}
            new = {"replaces_key": replaces or None} if snapshot == month else {}
            self.put("dim_prospective_leads_source_level", {**told, **new, "last_received_file_name": row["file_name"]})
        if replaces:
            former = {"month": month, "phone_address_key": replaces, "in_latest_file": listed}
            self.put("dim_prospective_leads", former)

    def gone(self, *keys: str) -> None:
        """As after a build without the files that held these."""
        for table in ("rep_new_leads", "dim_prospective_leads_source_level", "dim_prospective_leads"):
            for key in keys:
                self.con.execute(f"delete from prospects.{table} where phone_address_key = '{key}'")

    def export(
        self, month: date = MAY, form: str = "salesforce", include: tuple[str, ...] = (), withdrawn: str = "",
        dry: bool = False, stale: frozenset[date] = frozenset(),
    ) -> Outcome:  # fmt: skip
        outcome = perform(
            "new-leads", new_leads, Asked(month, form, include, "ann", ""), con=self.con, history=self.history,
            folder=self.folder, now=NOW, withdrawn=frozenset({(NV, withdrawn)} if withdrawn else ()), dry=dry,
            stale=stale,
        )  # fmt: skip
        refresh_actions(self.con, self.history, ["new-leads"])
        return outcome

    def loaded(self, *asked: Any, **more: Any) -> list[dict[str, str]]:
        """The rows that Data Loader gets; none where no file was written."""
        file = self.export(*asked, **more).file
        return load(file) if file else []

    def ids(self, *asked: Any, **more: Any) -> list[tuple[str, str]]:
        """The licence and the external id of each."""
        return [(row["License_Number__c"], row["External_Lead_Id__c"]) for row in self.loaded(*asked, **more)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with duckdb.connect() as con:
        yield House(tmp_path, con)


def test_a_new_licence_as_data_loader_reads_it(house: House) -> None:
    house.lead("a", email="ann@acorn.example", contact_title="Owner", country="USA")
    assert house.loaded() == [
        {
            "External_Lead_Id__c": "a", "LastName": "LEE", "FirstName": "ANN", "Title": "Owner",
            "Company": "ACORN HOUSE", "Phone": "+17025550101", "Email": "ann@acorn.example", "Street": "12 OAK ST",
            "City": "RENO", "State": "NV", "PostalCode": "89501", "Country": "USA", "LeadSource": NV,
            "License_Number__c": "id a", "Kind": "new licence",
        }
    ]  # fmt: skip


def test_what_is_required_is_never_empty_and_a_name_is_not_parted_by_guess(house: House) -> None:
    house.lead("a", contact_name=None, company_name=None)
    house.lead("b", contact_name="ANN & BO LEE")
    house.lead("c", contact_name="Jean-Luc O'Hara")
    house.lead("d", contact_name="ann 2nd")
    told = [(row["FirstName"], row["LastName"], row["Company"]) for row in house.loaded()]
    assert told == [
        ("", "[not provided]", "[not provided]"),
        ("", "ANN & BO LEE", "ACORN HOUSE"),
        ("Jean-Luc", "O'Hara", "ACORN HOUSE"),
        ("", "ann 2nd", "ACORN HOUSE"),
    ]


def test_only_who_can_be_reached_and_is_new_unless_asked_for(house: House) -> None:
    house.lead("new")
    house.lead("mail", phone_e164=None, phone_is_valid=False, email="a@b.example")
    house.lead("mute", phone_e164=None, phone_is_valid=None, phone_raw=None, without_contact=True)
    house.lead("moved", replaces="old")
    house.lead("phone", replaces="old 2", has_moved=False, has_new_phone=True)
    house.lead("both", replaces="old 3", has_new_phone=True)
    house.lead("moved mute", replaces="old 4", phone_e164=None, phone_is_valid=False, without_contact=True)
    by_include = {
        (): {"new", "mail"},
        ("moved",): {"new", "mail", "moved", "both"},
        ("new_phone",): {"new", "mail", "phone", "both"},
        ("without_contact",): {"new", "mail", "mute"},
        ("moved", "without_contact"): {"new", "mail", "mute", "moved", "both", "moved mute"},
        ALL: {"new", "mail", "mute", "moved", "phone", "both", "moved mute"},
    }
    for include, expected in by_include.items():
        counts = house.export(include=include, dry=True).done.counts
        assert counts["leads"] == len(expected), include
    rows = house.loaded(include=ALL)
    assert {row["License_Number__c"].removeprefix("id "): row["Kind"] for row in rows} == {
        "new": "new licence", "mail": "new licence", "mute": "new licence", "moved": "moved", "phone": "new phone",
        "both": "moved, new phone", "moved mute": "moved",
    }  # fmt: skip
    assert [row["Phone"] for row in rows if row["License_Number__c"] in ("id mail", "id mute")] == ["", ""]


def test_a_second_call_gives_what_is_new_or_changed_and_each_form_has_its_own_history(house: House) -> None:
    house.lead("a")
    assert house.ids() == [("id a", "a")]
    assert house.export().number == 0
    house.lead("b")
    house.con.execute("update prospects.rep_new_leads set line = 99, is_new_prospective_lead = false")
    assert house.ids() == [("id b", "b")], "neither a line nor that Salesforce has it now is news of a lead"
    house.con.execute("update prospects.rep_new_leads set company_name = 'OAK HOUSE' where phone_address_key = 'a'")
    assert house.ids() == [("id a", "a")]
    assert [row.operation for row in house.history.runs()[-1].rows] == ["changed"]
    assert house.export(form="xlsx").done.counts["new"] == 2
    assert house.export().number == 0


def test_a_lead_that_moved_keeps_its_external_id_and_is_not_given_out_as_it_was(house: House) -> None:
    house.lead("a")
    house.lead("b", JUNE, replaces="a")
    house.lead("c", JULY, replaces="b")
    assert house.ids() == [("id a", "a")]
    assert house.export(JUNE).number == 0, "nobody asked for moved ones"
    assert house.ids(JULY, include=("moved",)) == [("id c", "a")], "through b, which never went out"
    house.con.execute("update prospects.rep_new_leads set company_name = 'OAK HOUSE'")
    told = house.export()
    assert told.number == 0 and told.done.counts["moved_on"] == 1, "what is out is newer"


def test_a_lead_whose_place_another_licence_still_has_is_another_one(house: House) -> None:
    house.lead("a")
    house.lead("b", JUNE, replaces="a", listed=True)
    assert house.ids() == [("id a", "a")]
    assert house.ids(JUNE, include=("moved",)) == [("id b", "b")]


def test_two_that_left_one_place_have_two_external_ids(house: House) -> None:
    house.lead("a")
    house.lead("b", JUNE, replaces="a")
    house.lead("c", JUNE, replaces="a")
    assert house.ids() == [("id a", "a")]
    assert house.ids(JUNE, include=("moved",)) == [("id b", "a"), ("id c", "c")]


def test_hostile_cells_are_exact_for_salesforce_and_harmless_for_people(house: House) -> None:
    cells = [text for text in HOSTILE if text]
    for number, text in enumerate(cells):
        house.lead(f"{number:02d}", company_name=text, street=text, contact_name=f"{text} x y")
    rows = house.loaded()
    assert [(row["Company"], row["Street"], row["LastName"]) for row in rows] == [(t, t, f"{t} x y") for t in cells]
    workbook = house.export(form="xlsx").file
    assert workbook is not None
    sheet = load_workbook(workbook)["New leads"]
    kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None}
    assert kinds == {"s", "n"}, "no formula"
    assert {cell.data_type for cell in sheet["E"]} == {"s"} and sheet["E2"].value == "702-555-0101"
    plain = house.export(form="csv").file
    assert plain is not None
    with plain.open(encoding="utf-8-sig", newline="") as file:
        found = [cell for row in csv.reader(file) for cell in row]
    assert found and not [cell for cell in found if cell.lstrip()[:1] in ("=", "+", "-", "@", "\uff1d")]


def test_nothing_is_cut_what_does_not_fit_is_named_by_its_line(house: House) -> None:
    house.lead("fits", company_name="x" * 255)
    house.lead("long", company_name="secret " + "x" * 249, city="y" * 41)
    house.lead("smile", company_name="\U0001f600" * 128)
    told = house.export()
    assert told.file and [row["License_Number__c"] for row in load(told.file)] == ["id fits"]
    lines = [line for line in told.says if "left out; nothing is cut" in line]
    assert lines == [
        "nv_licensing_2024-05.csv, line 3: Company has 256 characters, and holds 255; City has 41 characters, and "
        "holds 40. The lead is left out; nothing is cut.",
        "nv_licensing_2024-05.csv, line 4: Company has 256 characters, and holds 255. The lead is left out; nothing is "
        "cut.",
    ]
    assert "secret" not in " ".join(told.says)
    house.con.execute(
        "update prospects.rep_new_leads set company_name = 'SHORT', city = 'RENO' where phone_address_key = 'long'"
    )
    assert house.ids() == [("id long", "long")], "mended, it goes out"


NO_ADDRESS = (
    "n/a", "a@b", "a b@c.example", "a@b.example; c@d.example", "a@b..example", "@b.example", "müller@x.de", "a@ü.de",
    "a..b@x.com", ".a@x.com", "a.@x.com", "a@-x.com", "a@x-.com", "a@x.c", "a@x.c1", "a@@x.com", "a@x.com\n",
    " a@x.com",
)  # fmt: skip
ADDRESS = ("a@x.com", "a.b+c@x-y.co.uk", "o'hara@x.example", "A_1@1.x.COM", "-@x.com")


@pytest.mark.parametrize("email", [*NO_ADDRESS, *ADDRESS])
def test_one_rule_says_what_an_email_is(email: str) -> None:
    """The list took any text for one, the sales file some, and the strict reader others."""
    with duckdb.connect() as con:
        (told,) = con.execute(f"select {is_email_sql('email')} from (select ? as email)", [email]).fetchall()
    assert {*told, is_email(email), is_address(email)} == {email in ADDRESS}


@pytest.mark.parametrize("email", NO_ADDRESS)
def test_an_email_that_salesforce_would_refuse_costs_no_lead(house: House, email: str) -> None:
    house.lead("a", email=email)
    told = house.export()
    assert told.file and [row["Email"] for row in load(told.file)] == [""]
    assert (
        "nv_licensing_2024-05.csv, line 2: the e-mail is no address that Salesforce takes; it is left empty."
        in told.says
    )
    assert email not in " ".join(told.says)


def test_a_lead_of_a_file_that_was_withdrawn_is_told_once(house: House) -> None:
    house.lead("a")
    house.lead("b")
    assert len(house.ids()) == 2
    house.gone("a", "b")  # a was in that file alone, b in another one, too
    house.put("fct_lead_files", {"month": MAY, "source_name": NV, "file_name": "other.csv", "file_sha256": "other"})
    house.lead("b", file_name="other.csv")
    told = house.export(withdrawn="nv_licensing_2024-05.csv")
    assert told.file is None and told.number == 2
    said = " ".join(told.says)
    assert "1 leads were exported from a file that is withdrawn since" in said and "  a" in told.says
    assert [(row.key, row.operation, row.sha256) for row in house.history.runs()[-1].rows] == [
        ("a", "withdrawn", "nv_licensing_2024-05.csv"),
        ("b", "kept", "other"),
    ]
    again = house.export(withdrawn="nv_licensing_2024-05.csv")
    assert again.number == 0 and "withdrawn" not in " ".join(again.says)
    house.lead("a")
    assert house.ids() == [("id a", "a")], "the file counts again: the lead goes out again, under its id"


X, Y = f"{NV}_2024-05.csv", f"{NV}_2024-06.csv"


@pytest.fixture
def moved(house: House) -> House:
    """May's a went out under its id, and June's b, to which it moved, under that id, too."""
    house.lead("a")
    house.lead("b", JUNE, replaces="a")
    assert house.ids() == [("id a", "a")] and house.ids(JUNE, include=ALL) == [("id b", "a")]
    return house


def rows_of_last_run(house: House) -> list[tuple[str, str, str, str]]:
    return [(row.external_id, row.key, row.operation, row.sha256) for row in house.history.runs()[-1].rows]


def test_the_record_of_a_lead_that_moved_stands_when_the_file_of_its_former_place_is_withdrawn(moved: House) -> None:
    """It said "take out a", which is b's live record; b counted as exported before for ever."""
    moved.gone("a", "b")
    moved.lead("b", JUNE)  # nobody knows of the former place now
    told = moved.export(JUNE, withdrawn=X)
    assert "withdrawn" not in " ".join(told.says) and told.done.counts["exported_before"] == 1
    assert rows_of_last_run(moved) == [("a", "a", "kept", Y)]
    assert moved.export(JUNE, withdrawn=X).number == 0
    moved.con.execute("update prospects.rep_new_leads set company_name = 'OAK HOUSE'")
    assert moved.ids(JUNE) == [("id b", "a")], "it is changed under its id"


def test_a_lead_goes_back_to_its_former_place_when_the_file_of_its_move_is_withdrawn(moved: House) -> None:
    """It said "take out a", which May's file still lists, and a never went out again."""
    moved.gone("b")
    told = moved.export(MAY, withdrawn=Y)
    assert told.file and [row["Street"] for row in load(told.file)] == ["12 OAK ST"]
    assert "withdrawn" not in " ".join(told.says)
    assert rows_of_last_run(moved) == [("a", "a", "changed", X), ("a", "b", "kept", X)]
    assert moved.export(MAY, withdrawn=Y).number == 0
    moved.lead("b", JUNE, replaces="a")
    assert moved.ids(JUNE, include=ALL) == [("id b", "a")], "it moved after all"
    assert moved.export().done.counts["moved_on"] == 1


def test_in_another_month_nobody_is_told_to_take_out_what_goes_back_and_it_is_offered(moved: House) -> None:
    moved.gone("b")
    moved.lead("c", JUNE)
    told = moved.export(JUNE, withdrawn=Y)
    assert "withdrawn" not in " ".join(told.says) and "2024-05 (1)" in told.says[-1]
    assert [key for _, key, _, _ in rows_of_last_run(moved)] == ["c", "b"]
    assert moved.ids(withdrawn=Y) == [("id a", "a")]


def test_a_move_that_a_re_issue_takes_back_is_taken_back_in_salesforce(moved: House) -> None:
    """Salesforce kept b's address for ever: a counted as exported before."""
    moved.gone("b")
    told = moved.export(JUNE)
    assert "Not exported yet in this form: 2024-05 (1)" in " ".join(told.says)
    assert moved.ids() == [("id a", "a")] and rows_of_last_run(moved) == [("a", "a", "changed", X)]
    assert moved.export().number == 0


def test_another_lead_at_the_former_place_never_overwrites_the_one_that_moved(moved: House) -> None:
    """Both stand, and nothing says any more that one was the other before."""
    moved.gone("a", "b")
    moved.lead("a", JUNE, source_id="another")
    moved.lead("b", JUNE)
    assert moved.ids(JUNE, withdrawn=X) == [("another", "a-2")]
    assert moved.export(JUNE, withdrawn=X).number == 0


def test_both_gone_the_record_is_told_once(moved: House) -> None:
    moved.gone("a", "b")
    moved.put("fct_lead_files", {"month": JULY, "source_name": NV, "file_name": "z", "file_sha256": "z"})
    moved.export(JULY, withdrawn=X)
    told = moved.history.runs()[-1].rows
    assert [(row.key, row.operation, row.sha256) for row in told] == [("a", "kept", Y)], "b's file is in force"
    said = moved.export(JULY, withdrawn=Y).says
    assert said.count("  a") == 1 and any(line.startswith("1 leads were exported from a file") for line in said)
    moved.lead("b", JUNE)
    assert moved.ids(JUNE) == [("id b", "a")], "taken out, it goes out again"


def test_a_lead_that_salesforce_has_since_it_went_out_is_not_told_as_withdrawn(house: House) -> None:
    """Loaded, it is no net-new lead of the next list; it was told as withdrawn though listed and valid."""
    house.lead("a")
    house.export()
    house.gone("a")
    house.lead("a", JUNE)
    house.con.execute("delete from prospects.rep_new_leads")
    told = house.export(JUNE, withdrawn=X)
    assert "withdrawn" not in " ".join(told.says) and rows_of_last_run(house) == [("a", "a", "kept", Y)]


def test_nothing_is_told_as_withdrawn_while_a_month_is_not_current(house: House) -> None:
    """What the month's new file gives is not in the tables yet."""
    house.lead("a")
    house.export()
    house.gone("a")
    house.lead("b", JUNE)
    told = house.export(JUNE, withdrawn=X, stale=frozenset({JULY}))
    assert told.file and [row.key for row in told.done.rows] == ["b"]
    assert [line for line in told.says if "2024-07" in line] == [
        "1 leads were exported from a file that is withdrawn since. Which of them stand by another file is told when "
        "2024-07 is current."
    ]
    assert "  a" in house.export(JUNE, withdrawn=X).says


def test_what_went_out_for_people_keeps_nothing_out_of_salesforce(house: House) -> None:
    """A workbook had a and then b; Salesforce never got a, which was told as out, as what it is now."""
    house.lead("a")
    house.lead("b", JUNE, replaces="a")
    assert [house.export(month, "xlsx", ALL).done.rows[0].external_id for month in (MAY, JUNE)] == ["a", "a"]
    assert house.export(form="xlsx").done.counts["moved_on"] == 1
    assert house.ids() == [("id a", "a")]
    assert house.ids(JUNE, include=ALL) == [("id b", "a")], "ids are shared"
    assert house.export().done.counts["moved_on"] == 1


def test_earlier_months_are_offered(house: House) -> None:
    house.lead("a")
    house.lead("b", replaces="z")
    house.lead("c", JUNE)
    assert house.export(JUNE).says[-1].startswith("Not exported yet in this form: 2024-05 (1). ")
    house.export()
    assert not [line for line in house.export(JUNE).says if line.startswith("Not exported yet")]


def test_what_never_fits_is_named_each_and_offered_never(house: House) -> None:
    """Its month was offered for ever, and of more than twenty the others were a number."""
    for number in range(25):
        house.lead(f"{number:02d}", company_name="x" * 256)
    house.lead("c", JUNE)
    assert not [line for line in house.export(JUNE).says if line.startswith("Not exported yet")]
    assert len([line for line in house.export().says if "Company has 256 characters" in line]) == 25


def test_by_what_a_lead_is_told_to_have_changed() -> None:
    """The very text that is hashed: where it changes, every lead that ever went out goes out again."""
    lead = {
        "contact_name": "ANN LEE", "contact_title": None, "company_name": "ACORN", "phone_e164": "+17025550101",
        "phone_raw": "702 555 0101", "phone_is_valid": True, "email": "a@x.com", "street": "12 OAK ST", "city": "RENO",
        "state": "NV", "postal_code": "00501", "country": None, "source_name": NV, "source_id": "7",
        "license_status": "OPEN", "license_expires_on": date(2025, 1, 31), "capacity": 12, "former_phone": None,
        "former_address": None,
    }  # fmt: skip
    assert told(SALESFORCE, lead) == (
        "[('LastName', 'LEE'), ('FirstName', 'ANN'), ('Title', None), ('Company', 'ACORN'), ('Phone', '+17025550101'), "
        "('Email', 'a@x.com'), ('Street', '12 OAK ST'), ('City', 'RENO'), ('State', 'NV'), ('PostalCode', '00501'), "
        "('Country', None), ('LeadSource', 'nv_licensing'), ('License_Number__c', '7')]"
    )
    assert told(PEOPLE, lead) == (
        "[('Company', 'ACORN'), ('Contact', 'ANN LEE'), ('Title', None), ('Phone', '702-555-0101'), "
        "('Phone is valid', 'yes'), ('E-mail', 'a@x.com'), ('Street', '12 OAK ST'), ('City', 'RENO'), ('State', 'NV'), "
        "('Postal code', '00501'), ('Country', None), ('Licence', '7'), ('Licence status', 'OPEN'), "
        "('Licence expires', datetime.date(2025, 1, 31)), ('Capacity', 12), ('Former phone', None), "
        "('Former address', None)]"
    )


def test_manifests_and_words_hold_nothing_personal(house: House) -> None:
    house.lead("a", email="ann@acorn.example", replaces="b", former_phone="+17025550177")
    told = house.export(include=ALL)
    assert told.number == 1
    kept = (house.folder.parent / "archive" / ".actions" / "runs" / "new-leads" / "000001.json").read_text()
    for text in (kept, " ".join(told.says)):
        assert not [
            value for value in ("5550101", "5550177", "555-0", "ANN", "LEE", "ACORN", "OAK", "acorn") if value in text
        ]
