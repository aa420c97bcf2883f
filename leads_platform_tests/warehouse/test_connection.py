"""Opening the warehouse: what SQL may not do there, its limits, and words for a file that can't be opened."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from leads_platform.standards import install_standards
from leads_platform.warehouse import connection
from leads_platform.warehouse.connection import (
    WarehouseUnusable,
    memory_limit_mb,
    note_of_copy,
    open_published,
    open_warehouse,
)
from leads_platform_tests.warehouse.toy_warehouse import publish


@pytest.mark.parametrize(
    "attack",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('/proc/self/environ')",
        "select * from read_text('{readable}/../secret.txt')",
        "select * from read_text('{readable}/link.txt')",
        "select * from glob('/etc/*')",
        "copy (select 1) to '{outside}/out.csv'",
        "export database '{outside}/dump'",
        "attach '{outside}/other.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "set lock_configuration = false",
        "reset allowed_directories",
        "pragma temp_directory = '{outside}'",
    ],
)
def test_sql_reaches_nothing_but_the_readable_folders(tmp_path: Path, attack: str) -> None:
    readable, outside = tmp_path / "archive", tmp_path / "outside"
    readable.mkdir()
    outside.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (readable / "fine.txt").write_text("fine")
    with open_warehouse(tmp_path / "w" / "warehouse.duckdb", readable=[readable]) as con:
        fine = f"select content from read_text('{readable}/fine.txt')"
        assert con.execute(fine).fetchall() == [("fine",)]
        if "link" in attack:
            (readable / "link.txt").symlink_to(tmp_path / "secret.txt")
        with pytest.raises(duckdb.Error):
            con.execute(attack.format(readable=readable, outside=outside)).fetchall()
        assert con.execute(fine).fetchall() == [("fine",)]
    assert not list(outside.iterdir())


def test_limits_are_set(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        settings = dict(con.execute("select name, value from duckdb_settings()").fetchall())
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0.45 * total < memory_limit_mb() * 1_000_000 <= 0.5 * total
    assert settings["temp_directory"] == str(tmp_path / "tmp")
    assert settings["max_temp_directory_size"] not in ("", "90% of available disk space")
    assert settings["memory_limit"] != duckdb.execute("select current_setting('memory_limit')").fetchall()[0][0]
    assert settings["TimeZone"] == "UTC"
    assert settings["lock_configuration"] == "true"
    for closed in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"):
        assert settings[closed] == "false"


def test_the_cleaning_functions_come_when_asked_for(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        assert not con.execute("select function_name from duckdb_functions() where not internal").fetchall()
        install_standards(con)
        functions = con.execute("select function_name from duckdb_functions() where not internal").fetchall()
    assert {("phone",), ("address_key",)} <= set(functions)


def made(folder: Path) -> Path:
    """A warehouse file with one table in it."""
    path = folder / "warehouse.duckdb"
    with open_warehouse(path) as con:
        con.execute("create schema shop; create table shop.t as select range as x from range(200000)")
    return path


def test_what_was_committed_is_there_the_next_time(tmp_path: Path) -> None:
    with open_warehouse(made(tmp_path)) as con:
        assert con.execute("select count(*) from shop.t").fetchall() == [(200000,)]


def unusable(path: Path) -> str:
    with pytest.raises(WarehouseUnusable) as error, open_warehouse(path):
        pass
    assert str(path) in str(error.value)
    return str(error.value)


REBUILD = "Nothing is lost: `leads-platform rebuild` makes it anew from the archive."


def test_another_file_under_the_warehouses_name(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("Name,Phone\n" * 2000)
    assert unusable(path) == f"{path} is not a DuckDB file, or its start is damaged. {REBUILD}"


def test_a_file_with_a_damaged_start(tmp_path: Path) -> None:
    path = made(tmp_path)
    with path.open("r+b") as file:
        file.write(b"\0" * 4096)
    assert unusable(path) == f"{path} is not a DuckDB file, or its start is damaged. {REBUILD}"


@pytest.mark.parametrize("damage", ["headers", "cut"])
def test_a_file_that_is_damaged_further_in(tmp_path: Path, damage: str) -> None:
    path = made(tmp_path)
    with path.open("r+b") as file:
        if damage == "cut":
            file.truncate(12288)
        else:
            file.seek(4096)
            file.write(b"\x5a" * 8192)
    assert unusable(path).endswith(REBUILD)


def test_a_log_of_nonsense_is_no_loss_as_a_session_ends_with_a_checkpoint(tmp_path: Path) -> None:
    path = made(tmp_path)
    path.with_name("warehouse.duckdb.wal").write_bytes(b"\x5a" * 5000)
    with open_warehouse(path) as con:
        assert con.execute("select count(*) from shop.t").fetchall() == [(200000,)]


def test_a_file_of_a_newer_duckdb(tmp_path: Path) -> None:
    path = made(tmp_path)
    header = bytearray(path.read_bytes()[:4096])
    assert checksum(header[8:]) == int.from_bytes(header[:8], "little")
    header[12:20] = (9999).to_bytes(8, "little")  # the storage version, after checksum and magic bytes
    header[:8] = checksum(header[8:]).to_bytes(8, "little")
    with path.open("r+b") as file:
        file.write(header)
    assert unusable(path) == f"{path} was written by another DuckDB version than {duckdb.__version__}. {REBUILD}"


def checksum(block: bytes | bytearray) -> int:
    """DuckDB's checksum of a block."""
    result = 5381
    for at in range(0, len(block), 8):
        result ^= int.from_bytes(block[at : at + 8], "little") * 0xBF58476D1CE4E5B9 & (2**64 - 1)
    return result


def test_a_folder_under_the_warehouses_name(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.mkdir()
    assert unusable(path) == f"{path} is a folder, not a DuckDB file. Move it away and run again."


_HOLDER = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"


def test_a_file_that_another_process_holds_is_waited_for_and_the_process_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path)
    told: list[str] = []
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        monkeypatch.setattr(connection, "_CONFLICT_WAIT", 0.2)
        with pytest.raises(WarehouseUnusable) as error, open_warehouse(path, say=told.append):
            pass
        assert f"(process {process.pid}) has {path} open. Close it there and try again" in str(error.value)
        assert len(told) == 1 and f"(process {process.pid}), which has {path} open" in told[0]
        monkeypatch.setattr(connection, "_CONFLICT_WAIT", 20.0)
        told.clear()

        def told_then_freed(text: str) -> None:
            told.append(text)
            process.send_signal(signal.SIGKILL)

        with open_warehouse(path, say=told_then_freed) as con:  # it goes on once the file is free
            assert con.execute("select count(*) from shop.t").fetchall() == [(200000,)]
        assert len(told) == 1
    finally:
        process.kill()
        process.wait()


def test_the_connection_is_closed_whatever_happens(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(RuntimeError), open_warehouse(path):
        raise RuntimeError
    with open_warehouse(path) as con:  # in the same process a second handle would be refused
        assert con.execute("select count(*) from warehouse.builds").fetchall() == [(0,)]


def test_the_published_copy_is_read_only(tmp_path: Path) -> None:
    path = made(tmp_path)
    with open_published(publish(path)) as con:
        assert con.execute("select count(*) from shop.t").fetchall() == [(200000,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from shop.t")


def test_a_published_copy_that_another_process_holds_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, mended: it was called damaged, and the note of what it is was deleted."""
    path = made(tmp_path)
    copy = publish(path)
    monkeypatch.setattr(connection, "_CONFLICT_WAIT", 0.2)
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, str(copy)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        with pytest.raises(WarehouseUnusable) as error, open_published(copy):
            pass
    finally:
        process.kill()
        process.wait()
    assert f"(process {process.pid}) has {copy} open. Close it there and try again" in str(error.value)
    assert "damaged" not in str(error.value)
    assert note_of_copy(copy).exists()
    with open_published(copy) as con:
        assert con.execute("select count(*) from shop.t").fetchall() == [(200000,)]
