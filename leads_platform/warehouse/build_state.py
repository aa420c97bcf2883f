"""What is built and which checks failed, beside the warehouse, for those who must not open the live file.

Belongs here: writing and reading `build_state.json`. Does not: deciding anything; the warehouse's own ledgers rule.
It is written when a writer's session ends, however it ends. After a crash it is older than the warehouse until the
next session; it then shows months as stale that are not, never the other way round.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

_FORMER_NAME = "ledger.json"  # until 2026-11; read until the first session of a later version is over
_BUILDS = (
    "select table_name, month::varchar, row_count, content_hash, fingerprint, epoch(built_at) from warehouse.builds"
)
_FAILED = "select table_name, month::varchar, check_name, bad_rows, evidence from warehouse.checks where not passed"
_REFUSED = "select table_name, month::varchar, check_name, bad_rows, evidence from warehouse.refused_builds"


@dataclass(frozen=True)
class FailedCheck:
    """A check that failed for a month; `refused` when it kept new rows out, else a warning on rows that stand."""

    table: str
    month: date
    check: str
    bad_rows: int
    evidence: dict[str, object]
    refused: bool


@dataclass(frozen=True)
class BuildState:
    """What was built, by (table, month), and what failed."""

    rows: dict[tuple[str, date], int]
    fingerprints: dict[tuple[str, date], str]
    content: dict[tuple[str, date], str]
    failed: list[FailedCheck]
    built_at: dict[tuple[str, date], float] = field(default_factory=dict)  # seconds since 1970; old notes have none

    def content_hash(self, tables: Iterable[str], last: date | None = None) -> str:
        """One hash of all rows of these tables; equal for warehouses of equal content, whenever they were made.

        Months after `last`, the last one with data, are left out: dimensions are carried there only when asked for.
        """
        wanted = set(tables)
        lines = sorted(
            f"{table} {month} {self.rows[table, month]} {content}"
            for (table, month), content in self.content.items()
            if table in wanted and self.rows[table, month] and (last is None or month <= last)
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_build_state(con: duckdb.DuckDBPyConnection, path: Path, warehouse: Path) -> None:
    """Writes the state of this warehouse by rename."""
    note: dict[str, object] = {"warehouse": str(warehouse)}
    note |= {
        name: con.execute(query).fetchall()
        for name, query in (("builds", _BUILDS), ("failed", _FAILED), ("refused", _REFUSED))
    }
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(note))
    scratch.replace(path)
    path.with_name(_FORMER_NAME).unlink(missing_ok=True)


def forget_build_state(path: Path) -> None:
    """Removes the state: the warehouse it tells of will be made anew."""
    path.unlink(missing_ok=True)
    path.with_name(_FORMER_NAME).unlink(missing_ok=True)


def read_build_state(path: Path, warehouse: Path) -> BuildState:
    """The state of this warehouse; empty when nothing was ever built in it, it is gone, or the file is spoilt."""
    try:
        state = json.loads((path if path.exists() else path.with_name(_FORMER_NAME)).read_text())
    except (FileNotFoundError, ValueError):
        state = {}
    if state.get("warehouse") != str(warehouse) or not warehouse.exists():
        return BuildState({}, {}, {}, [])
    builds = {(table, date.fromisoformat(month)): rest for table, month, *rest in state["builds"]}
    failed = [
        FailedCheck(table, date.fromisoformat(month), check, bad, json.loads(evidence), refused)
        for name, refused in (("refused", True), ("failed", False))
        for table, month, check, bad, evidence in state[name]
    ]
    return BuildState(
        {at: rest[0] for at, rest in builds.items()},
        {at: rest[2] for at, rest in builds.items()},
        {at: rest[1] for at, rest in builds.items()},
        failed,
        {at: rest[3] for at, rest in builds.items() if len(rest) > 3},
    )
