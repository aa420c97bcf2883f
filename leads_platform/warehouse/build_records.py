"""What the warehouse file says of its own builds: `warehouse.builds`, `checks` and `refused_builds`.

Belongs here: reading these ledgers once, and writing them along with a build. Does not: a table's rows (write), or the
note beside the file that others read (build_state). A caller's transaction is around what is written, unless said.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import duckdb

from leads_platform.warehouse import sql
from leads_platform.warehouse.connection import LEDGERS
from leads_platform.warehouse.outcome import Build

Place = tuple[str, date]
"""A table and a month."""


class BuildRecords:
    """The ledgers of one open warehouse. Nobody else writes to the file: they are read once, and kept along."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_id: str) -> None:
        self._con, self._run_id = con, run_id
        self._built: dict[Place, str] | None = None
        self._rows: dict[Place, int] = {}  # as of built()
        self._content: dict[Place, str] = {}  # as of built(): the content hashes
        self._noted: set[str] = set()  # as of built(): tables with refused builds noted, or that had some

    def built(self) -> dict[Place, str]:
        """The fingerprint each table's month was last built with: not a copy."""
        if self._built is None:
            rows = self._con.execute(
                "select table_name, month, fingerprint, row_count, content_hash from warehouse.builds"
            ).fetchall()
            self._built = {(name, month): fingerprint for name, month, fingerprint, *_ in rows}
            self._rows = {(name, month): count for name, month, _, count, _ in rows}
            self._content = {(name, month): content for name, month, *_, content in rows}
            noted = self._con.execute("select distinct table_name from warehouse.refused_builds").fetchall()
            self._noted = {name for (name,) in noted}
        return self._built

    def rows(self) -> dict[Place, int]:
        """The number of rows of each table's month that was built: not a copy."""
        self.built()
        return self._rows

    def ask_again(self) -> None:
        """What was known of the file is read again: a transaction on it has failed, or something is dropped."""
        self._built = None

    def record(self, build: Build, prints: dict[date, str]) -> None:
        """Writes a build and its checks in the place of those of before."""
        built = self.built()
        before = ["builds", "checks"] if any((build.table, month) in built for month in build.rows) else []
        for ledger in [*before, *(["refused_builds"] if build.table in self._noted else [])]:
            self._forget(ledger, _months_of(build))
        self._note(
            "builds",
            [
                (build.table, month, count, build.hashes.get(month, "0"), prints[month])
                for month, count in build.rows.items()
            ],
        )
        self._note(
            "checks",
            [
                (build.table, c.month, c.check, c.blocking, c.passed, c.bad_rows, json.dumps(c.evidence))
                for c in build.checks
            ],
        )

    def keep(self, build: Build, prints: dict[date, str]) -> Build:
        """Takes what was committed into what is known of the file. Returns the build with what it replaced."""
        built = self.built()
        now = {(build.table, month): (count, build.hashes.get(month, "0")) for month, count in build.rows.items()}
        replaced = {
            place[1]: self._rows[place]
            for place, content in now.items()
            if place in built and (self._rows[place], self._content[place]) != content
        }
        built |= {(build.table, month): fingerprint for month, fingerprint in prints.items()}
        self._rows |= {place: count for place, (count, _) in now.items()}
        self._content |= {place: content for place, (_, content) in now.items()}
        return replace(build, replaced=replaced)

    def refuse(self, build: Build) -> None:
        """Notes why a build was rolled back, in a transaction of its own."""
        failed = [check for check in build.checks if check.blocking and not check.passed]
        self._con.execute("begin")
        self._forget("refused_builds", _months_of(build))
        self._note(
            "refused_builds",
            [(build.table, c.month, c.check, c.bad_rows, json.dumps(c.evidence)) for c in failed],
        )
        self._con.execute("commit")

    def forget_refusals(self, are_settled: Callable[[str, date], bool]) -> None:
        """Drops the notes of refused builds of these tables and months."""
        rows = self._con.execute("select distinct table_name, month from warehouse.refused_builds").fetchall()
        for name, month in rows:
            if are_settled(name, month):
                self._forget("refused_builds", f"table_name = {sql.literal(name)} and month = {sql.literal(month)}")

    def forget(self, which: str) -> None:
        """Drops all that is said of these tables and months: a condition."""
        for ledger in ("builds", "checks", "refused_builds"):
            self._forget(ledger, which)

    def _forget(self, ledger: str, which: str) -> None:
        self._con.execute(f"delete from warehouse.{ledger} where {which}")

    def _note(self, ledger: str, rows: list[tuple[object, ...]]) -> None:
        """Rows in the order of the ledger's columns, but for its last two, which are this run and the time."""
        records = sql.records(dict(list(LEDGERS[ledger].items())[:-2]), rows)
        run = sql.literal(self._run_id)
        self._con.execute(f"insert into warehouse.{ledger} select *, {run}, now() from ({records})")


def _months_of(build: Build) -> str:
    return f"table_name = {sql.literal(build.table)} and {sql.within(build.first, build.last)}"
