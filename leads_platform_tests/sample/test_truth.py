"""The sample's truth is right: recounted from the files, and against worlds worked out by hand.

Belongs here: the generator's own answers. Does not: whether the tables agree with them (prospects).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from leads_platform.sample import build
from leads_platform.sample.truth import Truth
from leads_platform.sample.vocabulary import Place
from leads_platform.sample.world import (
    Address,
    Calendar,
    Listing,
    SalesforceLead,
    Site,
    Unit,
    then,
    throughout,
)
from leads_platform_tests.sample.conftest import MONTHS, NV, OK, SF, TX, records, source_id


def held_by(truth: Truth, landing: Path, feed: str, month: str) -> set[str]:
    """The sites a supplier's month holds, read back from the files by licence number."""
    assert truth.sites is not None
    site_of = {
        i: site.identity
        for site in truth.sites.values()
        if month in site.held.get(feed, [])
        for i in site.source_ids[feed]
    }
    names = truth.of(month, feed).files
    rows = [r for name in names for r in records(landing / name) if "too many" not in r]
    return {site_of[source_id(feed, r)] for r in rows}


def salesforce_phones(landing: Path, months: list[str]) -> dict[str, datetime]:
    """Phone digits -> first creation, over the snapshots of these months."""
    first: dict[str, datetime] = {}
    for month in months:
        (path,) = (landing / SF).glob(f"*{month}*")
        for record in records(path):
            created = datetime.strptime(record["created_date"], "%Y-%m-%d %H:%M:%S")
            for cell in (record["phone"], record["mobile_phone"]):
                digits = re.sub(r"\D", "", cell)[-10:]
                if digits:
                    first[digits] = min(created, first.get(digits, created))
    return first


def test_the_truth_agrees_with_a_recount_from_the_files(landing: Path, truth: Truth):
    """Sets over all files, a month at a time: another way to count than the generator's, unit by unit."""
    assert truth.sites is not None
    phone_of = {site.identity: site.phone or "-" for site in truth.sites.values()}
    held = {(f, m): held_by(truth, landing, f, m) for f in (NV, OK, TX) for m in MONTHS}
    known_until = {m: salesforce_phones(landing, MONTHS[: i + 1]) for i, m in enumerate(MONTHS)}
    ever: dict[str, set[str]] = {NV: set(), OK: set(), TX: set()}
    was_net_new: set[str] = set()
    for number, month in enumerate(MONTHS):
        earlier = set().union(*ever.values())
        for feed in (NV, OK, TX):
            answer, here = truth.of(month, feed), held[feed, month]
            day = re.search(r"2024-\d\d-(\d\d)", answer.files[0])
            file_date = datetime.fromisoformat(f"{month}-{day[1] if day else '01'}")
            before = held[feed, MONTHS[number - 1]] if number else set()
            salesforce = {s for s in here if known_until[month].get(phone_of[s], datetime.max) < file_date}
            net_new = here - earlier - salesforce
            was_net_new |= net_new
            assert answer.file_date == file_date.date().isoformat()
            assert answer.sites == len(here)
            assert answer.known_to_us == len(here & earlier)
            assert answer.in_salesforce == len(salesforce)
            assert answer.net_new == len(net_new)
            assert answer.repeated == len(here & before)
            assert answer.gone == len(before - here)
            assert answer.returned == len((here & ever[feed]) - before)
            assert answer.first_from_supplier == len(here - ever[feed])
        for feed in (NV, OK, TX):
            ever[feed] |= held[feed, month]
        all_sites = set().union(*ever.values())
        total = truth.month_truths[month]
        assert total.sites == len(all_sites)
        assert total.was_net_new == len(was_net_new)
        assert total.net_new == len(was_net_new - earlier)
        assert total.new_prospects == sum(phone_of[s] not in known_until[month] for s in all_sites)
        assert total.supplier_sites == sum(map(len, ever.values()))
        for pair, count in total.overlap.items():
            one, other = pair.split("|")
            assert count == len(ever[one] & ever[other])
            assert total.overlap_latest[pair] == len(held[one, month] & held[other, month])


# A world by hand ----------------------------------------------------------------------------------------

RENO = Place("RENO", "NV", "89502", "WASHOE")


def site(phone: str | None, number: str) -> Site:
    return Site(phone, Address(number, "N", "WILLOW", "ST", "", RENO))


def tiny_world() -> Iterator[Unit]:
    """Two months, worked out by hand below. nv files are of day 4, ok of day 2, tx of day 1."""
    alder, crane, dove = site("7025550101", "1"), site("7025550103", "4"), site("7025550104", "5")
    birch, birch_moved = site("7025550102", "2"), site("7025550102", "3")
    elm, fern = site("7025550105", "6"), site(None, "7")
    yield Unit(1, [Listing(NV, "A-1", throughout(alder, 2), twice=frozenset({1}))])
    yield Unit(2, [Listing(NV, "B-1", (birch, birch_moved))])
    yield Unit(
        3,
        [Listing(NV, "C-1", then(throughout(crane, 2), 1, None))],
        [SalesforceLead("00Q1", datetime(2023, 12, 1, 9), "7025550103", deleted_from=1)],
    )
    yield Unit(4, [Listing(NV, "D-1", throughout(dove, 2)), Listing(OK, "K820000001", (None, dove))])
    yield Unit(
        5,
        [Listing(OK, "K820000002", (None, elm)), Listing(TX, "1000001", (None, elm))],
        [SalesforceLead("00Q2", datetime(2024, 2, 1, 12), None, "7025550105")],
    )
    yield Unit(6, [Listing(TX, "1000002", throughout(fern, 2))])


def test_a_world_worked_out_by_hand(tmp_path: Path):
    truth = build(tmp_path, Calendar(date(2024, 1, 1), 2), tiny_world())

    def counts(month: str, feed: str, names: str) -> list[int]:
        return [getattr(truth.of(month, feed), name) for name in names.split()]

    # January, nv: Alder, Birch, Crane, Dove; Salesforce has Crane since December. tx: Fern, without a phone.
    assert counts("2024-01", NV, "records sites known_to_us in_salesforce net_new gone") == [4, 4, 0, 1, 3, 0]
    assert counts("2024-01", OK, "records sites net_new") == [0, 0, 0]
    assert counts("2024-01", TX, "records sites net_new without_phone") == [1, 1, 1, 1]
    january = truth.month_truths["2024-01"]
    assert (january.net_new, january.sites, january.new_prospects) == (4, 5, 4)
    assert (january.salesforce_records, january.salesforce_deleted) == (1, 0)

    # February, nv: Alder twice, Birch at a new address (its old site is gone), Dove; Crane is gone.
    names = "records repeated_keys licences sites repeated first_from_supplier known_to_us in_salesforce"
    assert counts("2024-02", NV, names) == [4, 1, 3, 3, 2, 1, 2, 0]
    names = "net_new moved phone_changed gone gone_licences changed"
    assert counts("2024-02", NV, names) == [1, 1, 0, 2, 1, 1]
    assert truth.of("2024-02", NV).moved_ids == ["B-1"]
    assert truth.of("2024-02", NV).gone_ids == ["C-1"]
    assert truth.of("2024-02", NV).net_new_ids == ["B-1"]
    # Elm reached Salesforce at noon on 1 February: before ok's file of the 2nd, not before tx's of the 1st.
    assert counts("2024-02", OK, "sites known_to_us in_salesforce net_new") == [2, 1, 1, 0]
    assert counts("2024-02", TX, "sites known_to_us in_salesforce net_new") == [2, 1, 0, 1]
    february = truth.month_truths["2024-02"]
    # Net-new: Birch's new site and Elm. Seven sites: Birch is two. Salesforce knows Crane and Elm.
    assert (february.net_new, february.was_net_new, february.sites, february.new_prospects) == (2, 6, 7, 5)
    # nv has 4 licences at 5 sites, ok 2 at 2, tx 2 at 2.
    assert (february.licences, february.licence_sites, february.supplier_sites) == (8, 9, 9)
    assert february.in_latest_files == 5  # Alder, Birch's new site, Dove, Elm, Fern
    assert february.overlap == {
        f"{NV}|{NV}": 5,
        f"{NV}|{OK}": 1,
        f"{NV}|{TX}": 0,
        f"{OK}|{OK}": 2,
        f"{OK}|{TX}": 1,
        f"{TX}|{TX}": 2,
    }
    assert february.overlap_latest == {**february.overlap, f"{NV}|{NV}": 3}
    assert (february.salesforce_records, february.salesforce_deleted) == (2, 1)
    assert truth.sites is not None
    assert truth.sites["7025550105|6 N WILLOW ST, RENO, NV 89502"].net_new == [TX]
    assert truth.sites[f"{TX}#1000002"].held == {TX: ["2024-01", "2024-02"]}


def test_a_correction_and_a_broken_record_worked_out_by_hand(tmp_path: Path):
    """Five months: March's nv list is corrected, May's tx record of Cedar has a field too many."""
    added, removed, wrong, right = (site(f"702555011{n}", f"1{n}") for n in range(4))
    wrong = Site(right.phone, wrong.address)
    cedar = site("7025550119", "19")
    units = [
        Unit(1, [Listing(NV, "1-1", throughout(added, 5, first=2), superseded={2: None})]),
        Unit(2, [Listing(NV, "2-1", (None,) * 5, superseded={2: removed})]),
        Unit(3, [Listing(NV, "3-1", throughout(right, 5, first=2), superseded={2: wrong})]),
        Unit(4, [Listing(TX, "1000001", throughout(cedar, 5), broken=frozenset({4}))]),
    ]
    truth = build(tmp_path, Calendar(date(2024, 1, 1), 5), units)
    first, second = (truth.files[f"{NV}/nv_licensing_2024-03-{day}.csv"] for day in ("04", "18"))
    assert (first.records, first.licences, first.sites) == (2, 2, 2)  # removed, wrong
    assert (second.records, second.sites, second.net_new) == (2, 2, 2)  # added, right
    assert truth.of("2024-03", NV).file_date == "2024-03-18"
    may = truth.of("2024-05", TX)
    assert (may.records, may.quarantined, may.licences, may.gone) == (1, 1, 0, 1)
    assert truth.month_truths["2024-05"].sites == 3
    assert truth.month_truths["2024-05"].in_latest_files == 2
