"""What Dagster is told agrees with what the rooms declare."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg
import pytest

from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.assets import dependencies
from leads_platform.orchestration.lineage import column_sources
from leads_platform.orchestration.partitions import monthly_partitions
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.orchestration.conftest import REPORT, STG, platform_with, report


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return load_platform(environment(tmp_path_factory.mktemp("graph") / "data"))


@pytest.fixture(scope="module")
def defs(platform: Platform) -> dg.Definitions:
    return build_definitions(platform)


def test_every_table_and_feed_is_an_asset_and_every_dependency_exists(platform: Platform, defs: dg.Definitions) -> None:
    """Dagster loads a graph with dependencies on assets that do not exist, and shows them as empty stubs."""
    graph = defs.resolve_asset_graph()
    tables = {dg.AssetKey(address.split(".")) for address in platform.catalogue.tables}
    feeds = {dg.AssetKey(["arrivals", feed]) for feed in platform.contracts}
    products = {dg.AssetKey(["products", "full_duckdb"]), dg.AssetKey(["products", "warehouse_duckdb"])}
    actions = {dg.AssetKey(["actions", "new_leads"])}
    assert graph.get_all_asset_keys() == tables | feeds | products | actions
    assert {key for key in feeds if graph.get(key).is_materializable} == set()
    assert {key for key in tables if graph.get(key).is_materializable} == tables
    for address in platform.catalogue.tables:
        read = platform.catalogue.upstream(address)
        parents = graph.get(dg.AssetKey(address.split("."))).parent_keys
        assert {key for key in parents if key in tables} == {dg.AssetKey(r.split(".")) for r in read}
        assert dg.AssetKey(address.split(".")) not in parents  # backfills split on a self-dependency


def test_a_person_alone_starts_an_action(platform: Platform, defs: dg.Definitions) -> None:
    action, repository = dg.AssetKey(["actions", "new_leads"]), defs.get_repository_def()
    assert set(platform.actions) == {"new-leads"}
    with_it = {job.name for job in repository.get_all_jobs() if action in job.asset_layer.executable_asset_keys}
    assert with_it - {name for name in with_it if name.startswith("__")} == {"new_leads"}
    started = {schedule.job_name for schedule in repository.schedule_defs}
    started |= {target.job_name for sensor in repository.sensor_defs for target in sensor.targets}
    assert started and "new_leads" not in started


def test_a_feed_feeds_its_base_table_and_the_ledger_stands_for_the_lists(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    base = graph.get(dg.AssetKey(["prospects", "base_leads_nv_licensing"]))
    assert base.parent_keys == {dg.AssetKey(["arrivals", "nv_licensing"])}
    files = graph.get(dg.AssetKey(["prospects", "fct_lead_files"])).parent_keys
    arrivals = {key for key in files if key.path[0] == "arrivals"}
    assert arrivals == {dg.AssetKey(["arrivals", f"{state}_licensing"]) for state in ("nv", "ok", "tx")}


def test_every_audit_is_a_check_that_blocks_when_it_must(platform: Platform, defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for address, table in platform.catalogue.tables.items():
        key = dg.AssetKey(address.split("."))
        for audit, blocking in table.audits:
            spec = graph.get_check_spec(dg.AssetCheckKey(key, audit.name))
            assert (spec.blocking, spec.description) == (blocking, audit.says)


@pytest.mark.parametrize(
    ("reads", "months"),
    [
        ({}, ["2024-05"]),
        ({"ahead": {STG: 1}}, ["2024-05", "2024-06"]),
        ({"ahead": {STG: 12}}, ["2024-05", "2024-06", "2024-07"]),  # the clock says July
        ({"ahead": {STG: "all"}}, ["2024-05", "2024-06", "2024-07"]),
        ({"ahead": {STG: 1}, "history": (STG,)}, ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]),
    ],
)
def test_the_lineage_says_which_months_are_read(settings: Settings, reads: dict[str, Any], months: list[str]) -> None:
    settings = replace(settings, first_month=date(2024, 1, 1))
    platform = platform_with(settings, replace(report(), **{"history": (), **reads}))
    (dep,) = dependencies(platform, platform.catalogue.tables[REPORT])
    partitions = monthly_partitions(settings)
    may = partitions.subset_with_partition_keys(["2024-05-01"])
    mapping = dep.partition_mapping or dg.TimeWindowPartitionMapping()  # as Dagster's own for two alike
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(may, partitions, partitions)
    assert [key[:7] for key in found.partitions_subset.get_partition_keys()] == months


def test_assets_tell_what_a_person_looks_for(defs: dg.Definitions) -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(["prospects", "dim_prospective_leads"]))
    assert node.group_name == "prospects"
    assert node.owners == ["team:prospects"]
    assert node.tags["layer"] == "dim"
    assert node.tags["pii"] == "true"
    assert node.metadata["dagster/table_name"] == "prospects.dim_prospective_leads"
    columns = {c.name: c for c in node.metadata["dagster/column_schema"].columns}
    assert all(column.description for column in columns.values())
    assert "pii" in columns["phone_raw"].tags
    assert "pii" not in columns["was_net_new"].tags
    assert node.backfill_policy == dg.BackfillPolicy.single_run()
    assert node.partitions_def is not None
    assert node.partitions_def.get_last_partition_key() == "2024-07-01"  # the open month is a partition


def test_the_months_end_with_the_current_one_on_the_machine_s_clock(tmp_path) -> None:
    """Without end_offset=1 the current month does not exist until it ends, and its files crash the sensor tick."""
    from leads_platform.orchestration.partitions import monthly_partitions

    settings = Settings(data=tmp_path)
    assert monthly_partitions(settings).get_last_partition_key() == f"{settings.current_month():%Y-%m-%d}"


def test_column_lineage_reaches_the_supplier_s_column(platform: Platform) -> None:
    """By hand: phone_key <- source level <- the three suppliers' staging <- Phone of each file."""
    tables = platform.catalogue.tables

    def step(column: str, address: str) -> set[tuple[str, str]]:
        return column_sources(platform, tables[address])[column]

    source_level = "prospects.dim_prospective_leads_source_level"
    assert step("phone_key", "prospects.dim_prospective_leads") == {(source_level, "phone_key")}
    assert step("phone_key", source_level) == {("prospects.int_lead_listings", "phone_key")}
    assert step("phone_key", "prospects.int_lead_listings") == {
        (f"prospects.stg_leads_{state}_licensing", "phone_key") for state in ("nv", "ok", "tx")
    }
    assert step("phone_key", "prospects.stg_leads_nv_licensing") == {("prospects.base_leads_nv_licensing", "phone")}
    assert step("phone", "prospects.base_leads_nv_licensing") == {("arrivals.nv_licensing", "phone")}


def test_column_lineage_leads_from_the_funnel_report_to_the_exports(platform: Platform) -> None:
    """By hand: the report counts deal ids, of stage entries (from deal_changes) and of sales calls (from activity)."""
    tables, reached = platform.catalogue.tables, set[tuple[str, str]]()
    left = {("funnel.rep_sales_funnel_monthly", "deals_count")}
    while left:
        address, column = left.pop()
        if (address, column) not in reached:
            reached.add((address, column))
            left |= column_sources(platform, tables[address])[column] if address in tables else set()
    raw = {place for place in reached if place[0].startswith("arrivals.")}
    assert {("arrivals.pipedrive_deal_changes", "deal_id"), ("arrivals.pipedrive_activity", "deal_id")} <= raw


def test_every_table_and_column_is_described_in_the_ui(platform: Platform, defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for address, table in platform.catalogue.tables.items():
        node = graph.get(dg.AssetKey(address.split(".")))
        columns = node.metadata["dagster/column_schema"].columns
        assert node.description and node.description.startswith(table.says), address
        assert [column.name for column in columns] == [column.name for column in table.columns]
        assert all(column.description for column in columns), address


def test_lineage_never_costs_the_start_more_than_a_second(platform: Platform) -> None:
    """sqlglot's own lineage took 25 ms a column, 4 s for these tables, at every start of every run."""
    started = time.process_time()
    for table in platform.catalogue.tables.values():
        column_sources(platform, table)
    assert time.process_time() - started < 0.04 * len(platform.catalogue.tables)  # 0.008 s each, alone on a machine


def test_importing_the_definitions_does_no_work() -> None:
    """Seeds' platforms read environment and network at import, and no tool could look at them without credentials."""
    program = "import leads_platform.definitions, sys; print('leads_platform.platform' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_run_does_without_what_only_lineage_needs() -> None:
    program = "import leads_platform.orchestration.run, sys; print('dagster' in sys.modules, 'sqlglot' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True False"
