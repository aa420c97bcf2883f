"""Faults of the machine: each is told in words, nothing is lost, and the next run ends as an undisturbed one."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from leads_platform.errors import fault_in_words
from leads_platform.warehouse.limits import memory_limit_mb, thread_count
from leads_platform_tests.faults.scene import ROOT, Undisturbed, copied, small_scene, undisturbed
from leads_platform_tests.faults.small import SMALL

DIRECT = ("run", "--direct")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of the small room: how the machine's faults are told is the engine's."""
    folder = tmp_path_factory.mktemp("small")
    return undisturbed(small_scene(folder / "data"), folder)


@contextmanager
def process(code: str, *values: str) -> Iterator[int]:
    """Another program at work; yields its process id once it has printed a line."""
    started = subprocess.Popen(
        [sys.executable, "-c", code, *values], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert started.stdout is not None and started.stdout.readline()
        yield started.pid
    finally:
        started.kill()
        started.communicate()


# -- disk ----------------------------------------------------------------------------------------------------


def on_a_full_disk(case: Undisturbed, data: Path, size: int) -> str:
    """What was printed before the disk was full."""
    scene = copied(case.waiting, data)
    code, out, err = scene.call(*DIRECT, fault=("full-disk", str(size)))
    assert code == 1, out + err
    assert "A file would grow beyond the size allowed here" in err, err
    assert "Nothing that was committed is lost; run again" in err
    scene.finishes(case.content_hash)
    return out


@pytest.mark.slow
@pytest.mark.parametrize(("size", "taken_in"), [(3_000, 0), (20_000, 2), (400_000, 4), (1_500_000, 4)])
def test_a_full_disk(tmp_path: Path, small: Undisturbed, size: int, taken_in: int) -> None:
    """3 kB: the warehouse can't be made; 20 kB: no list can be archived; more: the ledger is written, tables built."""
    assert on_a_full_disk(small, tmp_path / "data", size).count("  accepted  ") == taken_in


@pytest.mark.slow
@pytest.mark.parametrize("where", [r"/manifests/0+2\.json$", r"/originals/", r"/published/", r"/build_state\.json$"])
def test_no_space_for_a_rename(tmp_path: Path, small: Undisturbed, where: str) -> None:
    scene = copied(small.waiting, tmp_path / "data")
    code, out, err = scene.call(*DIRECT, fault=("no-space", where))
    assert code == 1, out + err
    assert "The disk is full. Free some space" in out + err, err
    scene.finishes(small.content_hash)


# -- rights --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["dev", "dev/archive", "dev/archive/lists/manifests", "dev/published"])
def test_a_folder_that_may_not_be_written(tmp_path: Path, small: Undisturbed, folder: str) -> None:
    scene = copied(small.waiting, tmp_path / "data")
    place = scene.data / folder
    place.mkdir(parents=True)
    place.chmod(0o555)
    try:
        code, out, err = scene.call(*DIRECT, fault=("unprivileged",))
    finally:
        place.chmod(0o755)
    assert code == 1, out + err
    assert str(place) in out + err and "This user may not write there. Check owner and rights" in out + err, err
    scene.finishes(small.content_hash)


# -- locks ---------------------------------------------------------------------------------------------------

_READER = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"
_WRITER = """
import sys
from pathlib import Path
from leads_platform.warehouse.lock import WriterLock
with WriterLock(Path(sys.argv[1]), "build 2024-05"):
    print(1, flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_a_reader_of_the_live_file_is_waited_for_and_named(tmp_path: Path, small: Undisturbed) -> None:
    scene = copied(small.run, tmp_path / "data")
    live = str(scene.settings.warehouse)
    with process(_READER, live) as pid:
        code, out, err = scene.call(*DIRECT, fault=("impatient",))
        assert code == 1
        assert f"(process {pid}), which has {live} open" in out
        assert f"(process {pid}) has {live} open. Close it there and try again" in err
        assert "open the published copy, and to read only" in err
    scene.finishes(small.content_hash)


@pytest.mark.slow
def test_another_run_is_waited_for_and_named(tmp_path: Path, small: Undisturbed) -> None:
    scene = copied(small.waiting, tmp_path / "data")
    with process(_WRITER, str(scene.settings.home)) as pid:
        code, out, err = scene.call(*DIRECT, fault=("impatient",))
        assert code == 1
        assert f"Waiting for the warehouse: process {pid} (build 2024-05, since " in out
        assert f"process {pid} (build 2024-05, since " in err and "Let it finish, or stop that process" in err
        assert scene.status()["writer"].startswith(f"process {pid} (build 2024-05")
    scene.finishes(small.content_hash)


# -- memory --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_too_little_memory(tmp_path: Path, small: Undisturbed) -> None:
    scene = copied(small.waiting, tmp_path / "data")
    code, out, err = scene.call(*DIRECT, fault=("memory", "4"))
    assert code == 1, out + err
    assert "DuckDB needs more memory than half of what this machine (or container) has" in err, err
    scene.finishes(small.content_hash)


def group(root: Path, path: str, **files: str) -> None:
    """Files of a control group below a made-up root."""
    folder = root / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def member(root: Path, text: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(text)
    return root


MACHINE_MB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2_000_000


def test_without_control_groups_half_of_the_machine(tmp_path: Path) -> None:
    assert memory_limit_mb(tmp_path) == MACHINE_MB
    assert thread_count(tmp_path) == len(os.sched_getaffinity(0))


def test_a_container_of_today(tmp_path: Path) -> None:
    root = member(tmp_path, "0::/\n")
    group(root, "", memory__max="200000000", cpu__max="50000 100000")
    assert memory_limit_mb(root) == 100
    assert thread_count(root) == 1


def test_the_smallest_limit_of_the_groups_above_counts(tmp_path: Path) -> None:
    root = member(tmp_path, "0::/user.slice/app.scope\n")
    group(root, "user.slice/app.scope", memory__max="max", cpu__max="max 100000")
    group(root, "user.slice", memory__max="100000000")
    group(root, "", memory__max="300000000")
    assert memory_limit_mb(root) == 50


def test_a_container_of_yesterday(tmp_path: Path) -> None:
    """Its own path is the host's; its limits lie at the top of what it sees."""
    root = member(tmp_path, "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n")
    group(root, "memory", memory__limit_in_bytes="64000000")
    group(root, "cpu,cpuacct", cpu__cfs_quota_us="100000", cpu__cfs_period_us="100000")
    assert memory_limit_mb(root) == 32
    assert thread_count(root) == 1


@pytest.mark.parametrize("text", ["max", "9223372036854771712", "", "-1", "nonsense"])
def test_no_limit_is_no_limit(tmp_path: Path, text: str) -> None:
    root = member(tmp_path, "4:memory:/\n2:cpu:/\n0::/\n")
    group(root, "memory", memory__limit_in_bytes=text)
    group(root, "", memory__max=text, cpu__max=f"{text} 100000")
    group(root, "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert memory_limit_mb(root) == MACHINE_MB
    assert thread_count(root) == len(os.sched_getaffinity(0))


# -- words ---------------------------------------------------------------------------------------------------


def test_the_machines_faults_quote_no_values() -> None:
    error = duckdb.IOException('IO Error: Could not write file "/d/x.duckdb": No space left on device; row "Ann Lee"')
    words = fault_in_words(error)
    assert words is not None and words.startswith("/d/x.duckdb: The disk is full.")
    assert "Ann" not in words
    assert fault_in_words(ValueError("Ann Lee")) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("database or disk is full", "The disk is full. Free some space."),
        ("disk I/O error", "a quota or the size allowed for a file is reached"),
        ("attempt to write a readonly database", "This user may not write there"),
        ("unable to open database file", "This user may not write there"),
        ("database is locked", "Another program has held it for too long"),
        ("database disk image is malformed", "it is damaged. No data is lost, only the history of runs"),
    ],
)
def test_a_fault_under_dagster_s_storage_is_one_of_the_machine(said: str, words: str) -> None:
    """Found in use, 20: Dagster's storage gives SQLite's error within another, which was told as a fault of ours."""
    from sqlalchemy.exc import OperationalError

    told = OperationalError("insert into event_logs values (?)", {"event": "Ann Lee"}, sqlite3.OperationalError(said))
    told.__cause__ = told.orig  # as SQLAlchemy raises it
    outer = RuntimeError("could not note the run of Ann Lee")
    outer.__cause__ = told
    for error in (told, outer):
        found = fault_in_words(error)
        assert found is not None and found.startswith("Dagster's storage (the folder `dagster` of the environment)")
        assert words in found
        assert "Ann" not in found


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full."),
        (errno.EDQUOT, "The disk is full."),
        (errno.EROFS, "This user may not write there."),
    ],
)
def test_a_fault_of_a_disk_within_another_error(number: int, words: str) -> None:
    """The chain of causes tells, whichever error of Dagster's stands before it."""
    outer = RuntimeError("could not write the log")
    outer.__cause__ = OSError(number, os.strerror(number), "/d/dagster/logs/x")
    found = fault_in_words(outer)
    assert found is not None and found.startswith(f"/d/dagster/logs/x: {words}")


def test_a_value_that_reads_like_a_fault_is_none() -> None:
    """Found in use, 20: what any error's text quotes was searched for words of the system."""
    assert fault_in_words(ValueError("the cell holds 'Permission denied'")) is None


# -- a reader that leaves ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("command", [DIRECT, ("status",), ("status", "--json")])
def test_a_closed_pipe_stops_no_work(tmp_path: Path, small: Undisturbed, command: tuple[str, ...]) -> None:
    """`leads-platform run | head -1`: the work used to end with the first line."""
    scene = copied(small.waiting if command == DIRECT else small.run, tmp_path / "data")
    reading, writing = os.pipe()
    os.close(reading)
    started = subprocess.run(
        [sys.executable, "-m", "leads_platform_tests.faults.crash_process", *SMALL, "--", *command],
        env=scene.environ(),
        cwd=scene.data,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (started.returncode, started.stderr) == (0, "")
    if command == DIRECT:
        assert scene.content_hash() == small.content_hash
