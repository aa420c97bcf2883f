"""What a warehouse file says of itself: a comment on every table and column, and a view of each newest month.

Belongs here: bringing a file's comments and views to what is declared. Does not: what the texts say (declarations), or
files of records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import duckdb

from leads_platform.warehouse.sql import identifier, literal
from leads_platform.warehouse.table import Table

CURRENT = "current_"
# The ledgers: what a row is, and each column.
LEDGERS: dict[str, tuple[str, dict[str, str]]] = {
    "arrivals.files": (
        "One row per file taken in, in its latest reading: what became of it and of its records.",
        {
            "feed": "Feed",
            "file_name": "Name as delivered",
            "sha256": "Hash of its bytes",
            "month": "Month it is filed under; null where its records say it, or where it has none",
            "part": "Which part of the month's list, where the supplier sends parts",
            "version": "Version its name states",
            "records": "Records in the file",
            "loaded": "Records loaded",
            "quarantined": "Records kept out, each with its reason in arrivals.quarantine",
            "erased": "Records that were loaded and have been erased since",
            "verdict": "accepted, partial, held or refused",
            "reason": "Kind of the refusal",
            "message": "What is the matter, in words",
            "in_force": "Whether tables are built of it",
            "added": "Records that the version before did not have",
            "changed": "Records that it had otherwise",
            "removed": "Records that it had and this one has not",
            "receipt": "Number of the receipt",
            "received_at": "When it was taken in",
        },
    ),
    "arrivals.file_months": (
        "One row per file and month of its records.",
        {
            "feed": "Feed",
            "sha256": "Hash of the file's bytes",
            "receipt": "Number of the receipt",
            "month": "Month",
            "records": "Records of the month in the file",
        },
    ),
    "arrivals.quarantine": (
        "One row per record kept out of the tables.",
        {
            "feed": "Feed",
            "sha256": "Hash of the file's bytes",
            "file_name": "File",
            "receipt": "Number of the file's receipt",
            "line": "Line in the file",
            "column_name": "Column at fault, where one is",
            "reason": "Why",
        },
    ),
    "arrivals.decisions": (
        "One row per decision of a person on a file.",
        {
            "feed": "Feed",
            "sha256": "Hash of the file's bytes",
            "action": "accept or withdraw",
            "receipt": "Number of the decision",
            "decided_at": "When",
            "who": "Who decided; empty where that was not kept yet",
            "why": "Why, in their words",
        },
    ),
    "arrivals.ledger_version": (
        "One row: which receipts the ledger has heard of.",
        {"version": "Count of receipts, months, contracts"},
    ),
    "actions.runs": (
        "One row per run of an action: what was done that can't be unmade.",
        {
            "action": "Action, as new-leads",
            "run": "Number of the run, by action",
            "profile": "Which columns were given out: the action's name",
            "form": "In which form",
            "month": "Of which month",
            "include": "With what else than the usual",
            "rows": "How many rows",
            "counts": "Counts by word, as JSON",
            "files": "Files it wrote",
            "who": "Who asked",
            "why": "Why, in their words",
            "done_at": "When",
        },
    ),
    "warehouse.builds": (
        "One row per table and month that stands.",
        {
            "table_name": "Table, as room.table",
            "month": "Month",
            "row_count": "Rows",
            "content_hash": "Hash of the rows, in any order",
            "fingerprint": "Hash of all that it was built of",
            "run_id": "Run that built it",
            "built_at": "When",
        },
    ),
    "warehouse.checks": (
        "One row per check of a month that stands.",
        {
            "table_name": "Table, as room.table",
            "month": "Month",
            "check_name": "Check",
            "blocking": "Whether a failure keeps the rows out",
            "passed": "Whether it passed",
            "bad_rows": "Rows at fault",
            "evidence": "Some of them, without personal data, as JSON",
            "run_id": "Run that asked",
            "checked_at": "When",
        },
    ),
    "warehouse.refused_builds": (
        "One row per check that kept a month's new rows out; the former rows stand.",
        {
            "table_name": "Table, as room.table",
            "month": "Month",
            "check_name": "Check",
            "bad_rows": "Rows at fault",
            "evidence": "Some of them, without personal data, as JSON",
            "run_id": "Run that was refused",
            "refused_at": "When",
        },
    ),
}
# Each action has a relation of its own: `actions.new_leads_rows`.
_ACTION_ROWS = (
    "One row per run of the action and thing it was done with.",
    {
        "run": "Number of the run, as in actions.runs",
        "profile": "As in actions.runs",
        "form": "As in actions.runs",
        "month": "As in actions.runs",
        "external_id": "What others know it by; never changes once given",
        "key": "Its key in the tables",
        "hash": "Keyed hash of what went out",
        "operation": "What was done with it: new, changed, or a word of the action's own",
        "feed": "Feed of the file it came from",
        "sha256": "That file",
        "done_at": "When",
    },
)


def ledger_texts(address: str) -> tuple[str, dict[str, str]] | None:
    """What a row of a ledger is, and each column; None for a relation that is none."""
    if address.startswith("actions.") and address.endswith("_rows"):
        return _ACTION_ROWS
    return LEDGERS.get(address)


def is_as_of(table: Table) -> bool:
    """Whether each month of the table is a whole state as of the month's end, so that months can't be added up."""
    return table.layer == "dim"


def view_of(address: str) -> str:
    """`room.current_table`: the view of an as-of table's newest month."""
    room, name = address.split(".", 1)
    return f"{room}.{CURRENT}{name}"


def words_hash(tables: Mapping[str, Table], *, shared: bool) -> str:
    """Changes with any description; of what is shared also with what counts as personal, and with any select.

    A file that went on from the former one would keep the bytes of cells that another select gives no more.
    """
    told = [
        (
            *(table.address, table.says, table.grain, table.select if shared else ""),
            [(c.name, c.type, c.says, c.pii if shared else None) for c in table.columns],
        )
        for table in tables.values()
    ]
    return hashlib.sha256(repr((sorted(told), LEDGERS, _ACTION_ROWS)).encode()).hexdigest()[:32]


def describe(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], database: str) -> int:
    """Brings comments and views of an attached, writable database to what is declared; returns how many changed.

    Only what is there is described, and only what differs is written. Views of tables that are gone go.
    """
    stands = _columns(con, database)
    done = 0
    con.execute("begin")  # each statement by itself would be waited for until it is on the disk
    for address, table in tables.items():
        if is_as_of(table) and address in stands:
            done += _view(con, database, table, stands)
    for name in [name for name in stands if _is_view(name) and _viewed(name) not in stands]:
        con.execute(f"drop view {_quoted(database, name)}")
        done += 1
    stands, comments = _columns(con, database), _comments(con, database)
    for address, says, columns in _texts(tables, stands):
        if address not in stands:
            continue
        kind = "view" if _is_view(address) else "table"
        for place, text in [("", says), *((name, columns.get(name, "")) for name in stands[address])]:
            if text and comments.get((address, place)) != text:
                target = _quoted(database, address)
                what = f"column {target}.{identifier(place)}" if place else f"{kind} {target}"
                con.execute(f"comment on {what} is {literal(text)}")
                done += 1
    con.execute("commit")
    return done


def undescribed(con: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """The tables, views and columns without a comment."""
    comments = _comments(con, database)
    return [
        f"{address}.{place}" if place else address
        for address, columns in _columns(con, database).items()
        for place in ["", *columns]
        if not comments.get((address, place))
    ]


def _texts(tables: Mapping[str, Table], stands: Iterable[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    for address, table in tables.items():
        of_columns = column_words(table)
        yield address, table_words(table), of_columns
        if is_as_of(table):
            yield view_of(address), table_words(table, newest=True), of_columns
    for address in stands:
        if texts := ledger_texts(address):
            yield address, *texts


def table_words(table: Table, *, newest: bool = False) -> str:
    """What a table says of itself: all its months, or its newest one alone."""
    if newest:
        return f"{table.says} The newest month of {table.address} alone, so that rows count once."
    return f"{table.says} Grain: one row per month and ({', '.join(table.grain)})."


def column_words(table: Table) -> dict[str, str]:
    """What its columns mean."""
    return {column.name: f"{column.says} (personal data)" if column.pii else column.says for column in table.columns}


def _view(con: duckdb.DuckDBPyConnection, database: str, table: Table, stands: dict[str, list[str]]) -> int:
    """Makes the view where it is missing or has other columns than its table."""
    view = view_of(table.address)
    if stands.get(view) == stands[table.address]:
        return 0
    # Named without the database: the file is attached under other names, and opened by its own.
    address = ".".join(identifier(part) for part in table.address.split(".", 1))
    con.execute(
        f"create or replace view {_quoted(database, view)} as "
        f"select * from {address} where month = (select max(month) from {address})"
    )
    return 1


def _quoted(database: str, address: str) -> str:
    return ".".join(identifier(part) for part in (database, *address.split(".", 1)))


def _is_view(address: str) -> bool:
    return address.split(".", 1)[1].startswith(CURRENT)


def _viewed(view: str) -> str:
    return view.replace(f".{CURRENT}", ".", 1)


def _columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for schema, name, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        f"where not internal and database_name = {literal(database)} order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{name}", []).append(column)
    return found


def _comments(con: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], str]:
    """Comments by address and column; "" for the table or view itself."""
    rows = con.execute(
        f"""
        select schema_name, table_name, '', comment from duckdb_tables() where database_name = {literal(database)}
        union all
        select schema_name, view_name, '', comment from duckdb_views() where database_name = {literal(database)}
        union all
        select schema_name, table_name, column_name, comment from duckdb_columns()
        where not internal and database_name = {literal(database)}
        """
    ).fetchall()
    return {(f"{schema}.{name}", place): comment or "" for schema, name, place, comment in rows}
