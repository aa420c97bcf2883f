"""Damage by the disk: no program wrote to the file, and yet its bytes are others. Noticed, told, and mended."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from leads_platform.errors import DAMAGED
from leads_platform.warehouse import connection, whole
from leads_platform.warehouse.connection import WarehouseUnusable, note_of_copy, open_published, open_warehouse
from leads_platform_tests.warehouse.toy_warehouse import publish

PLACES = 14
BLOCKS_FROM, BLOCK = 12_288, 262_144


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process reads a small file once: each command of an operator is one of its own."""
    monkeypatch.setattr(whole, "_read_here", Never())


class Never(set):
    """Remembers nothing."""

    def add(self, element: object) -> None:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of several blocks, as a session left it, and its published copy."""
    path = tmp_path_factory.mktemp("whole") / "warehouse.duckdb"
    with open_warehouse(path) as con:
        con.execute("create schema shop")
        con.execute("create table shop.words as select range as x, md5(range::varchar) as word from range(20000)")
        con.execute("create table shop.days as select date '2024-01-01' + (range // 50)::int as d from range(20000)")
    publish(path)
    return path


@pytest.fixture
def warehouse(tmp_path: Path, made: Path) -> Path:
    """A copy of both, noted as it now lies there."""
    shutil.copytree(made.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / made.name
    open_well(path)
    publish(path, anew=True)
    return path


def copy_of(warehouse: Path) -> Path:
    return warehouse.parent / "published" / "full.duckdb"


def note_of(warehouse: Path) -> Path:
    return warehouse.with_name("warehouse.duckdb.closed")


def open_well(path: Path) -> None:
    with open_warehouse(path):
        pass


def spoil(path: Path, note: Path, damage: Callable[[bytearray], None]) -> None:
    """Changes bytes as a bad disk does: the look that was noted is the look it has."""
    content, before = bytearray(path.read_bytes()), path.stat()
    damage(content)
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    left = whole.read_left(note)
    assert left is not None
    whole.write_left(note, replace(left, look=whole.look(path)))


def flipped(place: int) -> Callable[[bytearray], None]:
    def damage(content: bytearray) -> None:
        content[len(content) * place // PLACES + place] ^= 1 << place % 8

    return damage


def test_a_flipped_bit_of_the_warehouse_is_noticed_when_it_is_opened(warehouse: Path) -> None:
    """Found in use, 19: it was noticed in 7 of 12 places, only when that table was read."""
    for place in range(PLACES):
        spoil(warehouse, note_of(warehouse), flipped(place))
        with pytest.raises(WarehouseUnusable) as error:
            open_well(warehouse)
        assert str(error.value) == f"{warehouse}: {DAMAGED}"
        assert "`leads-platform rebuild`" in DAMAGED
        spoil(warehouse, note_of(warehouse), flipped(place))  # flipped back
        open_well(warehouse)


def test_a_flipped_bit_of_the_published_copy_is_noticed_and_the_copy_made_anew(warehouse: Path) -> None:
    """Found in use, 19: `run` said that all was current, and readers failed."""
    published, said = copy_of(warehouse), []
    publish(warehouse, said.append)
    assert said == []
    for place in range(PLACES):
        spoil(published, note_of_copy(published), flipped(place))
        assert published.read_bytes() != warehouse.read_bytes()
        publish(warehouse, said.append)
        assert published.read_bytes() == warehouse.read_bytes()
        assert len(said) == place + 1
        assert said[-1].startswith(f"{published} was not what had been published")


def test_what_a_program_did_to_the_published_copy_is_undone(warehouse: Path) -> None:
    """Found in use, 19: also where the size is the same, and the time was set back."""
    published, said = copy_of(warehouse), []
    before = published.stat()
    content = bytearray(published.read_bytes())
    content[50_000] ^= 1
    published.write_bytes(content)
    os.utime(published, ns=(before.st_atime_ns, before.st_mtime_ns))
    publish(warehouse, said.append)
    assert published.read_bytes() == warehouse.read_bytes() and len(said) == 1


def test_a_copy_that_only_looks_otherwise_is_left_alone(warehouse: Path) -> None:
    """Found in use, 19: a data root that was moved or restored is no damage."""
    published, said = copy_of(warehouse), []
    restored = published.with_name("restored")
    shutil.copy(published, restored)
    restored.replace(published)
    inode = published.stat().st_ino
    publish(warehouse, said.append)
    assert said == [] and published.stat().st_ino == inode
    left = whole.read_left(note_of_copy(published))
    assert left is not None and left.look == whole.look(published)


def test_a_large_file_is_read_once_a_day(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 19: of a gigabyte each run would take a second for the copy, and four for the warehouse."""
    monkeypatch.setattr(whole, "SMALL", 1000)
    published, said = copy_of(warehouse), []
    note_of(warehouse).unlink()
    open_well(warehouse)  # as of a warehouse that was always large: no digest is kept
    publish(warehouse, anew=True)
    noted = json.loads(note_of(warehouse).read_text())
    assert noted["sha256"] == ""
    spoil(warehouse, note_of(warehouse), lambda content: content.__setitem__(300_000, content[300_000] ^ 1))
    spoil(published, note_of_copy(published), flipped(5))
    open_well(warehouse)  # believed: it was read a moment ago
    publish(warehouse, said.append)
    assert said == []
    a_day = whole.EVERY + 1
    for note in (note_of(warehouse), note_of_copy(published)):
        left = whole.read_left(note)
        assert left is not None
        whole.write_left(note, replace(left, read_at=left.read_at - a_day))
    publish(warehouse, said.append)
    assert len(said) == 1 and published.read_bytes() == warehouse.read_bytes()  # two damages: each is noticed by itself
    with pytest.raises(WarehouseUnusable, match="rebuild"):
        open_well(warehouse)


def test_a_clock_that_was_set_back_lets_no_file_go_unread(warehouse: Path) -> None:
    """Found in use, 19: "read tomorrow" is no reading."""
    left = whole.read_left(note_of(warehouse))
    assert left is not None
    assert not left.is_due()
    assert replace(left, read_at=left.read_at + 3600).is_due()
    assert replace(left, read_at=left.read_at - whole.EVERY - 1).is_due()


def test_the_notes_of_the_version_before_are_taken_for_none(warehouse: Path) -> None:
    """Found in use, 19: after the upgrade the warehouse is read through once."""
    now = warehouse.stat()
    note_of(warehouse).write_text(json.dumps([now.st_size, now.st_mtime_ns]))
    open_well(warehouse)
    assert whole.is_as_left(warehouse, note_of(warehouse))


def doubled(content: bytearray, source: int, target: int) -> None:
    """A block written to another's place: its checksum is right, and DuckDB trusts it."""
    block = content[BLOCKS_FROM + source * BLOCK : BLOCKS_FROM + (source + 1) * BLOCK]
    content[BLOCKS_FROM + target * BLOCK : BLOCKS_FROM + (target + 1) * BLOCK] = block


def cut(content: bytearray) -> None:
    del content[len(content) // 3 :]


def zeroed(content: bytearray) -> None:
    content[BLOCKS_FROM + BLOCK : BLOCKS_FROM + 2 * BLOCK] = bytes(BLOCK)


def overwritten(content: bytearray) -> None:
    content[200_000:220_000] = random.Random(1).randbytes(20_000)


@pytest.mark.parametrize(
    "damage", [cut, zeroed, overwritten, *range(4)], ids=lambda it: getattr(it, "__name__", str(it))
)
def test_a_published_copy_that_cannot_be_read_ends_in_words(
    warehouse: Path, damage: Callable[[bytearray], None] | int
) -> None:
    """Found in use, 19: the report ended as "a fault of the program". The next run makes the copy anew."""
    published = copy_of(warehouse)

    def write(content: bytearray) -> None:
        if isinstance(damage, int):
            blocks = (len(content) - BLOCKS_FROM) // BLOCK
            for target in range(blocks):
                if target != damage:
                    doubled(content, damage, target)
        else:
            damage(content)

    spoil(published, note_of_copy(published), write)
    with pytest.raises(WarehouseUnusable) as error, open_published(published) as con:
        for table in ("shop.words", "shop.days"):
            con.execute(f"select bit_xor(hash(cells)) from {table} as cells").fetchall()
    assert str(published) in str(error.value) and "`leads-platform run` makes the copy anew" in str(error.value)
    assert not note_of_copy(published).exists()
    publish(warehouse)
    assert published.read_bytes() == warehouse.read_bytes()


ERRORS = (
    duckdb.IOException("IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2"),
    duckdb.IOException("IO Error: Corrupted RLE segment: rle_count_offset exceeds the block size."),
    duckdb.IOException("IO Error: Failed to scan dictionary string - index was out of range. Database file appears "
                       "to be corrupted."),
    duckdb.IOException('IO Error: Could not read enough bytes from file "/d/w.duckdb": attempted to read 4096 bytes'),
    duckdb.SerializationException("Serialization Error: Failed to deserialize: expected end of object"),
    duckdb.InternalException('INTERNAL Error: Bitpacking offset is out of range at block "9" - corrupt database file'),
    duckdb.IOException('IO Error: Could not read from file "/d/w.duckdb": Invalid argument'),
    duckdb.InternalException("INTERNAL Error: Invalid bitpacking mode\n\nStack Trace:\n\n/lib/duckdb.so(_ZN6)"),
    duckdb.InternalException("INTERNAL Error: Failed to load metadata pointer (id 12, idx 3, ptr 99)"),
    duckdb.FatalException("FATAL Error: Failed: database has been invalidated because of a previous fatal error."),
    duckdb.Error("Invalid bit width for bitpacking"),
)  # fmt: skip


def test_what_duckdb_says_of_damage_is_told_with_what_mends_it(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 19: all that DuckDB 1.5.5 said of hundreds of damaged files; none is a fault of this program."""
    read = []
    monkeypatch.setattr(connection, "_read_through", lambda con, path: read.append(path))
    for number, error in enumerate(ERRORS):
        words = "`leads-platform rebuild` makes it anew"
        with pytest.raises(WarehouseUnusable, match=words), open_warehouse(warehouse):
            raise error
        assert not note_of(warehouse).exists()
        assert len(read) == number
        open_well(warehouse)  # the next session reads it through
        assert len(read) == number + 1


def test_a_value_that_speaks_of_damage_is_no_damage(warehouse: Path) -> None:
    """Found in use, 19: what a cell says is not what DuckDB says."""
    for said in ("corrupt database file", "Corrupted Ltd", "INTERNAL Error"):
        with pytest.raises(duckdb.ConversionException), open_warehouse(warehouse) as con:
            con.execute(f"select '{said}'::integer").fetchall()
