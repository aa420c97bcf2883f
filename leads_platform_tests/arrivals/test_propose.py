"""A proposed contract loads, accepts its sample, maps what its titles say, and holds no value of a cell."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads_platform.arrivals import ContractError, FeedContract, load_contract, read_file
from leads_platform.arrivals.contracts.load import Format, fold_header
from leads_platform.arrivals.contracts.propose import contract_text, propose_contract
from leads_platform.arrivals.contracts.propose_columns import Guess, column_names
from leads_platform.prospects.lead_list import LeadList
from leads_platform_tests.known import KNOWN

REAL = {"source1": 70, "source2": 28, "source3": 29, "salesforce_leads": 39}


def proposed(sample: Path, name: str | None = None, records: int | None = None) -> FeedContract:
    """The contract proposed for a sample, after the sample was read against it."""
    target = sample.parent / "proposed.yaml"
    target.write_text(propose_contract(sample, KNOWN, name), encoding="utf-8")
    contract = load_contract(target, KNOWN)
    assert contract.accepts(sample.name)
    with read_file(sample, contract) as reading:
        assert reading.verdict == "accepted", reading.message
        assert reading.unexpected == reading.missing_optional == []
        assert records in (None, reading.records)
    return contract


def mapping(contract: FeedContract) -> dict[str, str]:
    """What a lead list takes each lead column from; nothing of any other contract."""
    if not isinstance(contract, LeadList):
        return {}
    return {lead: source.column for lead, source in contract.leads.items()}


def write(tmp_path: Path, text: str, name: str = "acme_2024-05.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def copy_of(reference: Path, tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}_2024-05.csv"
    path.write_bytes((reference / "leads" / f"{name}.csv").read_bytes())
    return path


@pytest.mark.parametrize("name", REAL)
def test_real_files_fit_what_is_proposed_for_them(name: str, reference: Path, tmp_path: Path) -> None:
    contract = proposed(copy_of(reference, tmp_path, name), records=REAL[name])
    assert contract.kind == "lead_list"
    assert {c.name for c in contract.columns if "phone" in c.name} <= {c.name for c in contract.columns if c.pii}


def test_nevada_has_its_address_in_one_cell(reference: Path, tmp_path: Path) -> None:
    contract = proposed(copy_of(reference, tmp_path, "source1"), "nv")
    assert contract.feed == "nv"
    assert contract.key == ("credential_number",)
    assert mapping(contract) == {
        "source_id": "credential_number",
        "contact_name": "primary_contact_name",
        "contact_title": "primary_contact_role",
        "company_name": "name",
        "address": "address",
        "phone": "phone",
        "license_status": "status",
        "license_issued_on": "first_issue_date",
        "license_expires_on": "expiration_date",
    }
    assert contract.column("expiration_date").formats == ("%m/%d/%y",)
    assert contract.column("address").required and contract.column("address").pii


def test_oklahoma_has_its_number_inside_a_cell(reference: Path, tmp_path: Path) -> None:
    sample = copy_of(reference, tmp_path, "source2")
    contract = proposed(sample)
    assert mapping(contract) == {
        "source_id": "type_license",
        "contact_name": "primary_caregiver",
        "company_name": "company",
        "street": "address_1",
        "unit": "address_2",
        "city": "city",
        "state": "state",
        "postal_code": "zip",
        "phone": "phone",
        "email": "email",
        "capacity": "total_cap",
    }
    text = propose_contract(sample, KNOWN)
    assert "only a part of the cell" in line_of(text, "type_license")
    assert "several lines" in line_of(text, "primary_caregiver")


def test_texas_keeps_numbers_and_zips_as_text(reference: Path, tmp_path: Path) -> None:
    contract = proposed(copy_of(reference, tmp_path, "source3"))
    assert mapping(contract) == {
        "source_id": "operation",
        "company_name": "operation_name",
        "street": "address",
        "city": "city",
        "state": "state",
        "postal_code": "zip",
        "phone": "phone",
        "email": "email_address",
        "license_status": "status",
        "license_issued_on": "issue_date",
        "capacity": "capacity",
    }
    types = {column.name: column.type for column in contract.columns}
    assert {types[name] for name in ("operation", "zip", "phone", "facility_id", "agency_number")} == {"text"}
    assert (types["capacity"], types["infant"], types["issue_date"]) == ("integer", "boolean", "date")


def test_no_value_of_a_cell_stands_in_the_proposal(reference: Path, tmp_path: Path) -> None:
    for name in REAL:
        sample = copy_of(reference, tmp_path, name)
        text = propose_contract(sample, KNOWN).casefold()
        rows = duckdb.sql(f"from read_csv('{sample}', all_varchar = true, header = true)").fetchall()
        # Shorter values are also words of the contract itself: Y, NV, 12, Active is kept as it is long enough.
        values = {value.strip().casefold() for row in rows for value in row if value and len(value.strip()) >= 8}
        titles = sample.read_text(encoding="utf-8").splitlines()[0].casefold()
        assert {value for value in values if value in text and value not in titles} == set()


def line_of(text: str, column: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"  - {{name: {column},"))


PEOPLE = (
    "Licence No{d}Facility Name{d}Street Address{d}City{d}State{d}Zip Code{d}Telephone{d}Beds\n"
    "007{d}Café Kids{d}1 Main St{d}Provo{d}UT{d}01001{d}(801) 555-0100{d}12\n"
    "008{d}Blue Sky{d}2 Main St{d}Provo{d}UT{d}84601{d}(801) 555-0101{d}8\n"
    "009{d}Cedar{d}3 Oak Ave{d}Ogden{d}UT{d}84401{d}801-555-0102{d}20\n"
)
PEOPLE_LEADS = {
    "source_id": "licence_no",
    "company_name": "facility_name",
    "street": "street_address",
    "city": "city",
    "state": "state",
    "postal_code": "zip_code",
    "phone": "telephone",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_encodings(delimiter: str, encoding: str, tmp_path: Path) -> None:
    sample = write(tmp_path, PEOPLE.replace("{d}", delimiter), encoding=encoding)
    contract = proposed(sample, records=3)
    assert contract.feed == "acme"
    assert contract.format.delimiter == delimiter
    assert contract.format.encoding == encoding.removesuffix("-sig")
    assert mapping(contract) == PEOPLE_LEADS
    assert contract.key == ("licence_no",)
    assert contract.column("licence_no").type == contract.column("zip_code").type == "text"
    assert contract.column("beds").type == "integer"


def test_packed_samples(tmp_path: Path) -> None:
    plain = PEOPLE.replace("{d}", ",").encode()
    gz = tmp_path / "Utah list May 2024.CSV.gz"
    gz.write_bytes(gzip.compress(plain))
    assert proposed(gz, records=3).feed == "utah_list"
    packed = tmp_path / "utah_2024-05-03_part2.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("list.csv", plain)
    assert proposed(packed, records=3).feed == "utah"


@pytest.mark.parametrize("sheets", [1, 2])
def test_workbooks(sheets: int, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "List"
    sheet.append(["Licence No", "Facility", "Street", "City", "State", "Zip", "Phone", "Inspected"])
    for number in range(3):
        sheet.append([f"0{number}", "A", f"{number} Elm St", "Reno", "NV", "89501", "775-555-0100", date(2024, 5, 1)])
    if sheets == 2:
        book.create_sheet("Notes").append(["Sent monthly"])
    sample = tmp_path / "nevada 2024-05.xlsx"
    book.save(sample)
    contract = proposed(sample, records=3)
    assert contract.format.type == "xlsx"
    assert contract.format.sheet == (None if sheets == 1 else "List")
    assert contract.files == ("*.xlsx",)
    assert mapping(contract)["company_name"] == "facility"
    assert contract.column("inspected").formats == ("%Y-%m-%d",)


def test_parquet(tmp_path: Path) -> None:
    sample = tmp_path / "deals_2024-05.parquet"
    duckdb.sql(f"copy (select range + 1 as deal_id, 1.5 * range as price from range(4)) to '{sample}' (format parquet)")
    contract = proposed(sample, records=4)
    assert (contract.kind, contract.key) == ("plain", ("deal_id",))
    assert {c.name: c.type for c in contract.columns} == {"deal_id": "text", "price": "money"}


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (["2024-05-01", "2024-5-2"], "date", ("%Y-%m-%d",)),
        (["5/1/2024", "5/13/2024"], "date", ("%m/%d/%Y",)),
        (["1/5/2024", "13/5/2024"], "date", ("%d/%m/%Y",)),
        (["03.04.2024", "31.04.2024"], "text", ()),  # there is no 31 April
        (["03/04/2024", "05/06/2024"], "text", ()),
        (["5/13/24", "1/2/24"], "date", ("%m/%d/%y",)),
        (["1-May-2024", "12-Jun-2024"], "date", ("%d-%b-%Y",)),
        (["2024-05-01 6:35:38", "2024-05-02 16:35:38"], "timestamp", ("%Y-%m-%d %H:%M:%S",)),
        (["5/13/2024 1:02 PM", "5/14/2024 11:02 am"], "timestamp", ("%m/%d/%Y %I:%M %p",)),
        (["2024-05-01", "n/a"], "text", ()),
        (["1", "2"], "integer", ()),
        (["1", "02"], "text", ()),
        (["1", "2.5"], "decimal", ()),
        (["1234567890123", "1"], "text", ()),
        (["Y", "n"], "boolean", ()),
        (["TRUE", "FALSE"], "boolean", ()),
        (["1,200", "3"], "text", ()),
    ],
)
def test_types_are_guessed_only_where_all_values_agree(
    values: list[str], kind: str, formats: tuple[str, ...], tmp_path: Path
) -> None:
    rows = "".join(f'{index},"{value}"\n' for index, value in enumerate(values))
    contract = proposed(write(tmp_path, f"Id,Seen\n{rows}"))
    seen = contract.column("seen")
    assert (seen.type, seen.formats) == (kind, formats)


def test_an_ambiguous_date_is_a_person_s_choice(tmp_path: Path) -> None:
    text = propose_contract(write(tmp_path, "Id,Expires\n1,03/04/2024\n2,05/06/2024\n"), KNOWN)
    assert line_of(text, "expires").endswith(
        '# check: day or month first? Then type: date, formats: ["%m/%d/%Y"] or ["%d/%m/%Y"]'
    )
    assert "03/04/2024" not in text


def test_a_list_without_a_number_of_its_own_gets_a_key_to_check(tmp_path: Path) -> None:
    sample = write(
        tmp_path,
        'Business,Address,Phone\nA,"1 Elm St Reno, NV 89501",775-555-0100\nA,"2 Elm St Reno, NV 89501",775-555-0100\n',
    )
    contract = proposed(sample)
    assert contract.key == ("business", "phone")
    assert mapping(contract) == {
        "source_id": "business", "company_name": "business", "address": "address", "phone": "phone",
    }  # fmt: skip


def test_a_number_that_some_records_share_can_still_be_the_key(tmp_path: Path) -> None:
    text = propose_contract(write(tmp_path, "Beds,Licence No\n10,A1\n20,A2\n30,A2\n"), KNOWN)
    assert "key: [licence_no]" in text
    assert line_of(text, "licence_no").endswith("# check: taken for the key, though some records share it")
    text = propose_contract(write(tmp_path, "Beds,Licence No\n10,A2\n20,A2\n30,A2\n"), KNOWN)
    assert "# check: no column is different in every record" in text


def test_what_a_lead_list_lacks_is_said(tmp_path: Path) -> None:
    text = propose_contract(write(tmp_path, "Id,Company,Street,Phone\n1,A,1 Elm St,775-555-0100\n"), KNOWN)
    assert "kind: plain" in text
    assert "no column was found for city, state, postal_code" in text


def test_titles_that_mean_something_to_yaml_or_the_platform(tmp_path: Path) -> None:
    header = 'No,Month,Line,Part,True,Null,"A: #1, [x]","Tel\nNumber",,Téléphone,A b,a_B,2nd'
    contract = proposed(write(tmp_path, f"{header}\n1,2,3,4,5,6,7,8,9,10,11,12,13\n"), records=1)
    assert [column.name for column in contract.columns] == [
        "no", "month_delivered", "line_delivered", "part_delivered", "true", "null", "a_1_x", "tel_number", "column_9",
        "telephone", "a_b", "a_b_2", "nd",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("nv_licensing_2024-05.csv", "nv_licensing"),
        ("TX child care 2024-01-31.csv", "tx_child_care"),
        ("20240501 Leads.csv", "leads"),
        ("Leads_202405.csv", "leads"),
        ("2024-05.csv", "new_feed"),
        ("LicensedProviders.csv.gz", "licensed_providers"),
    ],
)
def test_the_feed_is_named_after_the_file(name: str, feed: str, tmp_path: Path) -> None:
    data = b"Id,City\n1,Reno\n"
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert proposed(tmp_path / name).feed == feed


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"a,b\n", "has a header and no records"),
        (b"JANE ROE,jane@example.com,1\nJOE,joe@example.com,2\n", "its first line looks like data"),
        (b"JANE ROE,7755550100,1\nJOE,7755550101,2\n", "its first line looks like data"),
        (b"Id,Id,City\n1,2,Reno\n", "the title of two columns"),
        (b"PK\x03\x04 cut", "can't be unpacked"),
    ],
)
def test_a_sample_that_can_not_be_read_is_refused_in_words(data: bytes, words: str, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_bytes(data)
    with pytest.raises(ContractError, match=words) as raised:
        propose_contract(sample, KNOWN)
    assert "JANE" not in str(raised.value)


TITLES, SHEET = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5), st.text(max_size=12)


@settings(max_examples=30, deadline=None)
@given(TITLES, SHEET)
def test_any_titles_give_a_contract_that_loads(titles: list[str], sheet: str) -> None:
    judge_proposal(titles, sheet)


@pytest.mark.long
@settings(max_examples=1000, deadline=None)
@given(TITLES, SHEET)
def test_many_titles_give_a_contract_that_loads(titles: list[str], sheet: str) -> None:
    judge_proposal(titles, sheet)


def judge_proposal(titles: list[str], sheet: str) -> None:
    shown = list({fold_header(title): title for title in titles if fold_header(title)}.values()) or ["A"]
    guesses = [Guess(name, title, 0, 0, {}) for name, title in zip(column_names(shown), shown, strict=True)]
    written = Format(type="xlsx", sheet=sheet or None)
    text = contract_text(Path("any.xlsx"), "any", written, guesses, guesses[:1], [], KNOWN, [])
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "any.yaml"
        target.write_bytes(text.encode("utf-8"))
        contract = load_contract(target, KNOWN)
    assert [column.header for column in contract.columns] == shown
    assert contract.format == written


def test_a_name_the_platform_keeps_for_itself_is_not_proposed(tmp_path: Path) -> None:
    """Found in use, 10: a sibling; the contract's new rule ended `feed new` as a fault of the program."""
    file = tmp_path / "files_2024-05.csv"
    file.write_text("Id,Name\n1,Acorn\n")
    assert "\nfeed: files_feed\n" in propose_contract(file, KNOWN)
    assert "\nfeed: my_counts_feed\n" in propose_contract(file, KNOWN, "my_counts")
