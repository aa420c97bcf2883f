"""One writer: who waits is told who writes; a dead holder holds nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from leads_platform.warehouse.lock import Holder, LockHeld, WriterLock, holder

_HOLDER = """
import sys, time
from pathlib import Path
from leads_platform.warehouse.lock import WriterLock
with WriterLock(Path(sys.argv[1]), "build 2024-05") as lock:
    lock.progress("building shop.t")
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other_writer(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock until it is given a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_second_waits_is_told_once_who_writes_and_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    with other_writer(tmp_path) as process:

        def let_go() -> None:
            time.sleep(0.3)
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

        thread = threading.Thread(target=let_go)
        thread.start()
        began = time.monotonic()
        with WriterLock(tmp_path, "run", wait=20, say=told.append):
            waited = time.monotonic() - began
            now = holder(tmp_path)
        thread.join()
    assert 0.2 < waited < 15
    assert len(told) == 1
    assert told[0].startswith(f"Waiting for the warehouse: process {process.pid} (build 2024-05, since ")
    assert told[0].endswith("; building shop.t) is writing.")
    assert now is not None and (now.pid, now.doing) == (os.getpid(), "run")
    assert holder(tmp_path) is None


def test_who_waits_long_is_told_how_far_the_holder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 14: one line at the start, and then nothing for ten minutes."""
    monkeypatch.setattr("leads_platform.warehouse.lock._TELL_SECONDS", 0.05)
    told: list[str] = []
    with WriterLock(tmp_path, "build 2024-05") as held:
        held.progress("building shop.t")

        def tell(text: str) -> None:
            told.append(text)
            held.progress("building shop.u")

        with pytest.raises(LockHeld), WriterLock(tmp_path, "run", wait=0.4, say=tell):
            pass
    assert [text.rsplit("; ", 1)[1] for text in told] == [
        "building shop.t) is writing.",
        "building shop.u) is writing.",
    ]
    assert told[1].startswith(f"Still waiting: process {os.getpid()} (build 2024-05, since ")


def test_after_the_wait_the_holder_is_named(tmp_path: Path) -> None:
    with other_writer(tmp_path) as process, pytest.raises(LockHeld) as error, WriterLock(tmp_path, "run", wait=0.2):
        pass
    assert str(error.value).startswith(f"process {process.pid} (build 2024-05, since ")
    assert "Let it finish, or stop that process, then try again." in str(error.value)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with other_writer(tmp_path) as process:
        assert holder(tmp_path) is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (tmp_path / "writer.json").exists()  # its note is left, and does not count
        assert holder(tmp_path) is None
        told: list[str] = []
        with WriterLock(tmp_path, "run", wait=0, say=told.append):
            pass
        assert told == []


def test_two_sessions_of_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    with WriterLock(tmp_path, "one"), pytest.raises(LockHeld), WriterLock(tmp_path, "two", wait=0.1):
        pass


def test_an_error_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), WriterLock(tmp_path, "one"):
        raise RuntimeError
    with WriterLock(tmp_path, "two", wait=0):
        pass


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"pid": "x"}', '{"strange": 1}'])
def test_a_note_that_can_not_be_read_names_nobody(tmp_path: Path, note: str) -> None:
    (tmp_path / "writer.json").write_text(note)
    assert holder(tmp_path) is None


def test_the_holder_is_who_has_the_lock_not_a_process_of_that_number(tmp_path: Path) -> None:
    note = {"pid": 1, "doing": "run", "since": "2024-07-15 12:00:00", "progress": ""}
    (tmp_path / "writer.json").write_text(json.dumps(note))
    assert holder(tmp_path) is None, "process 1 lives, but holds no lock: its note is left from a crash"
    with FileLock(tmp_path / "writer.lock"):
        assert holder(tmp_path) == Holder(1, "run", "2024-07-15 12:00:00")
        assert str(holder(tmp_path)) == "process 1 (run, since 2024-07-15 12:00:00)"
