"""Contracts in force: what of the user's does not fit the rooms' tables, and a broken one in the whole platform."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from leads_platform.cli.status import read_status
from leads_platform.contracts_in_force import contracts_in_force
from leads_platform.platform import Platform, load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.removal import WouldRemove
from leads_platform_tests.helpers import NV_HEADER, ask, drop, nv

OAK = nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")
ELM = nv("2", "702-555-0102", "7 ELM AVE RENO, NV 89502")


def packaged(feed: str) -> str:
    """The text of a packaged contract."""
    return next(path for folder in find_rooms().contract_folders for path in folder.glob(f"{feed}.yaml")).read_text()


def user_contract(settings: Settings, feed: str, text: str) -> Path:
    settings.feeds.mkdir(exist_ok=True)
    path = settings.feeds / f"{feed}.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("feed", "old", "new", "words"),
    [
        ("pipedrive_users", "room: funnel", "room: prospects", "its room is `prospects`; it must be `funnel`"),
        ("nv_licensing", "kind: lead_list", "kind: plain", "its kind is `plain`; it must be `lead_list`"),
        ("pipedrive_stages", "name: stage_id", "name: number", "lacks `stage_id`, which funnel.stg_stages reads"),
    ],
)
def test_what_the_rooms_tables_can_t_live_with_stops_its_own_feed(
    settings: Settings, feed: str, old: str, new: str, words: str
) -> None:
    """Found in use, 10: a sibling; such a contract ended the loading, or every build of all tables."""
    text = packaged(feed)
    assert old in text
    text = text.replace(old, new).split("\nleads:")[0].replace("[stage_id]", "[number]")
    user_contract(settings, feed, text)
    found = contracts_in_force(settings)
    (entry,) = found.user.out_of_order
    assert (entry.feed, entry.stands) == (feed, "the packaged contract")
    assert words in entry.problems[0]
    assert (
        found.catalogue.declarations == contracts_in_force(Settings(data=Path("/nonexistent"))).catalogue.declarations
    )


@pytest.mark.parametrize("feed", ["pipedrive_deal_changes", "pipedrive_activity"])
def test_a_contract_whose_records_have_no_time_stops_its_own_feed(settings: Settings, feed: str) -> None:
    """Found in use, mended: the rooms read `record_local_at`, `record_at` was looked for, and the build failed."""
    text = re.sub(r"month: \{.*\}", "month: {from: name}", packaged(feed))
    user_contract(settings, feed, re.sub("delivery: .*", "delivery: snapshot", text))
    (entry,) = contracts_in_force(settings).user.out_of_order
    assert (entry.feed, entry.stands) == (feed, "the packaged contract")
    table = feed.replace("pipedrive", "funnel.stg")
    assert f"its month comes from no column; {table} reads each record's time" in entry.problems[0]


LEADS = "prospects.dim_prospective_leads_source_level"


def run(settings: Settings, built: list[Build]) -> Platform:
    """Takes files in and builds the suppliers' leads, with all these read."""
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.sync_ledger()
        assert build_stale(session.warehouse, select=[LEADS], on_build=built.append) == {}
        session.publish = True
    return platform


def test_a_broken_contract_stops_its_feed_and_mending_it_rebuilds_nothing(settings: Settings) -> None:
    """Found in use, 10: `delivry:` in one YAML, and every command and sensor of all feeds failed."""
    text = packaged("nv_licensing").replace("feed: nv_licensing", "feed: more")
    user_contract(settings, "more", text)
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK])
    drop(settings, "more", "more_2024-05.csv", NV_HEADER, [ELM])
    run(settings, [])
    user_contract(settings, "more", text.replace("delivery:", "delivry:"))
    drop(settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER, [OAK])
    drop(settings, "more", "more_2024-06.csv", NV_HEADER, [ELM])
    platform = run(settings, [])
    assert platform.stopped == {"more"}
    sources = f"select month::varchar, source_name from {LEADS} order by all"
    assert ask(settings, sources) == [
        *(("2024-05-01", "more"), ("2024-05-01", "nv_licensing")),
        *(("2024-06-01", "more"), ("2024-06-01", "nv_licensing")),
    ], "its leads stay in the dimensions, the other supplier's June is built"
    told = read_status(platform).to_json()
    assert told["waiting_files"] == ["more/more_2024-06.csv"] and told["unknown_folders"] == []
    assert [(entry["feed"], entry["tables_by"]) for entry in told["out_of_order"]] == [("more", "its last good text")]
    user_contract(settings, "more", text)
    built: list[Build] = []
    mended = run(settings, built)
    assert {month for build in built for month in build.rows} == {date(2024, 6, 1)}, "May is not built again"
    assert "prospects.base_leads_more" in {build.table for build in built}
    assert read_status(mended).to_json()["waiting_files"] == []


def test_tables_of_a_broken_contract_without_a_copy_are_not_dropped(settings: Settings) -> None:
    """Found in use, 10 and 12: the copies deleted, the contract broken: its rows wait for a person's word."""
    text = packaged("nv_licensing").replace("feed: nv_licensing", "feed: more")
    path = user_contract(settings, "more", text.replace("delivery:", "delivry:"))
    platform = load_platform(settings)
    assert platform.taken_away()["prospects.stg_leads_more"] == "more"
    path.unlink()
    assert load_platform(settings).taken_away() == {}


@pytest.mark.parametrize(
    ("old", "new", "base"),
    [
        ("feed: more", "feed: most", "prospects.base_leads_most"),
        ("room: prospects\nkind: lead_list", "room: funnel\nkind: plain", "funnel.base_more"),
        ("kind: lead_list", "kind: plain", "prospects.base_more"),
    ],
)
def test_tables_of_a_contract_that_names_others_now_wait_for_a_person_s_word(
    settings: Settings, old: str, new: str, base: str
) -> None:
    """Found in use, mended: `feed:` renamed within the file, or `room` or `kind`: the next plans dropped its tables."""
    text = packaged("nv_licensing").replace("feed: nv_licensing", "feed: more")
    assert old in text
    former = "prospects.base_leads_more"
    user_contract(settings, "more", text)
    drop(settings, "more", "more_2024-05.csv", NV_HEADER, [ELM])
    assert former in built(settings, former)
    changed = text.replace(old, new).split("\nleads:")[0] if "plain" in new else text.replace(old, new)
    user_contract(settings, "more", changed)
    for _ in range(2):  # the second plan knows of the former contract by its copy alone
        with pytest.raises(WouldRemove, match="No contract declares these tables of more any more: 1 month of 1 table"):
            built(settings, base)
        assert (settings.kept_contracts / "more.yaml").read_text() == text
    assert former not in built(settings, base, agreed=True)
    assert (settings.kept_contracts / "more.yaml").read_text() == changed, "what has no tables needs no copy"
    assert load_platform(settings).taken_away() == {}


def built(settings: Settings, table: str, *, agreed: bool = False) -> set[str]:
    """Takes files in and builds one table; the tables that stand then."""
    with open_session(load_platform(settings), "test", agreed=agreed) as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.sync_ledger()
        assert build_stale(session.warehouse, select=[table]) == {}
        return {name for name, _ in session.warehouse.built()}


@pytest.mark.parametrize("feed", ["select", "order", "table", "month", "warehouse"])
def test_a_feed_named_as_a_keyword_is_a_feed_like_any_other(settings: Settings, feed: str) -> None:
    """Found in use, 10: asked of its siblings; such a name needs no rule, as DuckDB reads it after a point."""
    user_contract(settings, feed, packaged("nv_licensing").replace("feed: nv_licensing", f"feed: {feed}"))
    platform = load_platform(settings)
    assert platform.out_of_order == ()
    table = platform.catalogue.tables[f"prospects.base_leads_{feed}"]
    assert table.reads == (f"arrivals.{feed}",)
    assert len(duckdb.extract_statements(table.select)) == 1
    stg = platform.catalogue.tables[f"prospects.stg_leads_{feed}"]
    assert len(duckdb.extract_statements(stg.select.replace("$", ""))) == 1
