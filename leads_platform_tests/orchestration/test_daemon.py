"""The real daemon: a file dropped into landing becomes tables without a hand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leads_platform.cli.ui import start
from leads_platform.orchestration.instance import open_instance, prepare_dagster_home
from leads_platform.orchestration.keeper import end_group, members
from leads_platform.orchestration.notices import send_notices
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.lock import holder
from leads_platform_tests.faults.small import SMALL
from leads_platform_tests.few_rooms import only
from leads_platform_tests.orchestration.conftest import held

ROOT = Path(__file__).parents[2]
MODULE = "leads_platform_tests.orchestration.quick_definitions"


def environment_of(settings: Settings) -> dict[str, str]:
    """What Dagster's processes of this environment are started with."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "LEADS_PLATFORM_DATA": str(settings.data),
        "LEADS_PLATFORM_NOW": "2024-07-15T12:00:00",
        "PYTHONDONTWRITEBYTECODE": "",
    }


def turn_on(settings: Settings) -> None:
    """Turns the feed's sensor on, as a person does in the UI."""
    on = [sys.executable, "-P", "-m", "dagster", "sensor", "start", "-m", MODULE, "small_files"]
    subprocess.run(on, env=environment_of(settings), cwd=settings.data, check=True, capture_output=True, timeout=120)


@contextmanager
def daemon(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """UI and daemon on this environment as `leads-platform ui` starts them.

    They end when the process's standard input does, as when its starter is killed. The current folder holds what
    would shadow a module of Dagster's.
    """
    env = environment_of(settings)
    with log.open("w") as out, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        process = start(settings, port, MODULE, extra=env, output=out)
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)
            end_group(process.pid, grace=0)


def wait_for(what: Callable[[], bool], log: Path, *, every: float = 0.5) -> None:
    until = time.monotonic() + 400  # ends what hangs
    while not what():
        assert time.monotonic() < until, log.read_text()[-4000:]
        time.sleep(every)


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    """The small room's, as the daemon's processes have it: what they do with tables, they do with six."""
    with only(*SMALL):
        yield load_platform(settings)


def run_is_under_way(settings: Settings) -> bool:
    now = holder(settings.home)
    return now is not None and "Dagster run" in now.doing


def stg_rows(platform: Platform) -> dict[str, int]:
    rows = read_build_state(platform.settings.build_state, platform.settings.warehouse).rows
    return {f"{month:%Y-%m}": count for (table, month), count in rows.items() if table == "small.stg_lists"}


@pytest.mark.slow
@pytest.mark.timeout(1500)  # half a minute on a machine of its own
def test_a_slowly_copied_file_is_taken_when_it_rests_and_everything_is_built(
    settings: Settings, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-copied list was loaded as if it were whole, and the rest of it never.

    Found in use, 13: a file `gql.py` in the current folder broke the web server; after the end of `leads-platform ui`
    four processes went on taking files.
    """
    log = tmp_path / "daemon.log"
    (settings.data / "gql.py").write_text("raise SystemExit('taken from the current folder')")
    monkeypatch.chdir(settings.data)
    path = settings.landing / "lists" / "lists_2024-05.csv"
    path.parent.mkdir()
    turn_on(settings)
    with daemon(settings, log) as process:
        with open_instance(settings) as instance:
            wait_for(lambda: "SENSOR" in instance.get_daemon_heartbeats(), log)
        with path.open("w") as file:
            file.write("Number,Person\n")
            for n in range(1, 21):  # 8 seconds: several ticks
                file.write(f"{n},Person {n}\n")
                file.flush()
                time.sleep(0.4)
                assert held(platform, "lists") == []
        wait_for(lambda: held(platform, "lists") == ["2024-05"], log)
        tables = set(platform.catalogue.tables)
        wait_for(
            lambda: {t for t, _ in read_build_state(settings.build_state, settings.warehouse).fingerprints} == tables,
            log,
        )
        assert stg_rows(platform) == {"2024-05": 20}
        manifests = list(settings.archive.glob("*/manifests/*.json"))
        assert len(manifests) == 1
        path.with_name("lists_2024-05 copy.csv").write_bytes(path.read_bytes())  # the same under another name
        wait_for(lambda: len(list(settings.archive.glob("*/manifests/*.json"))) == 2, log)
        assert stg_rows(platform) == {"2024-05": 20}
        path.with_name("lists_2024-06.csv").write_bytes(path.read_bytes())
        wait_for(lambda: run_is_under_way(settings), log, every=0.02)
        told = log.read_text()
        assert "gql" not in told
        assert len(told.splitlines()) < 30, told  # a line or two for each run, none for each tick
        assert len(members(process.pid)) > 4  # keeper, code servers, UI, daemon, and the run
        assert process.stdin is not None
        process.stdin.close()  # as the system does when `leads-platform ui` is killed
        assert process.wait(60) == 0, log.read_text()[-4000:]
        assert members(process.pid) == set()
    with open_instance(settings) as instance:
        assert [run.run_id for run in instance.get_runs() if not run.is_finished] == []
        keys = [key for notice in send_notices(instance, platform) for key in notice.keys]
        assert [key for key in keys if key.startswith("run:")] == []
