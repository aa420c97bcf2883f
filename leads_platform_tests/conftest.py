"""Fixtures every room's tests share: the reference data, and an empty environment of the platform."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import signal
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from leads_platform.rooms import find_rooms
from leads_platform.sample import Sample, generate
from leads_platform.settings import Settings
from leads_platform.warehouse import connection
from leads_platform_tests.helpers import run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def reference() -> Path:
    """The real input. Where it is missing the test is skipped; where `../shared` is there, that is a failure."""
    path = Path(os.environ.get("LEADS_PLATFORM_REFERENCE") or ROOT.parent / "shared" / "reference")
    if path.is_dir():
        return path
    if path.parent.is_dir() and path.parent.name == "shared":
        pytest.fail(f"{path} is missing although {path.parent} is there")
    pytest.skip(f"no reference data at {path}; set LEADS_PLATFORM_REFERENCE to where it is")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty environment in which today is 15 July 2024."""
    return environment(tmp_path / "data")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tables of few rows are worked on by one thread anyhow; to offer DuckDB more costs a sixth of a build."""
    connection.thread_count = lambda: 1


@pytest.fixture(scope="session")
def built_sample(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> tuple[Settings, Sample]:
    """The sample as it is committed, taken in and built, for tests that only read it: a copy for each worker."""
    every = tmp_path_factory.getbasetemp()
    every = every.parent if os.environ.get("PYTEST_XDIST_WORKER") else every  # which all workers share
    first, kept = environment(every / "first_sample" / "data"), every / "first_sample" / "sample.pickle"
    with (every / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            sample = generate(first.landing, find_rooms().emitters)
            run(first)
            kept.write_bytes(pickle.dumps(sample))
    own = tmp_path_factory.mktemp("sample") / "data"
    shutil.copytree(first.data, own)
    return environment(own), pickle.loads(kept.read_bytes())


def environment(data: Path, overrides: Mapping[str, str] | None = None) -> Settings:
    """Settings for an environment below `data`, on a clock of its own."""
    (data / "landing").mkdir(parents=True, exist_ok=True)
    told = {
        "LEADS_PLATFORM_DATA": str(data),
        "LEADS_PLATFORM_NOW": "2024-07-15T12:00:00",
        **(overrides or {}),
    }
    return Settings.from_env(told)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Signals to stop reach this process and those it starts; a shell's background and nohup have them ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def clock(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("UTC"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: what takes minutes must not begin when the other workers have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
