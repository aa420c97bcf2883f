"""Products in Dagster: assets with their checks, made by builds and by a job of their own, and told when they fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest

from leads_platform.cli.closing import in_need
from leads_platform.cli.status import read_status
from leads_platform.digest import items_of_products
from leads_platform.orchestration import products as products_of_dagster
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.jobs import PRODUCTS
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.products import report_products
from leads_platform.orchestration.resource import is_alive
from leads_platform.orchestration.run import build_through_dagster
from leads_platform.platform import Platform, Session, open_session
from leads_platform.products import shared_copy
from leads_platform.products.product import Check, Making, Product, ProductFailed
from leads_platform.settings import Settings
from leads_platform_tests.orchestration.conftest import QUIET, REPORT, deliver, take_in

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


def products_job(platform: Platform) -> dg.JobDefinition:
    return build_definitions(platform, lineage=False).resolve_job_def(PRODUCTS)


def add(platform: Platform, **products: Product) -> None:
    """Declares products of a room's beside the platform's own; the name's `_` stands for a dot."""
    vars(platform)["products"] = {**platform.products, **{n.replace("_", "."): p for n, p in products.items()}}


def page(making: Making) -> dict[str, int]:
    making.scratch.write_text(f"{making.month}")
    return {"rows": 1}


def test_the_janitor_sees_a_run_of_products_living(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It held no file of its own, so the janitor failed it as dead while it copied a large warehouse or waited."""
    living: list[bool | None] = []

    @contextmanager
    def opened(*asked: Any, run_id: str, **more: Any) -> Iterator[Session]:
        living.append(is_alive(settings.home, run_id))
        with open_session(*asked, run_id=run_id, **more) as session:
            yield session

    monkeypatch.setattr(products_of_dagster, "open_session", opened)
    assert products_job(small).execute_in_process(instance=instance, run_config=QUIET).success
    assert living == [True] and not list((settings.home / "runs").glob("*.lock"))


def test_a_stopped_run_of_products_is_cancelled(
    small: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed, and a notice was sent, though a person had stopped it."""

    def stop(*asked: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(products_of_dagster, "open_session", stop)
    with pytest.raises((KeyboardInterrupt, dg.DagsterExecutionInterruptedError)):
        products_job(small).execute_in_process(instance=instance, run_config=QUIET)
    assert [run.status.value for run in instance.get_runs()] == ["CANCELED"]
    assert send_notices(instance, small) == []


def test_what_the_job_makes_beside_what_was_chosen_is_told_afterwards(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """With one product chosen all were noted as told, so that Dagster never heard of the others' new making."""
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    deliver(settings, "2024-06", 2)
    take_in(small)  # the ledgers differ, so both are stale
    chosen = products_job(small).execute_in_process(instance=instance, run_config=QUIET, asset_selection=[FULL])
    assert chosen.success and (made(instance, FULL), made(instance, SHARED)) == (2, 1)
    assert report_products(instance, small) == ["warehouse.duckdb"]
    assert (made(instance, FULL), made(instance, SHARED)) == (2, 2)


def test_a_product_that_could_not_be_made_is_not_shown_as_made(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Its table was not built yet; it had a materialisation, and checks that nobody had asked passed."""
    fine = Check("is_there", "It is there.", lambda making: [])
    add(small, early_txt=Product(says="Early.", reads=(REPORT,), make=page, must=(fine,)))
    early = dg.AssetKey(["products", "early_txt"])
    result = products_job(small).execute_in_process(instance=instance, run_config=QUIET)
    assert result.success and (made(instance, early), made(instance, SHARED)) == (0, 1)
    assert early not in {told.asset_key for told in result.get_asset_check_evaluations()}
    said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert sum("early.txt is not made: a table that it is made of is not built yet" in line for line in said) == 1
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    assert made(instance, early) == 1


def test_a_product_of_each_month_is_told_of_its_own_months_alone(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """`page.html` was told of the failure of `page.csv`, and of `page-net.html`: their keys begin alike."""

    def fail(making: Making) -> dict[str, int]:
        raise ProductFailed("no room left")

    monthly = {"says": "A page.", "reads": (REPORT,), "per": "month"}
    add(small, page_html=Product(make=page, **monthly), page_csv=Product(make=fail, **monthly))
    vars(small)["products"]["page-net.html"] = Product(make=fail, **monthly)
    deliver(settings, "2024-05", 2)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    keys = [dg.AssetKey(["products", name]) for name in ("page_html", "page_csv", "page_net_html")]
    assert [made(instance, key) for key in keys] == [1, 0, 0]
    result = products_job(small).execute_in_process(
        instance=instance, run_config=QUIET, asset_selection=keys[:1], raise_on_error=False
    )
    assert result.success and made(instance, keys[0]) == 2
