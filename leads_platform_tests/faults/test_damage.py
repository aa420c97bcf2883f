"""Damage of the warehouse file and of the archive: found, said in words, and mended from the archive alone."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from leads_platform_tests.faults.scene import Scene, Undisturbed, copied, small_scene, undisturbed

DIRECT = ("run", "--direct")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of the small room: what finds damage is the engine."""
    folder = tmp_path_factory.mktemp("small")
    return undisturbed(small_scene(folder / "data"), folder)


def copy_of_run(case: Undisturbed, data: Path) -> Scene:
    """A copy to be damaged, in which a session has been since: the ledger's note knows the place."""
    scene = copied(case.run, data)
    with scene.session():
        pass
    return scene


@pytest.fixture
def scene(tmp_path: Path, small: Undisturbed) -> Scene:
    return copy_of_run(small, tmp_path / "data")


def overwritten(at: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(int(size * at))
            file.write(random.Random(4).randbytes(min(20_000, size)))

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "header": overwritten(0),
    "middle": overwritten(0.5),
    "two thirds": overwritten(0.66),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "one header": lambda path: os.truncate(path, 4096),
    "empty": lambda path: os.truncate(path, 0),
}


def said_and_rebuilt(scene: Scene, content_hash: str, damage: str) -> None:
    DAMAGES[damage](scene.settings.warehouse)
    code, out, err = scene.call(*DIRECT)
    assert code == 1, out + err
    assert str(scene.settings.warehouse) in err
    assert "Nothing is lost: `leads-platform rebuild` makes it anew from the archive." in err, err
    for path in scene.settings.landing.rglob("*.csv"):
        path.unlink()  # from the archive alone
    code, out, err = scene.call("rebuild", "--direct")
    assert code == 0, out + err
    assert scene.content_hash() == content_hash
    scene.finishes(content_hash)


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_warehouse_is_said_and_rebuilt_from_the_archive(
    scene: Scene, small: Undisturbed, damage: str
) -> None:
    """Also when there is nothing to build: the file is read through where it is not as it was closed."""
    said_and_rebuilt(scene, small.content_hash, damage)


@pytest.mark.slow
@pytest.mark.parametrize("log", [b"", b"\x5a" * 5000, b"\0" * 100], ids=["empty", "nonsense", "zeros"])
def test_a_log_of_nonsense_costs_nothing(scene: Scene, small: Undisturbed, log: bytes) -> None:
    """A session ends with a checkpoint: there is nothing in the log that the file lacks."""
    scene.settings.warehouse.with_name("warehouse.duckdb.wal").write_bytes(log)
    code, out, err = scene.call(*DIRECT)
    assert code == 0, out + err
    assert scene.content_hash() == small.content_hash


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def one(scene: Scene, pattern: str) -> Path:
    return sorted(scene.settings.archive.glob(pattern))[0]


@pytest.mark.slow
def test_a_flipped_bit_in_archived_records_is_found_before_it_is_built(scene: Scene) -> None:
    path = one(scene, "lists/receipts/*/records.parquet")
    flip(path)
    code, _, err = scene.call("rebuild", "--direct")
    assert code == 1
    assert f"{path}, stored of lists_2024-01.csv, is damaged" in err
    assert f"{path}, the records of lists_2024-01.csv, is damaged" in err, err
    assert "Restore it from a backup." in err
    flip(path)  # restored
    code, out, err = scene.call(*DIRECT)
    assert code == 0, out + err


@pytest.mark.slow
def test_missing_records_are_named(scene: Scene) -> None:
    path = one(scene, "calls/receipts/*/records.parquet")
    path.unlink()
    code, _, err = scene.call("rebuild", "--direct")
    assert code == 1
    assert f"{path}, the records of calls 1.csv, is missing. Restore it from a backup." in err


@pytest.mark.slow
def test_a_damaged_original_is_said_and_the_records_still_serve(scene: Scene, small: Undisturbed) -> None:
    path = one(scene, "lists/originals/*.gz")
    delivered = scene.settings.landing.glob("lists/*.csv")
    (name,) = [file.name for file in delivered if hashlib.sha256(file.read_bytes()).hexdigest() == path.stem]
    flip(path)
    code, _, err = scene.call("rebuild", "--direct")
    assert code == 1
    assert f"{path}, the bytes of {name} as delivered, is damaged." in err
    assert scene.content_hash() == small.content_hash


@pytest.mark.slow
def test_a_missing_manifest_is_said_and_its_records_are_kept(scene: Scene, small: Undisturbed) -> None:
    path = one(scene, "*/manifests/00000002.json")
    kept = path.read_text()
    records = path.parents[1] / "receipts" / path.stem / "records.parquet"
    path.unlink()
    code, _, err = scene.call(*DIRECT)
    assert code == 1
    assert f"The manifest of receipt 2 of {json.loads(kept)['feed']} (" in err and "is missing" in err
    assert records.exists()
    path.write_text(kept)
    scene.finishes(small.content_hash)


@pytest.mark.slow
def test_a_rebuild_takes_the_archive_as_it_is_and_says_what_has_no_manifest(scene: Scene) -> None:
    path = one(scene, "*/manifests/00000002.json")
    path.unlink()
    code, _, err = scene.call("rebuild", "--direct")
    assert code == 1
    assert f"{path.parents[1] / 'receipts' / path.stem} has no manifest" in err
    assert not scene.status()["stale"]
