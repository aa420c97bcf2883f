"""The real Pipedrive export: every cell of both reports equals an independent computation (issue 4, Shows 1 and 3)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.funnel import rules
from leads_platform_tests.helpers import Ask, asking, run
from leads_platform_tests.pins import pinned, tables_of

FEEDS = ("activity", "activity_types", "deal_changes", "stages", "users", "fields")
# docs/domain.md: as the seed prints it.
FEBRUARY = {
    "1": 194, "2": 74, "2.1": 64, "3": 27, "3.1": 59, "4": 17, "5": 10, "6": 8, "7": 1, "9": 2,
}  # fmt: skip
COLLIDING = [399956, 554294, 556338, 851850, 955417]
_CELLS = "select strftime(month, '%Y-%m'), rtrim(rtrim(funnel_step::varchar, '0'), '.'), deals_count from "


@pytest.fixture(scope="module")
def real(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = environment(tmp_path_factory.mktemp("real") / "data", {"LEADS_PLATFORM_NOW": "2025-04-10T12:00:00"})
    for feed in FEEDS:
        (settings.landing / f"pipedrive_{feed}").mkdir()
        shutil.copy(reference / "pipedrive" / f"{feed}.csv", settings.landing / f"pipedrive_{feed}")
    run(settings, rooms=["funnel"])
    return settings


@pytest.fixture(scope="module")
def ask(real: Settings) -> Iterator[Ask]:
    with asking(real) as told:
        yield told


@pytest.fixture(scope="module")
def export(reference: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Deal changes and activities, as they stand in the files."""
    folder = reference / "pipedrive"
    return rules.records(folder / "deal_changes.csv"), rules.records(folder / "activity.csv")


def cells(ask: Ask, table: str) -> rules.Cells:
    return {(month, step): deals for month, step, deals in ask(_CELLS + table)}


def test_every_record_is_loaded(ask: Ask) -> None:
    told = dict(ask("select feed, loaded from arrivals.files where quarantined = 0"))
    assert told == {
        "pipedrive_activity": 4579, "pipedrive_activity_types": 4, "pipedrive_deal_changes": 15406,
        "pipedrive_stages": 9, "pipedrive_users": 1787, "pipedrive_fields": 4,
    }  # fmt: skip


def test_the_monthly_funnel_is_the_rules_in_every_month(ask: Ask, export: tuple[list, list]) -> None:
    expected = rules.funnel_monthly(*export)
    assert cells(ask, "funnel.rep_sales_funnel_monthly") == expected
    assert len(expected) == 128
    assert {step: deals for (month, step), deals in expected.items() if month == "2024-02"} == FEBRUARY


def test_the_monthly_stats_are_the_rules_in_every_month(ask: Ask, export: tuple[list, list]) -> None:
    assert cells(ask, "funnel.monthly_stats") == rules.monthly_stats(*export)


def test_the_definitions_report_lists_every_cell_that_differs(ask: Ask, export: tuple[list, list]) -> None:
    first, every = rules.funnel_monthly(*export), rules.monthly_stats(*export)
    expected = {cell: (first.get(cell, 0), n) for cell, n in every.items() if first.get(cell, 0) != n}
    told = ask(
        """
        select strftime(month, '%Y-%m'), rtrim(rtrim(funnel_step::varchar, '0'), '.'),
            first_entry_count, every_entry_count, deal_ids
        from funnel.rep_funnel_definitions
        """,
    )
    assert {(month, step): (one, other) for month, step, one, other, _ in told} == expected
    assert {deal for *_, deals in told for deal in deals} == set(COLLIDING)


def test_the_labels_are_the_seeds(ask: Ask) -> None:
    told = ask("select distinct kpi_name from funnel.rep_sales_funnel_monthly order by funnel_step, kpi_name")
    assert [name for (name,) in ask("select distinct kpi_name from funnel.monthly_stats order by all")] == sorted(
        name.split(": ")[1] for (name,) in told
    )
    assert [name for (name,) in told] == [
        "Step 1: Lead Generation",
        "Step 2: Qualified Lead",
        "Step 2.1: Sales Call 1",
        "Step 3: Needs Assessment",
        "Step 3.1: Sales Call 2",
        "Step 4: Proposal/Quote Preparation",
        "Step 5: Negotiation",
        "Step 6: Closing",
        "Step 7: Implementation/Onboarding",
        "Step 8: Follow-up/Customer Success",
        "Step 9: Renewal/Expansion",
    ]


def test_facts_do_not_fan_out(ask: Ask) -> None:
    """8,906 stage changes and 1,128 done sales calls are in the files; the seed's 8,922 come from its join."""
    assert ask("select count(*) from funnel.fct_deal_stage_history") == [(8906,)]
    assert ask("select count(*) from funnel.fct_activities") == [(1128,)]
    assert ask("select count(*) from funnel.int_completed_activities") == [(2290,)]


def test_a_check_names_the_colliding_deals(ask: Ask) -> None:
    told = ask(
        """
        select distinct unnest((evidence->'ids')::bigint[]) as id
        from warehouse.checks
        where table_name = 'funnel.fct_deal_stage_history' and check_name = 'deal_ids_name_one_deal' and not passed
        order by id
        """,
    )
    assert [deal for (deal,) in told] == COLLIDING


def test_shared_activity_ids_are_kept_and_named(ask: Ask) -> None:
    ids = ask("select activity_id from funnel.stg_activity group by 1 having count(*) > 1 order by 1")
    assert len(ids) == 11
    told = ask(
        """
        select unnest((evidence->'ids')::bigint[]) as id from warehouse.checks
        where check_name = 'activity_ids_stand_once' and not passed order by id
        """,
    )
    assert told == ids


def test_every_deal_ends_lost_and_stays_are_counted_once(ask: Ask, export: tuple[list, list]) -> None:
    changes = export[0]
    deals = {change["deal_id"] for change in changes}
    assert ask("select status, count(*) from funnel.dim_deals where month = date '2025-03-01' group by status") == [
        ("lost", len(deals))
    ]
    # Every entry begins a stay, and by the end each has ended.
    assert ask("select count(*) from funnel.fct_stage_durations where not is_censored") == [(8906,)]
    assert ask("select count(*) from funnel.fct_stage_durations where is_censored and month = date '2025-03-01'") == [
        (0,)
    ]


def test_no_deal_is_won_so_velocity_is_unknown(ask: Ask) -> None:
    assert ask("select sum(deals_won), max(win_rate), count(velocity_per_day) from funnel.rep_sales_velocity") == [
        (0, 0.0, 0)
    ]


def test_every_table_is_as_pinned(real: Settings) -> None:
    assert tables_of(real) == pinned("pipedrive")
