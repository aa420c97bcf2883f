"""The sample data: the same bytes each time, and what was promised is in its files.

Belongs here: the files. Does not: the truths' rules (test_truth), or whether the tables agree with them (the rooms).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import phonenumbers
import pytest

from leads_platform.prospects.sample.calendar import NV, OK, TX
from leads_platform.prospects.sample.calendar import SALESFORCE as SF
from leads_platform.rooms import find_rooms
from leads_platform.sample import MARKER, Sample, generate
from leads_platform.sample.places import Addresses, Phones
from leads_platform.sample.population import BAD_PHONES
from leads_platform.sample.vocabulary import AREA_CODES, NEAR_AREA_CODES, PLACES
from leads_platform.sample.world import Party, World
from leads_platform.sample.writing import Writer
from leads_platform_tests.sample.conftest import records, source_id
from leads_platform_tests.sample_truth import Truth

COMMITTED = Path(__file__).parents[2] / "data" / "landing"

# As the reference files have them.
HEADERS = {
    NV: "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,"
    "County,Phone,First Issue Date,Primary Contact Name,Primary Contact Role",
    OK: "Type License,Company,Accepts Subsidy,Year Round,Daytime Hours,Star Level,Mon,Tues,Wed,Thurs,Friday,"
    "Saturday,Sunday,Primary Caregiver,Phone,Email,Address1,Address2,City,State,Zip,"
    "Subsidy Contract Number,Total Cap,Ages Accepted 1,AA2,AA3,AA4,License Monitoring Since,"
    "School Year Only,Evening Hours",
    TX: "Operation,Agency Number,Operation Name,Address,City,State,Zip,County,Phone,Type,Status,Issue Date,"
    "Capacity,Email Address,Facility ID,Monitoring Frequency,Infant,Toddler,Preschool,School",
    SF: "id,is_deleted,last_name,first_name,title,company,street,city,state,postal_code,country,phone,"
    "mobile_phone,email,website,lead_source,status,is_converted,created_date,last_modified_date,"
    "last_activity_date,last_viewed_date,last_referenced_date,email_bounced_reason,email_bounced_date,"
    "outreach_stage_c,current_enrollment_c,capacity_c,lead_source_last_updated_c,"
    "brightwheel_school_uuid_c",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# The bytes ----------------------------------------------------------------------------------------------


def test_the_same_bytes_each_time_whatever_the_machine(landing: Path, sample: Sample, tmp_path: Path):
    code = (
        "import pathlib, sys; from leads_platform.rooms import find_rooms; from leads_platform.sample import generate;"
        "generate(pathlib.Path(sys.argv[1]), find_rooms().emitters)"
    )
    odd = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=odd, cwd=Path(__file__).parents[2])
    assert contents(tmp_path) == contents(landing)


def test_another_seed_gives_other_files(landing: Path, sample: Sample, tmp_path: Path):
    generate(tmp_path, find_rooms().emitters, seed=7, scale=0.1)
    name = f"{NV}/nv_licensing_2024-01-04.csv"
    assert (tmp_path / name).read_bytes() != (landing / name).read_bytes()


def test_the_committed_landing_folder_is_the_generators_output(landing: Path, sample: Sample):
    wanted = contents(landing)
    assert {name: data for name, data in contents(COMMITTED).items() if name in wanted} == wanted
    assert sum(map(len, wanted.values())) < 3_000_000


def test_generating_again_replaces_the_earlier_sample_and_nothing_else(tmp_path: Path):
    generate(tmp_path, find_rooms().emitters, months=3, scale=0)
    own = tmp_path / NV / "mine 2024-09.csv"
    own.write_text("mine")
    generate(tmp_path, find_rooms().emitters, months=1, scale=0)
    assert own.read_text() == "mine"
    assert {p.name for p in (tmp_path / NV).iterdir()} == {"mine 2024-09.csv", "nv_licensing_2024-01-04.csv"}
    marker = json.loads((tmp_path / MARKER).read_text())
    assert (marker["months"], marker["seed"], marker["scale"]) == (1, 20240101, 0)


class _Visitors:
    """A toy room's emitter: who came by, a line for each business."""

    def __init__(self, world: World) -> None:
        self._day = world.midnight(0)

    def files(self) -> list[tuple[datetime, str]]:
        return [(self._day, "visitors/2024-01.csv")]

    @contextmanager
    def writing(self, out: Path) -> Iterator[Callable[[Party], None]]:
        with Writer(out / "visitors/2024-01.csv", "email") as writer:

            def write(party: Party) -> None:
                for business in party.businesses:
                    writer.add(f"{business.email}\n")

            yield write


def test_a_room_of_another_package_meets_the_same_people(tmp_path: Path):
    sample = generate(tmp_path, [*find_rooms().emitters, _Visitors], months=1, scale=0.1)
    assert sample.arrival_order.index("visitors/2024-01.csv") < 3
    visitors = {row["email"] for row in records(tmp_path / "visitors" / "2024-01.csv")}
    listed = {row["Email"].strip().lower() for row in records(tmp_path / OK / "ok_licensing_2024-01-02.csv")}
    assert listed < visitors
    assert len(listed) > 30


@pytest.mark.parametrize("months", [1, 2, 3, 14])
def test_any_number_of_months(tmp_path: Path, months: int):
    sample = generate(tmp_path, find_rooms().emitters, months=months, scale=0.02, first_month=date(2023, 11, 1))
    assert sorted(sample.arrival_order) == sorted(set(contents(tmp_path)) - {MARKER})
    lists = [name for name in sample.arrival_order if name.startswith(TX)]
    assert len(lists) == months


@pytest.mark.parametrize("arguments", [{"scale": -1}, {"months": 0}, {"first_month": date(2024, 1, 2)}])
def test_impossible_arguments_are_refused(tmp_path: Path, arguments: dict):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        generate(tmp_path, find_rooms().emitters, **arguments)


@pytest.mark.parametrize("feed", [NV, OK, TX, SF])
def test_headers_and_line_ends_are_the_suppliers(landing: Path, sample: Sample, feed: str):
    for path in (landing / feed).iterdir():
        data = path.read_bytes()
        assert data.startswith(HEADERS[feed].encode() + b"\n")
        assert b"\r" not in data
        assert not data.endswith(b"\n")


def test_every_file_holds_the_records_the_truth_counts(landing: Path, sample: Sample, truth: Truth):
    assert set(sample.arrival_order) == set(contents(landing)) - {MARKER}
    for row in truth["fct_lead_files"]:
        found = records(landing / row["source_name"] / row["file_name"])
        ragged = [r for r in found if "too many" in r or None in r.values()]
        assert (len(found), len(ragged)) == (row["records"], row["quarantined"])


# What was promised --------------------------------------------------------------------------------------


def test_files_in_every_promised_shape(landing: Path, sample: Sample, truth: Truth):
    order = sample.arrival_order
    late = order.index("tx_licensing/TX child care 2024-02.csv")
    assert order.index("tx_licensing/TX child care 2024-04.csv") < late
    assert order.index("salesforce_leads/salesforce_leads_2024-04-30.csv") < late
    assert late < order.index("tx_licensing/TX child care 2024-05.csv")
    first, corrected = (len(records(landing / NV / f"nv_licensing_2024-03-{day}.csv")) for day in ("04", "18"))
    assert first * 0.5 < corrected
    in_force = {row["file_name"]: row for row in truth["fct_lead_files"]}
    assert "nv_licensing_2024-03-04.csv" not in in_force
    parts = [in_force[f"ok_licensing_2024-04-02_part{n}.csv"] for n in (1, 2)]
    assert all(part["distinct_leads"] > 50 for part in parts)
    assert [row["file_name"] for row in in_force.values() if row["quarantined"]] == ["TX child care 2024-05.csv"]


def test_keys_that_stand_twice(landing: Path, sample: Sample):
    """In each supplier's lists, the second record at the file's end; and in Salesforce's, with another phone."""
    for feed in (NV, OK, TX):
        files = [[source_id(feed, r) for r in records(path)] for path in sorted((landing / feed).iterdir())]
        twice = [{key for key in keys if keys.count(key) > 1} for keys in files]
        assert any(twice)
        assert [set(keys[-len(again) :]) for keys, again in zip(files, twice, strict=True) if again] == list(
            filter(None, twice)
        )
    rows = records(landing / SF / "salesforce_leads_2024-06-30.csv")
    ids = [row["id"] for row in rows]
    doubled = {
        row["id"]: {r["phone"] for r in rows if r["id"] == row["id"]} for row in rows if ids.count(row["id"]) > 1
    }
    assert len(doubled) == 3
    assert all(len(phones) == 2 for phones in doubled.values())


def test_the_correction_changes_removes_and_adds_records(landing: Path, sample: Sample):
    before, after = (
        {source_id(NV, r): r for r in records(landing / NV / f"nv_licensing_2024-03-{day}.csv")} for day in ("04", "18")
    )
    assert before.keys() - after.keys()
    assert after.keys() - before.keys()
    assert any(before[key]["Address"] != after[key]["Address"] for key in before.keys() & after.keys())


@pytest.mark.parametrize(
    ("feed", "pattern"),
    [
        (NV, rb'"\d+ [NSEW]\. [A-Z ]+, [A-Z]+ [\dA-Z]+ [A-Z ]+, NV 89\d\d\d"'),  # one cell, with a unit
        (NV, rb",\d\d?/\d\d?/\d\d,N,"),  # two-digit years
        (NV, rb",[A-Z]+ & NOEMI [A-Z'-]+ & PRUITT,"),  # A & B contacts
        (NV, "SPARROWíS".encode()),  # an apostrophe that lost its encoding
        (NV, rb'THE ""ACORN"" HOUSE, LLC'),
        (OK, rb'"[A-Z][a-z]+ [A-Z][^\n"]+\n \n Primary Caregiver",\(\d{3}\) 555-\d{4},'),
        (OK, rb'"[A-Z\'-]+, [A-Z]+ DBA [A-Z]'),
        (OK, rb",Accepts Subsidy,Daytime Hours\n"),  # shifted: School Year Only, Evening Hours
        (OK, rb",Year Round,(Toddlers|Preschool|School-age|\n)"),
        (OK, rb",SUITE [\dA-Z]+,[A-Z]"),  # the unit in Address2
        (TX, rb'"K"" Lane Learning Center LLC""",'),
        (TX, rb",\d{3}-\d{3}-\d{4},Licensed "),
        (TX, rb",\d+ [A-Z ]+ STE \d+,"),
        (TX, rb",,,,\d+,,N,N,N,N"),  # no status, date, capacity
        (None, rb",\+1 \(\d{3}\) \d{3}-\d{4},"),
        (None, rb",\d{3}\.\d{3}\.\d{4},"),
        (None, rb",\d{3}-\d{3}-\d{4} x12,"),
        (None, rb",1-\d{3}-\d{3}-\d{4},"),
        (None, rb",(555-0134|702-55),"),
        (None, rb",CALL OFFICE,"),
        (None, rb",999-999-9999,"),
        (None, rb",000-000-0000,"),
        (None, rb",\d{3}-123-\d{4},"),
        (None, rb"[ \",]NORTH \w"),
        (None, rb"[ \",]N\. \w"),
        (None, rb"\d  [A-Z]"),  # two blanks
        (SF, rb"20\d\d-\d\d-\d\d \d:\d\d:\d\d,"),  # one-digit hours
        (SF, rb",123456789\d,"),
        (SF, rb",\+1\d{10},"),
        (SF, rb",TRUE,"),
        (NV, rb", [A-Z ]+ ,"),  # blanks round cells
    ],
)
def test_the_suppliers_habits_are_in_the_bytes(landing: Path, sample: Sample, feed: str | None, pattern: bytes):
    feeds = (feed,) if feed else (NV, OK, TX)
    data = b"\n".join(path.read_bytes() for f in feeds for path in sorted((landing / f).iterdir()))
    assert re.search(pattern, data)


def test_one_site_is_written_in_different_ways(landing: Path, truth: Truth):
    """Sites that two suppliers share differ in how the phone is written; their digits are the same."""
    cells = {
        (feed, source_id(feed, r)): r["Phone"].strip()
        for feed in (NV, OK, TX)
        for path in sorted((landing / feed).glob("*2024-06*"))
        for r in records(path)
    }
    written: dict[str, set[str]] = {}
    for row in truth["dim_prospective_leads_source_level"]:
        if row["month"] == date(2024, 6, 1) and row["listed_this_month"] and row["has_phone_and_address"]:
            written.setdefault(row["phone_key"], set()).add(cells[row["source_name"], row["source_id"]])
    assert sum(len(forms) > 1 for forms in written.values()) > 20


def test_the_same_people_in_lists_salesforce_and_pipedrive(landing: Path, sample: Sample):
    """By e-mail, which each system writes as it likes."""
    lists = {r["Email"].strip().lower() for path in (landing / OK).glob("*06*") for r in records(path)}
    salesforce = {r["email"].lower() for path in (landing / SF).glob("*06*") for r in records(path)}
    changes = records(landing / "pipedrive_deal_changes" / "pipedrive_deal_changes_2024-06-30.csv")
    deals = {r["new_value"].lower() for r in changes if r["changed_field_key"] == "person_email"}
    assert len(lists & salesforce & deals) > 10
    assert len(deals - salesforce) > 10
    assert len(salesforce - deals) > 10


# Phones and addresses -----------------------------------------------------------------------------------


def valid(phone: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone or "", "US"))
    except phonenumbers.NumberParseException:
        return False


def test_good_phones_are_nobodys_and_bad_ones_are_not_valid(landing: Path, sample: Sample):
    """555-0100 to 555-0199 in all of the committed sample's lists; and each kind of bad phone there is."""
    rows = [r for feed in (NV, OK, TX) for path in (landing / feed).iterdir() for r in records(path)]
    cells = {r["Phone"].strip() for r in rows if "too many" not in r}
    good = {cell for cell in cells if valid(cell)}
    for cell in good:
        assert re.fullmatch(r"1?\d{3}55501\d\d", re.sub(r"\D", "", cell.removesuffix(" x12"))), cell
    bad = cells - good - {""}
    patterns = [re.escape(text) if "{" not in text else r"\d{3}-123-\d{4}" for text in BAD_PHONES]
    assert all(any(re.fullmatch(pattern, cell) for cell in bad) for pattern in patterns)
    assert all(any(re.fullmatch(pattern, cell) for pattern in patterns) for cell in bad)
    assert "" in cells


def test_phones_and_addresses_are_never_handed_out_twice():
    phones, addresses = Phones(), Addresses()
    fiction = 100 * len((*AREA_CODES["NV"], *NEAR_AREA_CODES["NV"]))
    many = [phones.next("NV") for _ in range(60_000)]  # beyond the 30,000 numbers with exchange 555
    assert len(set(many)) == len(many)
    assert all(phone[3:8] == "55501" for phone in many[:fiction])
    assert all(phone[3:8] != "55501" for phone in many[fiction:])
    assert all(valid(phone) for phone in many[::500])
    assert not {phone[3:] for phone in many} & {"5551212"}
    codes = [code for state in AREA_CODES for code in (*AREA_CODES[state], *NEAR_AREA_CODES[state])]
    assert len(set(codes)) == len(codes)
    texts = {addresses.next("OK", 1.0).text for _ in range(20_000)}
    assert len(texts) == 20_000
    assert "89101" in {place.postal_code for place in PLACES["NV"]}
