"""A broken contract, and a removal nobody has agreed to, as Dagster shows them: sensors, asset, notice, failed run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import dagster as dg

from leads_platform.orchestration import feed_sensors
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.assets import feed_specs
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.feed_sensors import Cursor
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.requests import pending
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import read_build_state
from leads_platform_tests.helpers import drop
from leads_platform_tests.orchestration.conftest import (
    FEED,
    QUIET,
    STG,
    build,
    deliver,
    platform_with,
    report,
    take_in,
)
from leads_platform_tests.test_contracts_in_force import packaged, user_contract


def tick(platform: Platform, instance: dg.DagsterInstance, cursor: str = "", *, loaded: Platform) -> dg.SensorResult:
    """A look of the sensor of `prospects`, as Dagster has `loaded` it."""
    feeds = {*loaded.contracts, *loaded.stopped}
    return feed_sensors.tick(platform, "prospects", feeds, Cursor.read(cursor), instance)


def asked(result: dg.SensorResult) -> list[tuple[str, str]]:
    """Feed and name of the files that one run is asked for."""
    (request,) = list(result.run_requests or [])
    return sorted((file["feed"], file["name"]) for file in request.run_config["ops"]["take_in"]["config"]["files"])


def said(result: dg.SensorResult) -> str:
    assert not result.run_requests and result.skip_reason
    return str(result.skip_reason.skip_message)


def test_a_broken_contract_stops_its_feed_alone_and_goes_on_once_mended(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 10: the sensors of all feeds failed, as each of them reads all contracts at its tick."""
    loaded = load_platform(settings)
    current = CurrentPlatform(loaded)
    path = user_contract(settings, FEED, packaged(FEED).replace("delivery:", "delivry:"))
    deliver(settings, "2024-05", 2)
    broken = current.now()
    told = said(tick(broken, instance, str(tick(broken, instance, loaded=loaded).cursor), loaded=loaded))
    assert told.startswith(f"{FEED} is out of order until its contract is mended")
    assert "line 11: delivry: is not a field of a contract; did you mean `delivery`?" in told
    assert told.endswith("Nothing new in landing/.")
    drop(settings, "ok_licensing", "ok_2024-05.csv", "Name", ["Oak"])  # the other feeds go on
    others = tick(broken, instance, str(tick(broken, instance, loaded=loaded).cursor), loaded=loaded)
    assert asked(others) == [("ok_licensing", "ok_2024-05.csv")]
    path.write_text(packaged(FEED))
    mended = current.now()
    all_of_them = tick(mended, instance, str(tick(mended, instance, loaded=loaded).cursor), loaded=loaded)
    assert [feed for feed, _ in asked(all_of_them)] == [FEED, "ok_licensing"]


def test_a_broken_contract_is_told_by_asset_and_notice_and_all_definitions_load(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 10: `owner: Pat` ended the loading of all definitions as a fault of the program."""
    path = user_contract(settings, FEED, packaged(FEED).replace("owner: team:prospects", "owner: Pat"))
    user_contract(settings, "utah", "title: [Utah\n")
    platform = load_platform(settings)
    described = {spec.key.path[-1]: spec.description or "" for spec in feed_specs(platform)}
    assert described[FEED].startswith("**Out of order.**") and "write `team:Pat`" in described[FEED]
    assert described["utah"].startswith("**Out of order.**")
    assert "Out of order" not in described["ok_licensing"]
    names = {sensor.name for sensor in build_definitions(platform, lineage=False).sensors or ()}
    assert names == {"funnel_files", "prospects_files", "build_requests", "janitor", "notices"}
    assert said(tick(platform, instance, loaded=platform)).count(" is out of order until its contract is mended") == 2
    sent = send_notices(instance, platform)
    assert [notice.title for notice in sent] == ["arrivals: 2 contracts out of order"]
    assert send_notices(instance, load_platform(settings)) == [], "each is told once"
    path.write_text(packaged(FEED).replace("owner: team:prospects", "owner: Pat Lee"))
    assert [notice.title for notice in send_notices(instance, load_platform(settings))] == [
        "arrivals: 1 contract out of order"
    ]
    texts = [json.loads(file.read_text())["text"] for file in settings.outbox.glob("digest_*.json")]
    assert any(f"{path}, line 10: owner: `Pat Lee` is neither" in text for text in texts)


def test_a_sensor_tells_of_a_contract_taken_away_and_of_a_root_that_is_gone(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 10 and 12: a KeyError in the one case, "Nothing new" in the other."""
    gone = said(tick(replace(small, contracts={}), instance, loaded=small))
    assert gone == f"The contract of {FEED} was taken away; reload the code location, and the feed goes."
    new = said(tick(small, instance, loaded=replace(small, contracts={})))
    assert new == f"Contracts that are new: {FEED}; reload the code location, and their files are taken in."
    settings.landing.rename(settings.data / "elsewhere")
    assert "is its disk mounted" in said(tick(small, instance, loaded=small))


def test_through_dagster_nothing_is_removed_and_the_command_is_told(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 12: with the first month moved, the next arrival emptied the tables."""
    deliver(settings, "2024-04", 1)
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build(instance, small, "2024-04", "2024-05").success
    before = read_build_state(settings.build_state, settings.warehouse)
    moved = platform_with(replace(settings, first_month=date(2024, 5, 1)), report())
    command = f"LEADS_PLATFORM_DATA={settings.data} LEADS_PLATFORM_FIRST_MONTH=2024-05 leads-platform run --yes"
    by_hand = build(instance, moved, "2024-05", "2024-05", (STG,))
    assert not by_hand.success
    assert "1 month of 3 tables with 3 rows, 2024-04 to 2024-04, would go" in by_hand.error
    assert by_hand.error.endswith(f"If it is meant: {command}")
    deliver(settings, "2024-06", 3)
    job = build_definitions(moved, lineage=False).resolve_job_def("arrivals")
    arrivals = job.execute_in_process(run_config=dict(QUIET), instance=instance, raise_on_error=False)
    assert not arrivals.success
    (failure,) = [event for event in arrivals.all_events if event.is_step_failure]
    described = failure.step_failure_data.user_failure_data
    assert described and described.description and described.description.endswith(command)
    assert pending(settings) == []
    after = read_build_state(settings.build_state, settings.warehouse)
    assert (after.rows, after.fingerprints) == (before.rows, before.fingerprints)
