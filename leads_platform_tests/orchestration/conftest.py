"""A small platform for these tests: one feed, its base table, a plain staging, and a report that reads a history.

Belongs here: what the tests of Dagster share. Does not: the staging that the contract generates. Its phones and
addresses take half of each build, and Dagster knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import dagster as dg
import pytest

from leads_platform.arrivals.archive.sources import relations_of
from leads_platform.arrivals.base_table import base_table
from leads_platform.arrivals.receive import read_state
from leads_platform.orchestration.run import BatchResult, Runner
from leads_platform.platform import Platform, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.standards import standards
from leads_platform.warehouse import Catalogue, Column, Table, bad_rows
from leads_platform.warehouse.planner import BuildTask
from leads_platform_tests.helpers import NV_HEADER, drop, nv

FEED = "nv_licensing"
BASE, STG, REPORT = (
    "prospects.base_leads_nv_licensing",
    "prospects.stg_leads_nv_licensing",
    "prospects.rep_leads_so_far",
)
TABLES = (BASE, STG, REPORT)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def staging() -> Table:
    """The list's leads under the name of the generated table."""
    return Table(
        says="Leads of the month's list.",
        grain=("source_id",),
        columns=(
            Column("month", "date", "Month of the list"),
            Column("source_id", "varchar", "Licence number"),
            Column("phone_raw", "varchar", "Phone as it came", pii=True),
        ),
        select=f"select month, credential_number as source_id, phone as phone_raw from {BASE}",
    ).named("prospects", "stg_leads_nv_licensing")


def report(limit: int = 1000, warn: int = 1000) -> Table:
    """Leads listed so far, per month. Blocks above `limit` leads in a month's list and warns above `warn`."""
    return Table(
        says="Leads of the month's list, and all listed so far.",
        grain=("month",),
        columns=(
            Column("month", "date", "Month of the list"),
            Column("leads", "bigint", "Leads in it"),
            Column("leads_so_far", "bigint", "Leads of all lists up to it"),
        ),
        history=(STG,),
        must=(bad_rows("few_leads", f"leads > {limit}", "The list is not too long."),),
        should=(bad_rows("not_many_leads", f"leads > {warn}", "The list is short."),),
        select=f"""
            with counted as (
                select month, count(*) as leads from {STG} group by month
            )
            select
                month,
                leads,
                (sum(leads) over (order by month))::bigint as leads_so_far
            from counted
        """,
    ).named("prospects", "rep_leads_so_far")


def platform_with(settings: Settings, table: Table) -> Platform:
    """The small platform with this report."""
    whole = load_platform(settings)
    contract = whole.contracts[FEED]
    tables = [base_table(contract), staging(), table]
    catalogue = Catalogue(tables, relations_of(contract), standards())
    return replace(whole, contracts={FEED: contract}, catalogue=catalogue)


@pytest.fixture
def small(settings: Settings) -> Platform:
    return platform_with(settings, report())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance in memory: real storage classes, no files."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def deliver(settings: Settings, month: str, leads: int, name: str = "") -> None:
    """A list of Nevada with so many leads, each with a phone and an address of its own."""
    records = [nv(f"{n}-22", f"702-346-{n:04d}", f"{100 + n} OAK ST RENO, NV 89501") for n in range(1, leads + 1)]
    drop(settings, FEED, name or f"nv_{month}.csv", NV_HEADER, records)


def take_in(platform: Platform) -> None:
    """Takes in what waits in landing, and builds nothing."""
    with open_session(platform, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())


def build(
    instance: dg.DagsterInstance, platform: Platform, first: str, last: str, tables: tuple[str, ...] = TABLES
) -> BatchResult:
    """One range run of these tables."""
    start, end = (date.fromisoformat(f"{month}-01") for month in (first, last))
    return Runner(instance, platform).run([BuildTask(table, start, end) for table in tables])


def row_counts(instance: dg.DagsterInstance, table: str) -> dict[str, int]:
    """Each partition's row count as its latest materialisation carries it."""
    key = dg.AssetKey(table.split("."))
    found: dict[str, int] = {}
    for record in instance.fetch_materializations(key, limit=1000).records:  # latest first
        assert record.asset_materialization is not None
        value = record.asset_materialization.metadata["dagster/partition_row_count"].value
        found.setdefault(str(record.partition_key), int(str(value)))
    return found


def check_history(instance: dg.DagsterInstance, table: str, check: str) -> list[tuple[str | None, str]]:
    """A check's evaluations, latest first: partition and status."""
    key = dg.AssetCheckKey(dg.AssetKey(table.split(".")), check)
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    return [(record.partition, record.status.value) for record in records]


def held(platform: Platform, feed: str = FEED) -> list[str]:
    """Labels of months the archive has records for."""
    months = read_state(platform.settings, platform.contracts).by_feed[feed].months()
    return sorted(f"{month:%Y-%m}" for month in months)
