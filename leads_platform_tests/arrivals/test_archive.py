"""The archive: what is stored survives, a crash leaves nothing behind, damage is told in words."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from leads_platform.arrivals.archive import store as archive
from leads_platform.arrivals.archive.slots import Entry, Slot
from leads_platform.arrivals.archive.snapshot import SnapshotState
from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged, Manifest
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, as_before, people, rows
from leads_platform_tests.conftest import clock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "calls")


def stored(desk: ArrivalsEnv) -> set[str]:
    """Every file of the archive, relative to it."""
    root = desk.settings.archive
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_manifest_comes_back_as_it_was_written() -> None:
    manifest = Manifest(
        receipt=7,
        action="receive",
        feed="lists",
        sha256="ab" * 32,
        received_at=clock("2024-07-15T12:00:00"),
        original=5,
        file_name="Café 2024-05-17 part 2.csv",
        size=120,
        mtime_ns=1,
        month=date(2024, 5, 1),
        part="2",
        file_date=date(2024, 5, 17),
        version="2024-05-17",
        intrinsic="2024-05-17",
        verdict="partial",
        reason="shrunk",
        message='a "word"',
        notes=("a total",),
        records=3,
        loaded=1,
        quarantined=1,
        erased=1,
        columns={"id": "Id"},
        header=("Id", "Ünused"),
        months={"2024-05": {"records": 2, "hash": "12"}},
        versions={"2024-05": ""},
        touched=("2024-05",),
        diff={"added": 1},
        contract_hash="cd",
        placed_by="ef",
        timed=True,
        reckoned_in="UTC",
        links={"2024-06": ["2024-05"]},
        basis="1.5 cd",
        looks_like="calls",
        beside="It replaces a.csv",
        stored={"records.parquet": "12"},
        who="ann",
        why="asked for",
    )
    # Every field is set to something of its own, so that none can be lost on the way unnoticed.
    bare = Manifest(receipt=7, action="receive", feed="lists", sha256="", received_at=manifest.received_at)
    same = [f.name for f in fields(Manifest) if getattr(manifest, f.name) == getattr(bare, f.name)]
    assert same == ["receipt", "action", "feed", "received_at"]
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_manifest_of_before_there_were_notes_is_read() -> None:
    """Found in use, 16: archives of earlier versions hold no notes, and must stay readable."""
    manifest = Manifest(
        receipt=7,
        action="receive",
        feed="lists",
        sha256="",
        received_at=clock("2024-07-15T12:00:00"),
        message="1 record",
    )
    plain = as_before(json.loads(manifest.to_json()))
    del plain["notes"]
    assert Manifest.from_json(json.dumps(plain)) == manifest


def test_a_receipt_keeps_the_bytes_as_delivered(desk: ArrivalsEnv) -> None:
    content = people(1, 2)
    taken = desk.drop("lists/2024-05.csv", content)
    assert stored(desk) == {
        f"lists/originals/{taken.sha256}.gz",
        "lists/receipts/00000001/records.parquet",
        "lists/manifests/00000001.json",
    }
    original = desk.settings.archive / f"lists/originals/{taken.sha256}.gz"
    assert gzip.decompress(original.read_bytes()) == content.encode()
    assert (desk.settings.landing / "lists/2024-05.csv").read_text() == content


def test_a_crash_before_the_manifest_leaves_nothing_and_the_file_is_taken_again(
    desk: ArrivalsEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("lists/2024-04.csv", people(1, 2))
    desk.put("lists/2024-05.csv", people(1, 3))

    def power_cut(self: Archive, manifest: Manifest) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "add", power_cut)
        with pytest.raises(KeyboardInterrupt):
            desk.take()
    assert "lists/receipts/00000002/records.parquet" in stored(desk)
    (desk.settings.archive / "lists/originals/half.123.tmp").write_bytes(b"half")
    (desk.settings.archive / ".work/left").mkdir(parents=True)
    assert [file.name for file in desk.arrivals().waiting()] == ["2024-05.csv"]
    assert [path for path in stored(desk) if "00000002" in path or path.endswith(".tmp")] == []
    assert not (desk.settings.archive / ".work").exists()
    assert [(m.receipt, m.verdict, m.touched) for m in desk.take()] == [(2, "accepted", ("2024-05",))]
    assert desk.query("select file_name, records from arrivals.files order by receipt") == [
        ("2024-04.csv", 2),
        ("2024-05.csv", 3),
    ]


_KILLED = """
import os, signal
from leads_platform.arrivals.archive.store import Archive
from leads_platform.arrivals.contracts.load import load_contracts
from leads_platform.arrivals.receive import Arrivals
from leads_platform.settings import Settings

settings = Settings.from_env()
add = Archive.add
def dying(self, manifest):
    if manifest.receipt == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, manifest)
Archive.add = dying
arrivals = Arrivals(settings, load_contracts([settings.feeds]))
arrivals.take_in(arrivals.waiting())
"""


def test_a_killed_process_loses_no_file_and_doubles_none(desk: ArrivalsEnv) -> None:
    for month, last in (("2024-04", 2), ("2024-05", 3), ("2024-06", 4)):
        desk.put(f"lists/{month}.csv", people(1, last))
    told = {"LEADS_PLATFORM_DATA": str(desk.settings.data), "LEADS_PLATFORM_NOW": "2024-07-15T12:00:00"}
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED], env={**os.environ, **told, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert [m.file_name for m in desk.take()] == ["2024-05.csv", "2024-06.csv"]
    assert desk.build("lists") == {
        "lists": [
            (month, str(number), "Ann")
            for month, last in (("2024-04", 2), ("2024-05", 3), ("2024-06", 4))
            for number in range(1, last + 1)
        ]
    }


@pytest.mark.parametrize("damage", ["", '{"manifest": 1', "null", "[]", '"text"', '{"manifest": 1}', "\0\xff"])
def test_a_damaged_manifest_is_named(desk: ArrivalsEnv, damage: str) -> None:
    desk.drop("lists/2024-05.csv", people(1, 2))
    path = desk.settings.archive / "lists/manifests/00000001.json"
    path.write_bytes(damage.encode("latin-1"))
    with pytest.raises(ArchiveDamaged, match=r"lists/manifests/00000001.json is damaged: .*backup"):
        desk.arrivals()


@pytest.mark.parametrize(
    "copy", ["lists/manifests/00000009.json", "lists/manifests/copy.json", "calls/manifests/00000001.json"]
)
def test_a_copied_manifest_does_not_count_twice(desk: ArrivalsEnv, copy: str) -> None:
    desk.drop("lists/2024-05.csv", people(1, 2))
    target = desk.settings.archive / copy
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((desk.settings.archive / "lists/manifests/00000001.json").read_bytes())
    with pytest.raises(ArchiveDamaged, match="under another name"):
        desk.arrivals()


@pytest.mark.parametrize("spoilt", [b"", b"no gzip", None])
def test_spoilt_original_bytes_are_named_when_they_are_needed(desk: ArrivalsEnv, spoilt: bytes | None) -> None:
    refused = desk.drop("lists/2024-05.csv", "Id,Full Name\n1,Ann\n")
    path = desk.settings.archive / f"lists/originals/{refused.sha256}.gz"
    path.unlink() if spoilt is None else path.write_bytes(spoilt)
    desk.alias("lists", "Full Name")
    if spoilt == b"":  # gzip takes an empty file for an empty text: the fingerprint tells
        path.write_bytes(gzip.compress(b"other bytes"))
    desk.put("lists/2024-06.csv", "Id,Full Name\n1,Ann\n2,Bo\n")
    arrivals = desk.arrivals()
    assert [m.file_name for m in arrivals.take_in(arrivals.waiting())] == ["2024-06.csv"], "it stops no other file"
    assert len(arrivals.failures) == 1
    assert f"{refused.sha256}.gz" in arrivals.failures[0]


def test_a_feed_without_contract_keeps_its_archive_unread(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 2))
    desk.drop("calls/calls.csv", rows("1 Ann 2024-05-03"))
    (desk.settings.feeds / "calls.yaml").unlink()
    desk = ArrivalsEnv(desk.settings)
    assert desk.query("select feed from arrivals.files") == [("lists",)]
    assert desk.drop("lists/2024-06.csv", people(1, 2)).receipt == 3  # numbers are not given twice
    assert "calls/manifests/00000002.json" in stored(desk)


def test_a_data_folder_with_odd_letters_in_its_path(settings: Settings, tmp_path: Path) -> None:
    odd = tmp_path / "Ann's [old] *data*"
    desk = ArrivalsEnv(replace(settings, data=odd, warehouse=odd / "dev" / "warehouse.duckdb"), "lists")
    desk.drop("lists/2024-05 [1].csv", people(1, 1))
    assert desk.build("lists") == {"lists": [("2024-05", "1", "Ann")]}


def test_a_manifest_holds_no_names_of_people(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", "Id,Name,Seen\n1,Canary\n2,Canary Bird,,,\n3,Ann,\n4,Bob,\n5,Cid,\n6,Dee,\n")
    text = (desk.settings.archive / "lists/manifests/00000001.json").read_text()
    assert json.loads(text)["quarantined"] == 2
    assert "Canary" not in text


# -- original bytes are stored while the file is read --------------------------------------------------------


def test_bytes_that_cannot_be_stored_are_told_and_leave_no_manifest(
    desk: ArrivalsEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("lists/2024-05.csv", people(1, 2))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archive, "_compress", full)
        arrivals = desk.arrivals()
        assert arrivals.take_in(arrivals.waiting()) == []
    assert len(arrivals.failures) == 1
    assert arrivals.failures[0].startswith("lists/2024-05.csv could not be taken in")
    assert not [path for path in stored(desk) if "manifests" in path or "originals" in path]
    assert [m.verdict for m in desk.take()] == ["accepted"]


def test_a_reading_that_fails_gives_up_storing_too(desk: ArrivalsEnv, tmp_path: Path) -> None:
    source = tmp_path / "delivered"
    source.write_bytes(b"x" * 2**23)
    kept = Archive(desk.settings.archive)
    with pytest.raises(KeyError), kept.keeping_original("lists", "ab", source):
        raise KeyError
    assert [path for path in stored(desk) if path.endswith(".tmp")] == []
    with kept.keeping_original("lists", "ab", source):
        source.unlink()  # reading needs the room
    assert gzip.decompress(kept.original("lists", "ab").read_bytes()) == b"x" * 2**23


# -- manifests are parsed once -------------------------------------------------------------------------------


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the manifests that were parsed."""
    names: list[str] = []
    parse = Archive._parse

    def noted(self: Archive, path: Path, sums: dict[Path, dict[str, str]]) -> tuple[Manifest, bool]:
        names.append(path.name)
        return parse(self, path, sums)

    monkeypatch.setattr(Archive, "_parse", noted)
    return names


def test_a_manifest_is_parsed_once_however_often_sensors_ask(desk: ArrivalsEnv, parsed: list[str]) -> None:
    for month in ("2024-04", "2024-05"):
        desk.drop(f"lists/{month}.csv", people(1, 2))
    desk.arrivals()
    assert parsed == ["00000001.json", "00000002.json"]
    desk.drop("lists/2024-06.csv", people(1, 2))
    assert len(desk.arrivals().state.manifests) == 3
    assert parsed == ["00000001.json", "00000002.json", "00000003.json"]


def test_a_manifest_that_was_replaced_removed_or_brought_back_is_no_stale_answer(desk: ArrivalsEnv) -> None:
    def names() -> list[str]:
        arrivals = desk.arrivals()
        of_entries = [e.manifest.file_name for e in arrivals.state.by_feed["lists"].entries]
        assert of_entries == [m.file_name for m in arrivals.state.manifests]
        return of_entries

    for month in ("2024-04", "2024-05", "2024-06"):
        desk.drop(f"lists/{month}.csv", people(1, 2))
    assert names() == ["2024-04.csv", "2024-05.csv", "2024-06.csv"]
    second = desk.settings.archive / "lists/manifests/00000002.json"
    before, seen = second.read_text(), second.stat()
    # As a restored backup does it: another file, of the same size and time of change.
    other = second.with_suffix(".new")
    other.write_text(replace(Manifest.from_json(before), file_name="2024-05.CSV").to_json())
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    other.replace(second)
    assert names() == ["2024-04.csv", "2024-05.CSV", "2024-06.csv"]
    second.unlink()
    assert names() == ["2024-04.csv", "2024-06.csv"]
    second.write_text(before)
    assert names() == ["2024-04.csv", "2024-05.csv", "2024-06.csv"]
    shutil.rmtree(desk.settings.archive)
    assert names() == []


def test_states_of_one_archive_go_their_own_ways(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 4))
    one, other = desk.arrivals().state, desk.arrivals().state
    [manifest] = one.manifests
    one.apply(replace(manifest, receipt=2, action="withdraw"))
    assert one.by_feed["lists"].counts() == {}
    assert other.by_feed["lists"].counts() == desk.arrivals().state.by_feed["lists"].counts() == {date(2024, 5, 1): 4}
    desk.today("2024-09-15")
    assert desk.arrivals().state.open_months()[1] == date(2024, 9, 1)
    assert other.open_months()[1] == date(2024, 7, 1)


def test_ten_thousand_manifests_are_added_up_without_going_through_them_for_each(desk: ArrivalsEnv) -> None:
    """Incident: each receipt went through all before it; 10,000 took two minutes."""
    taken = desk.drop("lists/2024-05.csv", people(1, 2))
    looked = 0

    class Counted(SnapshotState):
        def _counting(self, slot: Slot) -> list[Entry]:
            nonlocal looked
            looked += len(self._slots.get(slot, {}))
            return super()._counting(slot)

    state = Counted(desk.contracts()["lists"])
    for number in range(1, 10_001):
        month = date(1000 + number % 1000, 5, 1)
        state.apply(replace(taken, receipt=number, original=number, sha256=f"{number:064x}", month=month))
    # Ten files a month: the first of them looks at none, the last at nine.
    assert looked <= 1000 * sum(range(11))
    assert len(state.months()) == 1000
