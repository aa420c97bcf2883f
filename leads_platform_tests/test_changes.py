"""Ended months that change are announced: which, in which tables, because of what; and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.changes import Changes, ended_and_replaced
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import BuildState
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import Fingerprinter
from leads_platform_tests.conftest import clock

FEED, BASE, DIM = "nv_licensing", "prospects.base_leads_nv_licensing", "prospects.dim_prospective_leads"
APR, MAY, JUN = (date(2024, month, 1) for month in (4, 5, 6))


@pytest.fixture
def platform(settings: Settings) -> Platform:
    return load_platform(settings)


def list_of(platform: Platform, receipt: int, month: date, version: str = "", name: str = "") -> Manifest:
    """The manifest of a month's list."""
    label = f"{month:%Y-%m}"
    return Manifest(
        receipt=receipt,
        action="receive",
        feed=FEED,
        sha256=f"{receipt:064x}",
        received_at=clock("2024-07-01T00:00:00"),
        original=receipt,
        file_name=name or f"nv_{label}.csv",
        month=month,
        version=version,
        intrinsic=version or None,
        records=10,
        loaded=10,
        months={label: {"records": 10, "hash": f"h{receipt}"}},
        touched=(label,),
        contract_hash=platform.contracts[FEED].hash(),
    )


def built(platform: Platform, manifests: list[Manifest], rows: dict[tuple[str, date], int]) -> BuildState:
    """The note on a warehouse that was built from these receipts."""
    state = ArchiveSources(platform.contracts, manifests, lambda feed, receipt: platform.settings.archive, APR, JUN)
    prints = Fingerprinter(platform.catalogue, state)
    known = {(address, month): prints.compute(address, month) for address, month in rows if address == BASE}
    return BuildState(rows, known, {}, [])


def build(table: str, rows: dict[date, int], replaced: dict[date, int]) -> Build:
    return Build(table, min(rows), max(rows), rows, [], True, "a run", replaced=replaced)


def test_a_list_under_another_months_name_is_announced(platform: Platform) -> None:
    """Found in use, 7: June's list as nv_2024-05-31.csv moved May from 86 to 94 net-new without a word."""
    before = [list_of(platform, 1, MAY), list_of(platform, 2, JUN)]
    wrong = list_of(platform, 3, MAY, "2024-05-31", "nv_2024-05-31.csv")
    changes = Changes(platform, built(platform, before, {(BASE, MAY): 10, (BASE, JUN): 12, (DIM, MAY): 86}))
    changes.hear(build(BASE, {MAY: 12}, {MAY: 10}))
    changes.hear(build(DIM, {MAY: 94, JUN: 120}, {MAY: 86, JUN: 120}))
    assert changes.newest == JUN
    assert changes.title([*before, wrong]) == (
        "2024-05 has ended and changed: 2 tables, because of nv_licensing/nv_2024-05-31.csv"
    )
    assert changes.rows() == [(BASE, "2024-05", 10, 12), (DIM, "2024-05", 86, 94)]


def test_a_person_who_withdraws_a_file_is_the_cause(platform: Platform) -> None:
    """Found in use, 7: what a decision changes in an ended month is announced, too."""
    taken = [list_of(platform, 1, MAY), list_of(platform, 2, MAY, "2024-05-31", "wrong.csv"), list_of(platform, 3, JUN)]
    word = replace(taken[1], receipt=4, action="withdraw", months={})
    changes = Changes(platform, built(platform, taken, {(BASE, MAY): 12, (BASE, JUN): 12}))
    changes.hear(build(BASE, {MAY: 10}, {MAY: 12}))
    assert changes.title([*taken, word]).endswith("because of withdraw of nv_licensing/wrong.csv")


def test_a_file_of_the_newest_month_or_of_another_feed_is_no_cause(platform: Platform) -> None:
    """Found in use, 7: named are the receipts that are new to a table that changed, whoever took them in, and when."""
    before = [list_of(platform, 1, APR), list_of(platform, 2, MAY), list_of(platform, 3, JUN)]
    fresh = [list_of(platform, 4, APR, "2024-04-30", "late.csv"), list_of(platform, 5, JUN, "2024-06-30", "june.csv")]
    changes = Changes(platform, built(platform, before, {(BASE, m): 10 for m in (APR, MAY, JUN)}))
    changes.hear(build(BASE, {APR: 11, MAY: 10, JUN: 11}, {APR: 10, JUN: 10}))
    assert [m.file_name for m in changes.causes([*before, *fresh])] == ["late.csv"]


def test_an_edited_select_is_told_as_such(platform: Platform) -> None:
    """Found in use, 7: where no file came, the code or a contract is what has changed."""
    before = [list_of(platform, 1, MAY), list_of(platform, 2, JUN)]
    changes = Changes(platform, built(platform, before, {(BASE, MAY): 10, (BASE, JUN): 12}))
    changes.hear(build(DIM, {MAY: 94}, {MAY: 86}))
    assert changes.title(before) == (
        "2024-05 has ended and changed: 1 table, "
        "because a contract or the code has changed, or an unfinished build goes on"
    )


def test_what_is_no_change_of_an_ended_month_is_not_announced(platform: Platform) -> None:
    """Found in use, 7: neither a first build, nor one that gives the same rows, nor one that was refused."""
    changes = Changes(platform, built(platform, [list_of(platform, 1, MAY)], {(BASE, MAY): 10}))
    changes.hear(build(DIM, {APR: 3, MAY: 5}, {}))  # built for the first time, or to the same rows
    changes.hear(build(DIM, {MAY: 6}, {MAY: 5}))  # the newest month
    changes.hear(replace(build(DIM, {APR: 1}, {APR: 9}), committed=False))
    assert (changes.months, changes.title([])) == ([], "")
    nothing_before = Changes(platform, BuildState({}, {}, {}, []))
    nothing_before.hear(build(BASE, {MAY: 1, JUN: 2}, {}))
    assert nothing_before.months == []


def test_a_reference_does_not_make_a_month_the_newest(platform: Platform) -> None:
    """Found in use, 7: stages and users serve every month that is built; they say nothing of which has data."""
    rows = {(BASE, MAY): 10, (BASE, JUN): 0, ("funnel.base_pipedrive_stages", JUN): 9}
    assert Changes(platform, BuildState(rows, {}, {}, [])).newest == MAY
    assert ended_and_replaced(build(DIM, {APR: 7, MAY: 5}, {APR: 6, MAY: 4}), MAY) == {APR: (6, 7)}
