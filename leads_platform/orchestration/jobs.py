"""The jobs `monthly` (all tables), `products` (what is made of them) and `freshness` (what should be there by now).

Belongs here: what belongs to which job. Does not: when they run (schedules, sensors).
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,  # what define_asset_job returns; not exported by 1.13.27
)

from leads_platform.orchestration.events import asset_key, product_key
from leads_platform.platform import Platform

MONTHLY = "monthly"
FRESHNESS = "freshness"
PRODUCTS = "products"


Job = UnresolvedAssetJobDefinition


def monthly_job(platform: Platform) -> Job:
    """All tables with the checks of their own; one process builds them, as there is one writer."""
    tables = dg.AssetSelection.assets(*(asset_key(address) for address in platform.catalogue.tables))
    own = dg.AssetSelection.checks(*own_checks(platform, platform.catalogue.tables))
    return dg.define_asset_job(
        MONTHLY,
        tables.without_checks() | own,
        description="Builds the tables for the months of the run, each with its checks.",
        executor_def=dg.in_process_executor,
    )


def products_job(platform: Platform) -> Job:
    """The products with their checks: makes them now, stale or not. Each build makes what is stale at its end."""
    return dg.define_asset_job(
        PRODUCTS,
        dg.AssetSelection.assets(*(product_key(name) for name in platform.products)),
        description="Makes the published copies and other products anew; builds make them, too, where they are stale.",
        executor_def=dg.in_process_executor,
    )


def own_checks(platform: Platform, tables: Iterable[str]) -> list[dg.AssetCheckKey]:
    """The tables' own audits. A run of some assets names these, or Dagster adds the checks that judge by the clock."""
    declared = platform.catalogue.tables
    return [
        dg.AssetCheckKey(asset_key(address), audit.name)
        for address in tables
        if address in declared
        for audit, _ in declared[address].audits
    ]


def freshness_job(checks: list[dg.AssetChecksDefinition]) -> Job:
    """The checks that judge against the clock, by manifests and the build state; they take no lock."""
    keys = [key for check in checks for key in check.check_keys]
    return dg.define_asset_job(
        FRESHNESS,
        dg.AssetSelection.checks(*keys),
        description="Judges what should be there by now: expected files, and the last closed month.",
        executor_def=dg.in_process_executor,
    )
