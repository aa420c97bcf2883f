"""The check `files_are_taken_in`, and the notice of files that need a person."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from leads_platform.cli import build as building
from leads_platform.digest import Item, tell_directly
from leads_platform.orchestration import run as runs
from leads_platform.orchestration.assemble import build_definitions
from leads_platform.orchestration.event_reconciliation import reconcile_events
from leads_platform.orchestration.file_checks import FILES_TAKEN_IN, report_files
from leads_platform.orchestration.notices import send_notices
from leads_platform.outbox import open_outbox
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import NV_HEADER, drop, nv
from leads_platform_tests.orchestration.conftest import FEED, QUIET, deliver, report, take_in
from leads_platform_tests.orchestration.conftest import platform_with as small_platform

KEY = dg.AssetKey(["arrivals", FEED])
CHECK = dg.AssetCheckKey(KEY, FILES_TAKEN_IN)


def evaluations(instance: dg.DagsterInstance) -> list[dg.AssetCheckEvaluation]:
    """What Dagster was told of the check, the latest first."""
    records = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=99)
    return [record.evaluation for record in records if isinstance(record.evaluation, dg.AssetCheckEvaluation)]


def says(evaluation: dg.AssetCheckEvaluation) -> tuple[bool, str, int, int, int]:
    refused, held, partly = (int(str(evaluation.metadata[n].value)) for n in ("refused", "held", "partly_loaded"))
    return evaluation.passed, evaluation.severity.value, refused, held, partly


def tell(instance: dg.DagsterInstance, platform: Platform) -> list[str]:
    """What the janitor's tick does; returns the feeds that were told of."""
    reconcile_events(instance, platform.settings)
    return report_files(instance, platform)


def refused(settings: Settings, name: str = "nv_2024-06.csv") -> Path:
    """A list without the column of phones."""
    return drop(settings, FEED, name, NV_HEADER.replace(",Phone,", ",Fax,"), [nv("1-22", "702-346-0001", "1 OAK ST")])


def fingerprint(platform: Platform, state: str) -> str:
    with open_session(platform, "test") as session:
        (manifest,) = getattr(session.arrivals.state, state)()
    return manifest.sha256


def decide(platform: Platform, action: str, sha256: str) -> None:
    with open_session(platform, "test") as session:
        getattr(session.arrivals, action)(sha256)


def test_the_check_fails_while_a_file_is_refused_or_held_and_passes_when_settled(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 8: a feed with refused and held files had a green ring and "No checks defined"."""
    assert tell(instance, small) == []  # of a feed that never delivered there is nothing to tell
    deliver(settings, "2024-05", 10)
    refused(settings)
    take_in(small)
    assert tell(instance, small) == [FEED]
    (first,) = evaluations(instance)
    assert says(first) == (False, "ERROR", 1, 0, 0)
    assert "`Phone` is missing" in str(first.metadata["1. nv_2024-06.csv"].value)
    pasted = f"LEADS_PLATFORM_DATA={settings.data} leads-platform withdraw {FEED}/nv_2024-06.csv"
    assert first.metadata["1. nv_2024-06.csv, withdraw"].value == pasted
    assert tell(instance, small) == []  # an event costs 10 ms, and there will be 200 feeds

    deliver(settings, "2024-05", 2, name="nv_2024-05 short.csv")
    take_in(small)
    assert tell(instance, small) == [FEED]
    assert says(evaluations(instance)[0]) == (False, "ERROR", 1, 1, 0)
    decide(small, "accept", fingerprint(small, "held"))
    assert tell(instance, small) == [FEED]
    assert says(evaluations(instance)[0]) == (False, "ERROR", 1, 0, 0)
    decide(small, "withdraw", fingerprint(small, "refused"))
    assert tell(instance, small) == [FEED]
    assert says(evaluations(instance)[0]) == (True, "WARN", 0, 0, 0)

    refused(settings, "nv_2024-07.csv")
    take_in(small)
    tell(instance, small)
    assert not evaluations(instance)[0].passed
    deliver(settings, "2024-07", 3)  # the corrected file, of the same name
    take_in(small)
    assert tell(instance, small) == [FEED]
    assert evaluations(instance)[0].passed
    newest = instance.fetch_materializations(KEY, limit=1).records[0]
    target = evaluations(instance)[0].target_materialization_data
    assert target and target.storage_id == newest.storage_id  # else the page may say that the check did not run


def test_a_partly_loaded_file_is_a_warning(small: Platform, settings: Settings, instance: dg.DagsterInstance) -> None:
    """Found in use, 8: told, and no error: its other records are loaded."""
    records = [nv("1-22", "702-346-0001", "1 OAK ST"), nv("2-22", "702-346-0002", "2 OAK ST") + ",one too many"]
    drop(settings, FEED, "nv_2024-05.csv", NV_HEADER, records)
    take_in(small)
    assert tell(instance, small) == [FEED]
    assert says(evaluations(instance)[0]) == (False, "WARN", 0, 0, 1)
    (notice,) = send_notices(instance, small)
    assert notice.title == "arrivals: 1 file partly loaded"
    assert notice.text.endswith(
        f"LEADS_PLATFORM_DATA={settings.data} leads-platform quarantine nv_licensing/nv_2024-05.csv"
    )


def test_a_file_that_can_t_be_read_is_a_warning_until_it_can(
    small: Platform, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, mended: without the right to read it, a file was a line in a run's log, and the check stayed green.

    Its feed never delivered before: there is no receipt yet.
    """
    deliver(settings, "2024-05", 1)
    with monkeypatch.context() as patch:
        really = Path.open

        def opened(path: Path, *how: Any, **more: Any) -> Any:
            if path.name == "nv_2024-05.csv":
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *how, **more)

        patch.setattr(Path, "open", opened)
        job = build_definitions(small).resolve_job_def("arrivals")
        assert job.execute_in_process(instance=instance, run_config=QUIET).success
        (first,) = evaluations(instance)
        assert says(first) == (False, "WARN", 0, 0, 0)
        said = "Permission denied. Let the user that the platform runs as read it; it is taken in at a later look"
        assert first.metadata["1. nv_2024-05.csv"].value == f"unreadable: {said}"
        (notice,) = send_notices(instance, small)
        assert notice.title == "arrivals: 1 file unreadable"
        assert notice.text == f"{FEED}/nv_2024-05.csv unreadable: {said}"
        assert tell(instance, small) == [] and send_notices(instance, small) == []  # once
    assert tell(instance, small) == [FEED]
    assert evaluations(instance)[0].passed


def test_the_daemon_s_run_tells_of_the_check_itself(
    small: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """Found in use, 8: and one digest tells of all the run's files, with its own failure were there one."""
    deliver(settings, "2024-05", 10)
    refused(settings)
    job = build_definitions(small).resolve_job_def("arrivals")
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success
    assert says(evaluations(instance)[0]) == (False, "ERROR", 1, 0, 0)
    assert tell(instance, small) == []
    (notice,) = send_notices(instance, small)
    assert (notice.title, notice.run_id) == ("arrivals: 1 file refused", result.run_id)
    # A person may ask for the check in the UI: the answer of now, and no second notice.
    asked = build_definitions(small).resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={CHECK})
    assert asked.execute_in_process(instance=instance, run_config=QUIET).success
    assert says(evaluations(instance)[0]) == (False, "ERROR", 1, 0, 0)
    assert send_notices(instance, small) == []


def test_files_are_told_of_once_and_again_when_they_come_again(settings: Settings) -> None:
    """Found in use, 8: the command line's own refusals were in no notice; without Dagster they are, too."""
    small = small_platform(settings, report())
    deliver(settings, "2024-05", 10)
    refused(settings)
    take_in(small)
    deliver(settings, "2024-05", 2, name="nv_2024-05 short.csv")
    take_in(small)
    assert building.build_everything(small, direct=True) == {}
    (path,) = settings.outbox.glob("*.json")
    told = json.loads(path.read_text())
    assert told["title"] == "arrivals: 1 file refused, 1 held"
    where = f"LEADS_PLATFORM_DATA={settings.data} leads-platform"
    assert f"    {where} accept '{FEED}/nv_2024-05 short.csv'\n" in told["text"]
    assert f"    {where} withdraw {FEED}/nv_2024-06.csv" in told["text"]
    assert "702-346" not in path.read_text()
    assert tell_directly(small) == []
    decide(small, "withdraw", fingerprint(small, "refused"))
    refused(settings)
    take_in(small)
    assert [notice.title for notice in tell_directly(small)] == ["arrivals: 1 file refused"]


def test_a_notice_that_was_written_and_not_noted_is_not_sent_again(settings: Settings) -> None:
    """Found in use, 8: killed in between, the same digest would have come twice."""
    small = small_platform(settings, report())
    refused(settings)
    take_in(small)
    (notice,) = tell_directly(small)
    mark = settings.outbox / ".told"
    mark.unlink()
    assert tell_directly(small) == []
    assert [path.name for path in settings.outbox.glob("*.json")] == [notice.file_name]
    (settings.outbox / notice.file_name).unlink()
    assert tell_directly(small) == []  # noted


def test_what_the_former_version_told_is_not_told_again(settings: Settings) -> None:
    """Found in use, 8: it wrote a file for each run and check, named by `printf KEY | sha256sum`, and no keys."""
    settings.outbox.mkdir(parents=True)
    told = {"run_5e8bb61985e2b6e9.json": "run:4b1f", "check_bd9ef71d0fac3442.json": "check:a.b:c:2024-05:3::[0]:0"}
    for name in told:
        (settings.outbox / name).write_text('{"slack": "sent"}')
    (settings.outbox / ".told").write_text('{"runs": 1700000000.5}')
    with open_outbox(settings) as outbox:
        assert outbox.seen_runs == 1700000000.5
        items = [Item(key, "warning", "") for key in (*told.values(), "run:4b20")]
        assert [item.key for item in outbox.untold(items)] == ["run:4b20"]


def test_slack_s_own_markup_in_a_file_s_name_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 8: names come from strangers, and `<!channel>` in a message wakes everybody."""
    settings = environment(tmp_path / "data", {"LEADS_PLATFORM_SLACK_WEBHOOK": "http://127.0.0.1:9/hook"})
    small = small_platform(settings, report())
    refused(settings, "nv_<!channel>_2024-06.csv")
    take_in(small)
    posted: list[str] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda request, timeout: _took(posted, request.data))
    tell_directly(small)
    assert len(posted) == 1 and "<" not in posted[0] and "nv_&lt;!channel&gt;_2024-06.csv" in posted[0]


def test_notices_that_can_t_be_written_fail_no_run(
    small: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found in use, 8: a full disk under the outbox ended a build that had succeeded."""
    said: list[str] = []
    monkeypatch.setattr(runs, "send_notices", _no_space)
    assert runs.build_through_dagster(small, instance=instance, say=said.append) == {}
    assert said[-1].startswith("Notices could not be written: The disk is full.")
    monkeypatch.setattr(building, "tell_directly", _no_space)
    assert building.build_everything(small, direct=True) == {}
    assert "Notices could not be written: The disk is full." in capsys.readouterr().out


def _no_space(*given: object) -> None:
    raise OSError(28, "No space left on device")


def _took(posted: list[str], data: bytes) -> contextlib.AbstractContextManager[None]:
    posted.append(json.loads(data)["text"])
    return contextlib.nullcontext()
