"""Freshness as asset checks: is a feed's expected file there, and the last closed month of what people read.

Belongs here: these checks. Does not: what is late (leads_platform.freshness), or when they run (schedules).
Dagster's own freshness policies are for a whole asset: building an old month turns them green (docs/hazards.md).
"""

import dagster as dg

from leads_platform.arrivals.receive import read_state
from leads_platform.freshness import findings, last_closed_month
from leads_platform.months import label
from leads_platform.orchestration.events import asset_key
from leads_platform.platform import Platform
from leads_platform.warehouse.build_state import read_build_state

FILE_EXPECTED = "file_expected"
MONTH_PRESENT = "latest_closed_month_present"


def freshness_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """`file_expected` on each monthly list's base table, `latest_closed_month_present` on dims and reports."""
    found = []
    for address, table in platform.catalogue.tables.items():
        contract = platform.contracts.get(table.feed or "")
        if table.layer == "base" and contract and contract.delivered.is_monthly:
            found.append(_file_expected(platform, address, contract.feed))
        if table.layer in ("dim", "rep"):
            found.append(_month_present(platform, address))
    return found


def _file_expected(platform: Platform, address: str, feed: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset_key(address),
        name=FILE_EXPECTED,
        description="The feed's file for the last closed month has come; not asked of a feed that never delivered.",
    )
    def check() -> dg.AssetCheckResult:
        state = read_state(platform.settings, platform.contracts)
        late = [finding for finding in findings(platform.settings, state) if finding.feed == feed]
        says = "; ".join(finding.says for finding in late) or "Nothing is late."
        return dg.AssetCheckResult(passed=not late, severity=dg.AssetCheckSeverity.WARN, description=says)

    return check


def _month_present(platform: Platform, address: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset_key(address),
        name=MONTH_PRESENT,
        description="The last closed month is built; due from day 3, 06:00 of the next month.",
    )
    def check() -> dg.AssetCheckResult:
        settings = platform.settings
        state = read_state(settings, platform.contracts)
        closed = last_closed_month(settings)
        if settings.is_sample or state.data_months() is None or closed < settings.first_month:
            return _result(True, "There is nothing to judge yet, or only sample data.")
        there = (address, closed) in read_build_state(settings.build_state, settings.warehouse).fingerprints
        return _result(there, f"{label(closed)} is {'built' if there else 'not built'}.")

    return check


def _result(passed: bool, says: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN, description=says)
