"""The room's truth about lists and Salesforce is right: against worlds worked out by hand.

Belongs here: the generator's own answers. Does not: whether the tables agree with them (prospects).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from leads_platform.months import label
from leads_platform.prospects.sample.calendar import NV, OK, TX, Calendar
from leads_platform.prospects.sample.files import entries_to
from leads_platform.prospects.sample.lists import Entry, Listing, SalesforceLead
from leads_platform.prospects.sample.truth import truth_of
from leads_platform.sample.vocabulary import Place
from leads_platform.sample.world import Address, Business, Site, World, then, throughout
from leads_platform_tests.sample.conftest import records
from leads_platform_tests.sample_truth import Truth

RENO = Place("RENO", "NV", "89502", "WASHOE")
WHO = Business("Acorn House", ("ANN", "LEE"), "ann.lee@example.org", 0, ())


def site(phone: str | None, number: str) -> Site:
    return Site(phone, Address(number, "N", "WILLOW", "ST", "", RENO))


def listing(feed: str, source_id: str, *sites: Site | None, **more: object) -> Listing:
    return Listing(feed, source_id, WHO, sites, **more)  # pyright: ignore[reportArgumentType] - by name


def told(landing: Path, months: int, entries: Iterable[Entry]) -> Truth:
    """The truth about the entries' files."""
    calendar, listed = Calendar(World(months=months)), list(entries)
    with entries_to(landing, calendar) as write:
        for entry in listed:
            write(entry)
    return truth_of(calendar, listed, landing)


def counts(truth: Truth, month: str, feed: str, names: str) -> list[int]:
    """These columns of the supplier's file of the month in force."""
    (row,) = (r for r in truth["fct_lead_files"] if (label(r["month"]), r["source_name"]) == (month, feed))
    return [row[name] for name in names.split()]


def leads(truth: Truth, month: str, table: str = "dim_prospective_leads") -> list[dict]:
    return [row for row in truth[table] if label(row["month"]) == month]


def tiny_world() -> list[Entry]:
    """Two months, worked out by hand below. nv files are of day 4, ok of day 2, tx of day 1."""
    alder, crane, dove = site("7025550101", "1"), site("7025550103", "4"), site("7025550104", "5")
    birch, birch_moved = site("7025550102", "2"), site("7025550102", "3")
    elm, fern = site("7025550105", "6"), site(None, "7")
    return [
        Entry(1, [listing(NV, "A-1", alder, alder, twice=frozenset({1}))]),
        Entry(2, [listing(NV, "B-1", birch, birch_moved)]),
        Entry(
            3,
            [listing(NV, "C-1", crane, None)],
            [SalesforceLead("00Q1", datetime(2023, 12, 1, 9), WHO, "7025550103", deleted_from=1)],
        ),
        Entry(4, [listing(NV, "D-1", dove, dove), listing(OK, "K820000001", None, dove)]),
        Entry(
            5,
            [listing(OK, "K820000002", None, elm), listing(TX, "1000001", None, elm)],
            [SalesforceLead("00Q2", datetime(2024, 2, 1, 12), WHO, None, "7025550105")],
        ),
        Entry(6, [listing(TX, "1000002", fern, fern)]),
    ]


def test_a_world_worked_out_by_hand(tmp_path: Path):
    truth = told(tmp_path, 2, tiny_world())
    names = "records distinct_leads already_known_leads already_in_salesforce_leads net_new_leads gone_leads"
    # January, nv: Alder, Birch, Crane, Dove; Salesforce has Crane since December. tx: Fern, without a phone.
    assert counts(truth, "2024-01", NV, names) == [4, 4, 0, 1, 3, 0]
    assert counts(truth, "2024-01", TX, names) == [1, 1, 0, 0, 1, 0]
    january = leads(truth, "2024-01")
    assert (len(january), sum(row["is_new_prospective_lead"] for row in january)) == (5, 4)
    # February, nv: Alder twice, Birch at a new address (its old site is gone), Dove; Crane is gone.
    assert counts(truth, "2024-02", NV, names) == [4, 3, 2, 0, 1, 2]
    assert counts(truth, "2024-02", NV, "changed_leads moved_leads new_phone_leads") == [0, 1, 0]
    # Elm reached Salesforce at noon on 1 February: before ok's file of the 2nd, not before tx's of the 1st.
    assert counts(truth, "2024-02", OK, names) == [2, 2, 1, 1, 0, 0]
    assert counts(truth, "2024-02", TX, names) == [2, 2, 1, 0, 1, 0]
    # Net-new: Birch's new site and Elm. Seven sites: Birch is two. Salesforce knows Crane and Elm.
    total = [row for row in truth["rep_net_new_leads"] if row["source_name"] == "all suppliers"]
    assert [(row["net_new_leads"], row["still_new_leads"], row["leads_in_files"]) for row in total] == [
        (4, 4, 5),
        (2, 1, 5),
    ]
    february = leads(truth, "2024-02")
    assert len(february) == 7
    assert sum(row["was_net_new"] for row in february) == 6
    assert sum(row["is_new_prospective_lead"] for row in february) == 5
    assert sum(row["in_latest_file"] for row in february) == 5  # Alder, Birch's new site, Dove, Elm, Fern
    both = {
        (row["source_name"], row["other_source_name"]): (row["leads_in_both"], row["leads_in_both_latest_files"])
        for row in leads(truth, "2024-02", "rep_lead_source_overlap")
    }
    assert both == {
        (NV, NV): (5, 3),
        (NV, OK): (1, 1),
        (OK, NV): (1, 1),
        (NV, TX): (0, 0),
        (TX, NV): (0, 0),
        (OK, OK): (2, 2),
        (OK, TX): (1, 1),
        (TX, OK): (1, 1),
        (TX, TX): (2, 2),
    }
    salesforce = leads(truth, "2024-02", "dim_salesforce_leads")
    assert [(row["salesforce_lead_id"], row["is_deleted"]) for row in salesforce] == [("00Q1", True), ("00Q2", False)]


def test_a_correction_and_a_broken_record_worked_out_by_hand(tmp_path: Path):
    """Five months: March's nv list is corrected, May's tx record of Cedar has a field too many."""
    added, removed, wrong, right = (site(f"702555011{n}", f"1{n}") for n in range(4))
    wrong = Site(right.phone, wrong.address)
    cedar, dogwood = site("7025550119", "19"), site("7025550118", "18")
    truth = told(
        tmp_path,
        5,
        [
            Entry(1, [listing(NV, "1-1", *throughout(added, 5, first=2), superseded={2: None})]),
            Entry(2, [listing(NV, "2-1", *(None,) * 5, superseded={2: removed})]),
            Entry(3, [listing(NV, "3-1", *throughout(right, 5, first=2), superseded={2: wrong})]),
            Entry(4, [listing(TX, "1000001", *throughout(cedar, 5), broken=frozenset({4}))]),
            Entry(5, [listing(TX, "1000002", *throughout(dogwood, 5))]),
        ],
    )
    first, second = (records(tmp_path / NV / f"nv_licensing_2024-03-{day}.csv") for day in ("04", "18"))
    assert [row["Credential Number"] for row in first] == ["2-1", "3-1"]
    assert [row["Credential Number"] for row in second] == ["1-1", "3-1"]
    assert counts(truth, "2024-03", NV, "records distinct_leads net_new_leads moved_leads") == [2, 2, 2, 0]
    names = "records loaded quarantined distinct_leads gone_leads"
    assert counts(truth, "2024-05", TX, names) == [2, 1, 1, 1, 1]
    may = leads(truth, "2024-05")
    assert (len(may), sum(row["in_latest_file"] for row in may)) == (4, 3)


def test_coming_back_worked_out_by_hand(tmp_path: Path):
    """Three months of nv: Gum comes back elsewhere, Holly moves and moves back, Ivy's licence ends on a file's day."""
    gum, gum_elsewhere = site("7025550121", "21"), site("7025550121", "22")
    holly, holly_away = site("7025550123", "23"), site("7025550123", "24")
    ivy = site("7025550125", "25")
    truth = told(
        tmp_path,
        3,
        [
            Entry(1, [listing(NV, "G-1", gum, None, gum_elsewhere)]),
            Entry(2, [listing(NV, "H-1", *then(throughout(holly, 2), 1, holly_away), holly)]),
            Entry(3, [listing(NV, "I-1", *throughout(ivy, 3), expires_on=date(2024, 2, 4))]),
        ],
    )
    names = "distinct_leads net_new_leads moved_leads gone_leads"
    assert counts(truth, "2024-02", NV, names) == [2, 1, 1, 2]  # Gum and Holly's first site are gone
    # Gum's number is known, so its new site is a move, after a gap or not; Holly is back where it was: no new lead.
    assert counts(truth, "2024-03", NV, names) == [3, 1, 1, 1]
    expired = [
        row["license_expired_at_file_date"]
        for row in truth["dim_prospective_leads_source_level"]
        if row["source_id"] == "I-1"
    ]
    assert expired == [False, False, True]  # January's file; February's, of that very day; March's


def test_records_of_one_salesforce_id_worked_out_by_hand(tmp_path: Path):
    """Of two records with one id the later counts; a phone that is the mobile, too, is one match."""
    juniper, kapok, larch = (site(f"702555013{n}", f"3{n}") for n in range(3))
    created = datetime(2023, 6, 1, 9)
    truth = told(
        tmp_path,
        1,
        [
            Entry(
                1,
                [listing(NV, "J-1", juniper)],
                [SalesforceLead("00Q1", created, WHO, "7025550199", twice_from=0, former_phone=juniper.phone)],
            ),
            Entry(2, [listing(NV, "K-1", kapok)], [SalesforceLead("00Q2", created, WHO, kapok.phone, kapok.phone)]),
            Entry(
                3,
                [listing(NV, "L-1", larch)],
                [
                    SalesforceLead("00Q3", created, WHO, None, larch.phone),
                    SalesforceLead("00Q5", datetime(2024, 1, 20, 9), WHO, larch.phone),
                    SalesforceLead("00Q4", datetime(2024, 1, 19, 9), WHO, larch.phone),
                ],
            ),
        ],
    )
    matches = {
        row["source_id"]: (row["salesforce_lead_id"], row["salesforce_lead_ids"], row["was_net_new"])
        for row in truth["dim_prospective_leads_source_level"]
    }
    assert matches == {
        "J-1": (None, None, True),
        "K-1": ("00Q2", ["00Q2"], False),
        "L-1": ("00Q5", ["00Q3", "00Q4", "00Q5"], False),  # by phone before mobile; of these the last modified
    }
