"""The sample data: the same bytes each time, and everything promised is in it.

Belongs here: the files, and that the truth counts what they hold. Does not: the truth's rules (test_truth).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import phonenumbers
import pytest

from leads_platform.sample import MARKER, generate
from leads_platform.sample.deals import file_paths
from leads_platform.sample.places import Addresses, Phones
from leads_platform.sample.truth import Truth
from leads_platform.sample.vocabulary import PLACES
from leads_platform_tests.sample.conftest import MONTHS, NV, OK, SF, TX, records, source_id

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


def test_the_same_bytes_each_time_whatever_the_machine(landing: Path, truth: Truth, tmp_path: Path):
    code = "import pathlib, leads_platform.sample as s, sys; s.generate(pathlib.Path(sys.argv[1]))"
    odd = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=odd, cwd=Path(__file__).parents[2])
    assert contents(tmp_path) == contents(landing)


def test_another_seed_gives_other_files(landing: Path, truth: Truth, tmp_path: Path):
    generate(tmp_path, seed=7, scale=0.1)
    name = f"{NV}/nv_licensing_2024-01-04.csv"
    assert (tmp_path / name).read_bytes() != (landing / name).read_bytes()


def test_the_committed_landing_folder_is_the_generators_output(landing: Path, truth: Truth):
    wanted = contents(landing)
    assert {name: data for name, data in contents(COMMITTED).items() if name in wanted} == wanted
    assert sum(map(len, wanted.values())) < 3_000_000


def test_generating_again_replaces_the_earlier_sample_and_nothing_else(tmp_path: Path):
    generate(tmp_path, months=3, scale=0)
    own = tmp_path / NV / "mine 2024-09.csv"
    own.write_text("mine")
    generate(tmp_path, months=1, scale=0)
    assert own.read_text() == "mine"
    assert {p.name for p in (tmp_path / NV).iterdir()} == {"mine 2024-09.csv", "nv_licensing_2024-01-04.csv"}
    marker = json.loads((tmp_path / MARKER).read_text())
    assert (marker["months"], marker["seed"], marker["scale"]) == (1, 20240101, 0)


@pytest.mark.parametrize("months", [1, 2, 3, 14])
def test_any_number_of_months(tmp_path: Path, months: int):
    truth = generate(tmp_path, months=months, scale=0.02, first_month=date(2023, 11, 1))
    assert len(truth.months) == months
    assert sorted(truth.arrival_order) == sorted([*truth.files, *file_paths(date(2023, 11, 1), months)])


@pytest.mark.parametrize("arguments", [{"scale": -1}, {"months": 0}, {"first_month": date(2024, 1, 2)}])
def test_impossible_arguments_are_refused(tmp_path: Path, arguments: dict):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        generate(tmp_path, **arguments)


@pytest.mark.parametrize("feed", [NV, OK, TX, SF])
def test_headers_and_line_ends_are_the_suppliers(landing: Path, truth: Truth, feed: str):
    for path in (landing / feed).iterdir():
        data = path.read_bytes()
        assert data.startswith(HEADERS[feed].encode() + b"\n")
        assert b"\r" not in data
        assert not data.endswith(b"\n")


def test_every_file_holds_the_records_the_truth_counts(landing: Path, truth: Truth):
    assert {*truth.files, *file_paths(date(2024, 1, 1), 6)} == set(contents(landing)) - {MARKER}
    for name, file in truth.files.items():
        found = records(landing / name)
        ragged = [r for r in found if "too many" in r or None in r.values()]
        assert (len(found), len(ragged)) == (file.records, file.quarantined)
        if file.feed != SF:
            keys = [source_id(file.feed, r) for r in found if "too many" not in r]
            assert (len(set(keys)), len(keys) - len(set(keys))) == (file.licences, file.repeated_keys)


def test_json_holds_the_whole_truth(truth: Truth):
    read = json.loads(truth.to_json())
    assert read["feed_months"]["2024-03|nv_licensing"]["net_new"] == truth.of("2024-03", NV).net_new
    assert len(read["sites"]) == truth.month_truths["2024-06"].sites


# What was promised --------------------------------------------------------------------------------------


def test_every_promised_kind_of_change_is_in_the_truth(truth: Truth):
    for feed in (NV, OK, TX):
        months = [truth.of(month, feed) for month in MONTHS]
        for count in [
            "net_new",
            "known_to_us",
            "in_salesforce",
            "repeated",
            "returned",
            "gone",
            "gone_licences",
            "moved",
            "phone_changed",
            "changed",
            "repeated_keys",
            "without_phone",
            "bad_phone",
            "without_address",
        ]:
            assert sum(getattr(month, count) for month in months) > 0, (feed, count)
        assert any(month.licences > month.sites for month in months), "two licences for one site"
        assert all(month.bad_phone + month.without_phone < 0.1 * month.licences for month in months)
    assert truth.of("2024-01", NV).expired > 0
    assert truth.sites is not None
    sites = list(truth.sites.values())
    assert {len(site.held) for site in sites} == {1, 2, 3}
    assert any(len(site.net_new) > 1 for site in sites), "two suppliers first in one month"
    assert any(len(site.held) > 1 and len(site.net_new) == 1 for site in sites)
    assert any(len(site.salesforce_ids) > 1 for site in sites)
    # Chains: one valid phone at several addresses in one month. One address with two phones.
    phones = [s.phone for s in sites if s.phone and len(s.phone) == 10 and "2024-06" in s.held.get(OK, [])]
    assert any(phones.count(phone) > 1 and valid(phone) for phone in set(phones))
    addresses = [site.address for site in sites if site.address]
    assert len(set(addresses)) < len(addresses)
    # Net-new leads that reach Salesforce in their month, later, and never.
    reached = {
        MONTHS.index(site.known_in_salesforce_from) - MONTHS.index(site.first_month)
        for site in sites
        if site.net_new and site.known_in_salesforce_from
    }
    assert {0, 1} <= reached
    last = truth.month_truths["2024-06"]
    assert last.salesforce_deleted and last.salesforce_converted
    assert last.salesforce_known > last.salesforce_records, "some leave the export and stay known"


def test_files_in_every_promised_shape(truth: Truth):
    order = truth.arrival_order
    late = order.index("tx_licensing/TX child care 2024-02.csv")
    assert order.index("tx_licensing/TX child care 2024-04.csv") < late
    assert order.index("salesforce_leads/salesforce_leads_2024-04-30.csv") < late
    assert late < order.index("tx_licensing/TX child care 2024-05.csv")
    first, corrected = (truth.files[f"{NV}/nv_licensing_2024-03-{day}.csv"] for day in ("04", "18"))
    assert (first.effective, first.net_new, corrected.effective) == (False, None, True)
    assert first.records * 0.5 < corrected.records
    parts = [truth.files[f"{OK}/ok_licensing_2024-04-02_part{n}.csv"] for n in (1, 2)]
    month = truth.of("2024-04", OK)
    assert month.files == [part.path for part in parts]
    for count in ("records", "licences", "sites", "net_new", "known_to_us", "in_salesforce"):
        assert sum(getattr(part, count) for part in parts) == getattr(month, count)
    assert all(part.sites > 50 for part in parts)
    assert [m for m in MONTHS if truth.of(m, TX).quarantined] == ["2024-05"]
    assert sum(file.quarantined for file in truth.files.values()) == 1


def test_the_correction_changes_removes_and_adds_records(landing: Path, truth: Truth):
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
    ],
)
def test_the_suppliers_habits_are_in_the_bytes(landing: Path, truth: Truth, feed: str | None, pattern: bytes):
    feeds = (feed,) if feed else (NV, OK, TX)
    data = b"\n".join(path.read_bytes() for f in feeds for path in sorted((landing / f).iterdir()))
    assert re.search(pattern, data)


def test_one_site_is_written_in_different_ways(landing: Path, truth: Truth):
    """Sites that two suppliers share differ in how the phone is written; their digits are the same."""
    assert truth.sites is not None
    cells = {
        (feed, source_id(feed, r)): r["Phone"]
        for feed in (NV, OK, TX)
        for name in truth.of("2024-06", feed).files
        for r in records(landing / name)
    }
    written = [
        {cells[feed, i] for feed, ids in site.source_ids.items() for i in ids if (feed, i) in cells}
        for site in truth.sites.values()
        if len(site.held) > 1
    ]
    assert sum(len(forms) > 1 for forms in written) > 20


# Phones and addresses -----------------------------------------------------------------------------------


def valid(phone: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone or "", "US"))
    except phonenumbers.NumberParseException:
        return False


def test_good_phones_are_valid_and_bad_ones_are_not(landing: Path, truth: Truth):
    for month in MONTHS:
        for feed in (NV, OK, TX):
            answer = truth.of(month, feed)
            rows = [r for name in answer.files for r in records(landing / name) if "too many" not in r]
            cells = {source_id(feed, r): r["Phone"] for r in rows}.values()
            assert sum(not cell for cell in cells) == answer.without_phone
            assert sum(bool(cell) and not valid(cell) for cell in cells) == answer.bad_phone


def test_phones_and_addresses_are_never_handed_out_twice():
    phones, addresses = Phones(), Addresses()
    many = [phones.next("NV") for _ in range(60_000)]  # beyond the 30,000 numbers with exchange 555
    assert len(set(many)) == len(many)
    assert all(valid(phone) for phone in many[::500])
    assert not {phone[3:] for phone in many} & {"5551212"}
    texts = {addresses.next("OK", 1.0).text for _ in range(20_000)}
    assert len(texts) == 20_000
    assert "89101" in {place.postal_code for place in PLACES["NV"]}
