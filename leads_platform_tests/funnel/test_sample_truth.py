"""The sample's known truth equals the room's tables: each fact and report in every column, deals and owners too."""

from __future__ import annotations

from datetime import date

import pytest

from leads_platform.funnel.sample.truth import funnel_truth, whose_deals
from leads_platform.prospects.sample.truth import prospects_truth
from leads_platform.sample import Sample
from leads_platform.settings import Settings
from leads_platform_tests.helpers import ask
from leads_platform_tests.sample_truth import Truth, assert_as_told, facts_and_reports

OTHERS = ("dim_deals", "dim_deal_ownership", "monthly_stats")
NEWEST = date(2024, 6, 1)


@pytest.fixture(scope="module")
def truth(built_sample: tuple[Settings, Sample]) -> Truth:
    return funnel_truth(built_sample[1].world)


@pytest.mark.parametrize("table", [*facts_and_reports("funnel"), *OTHERS])
def test_every_row_is_as_told(table: str, built_sample: tuple[Settings, Sample], truth: Truth) -> None:
    assert_as_told(built_sample[0], f"funnel.{table}", truth)


def test_what_let_wrong_code_pass_unseen_is_there(truth: Truth) -> None:
    deals = [row for row in truth["dim_deals"] if row["month"] == NEWEST]
    assert {row["status"] for row in deals} == {"open", "won", "lost", "deleted"}
    assert {row["creations"] for row in deals} == {1, 2}, "two deals share an id"
    assert any(row["deal_value"] is None and row["status"] == "lost" for row in deals), "a value taken back"
    for status in ("won", "lost"):
        assert any(
            row["status"] == status and row["deal_value"] and row["closed_by_user_id"]
            and (row["closed_at"] - row["created_at"]).days > 120
            for row in deals
        ), "closed with a value, by an owner of long ago"  # fmt: skip
    owned = [row for row in truth["dim_deal_ownership"] if row["month"] == NEWEST]
    assert any(row["valid_from"] == row["valid_to"] for row in owned), "two changes of owner in one second"
    entries = truth["fct_deal_stage_history"]
    assert any(row["stage_entry_num"] > 1 for row in entries)
    assert any(row["is_identity_collision"] for row in entries)
    assert truth["rep_sales_funnel_monthly"] != truth["monthly_stats"]
    assert {row["lost_reason"] for row in truth["rep_lost_reasons"]} >= {"not stated"}
    assert {row["user_id"] for row in truth["rep_sales_rep_performance"]} >= {0}


def test_the_deals_belong_to_leads_of_the_lists(built_sample: tuple[Settings, Sample], truth: Truth) -> None:
    """A deal's phone, as its seller typed it, is that of the leads that the truth names."""
    settings, sample = built_sample
    leads = prospects_truth(sample.world, settings.landing)["dim_prospective_leads"]
    listed = {row["phone_key"] for row in leads if row["month"] == NEWEST}
    expected = {
        (deal_id, business.site.phone)
        for deal_id, businesses in whose_deals(sample.world).items()
        for business in businesses
        if business.site and business.site.phone and business.site.phone in listed
    }
    told = ask(
        settings,
        """
        select distinct change.deal_id, lead.phone_key
        from funnel.stg_deal_changes as change
        join prospects.dim_prospective_leads as lead
            on lead.month = date '2024-06-01'
            and lead.phone_key = right(regexp_replace(split_part(change.new_value, 'x', 1), '[^0-9]', '', 'g'), 10)
        where change.field_key = 'person_phone'
        """,
    )
    assert set(told) == expected
    assert len(expected) > 150


def test_the_newest_exports_stand(built_sample: tuple[Settings, Sample]) -> None:
    """Every record of the newest files, and no other."""
    for table, feed in (("stg_deal_changes", "pipedrive_deal_changes"), ("stg_activity", "pipedrive_activity")):
        (file,) = (built_sample[0].landing / feed).glob("*_2024-06-30.csv")
        lines = file.read_text().splitlines()
        assert ask(built_sample[0], f"select count(*) from funnel.{table}") == [(len(lines) - 1,)]


def test_a_user_who_left_is_kept(built_sample: tuple[Settings, Sample]) -> None:
    """The users' file of March has 25, that of June 24; until April the one of March serves."""
    told = ask(
        built_sample[0],
        "select strftime(month, '%m'), count(*), count(*) filter (where is_active) from funnel.dim_users group by all",
    )
    assert sorted(told) == [(f"0{n}", 25, 25) for n in range(1, 6)] + [("06", 25, 24)]
