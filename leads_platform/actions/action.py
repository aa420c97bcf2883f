"""The `Action` declaration: something that can't be unmade, so that only a person or a schedule asks for it.

Belongs here: what an author writes, and what it gets and gives. Does not: the steps of a run (perform), or what is kept
of it (history).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from leads_platform.warehouse.table import Audit


class ActionFailed(Exception):
    """An action can't be done; the text says why and what to do, without a value of any record. Nothing was done."""


class AskedWrongly(Exception):
    """What was asked for is not there to be asked for; the text says what is."""


@dataclass(frozen=True)
class Asked:
    """What a person asks for: of which month, in which form, with what else, and who and why."""

    month: date
    form: str = ""
    include: tuple[str, ...] = ()
    who: str = ""
    why: str = ""


@dataclass(frozen=True)
class Doing:
    """What an action is done with.

    `con` reads the warehouse as it was committed last, `actions.*` of earlier runs included. `rows` are those of the
    action's select, which passed its audits. `scratch` is an empty folder whose files the engine takes to their place;
    None when only what would be done is asked. `keyed` hashes a text with the archive's key: equal texts give equal
    hashes, and nobody without the key can find a text by trying. `withdrawn` are files (feed, sha256) that a person has
    taken out. `stale` are the months for which a table it reads is not current; never the one asked for.
    """

    con: DuckDBPyConnection
    rows: list[dict[str, Any]]
    asked: Asked
    scratch: Path | None
    now: datetime
    keyed: Callable[[str], str]
    withdrawn: frozenset[tuple[str, str]]
    stale: frozenset[date] = frozenset()

    def query(self, select: str) -> list[dict[str, Any]]:
        """The rows of a select, by the names of its columns."""
        return dictionaries(self.con, select)


@dataclass(frozen=True)
class RowDone:
    """What was done with one thing, without a value of it: `key` is the row's, `external_id` what others know it by.

    `hash` is the keyed hash of what went out. `operation` is a word of the action's own, as `new` or `changed`. `feed`
    and `sha256` are the file it came from.
    """

    external_id: str
    key: str
    hash: str
    operation: str
    feed: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Done:
    """What an action did, or would do. Where `rows` is empty nothing was done: no file, no manifest.

    `file` is what it wrote into the scratch folder, if anything. `counts` and `says` are for people, without a value of
    any record.
    """

    rows: tuple[RowDone, ...] = ()
    file: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """Something done once with rows of tables.

    `reads` are the tables it reads, each built and current for the month, or nothing is done. `months` is a select of
    the months that may be asked for. `rows` is a select of what is to be done in `$month`; it may read `actions.*`.
    `must`: audits of these rows as `this`; a failure does nothing. `do` does it and says what it did. `forms` and
    `include` are the words a person may ask with, and what each means; the first form is the usual one.
    """

    says: str
    reads: tuple[str, ...]
    months: str
    rows: str
    do: Callable[[Doing], Done]
    must: tuple[Audit, ...] = ()
    forms: Mapping[str, str] = field(default_factory=dict)
    include: Mapping[str, str] = field(default_factory=dict)


def dictionaries(con: DuckDBPyConnection, select: str) -> list[dict[str, Any]]:
    """The rows of a select, by the names of its columns."""
    asked = con.execute(select)
    names = [column for column, *_ in asked.description or ()]
    return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
