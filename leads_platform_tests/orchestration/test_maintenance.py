"""Schedule, freshness, janitor, notices and DAGSTER_HOME."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.run_coordinator import QueuedRunCoordinator

from leads_platform.cli.closing import in_need
from leads_platform.cli.status import read_status
from leads_platform.orchestration.arrivals_job import arrivals_job
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.instance import open_instance, prepare_dagster_home
from leads_platform.orchestration.janitor import clean_up
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.resource import IN_PROCESS_TAG, alive
from leads_platform.orchestration.run import build_through_dagster
from leads_platform.orchestration.schedules import close_requests
from leads_platform.outbox import Notice, open_outbox, slack_refusal
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform_tests.conftest import clock, environment
from leads_platform_tests.orchestration.conftest import (
    QUIET,
    REPORT,
    TABLES,
    build,
    check_history,
    deliver,
    platform_with,
    report,
    take_in,
)


def at(platform: Platform, moment: str) -> Platform:
    return replace(platform, settings=replace(platform.settings, fixed_now=clock(moment)))


def words(answer: object) -> str:
    assert isinstance(answer, dg.SkipReason)
    return str(answer.skip_message)


def runs(answer: object) -> list[dg.RunRequest]:
    assert isinstance(answer, list)
    return answer


def test_the_close_asks_for_everything_up_to_the_last_closed_month(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """With end_offset=1 Dagster's own schedule of a partitioned job targets the month that is still open."""
    assert "nothing to build" in words(close_requests(small))
    deliver(settings, "2024-05", 1)
    deliver(settings, "2024-07", 1)
    take_in(small)
    (early,) = runs(close_requests(at(small, "2024-07-03T05:59:00")))  # June is not closed yet
    assert early.tags["dagster/asset_partition_range_start"] == "2024-05-01"
    assert early.tags["dagster/asset_partition_range_end"] == "2024-05-01"
    (due,) = runs(close_requests(at(small, "2024-07-03T06:00:00")))
    assert due.tags["dagster/asset_partition_range_end"] == "2024-06-01"
    assert {".".join(key.path) for key in due.asset_selection or []} == set(TABLES)
    assert build(instance, small, "2024-05", "2024-06").success
    assert "up to 2024-06 is current" in words(close_requests(at(small, "2024-07-03T06:00:00")))


def test_the_close_says_in_words_what_a_check_refused(settings: Settings, instance: dg.DagsterInstance) -> None:
    strict = platform_with(settings, report(limit=1))
    deliver(settings, "2024-05", 2)
    take_in(strict)
    assert build_through_dagster(strict, last=date(2024, 6, 1), instance=instance) == {REPORT: date(2024, 5, 1)}
    assert f"{REPORT} from 2024-05" in words(close_requests(strict))


def freshness(platform: Platform, instance: dg.DagsterInstance) -> dict[str, str]:
    """Each freshness check's latest status after a run of their job."""
    job = build_definitions(platform).resolve_job_def("freshness")
    assert job.execute_in_process(instance=instance, run_config=QUIET).success
    checks = {"file_expected": TABLES[0], "latest_closed_month_present": REPORT}
    return {name: check_history(instance, table, name)[0][1] for name, table in checks.items()}


def test_freshness_judges_by_the_platform_s_clock(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """A policy of Dagster's is for the whole asset: building an old month turned it green."""
    fine = {"file_expected": "SUCCEEDED", "latest_closed_month_present": "SUCCEEDED"}
    assert freshness(small, instance) == fine  # never delivered: nothing is expected
    deliver(settings, "2024-05", 1)
    take_in(small)
    assert build(instance, small, "2024-05", "2024-05").success
    assert freshness(at(small, "2024-07-03T05:00:00"), instance) == fine
    late = {"file_expected": "FAILED", "latest_closed_month_present": "FAILED"}
    assert freshness(at(small, "2024-07-03T06:00:00"), instance) == late
    (settings.landing / ".sample.json").write_text("{}")
    assert freshness(at(small, "2024-07-03T06:00:00"), instance) == fine


def test_the_janitor_fails_the_dead_and_leaves_the_living(settings: Settings, instance: dg.DagsterInstance) -> None:
    """A run of a lost host stayed STARTED and held the only slot: nothing ran until someone looked."""

    def status(run: dg.DagsterRun) -> dg.DagsterRunStatus:
        found = instance.get_run_by_id(run.run_id)
        assert found is not None
        return found.status

    def started() -> dg.DagsterRun:
        run = instance.create_run_for_job(arrivals_job)
        instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job_name="arrivals", message=""), run.run_id
        )
        return run

    dead, living, young = started(), started(), started()
    (settings.home / "runs").mkdir(parents=True)
    (settings.home / "runs" / f"{dead.run_id}.lock").touch()  # its process died and left the file
    with alive(settings.home, living.run_id):
        assert clean_up(instance, settings) == [dead.run_id]
    assert status(dead) is dg.DagsterRunStatus.FAILURE
    assert status(living) is dg.DagsterRunStatus.STARTED
    assert status(young) is dg.DagsterRunStatus.STARTED  # has yet to say so
    clean_up(instance, settings, start_seconds=0)
    assert status(young) is dg.DagsterRunStatus.FAILURE


def test_the_janitor_fails_a_run_killed_while_dagster_made_it(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Found in use, mended: `run` killed in create_run left a run that was "not started" for ever."""
    own = {IN_PROCESS_TAG: "true"}
    dead, living, young = (instance.create_run_for_job(arrivals_job, tags=own) for _ in range(3))
    instance.create_run_for_job(arrivals_job)  # the daemon's, which will start it
    (settings.home / "runs").mkdir(parents=True)
    (settings.home / "runs" / f"{dead.run_id}.lock").touch()
    with alive(settings.home, living.run_id):
        assert clean_up(instance, settings) == [dead.run_id]
        assert clean_up(instance, settings, start_seconds=0) == [young.run_id]  # of a version without such a lock
    assert sorted(run.status.value for run in instance.get_runs()) == ["FAILURE"] * 2 + ["NOT_STARTED"] * 2


class Slack:
    """A Slack webhook on this machine that can be out of order."""

    def __init__(self) -> None:
        self.posts: list[str] = []
        self.answer = 200
        self.refuses: dict[str, int] = {}  # its answer to what holds such a word
        slack = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                answer = next((code for word, code in slack.refuses.items() if word in text), slack.answer)
                if answer == 200:
                    slack.posts.append(text)
                if answer:
                    self.send_response(answer)
                    self.end_headers()
                else:
                    self.wfile.write(b"no answer of the protocol\r\n\r\n")

            def log_message(self, format: str, *args: object) -> None:
                """Keeps the tests quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def slack() -> Iterator[Slack]:
    made = Slack()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_each_failure_is_told_once(tmp_path: Path, slack: Slack, instance: dg.DagsterInstance) -> None:
    """Found in use, 8: one digest a run, where each check had a post of its own; and nothing is told twice."""
    settings = environment(tmp_path / "data", {"LEADS_PLATFORM_SLACK_WEBHOOK": slack.url})
    strict = platform_with(settings, report(limit=2, warn=1))
    deliver(settings, "2024-05", 2)
    deliver(settings, "2024-06", 3)
    take_in(strict)
    slack.answer = 500
    build(instance, strict, "2024-05", "2024-06")
    (digest,) = send_notices(instance, strict)
    assert digest.title == "monthly: run failed, 2 checks failed, 1 kept rows out"
    run = f"Run {instance.get_runs()[0].run_id[:8]} of monthly failed, started on the command line."
    refused, warned = f"{REPORT}: few_leads failed for 2024-06", f"{REPORT}: not_many_leads failed for 2024-05, 2024-06"
    at = [digest.text.index(said) for said in (run, refused, warned)]
    assert at == sorted(at)  # the worst first
    assert slack.posts == []
    slack.answer = 200
    assert send_notices(instance, strict) == []  # but Slack hears of it now that it answers
    (post,) = slack.posts
    assert post == f"*{digest.title}*\n{digest.text}"
    build(instance, strict, "2024-05", "2024-06")
    assert [n.title for n in send_notices(instance, strict)] == ["monthly: run failed"]  # the checks said nothing new
    assert len(slack.posts) == 2
    told = "\n".join(path.read_text() for path in settings.outbox.glob("*.json"))
    assert "keeps its former rows" in told
    assert "346-0001" not in told and "OAK ST" not in told


def put(settings: Settings, *titles: str) -> list[str]:
    """Puts a notice of each title into the outbox, posts what waits, and returns what is said of it."""
    said: list[str] = []
    with open_outbox(settings, said.append) as outbox:
        for title in titles:
            outbox.put(Notice(title, "text", "", (title,)))
            time.sleep(0.01)  # they are posted in the order of their files' times
    return said


def test_a_notice_that_slack_refuses_stops_no_other(tmp_path: Path, slack: Slack) -> None:
    """Found in use, mended: a notice that Slack answered with 400 was posted for ever, and no later one was."""
    settings = environment(tmp_path / "data", {"LEADS_PLATFORM_SLACK_WEBHOOK": slack.url})
    slack.refuses = {"bad": 400}
    (said,) = put(settings, "bad one", "good one", "bad two")
    assert slack.posts == ["*good one*\ntext"]
    assert said.startswith("Slack did not take 2 notices (refused, HTTP 400).")
    assert slack_refusal(settings).startswith("Slack did not take a notice (refused, HTTP 400).")
    assert [need.what for need in in_need(read_status(load_platform(settings)))] == ["Slack"]
    slack.refuses = {}
    assert put(settings) == []  # given up
    assert put(settings, "good two") == []
    assert slack.posts == ["*good one*\ntext", "*good two*\ntext"]
    assert slack_refusal(settings) == ""


@pytest.mark.parametrize("answer", [429, 500, 408, 0])
def test_what_slack_can_t_answer_now_is_posted_again(tmp_path: Path, slack: Slack, answer: int) -> None:
    """Found in use, mended: an answer that is none of the protocol's ended the look at all runs."""
    settings = environment(tmp_path / "data", {"LEADS_PLATFORM_SLACK_WEBHOOK": slack.url})
    slack.answer = answer
    assert put(settings, "one") == []
    slack.answer = 200
    assert put(settings, "two") == []
    assert slack.posts == ["*one*\ntext", "*two*\ntext"]
    assert slack_refusal(settings) == ""


def test_a_webhook_that_is_no_address_breaks_nothing(tmp_path: Path) -> None:
    """Found in use, mended: its port is a word, which urllib tells by an error of its own kind."""
    settings = environment(tmp_path / "data", {"LEADS_PLATFORM_SLACK_WEBHOOK": "http://127.0.0.1:port/"})
    assert put(settings, "one") == []


def test_dagster_home_has_what_a_one_writer_platform_needs(settings: Settings) -> None:
    home = prepare_dagster_home(settings)
    assert home == settings.home / "dagster"
    written = (home / "dagster.yaml").stat().st_mtime_ns
    prepare_dagster_home(settings)
    assert (home / "dagster.yaml").stat().st_mtime_ns == written
    with open_instance(settings) as instance:
        coordinator = instance.run_coordinator
        assert isinstance(coordinator, QueuedRunCoordinator)
        assert coordinator.get_run_queue_config().max_concurrent_runs == 1
        assert coordinator.dequeue_interval_seconds == 1
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
