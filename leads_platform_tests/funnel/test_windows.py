"""What a corrected extract of Pipedrive makes stale, and that its withdrawal gives the former rows.

Issue 4, Shows 2. That a window or a single month built again gives the same rows is tested of all rooms' tables
(prospects/test_same_warehouse.py).
"""

from __future__ import annotations

import pytest

from leads_platform.arrivals.receive import Arrivals
from leads_platform.months import label, months_between
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.planner import Fingerprinter, Fingerprints, stale_months
from leads_platform_tests.funnel.files import activities, changes, look_ups
from leads_platform_tests.helpers import content_hash, load_rooms, run

LIFE = """
    1 2024-01-05 add_time 2024-01-05
    1 2024-01-06 stage_id 1
    1 2024-02-10 stage_id 2
    1 {third} stage_id 3
    2 2024-03-01 add_time 2024-03-01
    2 2024-03-02 stage_id 1
    2 2024-04-02 stage_id 2
"""


def take_in(platform: Platform) -> Fingerprints:
    """Takes in what waits; the fingerprints of what a run would build then."""
    arrivals = Arrivals(platform.settings, platform.contracts)
    arrivals.take_in(arrivals.waiting())
    prints, months = Fingerprinter(platform.catalogue, arrivals.state), arrivals.state.data_months()
    assert months is not None
    return {
        (table, month): prints.expected(table, month)
        for table in platform.catalogue.tables
        for month in months_between(*months)
    }


def to_build(platform: Platform, built: Fingerprints) -> dict[str, set[str]]:
    """What the next run builds: the months of each table."""
    sources = Arrivals(platform.settings, platform.contracts).state
    return {
        table: {label(month) for month in months}
        for table, months in stale_months(platform.catalogue, sources, built).items()
    }


def test_a_corrected_extract_builds_the_touched_months_and_later_ones(settings: Settings) -> None:
    platform = load_rooms(settings, "funnel")
    look_ups(settings)
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    activities(settings, "7 meeting 1 1 True 2024-02-11")
    built = take_in(platform)
    # A month later: the third stage was entered on another day of March.
    changes(settings, LIFE.format(third="2024-03-25") + "\n2 2024-05-02 stage_id 3", "changes_2024-05-31.csv")
    take_in(platform)
    stale = to_build(platform, built)
    assert stale["funnel.base_pipedrive_deal_changes"] == {"2024-03", "2024-05"}
    for table in ("daily_deal_stats", "dim_deals", "rep_sales_funnel_monthly"):  # entries are numbered over all months
        assert stale[f"funnel.{table}"] == {"2024-03", "2024-04", "2024-05"}, table
    # May is new to every table; of what reads no deal change nothing else is built.
    for table in ("base_pipedrive_activity", "dim_users", "dim_kpis"):
        assert stale[f"funnel.{table}"] == {"2024-05"}, table
    assert all("2024-01" not in months and "2024-02" not in months for months in stale.values())


def test_the_same_history_in_a_later_extract_builds_nothing_of_the_past(settings: Settings) -> None:
    platform = load_rooms(settings, "funnel")
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    built = take_in(platform)
    changes(settings, LIFE.format(third="2024-03-20") + "\n2 2024-05-02 stage_id 3", "changes_2024-05-31.csv")
    take_in(platform)
    assert set().union(*to_build(platform, built).values()) == {"2024-05"}


@pytest.mark.long  # make test asks for fingerprints (below), which stand for rows (prospects/test_same_warehouse.py)
def test_a_withdrawn_extract_gives_the_former_rows(settings: Settings) -> None:
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    before = content_hash(settings, run(settings, rooms=["funnel"]))
    changes(settings, LIFE.format(third="2024-03-25"), "changes_2024-05-31.csv")
    platform = run(settings, rooms=["funnel"])
    assert content_hash(settings, platform) != before
    with open_session(platform, "test") as session:
        newest = max(session.arrivals.state.manifests, key=lambda manifest: manifest.receipt)
        session.arrivals.withdraw(newest.sha256)
    assert content_hash(settings, run(settings, rooms=["funnel"])) == before


def test_a_withdrawn_extract_leaves_nothing_to_build_that_was_built_before(settings: Settings) -> None:
    """Every table calls for what it was built from before the extract came."""
    platform = load_rooms(settings, "funnel")
    changes(settings, LIFE.format(third="2024-03-20"), "changes_2024-04-30.csv")
    built = take_in(platform)
    changes(settings, LIFE.format(third="2024-03-25"), "changes_2024-05-31.csv")
    take_in(platform)
    assert to_build(platform, built) != {}
    arrivals = Arrivals(platform.settings, platform.contracts)
    arrivals.withdraw(max(arrivals.state.manifests, key=lambda manifest: manifest.receipt).sha256)
    assert to_build(platform, built) == {}
