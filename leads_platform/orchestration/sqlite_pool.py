"""Dagster's SQLite files, held open while this process runs jobs: stock storage at less cost.

Belongs here: how SQLAlchemy connects to SQLite in this process. Does not: what Dagster stores or where (dagster.yaml).

Stock storage makes an engine, a connection and the text of each statement anew for every event, and the last to close
a file writes its log back, which is much of a run's time. Dagster offers no setting for that; SQLAlchemy offers these
hooks: `do_connect` may hand out a connection that is there already, a dialect may be registered under SQLite's name,
and `compiled_cache` may be shared by engines of one dialect. The same rows come to lie in the same files, but at a
power cut the last of them may be missing.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

# Dagster's own statements are some fifty.
_STATEMENTS = 500
_in_use = threading.Lock()


class _Shared(type(SQLiteDialect_pysqlite)):
    """Makes one dialect for all engines with the same options. Who listens to one of them listens to all."""

    _all: ClassVar[dict[frozenset[tuple[str, Any]], SharedDialect]] = {}

    def __call__(cls, **options: Any) -> Any:
        try:
            return cls._all[frozenset(options.items())]
        except KeyError:
            return cls._all.setdefault(frozenset(options.items()), super().__call__(**options))
        except TypeError:  # an option that can't be a key
            return super().__call__(**options)


class SharedDialect(SQLiteDialect_pysqlite, metaclass=_Shared):
    """SQLite's dialect, made and told of SQLite's version once, so that engines share the statements it compiled.

    Public, as SQLAlchemy finds it by its name.
    """

    supports_statement_cache = True
    _knows = False

    def initialize(self, connection: Connection) -> None:
        if not self._knows:
            super().initialize(connection)
            self._knows = True

    def on_connect_url(self, url: object) -> None:
        """Nothing is left to do when a connection is handed out; `connect` prepares it when it is made."""

    def connect(self, *arguments: Any, **options: Any) -> Any:
        return self.prepared(super().connect(*arguments, **options))

    def prepared(self, made: Any) -> Any:
        """The connection with the SQL functions SQLAlchemy gives to each."""
        self.on_connect()(made)
        return made

    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **options: Any) -> bool:
        return bool(_remembered(connection, ("table", table_name, schema), super().has_table, options))

    def get_columns(self, connection: Connection, table_name: str, schema: str | None = None, **options: Any) -> Any:
        columns = _remembered(connection, ("columns", table_name, schema), super().get_columns, options)
        return [dict(column) for column in columns]


_What = tuple[str, str, str | None]


def _remembered(connection: Connection, what: _What, ask: Callable[..., Any], options: dict[str, Any]) -> Any:
    """What a kept connection was told of a table that is there. Dagster asks it anew for each event.

    What another program changes of that table meanwhile (`dagster instance migrate`) is seen by the next command.
    """
    raw = connection.connection.dbapi_connection
    known = raw.known if isinstance(raw, _Kept) else {}
    if what not in known:
        answer = ask(connection, *what[1:], **options)
        if not answer:
            return answer
        known[what] = answer
    return known[what]


class _Kept(sqlite3.Connection):
    """A connection that goes back to those at hand when it is closed, as it was when it was new."""

    at_hand: list[_Kept] | None = None
    lent = True
    path = ""
    changes = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.known: dict[_What, Any] = {}  # what SQLAlchemy asked of its tables
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, factory: Any = None) -> Any:
        made = super().cursor(factory or sqlite3.Cursor)
        self._cursors.add(made)
        return made

    def close(self) -> None:
        if not self.lent:
            return
        if self.at_hand is None or self.isolation_level != "":  # somebody set it for himself alone
            self.end()
            return
        try:
            for cursor in self._cursors:  # one that was not read to its end would hold its statement open
                cursor.close()
            self.rollback()
        except sqlite3.Error:
            self.end()
            return
        if self.total_changes > self.changes:
            self.changes = self.total_changes
            # What was written lies in the log; who waits for news of a run watches the file itself (the UI's run page).
            with contextlib.suppress(OSError):
                os.utime(self.path)
        self.lent = False
        self.at_hand.append(self)

    def end(self) -> None:
        self.at_hand = None
        super().close()


@contextlib.contextmanager
def sqlite_pool(folder: Path) -> Iterator[None]:
    """Keeps the connections that SQLAlchemy makes to SQLite files below `folder`, until the end.

    A connection stays with its thread and its file. Each one at hand has no open transaction, so it locks nothing and
    the UI and the daemon read and write beside it. One at a time in a process: raises RuntimeError within another.
    """
    if not _in_use.acquire(blocking=False):
        raise RuntimeError("connections are kept already in this process")
    below = f"{folder.absolute()}{os.sep}"
    at_hand: dict[tuple[object, ...], list[_Kept]] = defaultdict(list)
    made: list[_Kept] = []
    compiled: LRUCache[Any, Any] = LRUCache(_STATEMENTS)

    def connect(dialect: object, record: object, arguments: list[Any], options: dict[str, Any]) -> object:
        if not isinstance(dialect, SharedDialect) or not str(arguments[0]).startswith(below):
            return None
        free = at_hand[threading.get_ident(), *arguments, *sorted(options.items())]
        if free:
            kept = free.pop()
            kept.lent = True
            return kept
        kept = dialect.prepared(sqlite3.connect(*arguments, **options, factory=_Kept))
        # A commit is not written through to the disk: a power cut may take the last ones, and breaks nothing.
        kept.execute("pragma synchronous = normal")
        kept.at_hand, kept.path = free, arguments[0]
        made.append(kept)
        return kept

    def share(connection: Connection) -> None:
        if isinstance(connection.dialect, SharedDialect):
            connection.execution_options(compiled_cache=compiled)

    hooks = ((Engine, "do_connect", connect), (Engine, "engine_connect", share))
    registry.register("sqlite", __name__, SharedDialect.__name__)
    try:
        for hook in hooks:
            event.listen(*hook)
        yield
    finally:
        for hook in hooks:
            if event.contains(*hook):
                event.remove(*hook)
        for kept in made:
            with contextlib.suppress(sqlite3.Error):
                kept.end()
        registry.deregister("sqlite")  # the next engine finds SQLAlchemy's own again
        _in_use.release()
