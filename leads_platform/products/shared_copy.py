"""`warehouse.duckdb`: what may be carried away: dim_, fct_, rep_ and stats without personal columns, the ledgers.

Belongs here: making that file, by copying the former one and writing the months that changed. Does not: which columns
are personal (declarations), or the copy for the owner (full_copy).

A file whose tables or columns differ is written new: of a column that is dropped the bytes stay in DuckDB's file.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from leads_platform.products.describe import describe, ledger_texts, undescribed, words_hash
from leads_platform.products.product import Check, Making, Product
from leads_platform.warehouse.connection import CATALOG
from leads_platform.warehouse.sql import address, identifier, literal
from leads_platform.warehouse.table import Column, Table

SHARED = "warehouse.duckdb"
LAYERS = ("dim", "fct", "rep")
_FILE = "shared"  # what it is attached as
Columns = list[tuple[str, str]]  # names and types
# A column of a record may be seen in them, or who somebody is.
_NOT_SHARED = {
    "warehouse.checks": ("evidence",),
    "warehouse.refused_builds": ("evidence",),
    "arrivals.decisions": ("who", "why"),
    "actions.runs": ("who", "why"),
}


def shared_copy(tables: Mapping[str, Table]) -> Product:
    """The product; made anew, too, where a description changed or another column counts as personal."""
    return Product(
        says="Dimensions, facts, reports and stats without personal columns, and the ledgers: a file to pass on.",
        reads=("*",),
        make=_make,
        must=(
            Check("no_personal_column", "No column that is marked as personal data is in the file.", _personal),
            Check("months_are_whole", "Each month has the rows that were built, and no other month is there.", _odd),
            Check("all_is_described", "Every table, view and column has a comment.", _undescribed),
        ),
        version=words_hash(tables, shared=True),
    )


def shared_tables(tables: Mapping[str, Table]) -> dict[str, list[Column]]:
    """The tables of the file with their columns."""
    return {
        name: [column for column in table.columns if not column.pii]
        for name, table in tables.items()
        if table.layer in LAYERS
    }


def _make(making: Making) -> dict[str, int]:
    con = making.con
    if making.former is not None:
        shutil.copyfile(making.former, making.scratch)
    wanted = _wanted(making)
    with _attached(making):
        differs = any(wanted.get(name) != columns for name, columns in columns_of(con, _FILE).items())
    if differs:
        making.scratch.unlink()
    with _attached(making):
        stale = _stale_months(con)
        con.execute("begin")  # one transaction for each kind of statement: each has a price of its own on the disk
        for name, columns in wanted.items():
            _make_table(con, name, columns, anew=not stale.keeps(name))
        con.execute("commit")
        con.execute("begin")
        written = sum(_insert(con, name, columns, stale.of(name)) for name, columns in wanted.items())
        con.execute("commit")
        describe(con, making.tables, _FILE)
        con.execute(f"checkpoint {_FILE}")
    return {"rows_written": written, "bytes": making.scratch.stat().st_size}


@contextlib.contextmanager
def _attached(making: Making, *, read_only: bool = False) -> Iterator[None]:
    making.con.execute(f"attach {literal(str(making.scratch))} as {_FILE}{' (read_only)' if read_only else ''}")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # none is open, as a rule
            making.con.execute("rollback")
        making.con.execute(f"detach {_FILE}")


@dataclass(frozen=True)
class _Stale:
    """The months whose fingerprint in the file's own ledger is not the warehouse's: of each table, before and now."""

    before: Mapping[str, Mapping[date, str]]
    now: Mapping[str, Mapping[date, str]]

    def of(self, name: str) -> list[date]:
        """The table's months to be written or taken out."""
        before, now = self.before.get(name, {}), self.now.get(name, {})
        return sorted(month for month in {*before, *now} if before.get(month) != now.get(month))

    def keeps(self, name: str) -> bool:
        """Whether any month of the table stays; else its blocks had better be free again."""
        return bool(set(self.before.get(name, {})) - set(self.of(name)))


def _stale_months(con: duckdb.DuckDBPyConnection) -> _Stale:
    found: list[dict[str, dict[date, str]]] = [{}, {}]
    for months, database in zip(found, (_FILE, CATALOG), strict=True):
        if "warehouse.builds" in columns_of(con, database):
            query = f"select table_name, month, fingerprint from {database}.warehouse.builds"
            for name, month, fingerprint in con.execute(query).fetchall():
                months.setdefault(name, {})[month] = fingerprint
    return _Stale(*found)


def _make_table(con: duckdb.DuckDBPyConnection, name: str, columns: Columns, *, anew: bool) -> None:
    """The table without rows, where it isn't there yet or nothing of it stays; a ledger is always written whole."""
    con.execute(f"create schema if not exists {_FILE}.{identifier(name.split('.', 1)[0])}")
    create = "create or replace table" if anew or ledger_texts(name) else "create table if not exists"
    con.execute(f"{create} {_in_file(name)} as select {_listed(columns)} from {_ours(name)} where false")


def _insert(con: duckdb.DuckDBPyConnection, name: str, columns: Columns, months: list[date]) -> int:
    """Writes the table's months anew; returns the rows of a table, 0 for a ledger."""
    which = ""
    if not ledger_texts(name):
        if not months:
            return 0
        which = f"where month in ({', '.join(map(literal, months))})"
        con.execute(f"delete from {_in_file(name)} {which}")
    insert = f"insert into {_in_file(name)} select {_listed(columns)} from {_ours(name)} {which}"
    ((count,),) = con.execute(insert).fetchall()
    return 0 if ledger_texts(name) else count


def _wanted(making: Making) -> dict[str, Columns]:
    """Tables and ledgers of the file, as far as they are built: columns and types as the warehouse has them."""
    there = columns_of(making.con, CATALOG)
    wanted = {
        name: [(column, kind) for column, kind in there[name] if column in {c.name for c in columns}]
        for name, columns in shared_tables(making.tables).items()
        if name in there
    }
    for name in filter(ledger_texts, there):
        if name.startswith("actions.") and name != "actions.runs":  # who was given out, lead by lead
            continue
        wanted[name] = [(column, kind) for column, kind in there[name] if column not in _NOT_SHARED.get(name, ())]
    return wanted


def columns_of(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, Columns]:
    """The tables of a file, without views."""
    found: dict[str, Columns] = {}
    for schema, name, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "semi join duckdb_tables() using (database_name, schema_name, table_name) "
        f"where database_name = {literal(database)} order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{name}", []).append((column, kind))
    return found


def _personal(making: Making) -> Iterable[str]:
    with _attached(making, read_only=True):
        there = columns_of(making.con, _FILE)
    for name, columns in there.items():
        table = making.tables.get(name)
        personal = {column.name for column in table.columns if column.pii} if table else set()
        for column, _ in columns:
            if column in personal:
                yield f"{name}.{column} is personal data"


def _odd(making: Making) -> Iterable[str]:
    with _attached(making, read_only=True):
        names = [name for name in columns_of(making.con, _FILE) if not ledger_texts(name)]
        if not names:
            return []
        counted = " union all ".join(
            f"select {literal(name)} as table_name, month, count(*) as row_count from {_in_file(name)} group by month"
            for name in names
        )
        rows = making.con.execute(
            f"""
            select table_name, month, there.row_count, builds.row_count
            from ({counted}) as there
            full join (from {CATALOG}.warehouse.builds where row_count > 0) as builds using (table_name, month)
            where there.row_count is distinct from builds.row_count
                and table_name in ({", ".join(map(literal, names))})
            order by all
            """
        ).fetchall()
    return [
        f"{name} of {month:%Y-%m} has {ours or 0:,} rows; {built or 0:,} were built"
        for name, month, ours, built in rows
    ]


def _undescribed(making: Making) -> Iterable[str]:
    with _attached(making, read_only=True):
        return [f"{place} has no comment" for place in undescribed(making.con, _FILE)]


def _listed(columns: Columns) -> str:
    return ", ".join(identifier(column) for column, _ in columns)


def _in_file(name: str) -> str:
    return f"{_FILE}.{address(name)}"


def _ours(name: str) -> str:
    return f"{CATALOG}.{address(name)}"
