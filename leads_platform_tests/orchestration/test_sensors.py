"""Sensors against a real instance in memory: what they ask for, and what they never ask for twice."""

from __future__ import annotations

import dagster as dg
import pytest

from leads_platform.months import parse_month
from leads_platform.orchestration import build_sensor, feed_sensors
from leads_platform.orchestration.arrivals_job import arrivals_job
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.feed_sensors import Cursor
from leads_platform.orchestration.freshness_checks import FILE_EXPECTED, MONTH_PRESENT
from leads_platform.orchestration.requests import BuildRequest, pending, request_builds, write_request
from leads_platform.orchestration.resource import REFUSED_TAG
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.planner import BuildTask
from leads_platform_tests.orchestration.conftest import (
    BASE,
    FEED,
    QUIET,
    REPORT,
    STG,
    deliver,
    held,
    platform_with,
    report,
    row_counts,
)


class Daemon:
    """Ticks the room's sensor as the daemon does, keeping its cursor, and runs what it asks for when told to."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self.platform, self.instance, self.cursor = platform, instance, ""
        self.job = build_definitions(platform).resolve_job_def("arrivals")

    def tick(self) -> list[dg.RunRequest]:
        cursor = Cursor.read(self.cursor)
        result = feed_sensors.tick(self.platform, "prospects", self.platform.contracts, cursor, self.instance)
        self.cursor = str(result.cursor)
        return list(result.run_requests or [])

    def run(self, request: dg.RunRequest) -> bool:
        config = {**request.run_config, **QUIET}
        return self.job.execute_in_process(
            run_config=config, tags=dict(request.tags), instance=self.instance, raise_on_error=False
        ).success


def crash(instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    """A run that was started and whose process died."""
    run = instance.create_run_for_job(arrivals_job, tags=dict(request.tags), run_config=request.run_config)
    instance.report_run_failed(run)


def test_a_growing_file_is_not_taken(small: Platform, settings: Settings, instance: dg.DagsterInstance) -> None:
    """A half-written file loads without an error: only its rest tells that it is whole."""
    daemon = Daemon(small, instance)
    deliver(settings, "2024-05", 1)
    assert daemon.tick() == []
    deliver(settings, "2024-05", 2)  # it has grown
    assert daemon.tick() == []
    requests = daemon.tick()
    assert len(requests) == 1
    assert daemon.run(requests[0])
    assert held(small) == ["2024-05"]
    assert daemon.tick() == [] and daemon.tick() == []
    assert [work.table for request in pending(settings) for work in request.tasks] == [BASE, STG, REPORT]


def test_a_file_that_changed_between_tick_and_run_is_left_for_the_next(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    daemon = Daemon(small, instance)
    deliver(settings, "2024-05", 1)
    daemon.tick()
    (request,) = daemon.tick()
    deliver(settings, "2024-05", 2)
    assert daemon.run(request)
    assert held(small) == []
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request)
    assert held(small) == ["2024-05"]


def test_a_crashed_run_s_file_is_asked_for_again_under_a_new_key(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Dagster dedupes run keys for ever: after a crash the file never loaded."""
    daemon = Daemon(small, instance)
    deliver(settings, "2024-05", 1)
    daemon.tick()
    (first,) = daemon.tick()
    crash(instance, first)
    (second,) = daemon.tick()
    assert (str(first.run_key)[-2:], str(second.run_key)[-2:]) == (":0", ":1")
    crash(instance, second)
    assert [len(daemon.tick()) for _ in range(2)] == [0, 1]  # the third try waits longer


def test_a_run_that_never_came_to_be_is_asked_for_once_and_for_all_its_files_together(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 files of one run were 200 questions, and 200 runs."""
    daemon = Daemon(small, instance)
    for month in ("2024-03", "2024-04", "2024-05"):
        deliver(settings, month, 1)
    daemon.tick()
    (first,) = daemon.tick()
    asked: list[str] = []
    really = instance.get_runs

    def get_runs(filters: dg.RunsFilter) -> object:
        asked.append(str(filters.tags))
        return really(filters)

    monkeypatch.setattr(instance, "get_runs", get_runs)
    (again,) = daemon.tick()
    assert len(asked) == 1
    files = [[f["name"] for f in one.run_config["ops"]["take_in"]["config"]["files"]] for one in (first, again)]
    assert len(files[0]) == 3 and files[0] == files[1]
    assert first.run_key != again.run_key
    assert [len(daemon.tick()) for _ in range(2)] == [0, 1]  # the third try waits longer, as of any
    crash(instance, first)
    assert daemon.run(again) and held(small) == ["2024-03", "2024-04", "2024-05"]
    assert daemon.tick() == []


def test_one_bad_file_never_blocks_the_others(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file without a month in its name stopped every other file of its tick."""
    from leads_platform.arrivals import receive

    really = receive.read_file

    def read_file(path, contract, *, name=None, **more):
        if name and "2024-04" in name:
            raise MemoryError
        return really(path, contract, name=name, **more)

    monkeypatch.setattr(receive, "read_file", read_file)
    daemon = Daemon(small, instance)
    deliver(settings, "", 1, "list_without_month.csv")
    deliver(settings, "2024-04", 1)
    deliver(settings, "2024-05", 1)
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request) is False  # said, and the others are in
    assert held(small) == ["2024-05"]
    (again,) = daemon.tick()  # the one that failed, alone
    assert [f["name"] for f in again.run_config["ops"]["take_in"]["config"]["files"]] == ["nv_2024-04.csv"]


def test_a_refused_file_is_read_again_when_its_contract_changes(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    from dataclasses import replace

    from leads_platform_tests.helpers import NV_HEADER, drop, nv

    daemon = Daemon(small, instance)
    header = NV_HEADER.replace("Phone", "Telephone No")
    drop(settings, FEED, "nv_2024-05.csv", header, [nv("1-22", "702-346-0001", "12 OAK ST RENO, NV 89501")])
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request)
    assert held(small) == [] and daemon.tick() == []
    contract = small.contracts[FEED]
    columns = [
        c.model_copy(update={"aliases": ("Telephone No",)}) if c.name == "phone" else c for c in contract.columns
    ]
    mended = replace(small, contracts={FEED: contract.model_copy(update={"columns": tuple(columns)})})
    later = Daemon(mended, instance)
    later.cursor = daemon.cursor
    (request,) = later.tick()
    assert later.run(request)
    assert held(mended) == ["2024-05"]


def tasks(*months: str, tables: tuple[str, ...] = (BASE, STG)) -> list[BuildTask]:
    return [BuildTask(table, parse_month(months[0]), parse_month(months[-1])) for table in tables]


def make_runs(instance: dg.DagsterInstance, requests: list[dg.RunRequest], **tags: str) -> list[dg.DagsterRun]:
    return [instance.create_run_for_job(arrivals_job, tags={**r.tags, **tags}) for r in requests]


def test_a_burst_of_requests_becomes_one_range_run(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Twenty files of a quarter made twenty builds of the same months."""
    write_request(settings, BuildRequest("a", tasks("2024-05")))
    write_request(settings, BuildRequest("b", tasks("2024-02", "2024-04", tables=(STG, REPORT))))
    result = build_sensor.tick(small, None, instance)
    (request,) = result.run_requests or []
    assert [key.path[-1] for key in request.asset_selection or []] == [
        table.split(".")[1] for table in (BASE, STG, REPORT)
    ]
    assert {key.name for key in request.asset_check_keys or []}.isdisjoint({FILE_EXPECTED, MONTH_PRESENT})
    assert request.tags["dagster/asset_partition_range_start"] == "2024-02-01"
    assert request.tags["dagster/asset_partition_range_end"] == "2024-05-01"
    answer = build_sensor.read(str(result.cursor))
    (run,) = make_runs(instance, [request])
    write_request(settings, BuildRequest("c", tasks("2024-06")))  # while it builds
    assert not build_sensor.tick(small, answer, instance).run_requests
    instance.report_run_canceled(run)
    instance.add_run_tags(run.run_id, {REFUSED_TAG: STG})  # it ended by a check: it has asked anew itself
    result = build_sensor.tick(small, answer, instance)
    assert [request.why for request in pending(settings)] == ["c"]
    assert [r.tags["dagster/asset_partition_range_start"] for r in result.run_requests or []] == ["2024-06-01"]


def test_a_crashed_build_is_tried_again_but_not_for_ever(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    write_request(settings, BuildRequest("a", tasks("2024-05")))
    answer, keys = None, []
    for _ in range(build_sensor.MAX_ATTEMPTS):
        result = build_sensor.tick(small, answer, instance)
        answer = build_sensor.read(str(result.cursor))
        keys += [request.run_key for request in result.run_requests or []]
        for run in make_runs(instance, list(result.run_requests or [])):
            instance.report_run_failed(run)
    assert len(set(keys)) == build_sensor.MAX_ATTEMPTS
    result = build_sensor.tick(small, answer, instance)
    assert not result.run_requests
    assert "Gave up" in str(result.skip_reason)
    assert pending(settings) == []


def test_a_refused_build_requests_the_good_months_and_then_rests_until_a_change(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """A build that a check had refused was tried at every arrival, and its good months never."""
    strict = platform_with(settings, report(limit=3))
    daemon = Daemon(strict, instance)
    deliver(settings, "2024-04", 1)
    deliver(settings, "2024-05", 5)
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request)
    monthly = build_definitions(strict).resolve_job_def("monthly")
    ran, answer = [], None
    for _ in range(8):
        result = build_sensor.tick(strict, answer, instance)
        answer = build_sensor.read(str(result.cursor))
        for r in result.run_requests or []:
            done = monthly.execute_in_process(
                asset_selection=list(r.asset_selection or []),
                tags=dict(r.tags),
                run_config=QUIET,
                instance=instance,
                raise_on_error=False,
            )
            ran.append((r.tags["dagster/asset_partition_range_end"], len(r.asset_selection or []), done.success))
    assert ran == [("2024-05-01", 3, False), ("2024-04-01", 1, True)]
    assert row_counts(instance, REPORT) == {"2024-04-01": 1}
    deliver(settings, "2024-06", 1)  # another month: the refused one stays as it is
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request)
    assert {work.table for r in pending(settings) for work in r.tasks} == {BASE, STG}
    deliver(settings, "2024-05", 3, "nv_2024-05.csv")  # corrected
    daemon.tick()
    (request,) = daemon.tick()
    assert daemon.run(request)
    assert REPORT in {work.table for r in pending(settings) for work in r.tasks}


def test_feed_sensors_and_schedule_wait_for_a_person_and_the_housekeepers_do_not(small: Platform) -> None:
    repository = build_definitions(small).get_repository_def()
    status = {sensor.name: sensor.default_status.value for sensor in repository.sensor_defs}
    assert status == {
        "prospects_files": "STOPPED",
        "build_requests": "RUNNING",
        "janitor": "RUNNING",
        "notices": "RUNNING",
    }
    assert {s.name: s.default_status.value for s in repository.schedule_defs} == {
        "monthly_close": "STOPPED",
        "freshness_close": "STOPPED",
    }


def test_what_a_build_has_built_meanwhile_is_not_built_again(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 15: after a burst of files the same tables were built twice, to the same rows."""
    monthly = build_definitions(small).resolve_job_def("monthly")

    def arrive(month: str, leads: int, name: str) -> None:
        deliver(settings, month, leads, name)
        with open_session(small, "test") as session:
            session.arrivals.take_in(session.arrivals.waiting())
            assert request_builds(session, name)

    def tick(cursor: object = None) -> dg.SensorResult:
        return build_sensor.tick(small, build_sensor.read(str(cursor) if cursor else None), instance)

    def build(result: dg.SensorResult) -> list[str]:
        for r in result.run_requests or []:
            keys = list(r.asset_selection or [])
            monthly.execute_in_process(asset_selection=keys, tags=dict(r.tags), run_config=QUIET, instance=instance)
        return [r.tags["dagster/asset_partition_range_start"] for r in result.run_requests or []]

    arrive("2024-05", 2, "nv_2024-05-01.csv")
    first = tick()
    arrive("2024-05", 4, "nv_2024-05-20.csv")  # while the run waits for its turn: it reads May as it is by then
    assert build(first) == ["2024-05-01"]
    assert row_counts(instance, STG) == {"2024-05-01": 4}
    second = tick(first.cursor)
    assert build(second) == []
    assert pending(settings) == []
    arrive("2024-05", 5, "nv_2024-05-25.csv")
    third = tick(second.cursor)
    arrive("2024-06", 3, "nv_2024-06-01.csv")
    assert build(third) == ["2024-05-01"]
    assert build(tick(third.cursor)) == ["2024-06-01"], "June alone, though its request asks for May, too"
