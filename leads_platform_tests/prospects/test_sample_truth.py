"""The sample data's known truth equals the tables, for every month and supplier (issue 2, Shows 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from leads_platform.months import label
from leads_platform.sample import Truth, generate
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask, run
from leads_platform_tests.pins import contracts_of, pinned, tables_of

SUPPLIERS = ("nv_licensing", "ok_licensing", "tx_licensing")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Truth]:
    settings = environment(tmp_path_factory.mktemp("sample") / "data")
    truth = generate(settings.landing)
    run(settings)
    return settings, truth


def supplier_months(truth: Truth) -> Iterator[tuple[date, str]]:
    for month in truth.month_truths:
        for supplier in SUPPLIERS:
            yield date.fromisoformat(f"{month}-01"), supplier


def test_net_new_per_supplier_and_month(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    expected = {(m, s): truth.of(label(m), s).net_new for m, s in supplier_months(truth)}
    expected |= {
        (date.fromisoformat(f"{month}-01"), "all suppliers"): told.net_new for month, told in truth.month_truths.items()
    }
    told = ask(settings, "select month, source_name, net_new_leads from prospects.rep_net_new_leads")
    assert {(m, s): n for m, s, n in told} == expected
    assert sum(expected.values()) > 100


def test_files_accounting_and_movements(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    told = ask(
        settings,
        """
        select month, source_name, sum(records), sum(quarantined), sum(distinct_leads), sum(already_known_leads),
            sum(moved_leads), sum(new_phone_leads), sum(gone_leads)
        from prospects.fct_lead_files
        group by month, source_name
        """,
    )
    expected = {}
    for month, supplier in supplier_months(truth):
        t = truth.of(label(month), supplier)
        expected[month, supplier] = (
            t.records, t.quarantined, t.sites, t.known_to_us, t.moved, t.phone_changed, t.gone
        )  # fmt: skip
    assert {(row[0], row[1]): row[2:] for row in told} == expected
    assert all(sum(row[column] for row in expected.values()) for column in range(7)), "a phenomenon never happens"


def test_leads_as_of_each_month(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    told = ask(
        settings,
        """
        select month, count(*), count(*) filter (where was_net_new), count(*) filter (where is_new_prospective_lead),
            count(*) filter (where in_latest_file)
        from prospects.dim_prospective_leads
        group by month
        """,
    )
    expected = {
        date.fromisoformat(f"{month}-01"): (t.sites, t.was_net_new, t.new_prospects, t.in_latest_files)
        for month, t in truth.month_truths.items()
    }
    assert {row[0]: row[1:] for row in told} == expected


def test_overlap_between_suppliers(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    told = ask(
        settings,
        """
        select month, source_name, other_source_name, leads_in_both, leads_in_both_latest_files
        from prospects.rep_lead_source_overlap
        """,
    )
    assert len(told) == 9 * len(truth.month_truths)
    shared = 0
    for month, one, other, both, latest in told:
        t = truth.month_truths[label(month)]
        pair = "|".join(sorted((one, other)))
        assert (both, latest) == (t.overlap[pair], t.overlap_latest[pair]), (month, pair)
        shared += both if one < other else 0
    assert shared > 0


def test_salesforce_as_of_each_month(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    told = ask(settings, "select month, count(*) from prospects.dim_salesforce_leads group by month")
    expected = {date.fromisoformat(f"{m}-01"): t.salesforce_known for m, t in truth.month_truths.items()}
    assert dict(told) == expected


def test_every_table_is_as_pinned(world: tuple[Settings, Truth]) -> None:
    """A change that should leave rows alone did so; one that changes a table's rows pins it anew, by name."""
    assert tables_of(world[0]) == pinned("sample")


def test_every_contract_is_as_pinned(world: tuple[Settings, Truth]) -> None:
    assert contracts_of(world[0]) == pinned("contracts")
