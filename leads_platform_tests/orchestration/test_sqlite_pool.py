"""Dagster's files are held open, and everybody else finds them as before."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from leads_platform.orchestration.sqlite_pool import sqlite_pool

EVENTS = sqlalchemy.table("events", sqlalchemy.column("number"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that SQLAlchemy opened, each time: it names them by text, and looks up `connect` in either module."""
    found: list[str] = []

    def noting(real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connect(path: Any, **options: Any) -> sqlite3.Connection:
            if isinstance(path, str):
                found.append(Path(path).name)
            return real(path, **options)

        return connect

    for module in (sqlite3, sqlite3.dbapi2):  # pyright: ignore[reportAttributeAccessIssue]: the stubs leave it out
        monkeypatch.setattr(module, "connect", noting(module.connect))
    return found


def engine_of(path: Path | None) -> sqlalchemy.Engine:
    url = f"sqlite:///{path}" if path else "sqlite://"
    return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args={"timeout": 5})


def store(path: Path | None, number: int) -> CacheStats:
    """As Dagster's stock storage does it: an engine for each event. Whether the statement was compiled before."""
    engine = engine_of(path)
    with engine.connect() as con, con.begin():
        con.execute(sqlalchemy.text("pragma journal_mode = wal"))
        con.execute(sqlalchemy.text("create table if not exists events (number integer)"))
        done = con.execute(EVENTS.insert().values(number=number))
        hit = done.context.cache_hit
    engine.dispose()
    return hit


def stored(path: Path) -> list[int]:
    """What another program reads."""
    with contextlib.closing(sqlite3.connect(path)) as con:
        return [number for (number,) in con.execute("select number from events order by number")]


def test_a_file_is_opened_once_and_others_read_and_write_beside(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "runs.db"
    with sqlite_pool(tmp_path):
        hits = [store(path, number) for number in range(5)]
        assert opened == ["runs.db"]
        assert hits == [CacheStats.CACHE_MISS] + [CacheStats.CACHE_HIT] * 4
        assert stored(path) == [0, 1, 2, 3, 4]
        with contextlib.closing(sqlite3.connect(path, timeout=0)) as other, other:
            other.execute("insert into events values (5)")  # nothing is locked
        store(path, 6)
        assert opened == ["runs.db"]
    assert stored(path) == list(range(7))
    assert sorted(tmp_path.iterdir()) == [path]  # the log was written back


def test_each_file_has_its_own(tmp_path: Path, opened: list[str]) -> None:
    with sqlite_pool(tmp_path):
        for number in range(4):
            store(tmp_path / f"{number % 2}.db", number)
    assert sorted(opened) == ["0.db", "1.db"]
    assert (stored(tmp_path / "0.db"), stored(tmp_path / "1.db")) == ([0, 2], [1, 3])


def test_each_thread_has_its_own(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "runs.db"
    with sqlite_pool(tmp_path):
        store(path, 1)
        for number in (2, 3):
            thread = threading.Thread(target=store, args=(path, number))
            thread.start()
            thread.join()
        store(path, 4)
    assert 2 <= len(opened) <= 3  # a thread's number may be given again when it has ended
    assert stored(path) == [1, 2, 3, 4]


def test_what_is_not_below_the_folder_is_left_alone(tmp_path: Path, opened: list[str]) -> None:
    (tmp_path / "home").mkdir()
    with sqlite_pool(tmp_path / "home"):
        for number in (1, 2):
            store(tmp_path / "other.db", number)
        assert opened == ["other.db"] * 2
        store(None, 1)  # a database in memory is one engine's
        with engine_of(None).connect() as con, pytest.raises(OperationalError, match="no such table"):
            con.execute(sqlalchemy.text("select * from events"))


def test_who_waits_for_news_sees_the_file_change(tmp_path: Path) -> None:
    """The UI's run page watches the run's file; while it is held open, what is written lies in the log beside it."""
    path = tmp_path / "runs.db"
    with sqlite_pool(tmp_path):
        store(path, 1)
        before = path.stat()
        store(path, 2)
        after = path.stat()
    assert after.st_mtime_ns > before.st_mtime_ns
    assert after.st_size == before.st_size  # not by chance: nothing was written to it


def unfinished_transaction(con: Any) -> None:
    con.execute("insert into events values (2)")


def unread_rows(con: Any) -> None:
    cursor = con.cursor()
    cursor.execute("select number from events union all select number from events")
    cursor.fetchone()
    LEFT.append(cursor)


def own_isolation(con: Any) -> None:
    con.isolation_level = None


LEFT: list[object] = []


@pytest.mark.parametrize("leave", [unfinished_transaction, unread_rows, own_isolation])
def test_the_next_finds_a_connection_as_new(tmp_path: Path, leave: Callable[[Any], None]) -> None:
    path = tmp_path / "runs.db"
    with sqlite_pool(tmp_path):
        store(path, 1)
        taken = engine_of(path).raw_connection()
        raw: Any = taken.dbapi_connection
        taken.detach()  # else SQLAlchemy tidies up itself
        leave(raw)
        raw.close()
        raw.close()  # no harm
        with contextlib.closing(sqlite3.connect(path, timeout=0)) as other, other:
            other.execute("insert into events values (5)")  # nothing is locked
        with engine_of(path).connect() as one, engine_of(path).connect() as two:
            assert one.connection.dbapi_connection is not two.connection.dbapi_connection
        with engine_of(path).connect() as con:
            con.execute(EVENTS.insert().values(number=3))
            con.rollback()
        store(path, 4)
    assert stored(path) == [1, 4, 5]


def test_afterwards_sqlalchemy_is_as_before(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "runs.db"
    with pytest.raises(RuntimeError, match="mine"), sqlite_pool(tmp_path):
        store(path, 0)
        with pytest.raises(RuntimeError, match="kept already"), sqlite_pool(tmp_path):
            pass
        raise RuntimeError("mine")
    opened.clear()
    store(path, 1)
    store(path, 2)
    assert opened == ["runs.db"] * 2
    assert type(engine_of(path).dialect) is SQLiteDialect_pysqlite
    with sqlite_pool(tmp_path):  # and again
        store(path, 3)
    assert stored(path) == [0, 1, 2, 3]


def test_engines_share_a_dialect_but_for_one_with_options_of_its_own(tmp_path: Path) -> None:
    with sqlite_pool(tmp_path):
        store(tmp_path / "runs.db", 1)
        one, two = engine_of(tmp_path / "runs.db").dialect, engine_of(tmp_path / "other.db").dialect
        assert one is two
        assert one.server_version_info == sqlite3.sqlite_version_info
        own = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'runs.db'}", isolation_level="AUTOCOMMIT").dialect
        assert own is not one
        assert engine_of(tmp_path / "runs.db").dialect is one


def test_a_table_that_is_there_is_asked_of_once_and_one_that_is_not_each_time(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    asked: list[str] = []
    with sqlite_pool(tmp_path):
        for _ in range(3):
            with engine_of(path).connect() as con:
                raw: Any = con.connection.dbapi_connection
                raw.set_trace_callback(lambda said: asked.append(said) if "table_" in said else None)
                inspector = sqlalchemy.inspect(con)
                assert not inspector.has_table("events")
        missing = len(asked)
        store(path, 1)
        asked.clear()
        for _ in range(3):
            with engine_of(path).connect() as con:
                inspector = sqlalchemy.inspect(con)
                assert inspector.has_table("events")
                columns = inspector.get_columns("events")
                assert [column["name"] for column in columns] == ["number"]
                columns[0]["name"] = "mine"  # the next gets its own
    assert missing >= 3
    assert sum("table_info" in said for said in asked) == 1
    assert sum("table_xinfo" in said for said in asked) == 1


def test_each_connection_has_sqlalchemys_functions(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with sqlite_pool(tmp_path / "home"):
        for path in (tmp_path / "home" / "kept.db", tmp_path / "other.db", None):
            with engine_of(path).connect() as con:
                assert con.execute(sqlalchemy.text("select 'abc' regexp 'b', floor(1.5)")).one() == (1, 1)
