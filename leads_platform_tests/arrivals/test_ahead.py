"""Loading while counting: the outcome counts only where the counter proves what was supposed, faults are not lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from leads_platform.arrivals.contracts.load import FeedContract, load_contract
from leads_platform.arrivals.reading import csv_reading
from leads_platform.arrivals.reading.file_reading import FileReading, read_file
from leads_platform.arrivals.reading.loading import Loader, LoaderFault
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS
from leads_platform_tests.known import KNOWN

AHEAD = "ahead"


@pytest.fixture
def contract(tmp_path: Path) -> FeedContract:
    path = tmp_path / "lists.yaml"
    path.write_text(CONTRACTS["lists"].replace("ALIASES", ""))
    return load_contract(path, KNOWN)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Lets every file be loaded ahead, whatever its size and look. Of each load: whether it was ahead."""
    monkeypatch.setattr(csv_reading, "AHEAD_BYTES", 0)
    monkeypatch.setattr(csv_reading, "_looks_plain", lambda *_: True)
    seen: list[bool] = []
    load = Loader.load_csv

    def noted(self: Loader, *args, **named) -> int:
        seen.append(threading.current_thread().name.startswith(AHEAD))
        return load(self, *args, **named)

    monkeypatch.setattr(Loader, "load_csv", noted)
    yield seen
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(AHEAD)]


def read(tmp_path: Path, contract: FeedContract, content: str) -> FileReading:
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode())
    return read_file(path, contract, workspace=tmp_path)


def test_a_plain_file_is_loaded_once_and_ahead(tmp_path: Path, contract: FeedContract, loads: list[bool]) -> None:
    with read(tmp_path, contract, 'Id,Name,Seen\n1,"Ann ""A"" Lee",\n2,"Bo, Jr",x\n') as reading:
        assert reading.loaded.fetchall() == [("1", 'Ann "A" Lee', None, 2), ("2", "Bo, Jr", "x", 3)]
        assert (reading.verdict, reading.records) == ("accepted", 2)
    assert loads == [True]


@pytest.mark.parametrize(
    ("content", "rows", "bad"),
    [
        ("Id,Name,Seen\n1,Ann,\r\n2,Bo,\r\n", [("1", "Ann", None, 2), ("2", "Bo", None, 3)], 0),
        ('Id,Name,Seen\n1,"Ann\nLee",\n2,Bo,\n', [("1", "Ann\nLee", None, 2), ("2", "Bo", None, 4)], 0),
        ("Id,Name,Seen\n1,Ann,,\n2,Bo,,\n", [("1", "Ann", None, 2), ("2", "Bo", None, 3)], 0),
        ("Id,Name,Seen\n1,Ann,\n\n2,Bo,\n", [("1", "Ann", None, 2), ("2", "Bo", None, 4)], 0),
        ('Id,Name,Seen\n1,Ann,\n2,B"o,\n3,Cid,\n', [("1", "Ann", None, 2), ("3", "Cid", None, 4)], 1),
        ("Id,Name,Seen\n1,Ann,\n2,Bo\n3,Cid,\n", [("1", "Ann", None, 2), ("3", "Cid", None, 4)], 1),
        ("Id,Name,Seen\n1,Ann,\n2,Bo,,4\n3,Cid,\n", [("1", "Ann", None, 2), ("3", "Cid", None, 4)], 1),
    ],
    ids=["crlf", "line break", "trailing delimiter", "empty line", "stray quote", "too few", "too many"],
)
def test_what_is_not_as_supposed_is_loaded_anew(
    tmp_path: Path, contract: FeedContract, loads: list[bool], content: str, rows: list[tuple], bad: int
) -> None:
    with read(tmp_path, contract, content) as reading:
        assert reading.loaded.fetchall() == rows
        assert [one.line for one in reading.quarantined] == [3] * bad
    assert loads[-1] is False, "what was loaded ahead must not count"


def test_a_refused_file_leaves_no_thread_behind(tmp_path: Path, contract: FeedContract, loads: list[bool]) -> None:
    with read(tmp_path, contract, "Id,Name,Seen\n" + 'x"\n' * 5) as reading:
        assert (reading.verdict, reading.loaded_count) == ("refused", 0)


def test_a_fault_ahead_in_a_sound_file_is_told(
    tmp_path: Path, contract: FeedContract, loads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Loader, statement: str) -> None:
        raise LoaderFault("IOException")

    monkeypatch.setattr(Loader, "run", fail)
    with read(tmp_path, contract, "Id,Name,Seen\n1,Ann,\n") as reading:
        assert reading.verdict == "refused"
        assert "could not be loaded (IOException)" in reading.message
    assert loads == [True]


def test_a_full_disk_ahead_is_the_machines_trouble_not_the_files(
    tmp_path: Path, contract: FeedContract, loads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Loader, statement: str) -> None:
        raise OSError(28, "No space left on device for reading the file")

    monkeypatch.setattr(Loader, "run", fail)
    with pytest.raises(OSError, match="No space left"):
        read(tmp_path, contract, "Id,Name,Seen\n1,Ann,\n")


def test_only_large_files_that_begin_plainly_are_loaded_ahead(tmp_path: Path, contract: FeedContract) -> None:
    text = tmp_path / "text.csv"
    text.write_text("Id,Name,Seen\n1,Ann,\n")
    with csv_reading._Ahead(text, csv_reading.Body(text, contract), contract, tmp_path) as ahead:
        assert ahead.loader is None
    line = "1,Ann,\n"
    for last, expected in (("2,Bo,\n", True), ("2,Bo,\r\n", True), ('2,"Bo\n",\n', True)):
        text.write_bytes(("Id,Name,Seen\n" + line * (csv_reading.AHEAD_BYTES // len(line)) + last).encode())
        with csv_reading._Ahead(text, csv_reading.Body(text, contract), contract, tmp_path) as ahead:
            assert (ahead.loader is not None) is expected, "only what stands at the beginning is looked at"
    for first in ("2,Bo,\r\n", '2,"Bo\n",\n'):
        text.write_bytes(("Id,Name,Seen\n" + first + line * (csv_reading.AHEAD_BYTES // len(line))).encode())
        with csv_reading._Ahead(text, csv_reading.Body(text, contract), contract, tmp_path) as ahead:
            assert ahead.loader is None
