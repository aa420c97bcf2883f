"""The sample's known truth equals the funnel's tables (issue 4: won and lost deals, re-entries, owners, shared ids)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads_platform.sample.deals import deals, write_deals
from leads_platform.sample.funnel_truth import FunnelTruth, funnel_truth
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask, run

FIRST, MONTHS = date(2024, 1, 1), 6
_CELLS = "select strftime(month, '%Y-%m'), rtrim(rtrim(funnel_step::varchar, '0'), '.'), deals_count from "


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, FunnelTruth]:
    settings = environment(tmp_path_factory.mktemp("sales") / "data")
    write_deals(settings.landing, FIRST, MONTHS, deals(FIRST, MONTHS))
    run(settings)
    return settings, funnel_truth(deals(FIRST, MONTHS))


def nested(settings: Settings, table: str) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = {}
    for month, step, count in ask(settings, _CELLS + table):
        told.setdefault(month, {})[step] = count
    return told


def test_both_definitions(world: tuple[Settings, FunnelTruth]) -> None:
    settings, truth = world
    assert nested(settings, "funnel.rep_sales_funnel_monthly") == truth.first_entries
    assert nested(settings, "funnel.monthly_stats") == truth.every_entry
    assert truth.first_entries != truth.every_entry


def test_created_won_and_lost(world: tuple[Settings, FunnelTruth]) -> None:
    settings, truth = world
    told = ask(
        settings,
        """
        select strftime(month, '%Y-%m'), deals_created, deals_won, deals_lost, value_won, win_rate
        from funnel.rep_sales_velocity
        order by month
        """,
    )
    expected = []
    for month, created in truth.created.items():
        won, lost, cents = (counts.get(month, 0) for counts in (truth.won, truth.lost, truth.value_won))
        value = Decimal(cents) / 100 if cents else None
        expected.append((month, created, won, lost, value, pytest.approx(won / (won + lost))))
    assert told == expected
    assert sum(truth.won.values()) >= 40
    assert sum(truth.lost.values()) >= 100


def test_the_pipeline_at_the_end(world: tuple[Settings, FunnelTruth]) -> None:
    settings, truth = world
    told = ask(
        settings,
        "select stage_id::varchar, open_deals from funnel.rep_pipeline_snapshot where month = date '2024-06-01'",
    )
    assert dict(told) == truth.open_at_end


def test_re_entries_owners_and_shared_ids(world: tuple[Settings, FunnelTruth]) -> None:
    settings, truth = world
    for query, expected in (
        ("select distinct deal_id from funnel.fct_deal_stage_history where stage_entry_num > 1", truth.re_entered),
        (
            "select distinct deal_id from funnel.dim_deal_ownership "
            "where ownership_num > 1 and month = date '2024-06-01'",
            truth.changed_hands,
        ),
        ("select deal_id from funnel.dim_deals where creations > 1 and month = date '2024-06-01'", truth.shared_ids),
    ):
        assert sorted(deal for (deal,) in ask(settings, query)) == expected
        assert expected


def test_the_newest_exports_stand(world: tuple[Settings, FunnelTruth]) -> None:
    settings, truth = world
    assert ask(settings, "select count(*) from funnel.stg_deal_changes") == [(truth.changes,)]
    assert ask(settings, "select count(*) from funnel.stg_activity") == [(truth.activities,)]


def test_a_user_who_left_is_kept(world: tuple[Settings, FunnelTruth]) -> None:
    """The users' file of March has 25, that of June 24; until April the one of March serves."""
    told = ask(
        world[0],
        "select strftime(month, '%m'), count(*), count(*) filter (where is_active) from funnel.dim_users group by all",
    )
    assert sorted(told) == [(f"0{n}", 25, 25) for n in range(1, 6)] + [("06", 25, 24)]
