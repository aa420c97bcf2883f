"""The end of a command: what must be acted on, what is worth a look, and the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.cli.closing import Need, in_need, told_of_run, verdict
from leads_platform.cli.status import read_status
from leads_platform.platform import load_platform
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import BuildState, FailedCheck
from leads_platform.warehouse.lock import Holder
from leads_platform.warehouse.removal import Removal
from leads_platform_tests.conftest import clock

MAY = date(2024, 5, 1)


def test_what_a_run_met_itself(settings: Settings) -> None:
    """Found in use, 8 and 15: partly loaded files and faults were told above the reports, if at all."""
    whole = Manifest(1, "receive", "nv", "a" * 64, clock("2024-06-01T00:00:00"), file_name="whole.csv")
    part = replace(whole, file_name="part.csv", verdict="partial", message="2 of 3 records loaded")
    found = told_of_run([whole, part], ["nv/x.csv can't be read now"], settings)
    assert [(need.what, need.blocks) for need in found] == [
        ("Taking files in", True),
        ("Partly loaded, nv/part.csv", False),
    ]
    assert found[1].commands == (f"LEADS_PLATFORM_DATA={settings.data} leads-platform quarantine aaaaaaaaaaaa",)


def test_checks_that_kept_rows_out_and_folders_of_no_feed(settings: Settings) -> None:
    """Found in use, 8: a check that kept rows out is told after each command until it is mended; a warning is not."""
    (settings.landing / "nevada").mkdir()
    (settings.landing / "nevada" / "x.csv").write_text("a\n")
    kept = [FailedCheck("funnel.dim_deals", date(2024, m, 1), "owed", m, {}, True) for m in (4, 5)]
    warned = FailedCheck("funnel.dim_users", MAY, "odd", 1, {}, False)
    status = replace(read_status(load_platform(settings)), built=BuildState({}, {}, {}, [*kept, warned]))
    check, folder = in_need(status)
    assert check.what == "funnel.dim_deals"
    assert "the check owed kept new rows out (2024-04: 4 bad row(s), 2024-05: 5 bad row(s))" in check.message
    assert (check.blocks, folder.what, folder.blocks) == (True, "Unknown folder", False)
    stale = replace(status, stale={"funnel.dim_deals": [MAY]})
    assert in_need(stale) == [check, folder], "the check says why"
    assert [need.what for need in in_need(replace(stale, built=BuildState({}, {}, {}, [])))] == [
        "Unknown folder",
        "Stale",
    ]


def test_what_waits_for_a_yes_counts_once_with_what_it_keeps_stale(settings: Settings) -> None:
    """Found in use, mended: `status --exit-code` was 0 while nothing could be built before somebody agreed."""
    status = read_status(load_platform(settings))
    early = Removal(MAY, early={("funnel.dim_deals", MAY): 7}, of_first_month={("funnel.dim_deals", MAY): 7})
    (need,) = in_need(replace(status, removal=early, stale={"funnel.dim_deals": [MAY]}))
    assert (need.what, need.blocks) == ("Waits for your yes", True)
    assert "1 month of 1 table with 7 rows" in need.message and "leads-platform run --yes" in need.message


def test_what_is_stale_needs_nobody_while_somebody_writes(settings: Settings) -> None:
    """Found in use, mended: the last line of `status`, its exit code and the end of a run had three rules."""
    status = replace(read_status(load_platform(settings)), stale={"funnel.dim_deals": [MAY]})
    assert [need.what for need in in_need(status)] == ["Stale"]
    assert in_need(replace(status, writer=Holder(1, "run", "2024-07-15 12:00:00"))) == []


def test_a_copy_beside_a_contract_is_worth_a_look(settings: Settings) -> None:
    """Found in use, mended: it stopped the feed; it is only said."""
    text = next(
        path for folder in find_rooms().contract_folders for path in folder.glob("nv_licensing.yaml")
    ).read_text()
    settings.feeds.mkdir()
    for name in ("nv_licensing.yaml", "nv_licensing.yaml.save"):
        (settings.feeds / name).write_text(text)
    status = read_status(load_platform(settings))
    (need,) = in_need(status)
    assert (need.what, need.blocks) == ("File nv_licensing.yaml.save", False)
    assert status.to_json()["contracts_passed_over"] == [str(settings.feeds / "nv_licensing.yaml.save")]


def test_a_feeds_folder_that_cannot_be_listed_is_told(settings: Settings) -> None:
    """Found in use, mended: such a folder looked like an empty one. Here it is a file: rights don't bind root."""
    (settings.landing / "nv_licensing").write_text("a\n")
    status = read_status(load_platform(settings))
    (need,) = in_need(status)
    assert (need.what, need.blocks) == ("Landing folder", True)
    assert need.message.startswith("landing/nv_licensing: Not a directory. ")
    assert status.to_json()["unreadable_folders"] == ["landing/nv_licensing: Not a directory"]


def test_the_verdict() -> None:
    """Found in use, 8: the last line says whether all is well."""
    acted, looked = Need("a", "b"), Need("c", "d", blocks=False)
    assert verdict([]) == "Done; nothing needs attention."
    assert verdict([looked, looked]) == "Done; 2 things to look at, above."
    assert verdict([acted, acted]) == "Not all is in the tables: 2 things to act on, above."
    unmade = Need("Product x", "y", product=True)
    assert verdict([unmade]) == "Not every product is made: one thing to act on, above."
    assert verdict([unmade, acted]) == "Not all is in the tables. Not every product is made: 2 things to act on, above."
    assert verdict([acted, looked]) == "Not all is in the tables: one thing to act on, above; 1 more to look at."
