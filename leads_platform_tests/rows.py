"""A table's rows, or an audit's, from rows written in the test; or a few tables, one from another, without a warehouse.

Belongs here: putting literal rows in the place of what a statement reads. Does not: writing a table (warehouse).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.arrivals.archive.versions import version_columns, versioned
from leads_platform.dictionary import packaged
from leads_platform.months import months_between
from leads_platform.platform import Platform, load_platform
from leads_platform.settings import Settings
from leads_platform.standards import install_standards
from leads_platform.warehouse import Catalogue, Table, sql
from leads_platform.warehouse.binding import Binder
from leads_platform_tests.helpers import Ask

Row = Mapping[str, object]


class NoFeeds:
    """Sources without a record; the platform's months are all, so that each has one before it."""

    def feeds(self) -> list[str]:
        return []

    def relation(self, feed: str, first: date, last: date) -> str:
        raise NotImplementedError(f"arrivals.{feed}: rows can be written for tables and versions alone")

    def version(self, feed: str, month: date) -> str | None:
        return None

    def open_months(self) -> tuple[date, date]:
        return date(2000, 1, 1), date(2099, 12, 1)

    def data_months(self) -> tuple[date, date] | None:
        return self.open_months()


class GivenFeeds(NoFeeds):
    """Sources of these rows of `<feed>_versions` alone.

    A row without a `month` is of `month`; `is_gone` is false where it is not said. Timestamps are written as text.
    """

    def __init__(self, month: date, given: Mapping[str, Iterable[Row]]) -> None:
        self._rows = {name: [{"month": month, "is_gone": False, **row} for row in rows] for name, rows in given.items()}

    def relation(self, feed: str, first: date, last: date) -> str:
        contracts = _platform().contracts
        if (of := versioned(feed, contracts)) is None:
            return super().relation(feed, first, last)
        columns, rows = version_columns(contracts[of]), self._rows.get(feed, [])
        assert all(row.keys() <= columns.keys() for row in rows), f"arrivals.{feed} has {', '.join(columns)}"
        cells = sql.values([row.get(column) for column in columns] for row in rows or [{}])
        typed = ", ".join(f"{sql.identifier(c)}::{kind} as {sql.identifier(c)}" for c, kind in columns.items())
        named = ", ".join(map(sql.identifier, columns))
        return f"select {typed} from (values {cells}) as given({named}) where {sql.within(first, last)}"


def _sources(month: date, given: Mapping[str, Iterable[Row]]) -> tuple[GivenFeeds, dict[str, Iterable[Row]]]:
    """Of what is given: the versions, and the tables' rows."""
    told = {name: rows for name, rows in given.items() if versioned(name, _platform().contracts)}
    return GivenFeeds(month, told), {name: rows for name, rows in given.items() if name not in told}


_users: list[Platform] = []


@contextmanager
def contracts_of(data: Path) -> Iterator[None]:
    """Within it, tables and versions are also those of the user's contracts below this data root."""
    _users.append(load_platform(Settings(data=data)))
    try:
        yield
    finally:
        _users.pop()


@cache
def _packaged() -> Platform:
    return packaged()


def _platform() -> Platform:
    return _users[-1] if _users else _packaged()


def _catalogue() -> Catalogue:
    return _platform().catalogue


def rows_of(address: str, month: date, /, **given: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows that the table gives for this month, by its key, from those of each table it reads.

    A table is named without its room. A row without a `month` is of the month asked for; what else is missing is null.
    A cumulative table's own earlier rows are given under its own name. A table that is not named is empty.

    Where the table reads `arrivals.<feed>_versions`, its rows are given as `<feed>_versions=[{"known_on": ..., ...}]`,
    in the columns of `version_columns` (leads_platform.arrivals.archive.versions).
    """
    table = _catalogue().tables[address]
    sources, given = _sources(month, given)
    with _filled(table, month, given) as con:
        select = Binder(_catalogue(), sources).select(table, month, month, address)
        return _asked(con, f"select * from ({select}) order by {', '.join(map(sql.identifier, table.grain))}")


def bad_rows_of(address: str, audit: str, month: date, /, **given: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows that this audit of the table finds bad in this month; the table's rows are given under its own name."""
    table = _catalogue().tables[address]
    (asked,) = (one for one, _ in table.audits if one.name == audit)
    sources, given = _sources(month, given)
    with _filled(table, month, given) as con:
        this = f"select * from {sql.address(address)} where month = {sql.literal(month)}"
        return _asked(con, Binder(_catalogue(), sources).bad_rows(asked, address, this, month, month))


@contextmanager
def worked_out(addresses: Iterable[str], first: date, last: date, /, **given: Iterable[Row]) -> Iterator[Ask]:
    """These tables and all they read, worked out for the months from the rows given, to be asked in SQL.

    What is given is not worked out, and base tables that are not given are empty. A row without a `month` is of the
    first one. Fails where an audit would block.
    """
    catalogue, months = _catalogue(), months_between(first, last)
    sources, given = _sources(first, given)
    wanted = set(addresses)
    for address in reversed(catalogue.tables):
        if address in wanted and address.split(".")[1] not in given:
            wanted |= set(catalogue.upstream(address))
    with _transaction() as con:
        binder = Binder(catalogue, sources)
        _make(con, (table for address, table in catalogue.tables.items() if address in wanted), first, given)
        for address, table in catalogue.tables.items():
            if address not in wanted or table.name in given or table.layer == "base":
                continue
            for start, end in [(month, month) for month in months] if table.cumulative else [(first, last)]:
                select = binder.select(table, start, end, address)
                con.execute(f"insert into {sql.address(address)} by name {select}")
            this = f"select * from {sql.address(address)}"
            for audit in (audit for audit, blocks in table.audits if blocks and audit.select):
                bad = _asked(con, binder.bad_rows(audit, address, this, first, last))
                assert not bad, f"{address}, {audit.name}: {bad}"
        yield lambda query: con.execute(query).fetchall()


def records(feed: str, day: date, header: str, lines: Iterable[str]) -> list[Row]:
    """The records of a packaged feed's csv file of this day, as its base table holds them."""
    names = {column.header: column.name for column in packaged().contracts[feed].columns}
    place = {"month": day.replace(day=1), "file_name": f"{feed}_{day}.csv", "file_date": day, "part": ""}
    return [
        {**place, "line": line, **{names[title]: cell or None for title, cell in record.items()}}
        for line, record in enumerate(csv.DictReader([header, *lines]), start=2)
    ]


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for the process, with all cleaning functions: to make these takes longer than most questions."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    install_standards(con)
    return con


@contextmanager
def _transaction() -> Iterator[duckdb.DuckDBPyConnection]:
    """The database, of which nothing that is made in it stays."""
    con = _database()
    con.execute("begin")
    try:
        yield con
    finally:
        con.execute("rollback")


@contextmanager
def _filled(table: Table, month: date, given: Mapping[str, Iterable[Row]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the table and all it reads, filled with the rows given."""
    tables = [_catalogue().tables[read] for read in (table.address, *_catalogue().upstream(table.address))]
    with _transaction() as con:
        _make(con, tables, month, given)
        yield con


def _make(
    con: duckdb.DuckDBPyConnection, tables: Iterable[Table], month: date, given: Mapping[str, Iterable[Row]]
) -> None:
    """The tables with the rows given; a row that does not say otherwise is of `month`."""
    named = {table.name: table for table in tables}
    assert given.keys() <= named.keys(), f"there are {', '.join(sorted(named))}"
    for name, table in named.items():
        columns = {column.name: column.type for column in table.columns}
        con.execute(f"create schema if not exists {sql.identifier(table.room)}")
        listed = ", ".join(f"{sql.identifier(column)} {kind}" for column, kind in columns.items())
        con.execute(f"create table {sql.address(table.address)} ({listed})")
        rows = [{"month": month, **row} for row in given.get(name, ())]
        assert all(row.keys() <= columns.keys() for row in rows), f"{name} has {', '.join(columns)}"
        if rows:
            cells = ", ".join(f"({', '.join(_literal(row.get(column)) for column in columns)})" for row in rows)
            con.execute(f"insert into {sql.address(table.address)} values {cells}")


def _literal(value: object) -> str:
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list) else sql.literal(value)


def _asked(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    asked = con.execute(query)
    names = [column for column, *_ in asked.description or ()]
    return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
