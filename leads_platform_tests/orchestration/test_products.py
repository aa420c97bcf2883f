"""Products in Dagster: assets with their checks, made by builds and by a job of their own, and told when they fail."""

import dagster as dg
import pytest

from leads_platform.cli.closing import in_need
from leads_platform.cli.status import read_status
from leads_platform.digest import items_of_products
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.jobs import PRODUCTS
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.products import report_products
from leads_platform.orchestration.run import build_through_dagster
from leads_platform.platform import Platform, open_session
from leads_platform.products import shared_copy
from leads_platform.settings import Settings
from leads_platform_tests.orchestration.conftest import QUIET, deliver, take_in

FULL, SHARED = dg.AssetKey(["products", "full_duckdb"]), dg.AssetKey(["products", "warehouse_duckdb"])


def made(instance: dg.DagsterInstance, key: dg.AssetKey) -> int:
    return len(instance.fetch_materializations(key, limit=100).records)


def checks(instance: dg.DagsterInstance) -> dict[str, str]:
    """The latest answer of each check of the shared copy."""
    names = ("no_personal_column", "months_are_whole", "all_is_described")
    found = {}
    for name in names:
        history = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(SHARED, name), limit=1)
        found[name] = history[0].status.value
    return found


def test_dagster_is_told_of_what_builds_have_made_whoever_built(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    assert (made(instance, FULL), made(instance, SHARED)) == (1, 1)
    assert set(checks(instance).values()) == {"SUCCEEDED"}
    record = instance.fetch_materializations(SHARED, limit=1).records[0].asset_materialization
    # The report has one row; base and staging tables are not shared.
    assert record is not None and record.metadata["rows_written"].value == 1
    assert report_products(instance, small) == []
    deliver(settings, "2024-06", 2)
    with open_session(small, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.publish = True  # as without Dagster: the ledgers differ, so both are made
    assert report_products(instance, small) == ["full.duckdb", "warehouse.duckdb"]
    assert (made(instance, FULL), made(instance, SHARED)) == (2, 2)


def test_a_product_that_fails_is_told_by_check_notice_and_exit_and_the_former_one_stands(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    before = settings.shared.read_bytes()
    monkeypatch.setattr(shared_copy, "_insert", lambda con, name, columns, months: 0)
    deliver(settings, "2024-06", 3)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}, "no table is refused because of it"
    assert checks(instance)["months_are_whole"] == "FAILED" and made(instance, SHARED) == 1
    assert settings.shared.read_bytes() == before
    (need,) = [need for need in in_need(read_status(small)) if need.what.startswith("Product")]
    assert need.blocks and "months_are_whole: prospects.rep_leads_so_far of 2024-0" in need.message
    notices = [path.read_text() for path in settings.outbox.glob("digest_*.json")]
    assert sum("products: 1 product not made" in notice for notice in notices) == 1
    assert [n for n in send_notices(instance, small) if "product" in n.title] == [], "told once"
    monkeypatch.undo()
    assert build_through_dagster(small, instance=instance) == {}
    assert checks(instance)["months_are_whole"] == "SUCCEEDED" and made(instance, SHARED) == 2
    assert items_of_products(settings) == []
    assert [need for need in in_need(read_status(small)) if need.what.startswith("Product")] == []


def test_the_job_makes_them_now_with_their_checks(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    job = build_definitions(small, lineage=False).resolve_job_def(PRODUCTS)
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success and (made(instance, FULL), made(instance, SHARED)) == (2, 2)
    assert {e.check_name: e.passed for e in result.get_asset_check_evaluations()} == {
        "copy_is_whole": True, "no_personal_column": True, "months_are_whole": True, "all_is_described": True,
    }  # fmt: skip
    assert report_products(instance, small) == [], "the run has told of them"
    monkeypatch.setattr(shared_copy, "undescribed", lambda con, database: ["prospects.rep_leads_so_far"])
    failed = job.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
    assert not failed.success and checks(instance)["all_is_described"] == "FAILED"
    assert (made(instance, FULL), made(instance, SHARED)) == (3, 2)
