"""Dagster's SQLite files, held open while this process runs jobs: stock storage, at half its cost.

Belongs here: how SQLAlchemy connects to SQLite in this process. Does not: what Dagster stores or where (dagster.yaml).

Stock storage makes an engine, a connection and the text of each statement anew for every event, and the last to close
a file writes its log back: of a run's time more than half (HAZARDS). Dagster offers no setting for that; SQLAlchemy
offers these hooks: `do_connect` may hand out a connection that is there already, and `compiled_cache` may be shared
by engines whose dialects are equal. Only speed depends on it: without it the same rows come to lie in the same files.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class EqualDialect(SQLiteDialect_pysqlite):
    """SQLite's dialect, any two of which are equal, so that engines of one process share compiled statements."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class _Kept(sqlite3.Connection):
    """A connection that goes back to those at hand when it is closed."""

    at_hand: list[_Kept] | None = None

    def close(self) -> None:
        if self.at_hand is None:
            super().close()
        else:
            self.rollback()
            self.at_hand.append(self)

    def end(self) -> None:
        self.at_hand = None
        self.close()


@contextlib.contextmanager
def kept_connections() -> Iterator[None]:
    """Keeps this process's SQLite connections that SQLAlchemy makes, until the end. Not to be nested.

    A connection stays with its thread and its database. Each one at hand has no open transaction, so it locks nothing
    and the UI and the daemon read and write beside it.
    """
    at_hand: dict[tuple[object, ...], list[_Kept]] = defaultdict(list)
    made: list[_Kept] = []
    compiled: dict[Any, Any] = {}

    def connect(dialect: object, record: object, arguments: list[Any], options: dict[str, Any]) -> object:
        if not isinstance(dialect, EqualDialect):
            return None
        free = at_hand[threading.get_ident(), *arguments, *sorted(options.items())]
        if free:
            return free.pop()
        kept = sqlite3.connect(*arguments, **options, factory=_Kept)
        # Nothing is written through to the disk but at the end and now and then: a power cut may take the last events,
        # and never the files' order. What it took is told again (catch_up).
        kept.execute("pragma synchronous = normal")
        kept.at_hand = free
        made.append(kept)
        return kept

    def share(connection: Connection) -> None:
        if isinstance(connection.dialect, EqualDialect):
            connection.execution_options(compiled_cache=compiled)

    hooks = ((Engine, "do_connect", connect), (Engine, "engine_connect", share))
    registry.register("sqlite", __name__, EqualDialect.__name__)
    for hook in hooks:
        event.listen(*hook)
    try:
        yield
    finally:
        for hook in hooks:
            event.remove(*hook)
        registry.deregister("sqlite")  # the next engine finds SQLAlchemy's own again
        for kept in made:
            with contextlib.suppress(sqlite3.Error):  # of a thread that has ended: closed with the object
                kept.end()
