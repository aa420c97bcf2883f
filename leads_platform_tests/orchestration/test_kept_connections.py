"""Dagster's files are held open, and everybody else finds them as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool

from leads_platform.orchestration.kept_connections import kept_connections


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that SQLAlchemy opened, each time: it names them by text."""
    found: list[str] = []
    real = sqlite3.connect

    def connect(path: Any, **options: Any) -> sqlite3.Connection:
        if isinstance(path, str):
            found.append(path)
        return real(path, **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    return found


def store(path: Path, number: int) -> None:
    """As Dagster's stock storage does it: an engine for each event."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 5})
    with engine.connect() as con, con.begin():
        con.execute(sqlalchemy.text("pragma journal_mode = wal"))
        con.execute(sqlalchemy.text("create table if not exists events (number integer)"))
        table = sqlalchemy.table("events", sqlalchemy.column("number"))
        con.execute(table.insert().values(number=number))
    engine.dispose()


def stored(path: Path) -> list[int]:
    """What another program reads."""
    con = sqlite3.connect(path)
    try:
        return [number for (number,) in con.execute("select number from events order by number")]
    finally:
        con.close()


def test_a_file_is_opened_once_and_others_read_and_write_beside(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "runs.db"
    with kept_connections():
        for number in range(5):
            store(path, number)
        assert opened == [str(path)]
        assert stored(path) == [0, 1, 2, 3, 4]
        other = sqlite3.connect(path, timeout=0)
        with other:
            other.execute("insert into events values (5)")  # nothing is locked
        other.close()
        store(path, 6)
        assert opened == [str(path)]
    assert stored(path) == list(range(7))
    assert sorted(tmp_path.iterdir()) == [path]  # the log was written back


def test_what_fails_is_rolled_back_before_the_next_has_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with kept_connections():
        store(path, 1)
        engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 5})
        con = engine.connect()
        con.execute(sqlalchemy.text("insert into events values (2)"))
        con.close()
        store(path, 3)
    assert stored(path) == [1, 3]


def test_two_at_a_time_have_a_connection_each(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with kept_connections():
        store(path, 1)
        engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 5})
        with engine.connect() as one, engine.connect() as two:
            one.execute(sqlalchemy.text("insert into events values (2)"))
            assert two.execute(sqlalchemy.text("select count(*) from events")).scalar() == 1


def test_afterwards_sqlalchemy_is_as_before(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with pytest.raises(RuntimeError), kept_connections():
        store(path, 0)
        raise RuntimeError
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=NullPool)
    assert type(engine.dialect) is SQLiteDialect_pysqlite
    with engine.connect() as con:
        assert type(con.connection.dbapi_connection) is sqlite3.Connection
    assert sorted(tmp_path.iterdir()) == [path]
