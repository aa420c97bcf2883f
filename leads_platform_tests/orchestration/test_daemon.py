"""The real daemon: a file dropped into landing becomes tables without a hand."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leads_platform.engine import Platform, load_platform
from leads_platform.orchestration.instance import prepare_dagster_home
from leads_platform.settings import Settings
from leads_platform.warehouse.note import read_note
from leads_platform_tests.helpers import NV_HEADER, nv
from leads_platform_tests.orchestration.conftest import FEED, STG, held

ROOT = Path(__file__).parents[2]
MODULE = "leads_platform_tests.orchestration.quick_definitions"


@contextmanager
def daemon(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon on this environment, in a process group of its own, with the feed's sensor on; the test may kill it."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "LEADS_PLATFORM_DATA": str(settings.data),
        "LEADS_PLATFORM_NOW": "2024-07-15T12:00:00",
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    on = [sys.executable, "-m", "dagster", "sensor", "start", "-m", MODULE, f"{FEED}_files"]
    subprocess.run(on, env=env, cwd=settings.data, check=True, capture_output=True, timeout=120)
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", MODULE],
            env=env,
            cwd=settings.data,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(what: Callable[[], bool], seconds: float, log: Path) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, log.read_text()[-4000:]
        time.sleep(0.5)


def stg_rows(platform: Platform) -> dict[str, int]:
    rows = read_note(platform.settings.ledger_note, platform.settings.warehouse).rows
    return {f"{month:%Y-%m}": count for (table, month), count in rows.items() if table == STG}


@pytest.mark.slow
def test_a_slowly_copied_file_is_taken_when_it_rests_and_everything_is_built(
    settings: Settings, tmp_path: Path
) -> None:
    """A half-copied list was loaded as if it were whole, and the rest of it never."""
    log = tmp_path / "daemon.log"
    platform = load_platform(settings)
    path = settings.landing / FEED / "nv_2024-05.csv"
    path.parent.mkdir()
    with daemon(settings, log):
        with path.open("w") as file:
            file.write(NV_HEADER + "\n")
            for n in range(1, 31):  # 12 seconds: several ticks
                file.write(nv(f"{n}-22", f"702-346-{n:04d}", f"{100 + n} OAK ST RENO, NV 89501") + "\n")
                file.flush()
                time.sleep(0.4)
                assert held(platform) == []
        wait_for(lambda: held(platform) == ["2024-05"], 90, log)
        tables = set(platform.catalogue.tables)
        wait_for(
            lambda: {t for t, _ in read_note(settings.ledger_note, settings.warehouse).fingerprints} == tables, 120, log
        )
        assert stg_rows(platform) == {"2024-05": 30}
        manifests = list(settings.archive.glob("*/manifests/*.json"))
        assert len(manifests) == 1
        path.with_name("nv_2024-05 copy.csv").write_bytes(path.read_bytes())  # the same under another name
        wait_for(lambda: len(list(settings.archive.glob("*/manifests/*.json"))) == 2, 90, log)
        assert stg_rows(platform) == {"2024-05": 30}
