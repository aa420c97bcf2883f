"""The ledger tables `arrivals.*` in the warehouse: the manifests as rows, for queries, reports and status.

Belongs here: deriving these tables. Does not: anything that decides; the manifests are the truth.
"""

from __future__ import annotations

import hashlib

import duckdb

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Archive
from leads_platform.months import parse_month
from leads_platform.warehouse import sql

_TABLES = {
    "files": {
        "feed": "varchar",
        "file_name": "varchar",
        "sha256": "varchar",
        "month": "date",
        "part": "varchar",
        "version": "varchar",
        "records": "bigint",
        "loaded": "bigint",
        "quarantined": "bigint",
        "erased": "bigint",
        "verdict": "varchar",
        "reason": "varchar",
        "message": "varchar",
        "in_force": "boolean",
        "added": "bigint",
        "changed": "bigint",
        "removed": "bigint",
        "receipt": "bigint",
        "received_at": "timestamptz",
    },
    "file_months": {
        "feed": "varchar",
        "sha256": "varchar",
        "receipt": "bigint",
        "month": "date",
        "records": "bigint",
    },
    "quarantine": {
        "feed": "varchar",
        "sha256": "varchar",
        "file_name": "varchar",
        "receipt": "bigint",
        "line": "bigint",
        "column_name": "varchar",
        "reason": "varchar",
    },
    "decisions": {
        "feed": "varchar",
        "sha256": "varchar",
        "action": "varchar",
        "receipt": "bigint",
        "decided_at": "timestamptz",
        "who": "varchar",
        "why": "varchar",
    },
    "ledger_version": {"version": "varchar"},
}


def known_receipts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Feed, receipt and file name of every receipt the warehouse has heard of."""
    _make(con)  # those of another version stay as they are: what they know is asked for
    return con.execute(
        "select feed, receipt, file_name from arrivals.files union select feed, receipt, sha256 from arrivals.decisions"
    ).fetchall()


def refresh_ledger(con: duckdb.DuckDBPyConnection, state: ArchiveSources, archive: Archive) -> None:
    """Brings `arrivals.*` to what the manifests say, in one transaction. Does nothing when nothing was received."""
    _make(con)
    contracts = " ".join(f"{feed}={contract.hash()[:12]}" for feed, contract in sorted(state.contracts.items()))
    columns = hashlib.sha256(repr(_TABLES).encode()).hexdigest()[:12]
    version = f"{len(state.manifests)} manifests, months to {state.open_months()[1]}, {contracts}, columns {columns}"
    if con.execute("select version from arrivals.ledger_version").fetchall() == [(version,)]:
        return
    readings = {(m.feed, m.receipt): m for feed in state.by_feed.values() for m in feed.readings.values()}
    files, months = [], []
    for feed, feed_state in state.by_feed.items():
        held = {e.manifest.receipt: e.held for e in feed_state.entries}
        for m in feed_state.readings.values():
            verdict = m.verdict
            if verdict == "held" and not held.get(m.receipt, True):
                verdict = "partial" if m.quarantined else "accepted"
            diff = [m.diff.get(kind) for kind in ("added", "changed", "removed")]
            files.append(
                (
                    *(feed, m.file_name, m.sha256, m.month, m.part, m.version),
                    *(m.records, m.loaded, m.quarantined, m.erased),
                    *(verdict, m.reason, m.message, state.in_force(feed_state, m), *diff, m.receipt),
                    m.received_at.isoformat(),
                )
            )
            months += [
                (feed, m.sha256, m.receipt, parse_month(month), of_month["records"])
                for month, of_month in m.months.items()
                if month  # a reference's records have none
            ]
    decisions = [
        (m.feed, m.sha256, m.action, m.receipt, m.received_at.isoformat(), m.who, m.why)
        for m in state.manifests
        if m.action != "receive"
    ]
    con.execute("begin")
    try:
        _drop_other_columns(con)
        _make(con)
        for name, rows in (("files", files), ("file_months", months), ("decisions", decisions)):
            con.execute(f"delete from arrivals.{name}")
            for start in range(0, len(rows), 1000):
                con.execute(f"insert into arrivals.{name} values {sql.values(rows[start : start + 1000])}")
        known = {
            (feed, receipt)
            for feed, receipt in con.execute("select distinct feed, receipt from arrivals.quarantine").fetchall()
        }
        for feed, receipt in known - set(readings):
            con.execute(f"delete from arrivals.quarantine where feed = {sql.literal(feed)} and receipt = {receipt}")
        for (feed, receipt), m in sorted(readings.items()):
            path = archive.rejected(feed, receipt)
            if m.quarantined and (feed, receipt) not in known and path.exists():
                con.execute(
                    f"insert into arrivals.quarantine select {sql.literal(feed)}, {sql.literal(m.sha256)}, "
                    f"{sql.literal(m.file_name)}, {receipt}, line, column_name, reason "
                    f"from read_parquet({sql.literal(str(path))}) order by line"
                )
        con.execute("delete from arrivals.ledger_version")
        con.execute(f"insert into arrivals.ledger_version values ({sql.literal(version)})")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _make(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists arrivals")
    for name, columns in _TABLES.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table if not exists arrivals.{name} ({listed})")


def _drop_other_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Drops the tables that another version made with other columns."""
    found = con.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'arrivals' group by all"
    ).fetchall()
    for name, columns in found:
        if name in _TABLES and columns != list(_TABLES[name]):
            con.execute(f"drop table arrivals.{name}")
