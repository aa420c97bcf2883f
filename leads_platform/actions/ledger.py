"""The relations `actions.*` in the warehouse: the manifests of actions as rows, for queries and for the next run.

Belongs here: deriving them. Does not: anything that decides; the manifests are the truth, `rebuild` makes these anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb

from leads_platform.actions.history import History, Run
from leads_platform.warehouse import sql

RUNS = "actions.runs"
_RUNS = {
    "action": "varchar",
    "run": "bigint",
    "profile": "varchar",
    "form": "varchar",
    "month": "date",
    "include": "varchar[]",
    "rows": "bigint",
    "counts": "varchar",
    "files": "varchar[]",
    "who": "varchar",
    "why": "varchar",
    "done_at": "timestamptz",
}
_ROWS = {
    "run": "bigint",
    "profile": "varchar",
    "form": "varchar",
    "month": "date",
    "external_id": "varchar",
    "key": "varchar",
    "hash": "varchar",
    "operation": "varchar",
    "feed": "varchar",
    "sha256": "varchar",
    "done_at": "timestamptz",
}


def rows_of(action: str) -> str:
    """`new-leads` -> `actions.new_leads_rows`."""
    return f"actions.{action.replace('-', '_')}_rows"


def refresh_actions(con: duckdb.DuckDBPyConnection, history: History, names: Iterable[str]) -> None:
    """Brings `actions.*` to what the manifests say, in one transaction; each action of `names` has a relation.

    A manifest never changes, so only new ones are read. Raises ArchiveDamaged where one that is known is gone.
    """
    there = history.numbers()
    _make(con, names, {action for action, _ in there})
    known = set(con.execute(f"select action, run from {RUNS}").fetchall())
    history.missing(known)
    new = [history.read(*number) for number in sorted(there - known)]
    if not new:
        return
    con.execute("begin")
    try:
        con.execute(f"insert into {RUNS} {sql.records(_RUNS, [_run(run) for run in new])}")
        for run in new:
            if rows := [_row(run, number) for number in range(len(run.rows))]:
                con.execute(f"insert into {rows_of(run.action)} {sql.records(_ROWS, rows)}")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _make(con: duckdb.DuckDBPyConnection, declared: Iterable[str], done: Iterable[str]) -> None:
    con.execute("create schema if not exists actions")
    wanted = {RUNS: _RUNS} | {rows_of(action): _ROWS for action in (*declared, *done)}
    for name, columns in wanted.items():
        listed = ", ".join(f"{sql.identifier(column)} {kind}" for column, kind in columns.items())
        con.execute(f"create table if not exists {sql.address(name)} ({listed})")


def _run(run: Run) -> tuple[object, ...]:
    return (
        *(run.action, run.run, run.profile, run.form, run.month, list(run.include), len(run.rows)),
        *(json.dumps(run.counts), list(run.files), run.who, run.why, run.done_at.isoformat()),
    )


def _row(run: Run, number: int) -> tuple[object, ...]:
    row = run.rows[number]
    return (
        *(run.run, run.profile, run.form, run.month, row.external_id, row.key, row.hash, row.operation),
        *(row.feed, row.sha256, run.done_at.isoformat()),
    )
