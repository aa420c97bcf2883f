"""A file tried before it is taken in: what the tables would hold, worked out beside the warehouse, and nothing kept.

Belongs here: tables in memory, of the published copy and the file's records. Does not: what is asked of them (a room's
`Trial`), or whether the file fits its contract (arrivals.check).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.arrivals import read_file
from leads_platform.arrivals.archive.versions import VERSIONS, version_columns
from leads_platform.arrivals.contracts.group import Trial
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.arrivals.reading.file_reading import FileReading
from leads_platform.contracts_in_force import tables_of
from leads_platform.platform import Platform
from leads_platform.standards import install_standards
from leads_platform.warehouse import Catalogue, Table, sql
from leads_platform.warehouse.binding import Binder
from leads_platform.warehouse.catalogue import ARRIVALS


@dataclass(frozen=True)
class _OneFile:
    """Sources of one file's records alone, as versions of its feed."""

    name: str
    select: str
    months: tuple[date, date]

    def feeds(self) -> list[str]:
        return [self.name]

    def relation(self, feed: str, first: date, last: date) -> str:
        if feed != self.name:
            raise LookupError(f"arrivals.{feed} is not read to try a file")
        return self.select

    def version(self, feed: str, month: date) -> str | None:
        return None

    def open_months(self) -> tuple[date, date]:
        return self.months

    def data_months(self) -> tuple[date, date] | None:
        return self.months


def tried(platform: Platform, contract: FeedContract, trial: Trial, file: Path) -> list[Any]:
    """The rows that the trial's select gives, as if the file were taken in now. Empty where it is refused or empty.

    What is known besides is what was published last.
    """
    with tempfile.TemporaryDirectory() as folder, read_file(file, contract) as reading:
        if reading.verdict == "refused" or not reading.months:
            return []
        records = Path(folder) / "records.parquet"
        reading.write_parquet(records)
        con = duckdb.connect()
        try:
            con.execute("set TimeZone = 'UTC'")
            install_standards(con, zone=platform.settings.timezone.key)
            published = platform.settings.published
            if published.exists():
                con.execute(f"attach {sql.literal(str(published))} as published (read_only)")
            _work_out(con, platform.catalogue, contract, trial.table, _source(reading, contract, file, records))
            return con.execute(trial.select.replace("$file", sql.literal(file.name))).fetchall()
        finally:
            con.close()


def _source(reading: FileReading, contract: FeedContract, file: Path, records: Path) -> _OneFile:
    says = parse_file_name(file.name, contract)
    given = {
        "month": "record_month",
        "known_on": f"{sql.literal(says.known_on)}::date",
        "last_told_at": f"{sql.literal(says.known_on)}::date",
        "is_gone": "false",
        "version_number": "1",
        "file_name": sql.literal(file.name),
        "part": "''",
        "line": "_line",
        "record_at": "record_at",
        "record_local_at": "record_local_at",
        **{name: sql.identifier(title) for name, title in reading.columns.items()},
    }
    chosen = ", ".join(
        f"({given.get(name, 'null')})::{kind} as {sql.identifier(name)}"
        for name, kind in version_columns(contract).items()
    )
    keys = ", ".join(map(sql.identifier, contract.key))
    select = f"""
        select {chosen} from read_parquet({sql.literal(str(records))})
        qualify row_number() over (partition by {keys} order by _line desc) = 1
    """
    return _OneFile(f"{contract.feed}{VERSIONS}", select, (min(reading.months), max(reading.months)))


def _work_out(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, contract: FeedContract, wanted: str, source: _OneFile
) -> None:
    """Makes `wanted` and all it reads: as published, but what follows from the file or its contract for its months."""
    first, last = source.months
    staged = {table.address for table in tables_of(contract)}
    changed: set[str] = set()
    needed = {wanted}
    for address in reversed(catalogue.tables):
        if address in needed:
            needed |= set(catalogue.upstream(address))
    binder = Binder(catalogue, source)
    for address, table in catalogue.tables.items():
        if address not in needed:
            continue
        reads = {each for read in table.reads for each in catalogue.matching(read)}
        # What is there for each month, with data or without, is there for the file's months, too.
        follows = reads & changed or sql.MONTHS in sql.normal(table.select).split()
        is_of_files = any(read.startswith(ARRIVALS) for read in table.reads)
        if table.layer == "base" or not (address in staged or (follows and not is_of_files)):
            _as_published(con, table)
            continue
        changed.add(address)
        _as_published(con, table, "true" if address in staged else f"not ({sql.within(first, last)})")
        select = binder.select(table, first, last, address)
        if address in staged:  # a record told again takes the place of what was told
            con.execute(f"create temp table told as {select}")
            own = [name for name in table.grain if name != "version"]
            same = ", ".join(map(sql.identifier, ["month", *own]))
            con.execute(f"delete from {sql.address(address)} where ({same}) in (select ({same}) from told)")
            select = "from told"
        con.execute(f"insert into {sql.address(address)} by name {select}")
        con.execute("drop table if exists told")


def _as_published(con: duckdb.DuckDBPyConnection, table: Table, condition: str = "") -> None:
    """The table as it was published, or a copy of its rows for which the condition holds; empty where it never was."""
    con.execute(f"create schema if not exists {sql.identifier(table.room)}")
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = 'published' and schema_name = ? and table_name = ?",
        [table.room, table.name],
    ).fetchall()
    address, rows = sql.address(table.address), f"select * from published.{sql.address(table.address)}"
    if there and not condition:
        con.execute(f"create view {address} as {rows}")
        return
    listed = ", ".join(f"{sql.identifier(column.name)} {column.type}" for column in table.columns)
    con.execute(f"create table {address} ({listed})")
    if there:
        con.execute(f"insert into {address} by name {rows} where {condition}")
