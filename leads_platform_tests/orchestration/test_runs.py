"""Range runs and single-month runs: the rows, the checks, and what the instance shows of each month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from leads_platform.errors import fault_in_words
from leads_platform.orchestration import sqlite_pool
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.freshness_checks import FILE_EXPECTED, MONTH_PRESENT
from leads_platform.orchestration.instance import open_instance
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.resource import CHANGED_TAG
from leads_platform.orchestration.run import build_through_dagster
from leads_platform.platform import Platform, begin_anew
from leads_platform.settings import Settings
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.planner import BuildTask
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import drop
from leads_platform_tests.orchestration.conftest import (
    BASE,
    FEED,
    QUIET,
    REPORT,
    STG,
    TABLES,
    build,
    check_history,
    deliver,
    platform_with,
    report,
    row_counts,
    take_in,
)


def ledger(settings: Settings, what: str) -> list[tuple]:
    with open_published(settings.warehouse) as con:
        return con.execute(what).fetchall()


def told(history: list[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """Without the months that a range run planned and that passed: they have no event of their own."""
    return [(partition, status) for partition, status in history if status != "PLANNED"]


BUILDS = "select table_name, month::varchar, row_count, content_hash from warehouse.builds order by all"
CHECKS = (
    "select table_name, month::varchar, check_name, blocking, passed, bad_rows, evidence "
    "from warehouse.checks order by all"
)


def test_a_range_run_shows_each_month_s_own_rows(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """One result of a range run is copied to every month: all months showed the rows of the whole range."""
    deliver(settings, "2024-04", 2)
    deliver(settings, "2024-06", 3)
    take_in(small)
    result = build(instance, small, "2024-04", "2024-06")
    assert result.success
    assert row_counts(instance, STG) == {"2024-04-01": 2, "2024-05-01": 0, "2024-06-01": 3}
    for table in TABLES:
        own = {month: rows for name, month, rows, _ in ledger(settings, BUILDS) if name == table}
        assert row_counts(instance, table) == own


def test_a_run_builds_the_later_months_that_earlier_ones_read(settings: Settings, instance: dg.DagsterInstance) -> None:
    """And the month that comes next is planned with the one before it, which reads it."""
    two = f"""
        select months.month, count(*) filter (leads.month = months.month) as leads, count(leads.month) as leads_so_far
        from months
        left join {STG} as leads on leads.month between months.month and months.month + interval 1 month
        group by months.month
    """
    looking = platform_with(settings, replace(report(), select=two, history=(), ahead={STG: 1}))
    deliver(settings, "2024-04", 2)
    deliver(settings, "2024-05", 1)
    take_in(looking)
    assert build(instance, looking, "2024-04", "2024-05").success
    shown = f"select month::varchar, leads, leads_so_far from {REPORT} order by all"
    assert ledger(settings, shown) == [("2024-04-01", 2, 3), ("2024-05-01", 1, 1)]
    deliver(settings, "2024-06", 4)
    take_in(looking)
    assert build_through_dagster(looking, instance=instance) == {}
    assert ledger(settings, shown) == [("2024-04-01", 2, 3), ("2024-05-01", 1, 5), ("2024-06-01", 4, 4)]
    assert len(instance.fetch_materializations(dg.AssetKey(REPORT.split(".")), limit=9).records) == 2 + 2


def test_single_months_leave_what_a_range_leaves(tmp_path: Path) -> None:
    """A range must be the months one by one: same rows, same content, same checks."""
    left = []
    months = ("2024-04", "2024-05", "2024-06")
    for name, runs in (("range", [(months[0], months[-1])]), ("months", [(m, m) for m in months])):
        settings = environment(tmp_path / name)
        platform = platform_with(settings, report(warn=2))
        deliver(settings, "2024-04", 2)
        deliver(settings, "2024-05", 3)
        deliver(settings, "2024-06", 1)
        take_in(platform)
        with dg.DagsterInstance.ephemeral() as instance:
            for first, last in runs:
                assert build(instance, platform, first, last).success
            failed = ("2024-05-01", "FAILED")
            assert failed in check_history(instance, REPORT, "not_many_leads")
            left.append((ledger(settings, BUILDS), ledger(settings, CHECKS), [row_counts(instance, t) for t in TABLES]))
    assert left[0] == left[1]
    assert len(left[0][0]) == 9  # three tables, three months


def test_a_warning_is_shown_for_its_month_and_taken_back(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """A plain result belongs to no month, and a month that once warned stayed red for ever."""
    strict = platform_with(settings, report(warn=2))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(strict)
    assert build(instance, strict, "2024-05", "2024-06").success
    assert told(check_history(instance, REPORT, "not_many_leads")) == [(None, "FAILED"), ("2024-06-01", "FAILED")]
    assert told(check_history(instance, REPORT, "few_leads")) == [(None, "SUCCEEDED")]
    assert build(instance, small, "2024-06", "2024-06").success
    assert told(check_history(instance, REPORT, "not_many_leads"))[:2] == [
        (None, "SUCCEEDED"),
        ("2024-06-01", "SUCCEEDED"),
    ]


def test_a_month_materialised_in_the_ui_is_shown_as_in_a_range(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """The UI runs one month by its partition tag, not by a range."""
    strict = platform_with(settings, report(warn=1))
    deliver(settings, "2024-05", 2)
    take_in(strict)
    job = build_definitions(strict).resolve_job_def("monthly")
    assert job.execute_in_process(partition_key="2024-05-01", instance=instance, run_config=QUIET).success
    assert told(check_history(instance, REPORT, "not_many_leads")) == [(None, "FAILED"), ("2024-05-01", "FAILED")]
    assert row_counts(instance, STG) == {"2024-05-01": 2}


def test_a_blocking_check_keeps_the_old_rows_and_is_seen_on_its_month(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """dagster-duckdb's I/O manager had deleted the good month before the check ran."""
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 2)
    take_in(small)
    assert build(instance, small, "2024-05", "2024-06").success
    before = ledger(settings, "select * from prospects.rep_leads_so_far order by month")
    deliver(settings, "2024-06", 4)
    take_in(small)
    strict = platform_with(settings, report(limit=3))
    result = build(instance, strict, "2024-05", "2024-06")
    assert not result.success
    assert [b.bad_months for b in result.refused] == [[date(2024, 6, 1)]]
    assert ledger(settings, "select * from prospects.rep_leads_so_far order by month") == before
    assert told(check_history(instance, REPORT, "few_leads"))[:2] == [(None, "FAILED"), ("2024-06-01", "FAILED")]
    assert row_counts(instance, REPORT) == {"2024-05-01": 1, "2024-06-01": 1}  # those of before
    assert row_counts(instance, STG) == {"2024-05-01": 2, "2024-06-01": 4}  # what stands before it was committed
    standing = instance.fetch_materializations(dg.AssetKey(REPORT.split(".")), limit=2).records
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(REPORT.split(".")), "few_leads"), limit=9
    )
    records = [record for record in records if record.partition == "2024-06-01"]
    evaluation = records[0].evaluation
    assert evaluation is not None and evaluation.target_materialization_data is not None
    assert evaluation.target_materialization_data.storage_id in {record.storage_id for record in standing}
    run = instance.get_run_by_id(result.run_id)
    assert run is not None and run.tags["leads_platform/refused"] == REPORT


def test_a_damaged_published_copy_is_made_anew(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, mended: each run failed when it asked the copy what Dagster missed, before it was made anew."""
    deliver(settings, "2024-05", 1)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    for month in ("2024-06", None):  # with something to build, and without
        with settings.published.open("r+b") as file:
            file.write(b"\0" * 4096)
        if month:
            deliver(settings, month, 1)
            take_in(small)
        assert build_through_dagster(small, instance=instance) == {}
        assert settings.published.read_bytes() == settings.warehouse.read_bytes()


def check_names(instance: dg.DagsterInstance, run_id: str) -> frozenset[str]:
    """The checks that the run planned or asked."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED)
    return frozenset(
        entry.dagster_event.asset_check_planned_data.check_name for entry in entries if entry.dagster_event is not None
    )


def test_the_good_months_before_a_refused_one_are_built(settings: Settings, instance: dg.DagsterInstance) -> None:
    """A range commits whole or not at all, so one bad month kept good ones out until someone noticed."""
    strict = platform_with(settings, report(limit=3))
    deliver(settings, "2024-04", 1)
    deliver(settings, "2024-05", 5)
    deliver(settings, "2024-06", 2)
    take_in(strict)
    blocked = build_through_dagster(strict, instance=instance)
    assert blocked == {REPORT: date(2024, 5, 1)}
    assert row_counts(instance, REPORT) == {"2024-04-01": 1}
    # Found in use, mended: what judges by the clock ran beside the audits, and told that the month being built is not.
    (asked,) = {check_names(instance, run.run_id) for run in instance.get_runs()[-1:]}
    assert "records_are_accounted_for" in asked and not asked & {FILE_EXPECTED, MONTH_PRESENT}
    assert row_counts(instance, STG) == {"2024-04-01": 1, "2024-05-01": 5, "2024-06-01": 2}
    assert build_through_dagster(platform_with(settings, report(limit=5)), instance=instance) == {}
    assert row_counts(instance, REPORT) == {"2024-04-01": 1, "2024-05-01": 1, "2024-06-01": 1}


def test_a_warehouse_made_anew_between_plan_and_run_is_planned_again(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 18: `rebuild` beside `run` took away what the run's tables read, and the run ended in a failure."""
    for month in ("2024-04", "2024-05"):
        deliver(settings, month, 1)
    take_in(small)
    assert build_through_dagster(small, instance=instance) == {}
    deliver(settings, "2024-06", 1)
    take_in(small)
    planned: list[int] = []

    def on_plan(tasks: list[BuildTask]) -> None:
        planned.append(sum(len(work.months) for work in tasks))
        if len(planned) == 1:
            begin_anew(settings)

    said: list[str] = []
    assert build_through_dagster(small, instance=instance, on_plan=on_plan, say=said.append) == {}
    # June of three tables; then what the cut-off run has not built: the report alone reads May, which is gone.
    assert planned == [3, 7]
    assert said == ["The warehouse was made anew meanwhile; planning again."]
    assert [run.status.value for run in instance.get_runs()] == ["SUCCESS", "SUCCESS", "CANCELED", "SUCCESS"]
    assert send_notices(instance, small) == []
    assert len(ledger(settings, BUILDS)) == 9


def test_a_full_disk_under_dagster_s_storage_is_told_as_one(
    small: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 20: the storage's "database or disk is full" ended as a fault of the program."""
    deliver(settings, "2024-05", 2)
    take_in(small)
    with open_instance(settings) as instance, monkeypatch.context() as patch:
        connect = sqlite_pool._Kept.__init__

        def on_a_full_disk(self: sqlite_pool._Kept, *arguments: Any, **options: Any) -> None:
            connect(self, *arguments, **options)
            self.execute("pragma max_page_count = 1")  # it grows no more

        patch.setattr(sqlite_pool._Kept, "__init__", on_a_full_disk)
        with pytest.raises(Exception) as raised:  # whichever of Dagster's it is
            build_through_dagster(small, instance=instance)
    assert "The disk is full. Free some space." in str(fault_in_words(raised.value))
    assert build_through_dagster(small) == {}
    with open_instance(settings) as instance:  # what `run` builds must show in the UI, which opens the same one later
        assert instance.get_runs(limit=1)[0].status is dg.DagsterRunStatus.SUCCESS
        (record,) = instance.fetch_materializations(dg.AssetKey(STG.split(".")), limit=5).records
        assert record.partition_key == "2024-05-01"


def test_nothing_of_a_record_is_in_the_event_log(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Row previews and DuckDB's error texts put phones into the event log, for ever."""
    strict = platform_with(settings, report(limit=1))
    deliver(settings, "2024-05", 2)
    take_in(strict)
    result = build(instance, strict, "2024-05", "2024-05")
    text = "\n".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert "rep_leads_so_far" in text
    assert "346-0001" not in text and "OAK ST" not in text and "ANN LEE" not in text


def test_dagster_hears_later_of_files_and_builds_made_without_it(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Months built with --direct were grey in the UI, and nobody dared to believe the tables."""
    from leads_platform.platform import open_session
    from leads_platform.warehouse.build_loop import build_stale

    deliver(settings, "2024-05", 2)
    drop(settings, FEED, "notes.docx", "no list", [])
    with open_session(small, "direct") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.sync_ledger()
        build_stale(session.warehouse)
        session.publish = True
    assert reconcile_events(instance, settings) == 2 + 3  # files, tables
    assert row_counts(instance, STG) == {"2024-05-01": 2}
    assert check_history(instance, REPORT, "few_leads") == [(None, "SUCCEEDED")]
    feed = dg.AssetKey(["arrivals", FEED])
    new = instance.fetch_materializations(feed, limit=9).records
    assert [r.asset_materialization.metadata["file_name"].value for r in new if r.asset_materialization] == [
        "nv_2024-05.csv"
    ]
    seen = instance.fetch_observations(feed, limit=9).records
    assert [r.asset_observation.metadata["verdict"].value for r in seen if r.asset_observation] == ["refused"]
    assert reconcile_events(instance, settings) == 0  # once


def test_a_run_that_changes_an_ended_month_is_marked(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 7: with the daemon an ended month changed as silently as on the command line.

    Found in use, mended: and no notice told of it.
    """
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(small)
    first = build(instance, small, "2024-05", "2024-06")
    deliver(settings, "2024-05", 4, "nv_2024-05-31.csv")
    take_in(small)
    second = build(instance, small, "2024-05", "2024-06")
    tags = [instance.get_run_by_id(result.run_id).tags.get(CHANGED_TAG) for result in (first, second)]  # pyright: ignore[reportOptionalMemberAccess]  (both ran)
    assert tags == [None, "2024-05"]
    found = {
        str(record.partition_key): record.asset_materialization.metadata.get("rows_before_change")
        for record in instance.fetch_materializations(dg.AssetKey(STG.split(".")), limit=2).records
        if record.asset_materialization
    }
    assert found == {"2024-05-01": dg.IntMetadataValue(2), "2024-06-01": None}
    (notice,) = (notice for notice in send_notices(instance, small) if notice.run_id == second.run_id)
    assert notice.title == "monthly: ended months changed"
    assert notice.text == "\n".join(
        [
            "2024-05 has ended and changed: 3 tables.",
            *(f"    {table}: 2024-05, rows 2 -> 4" for table in (BASE, STG)),
            f"    {REPORT}: 2024-05, rows 1 -> 1",
        ]
    )
