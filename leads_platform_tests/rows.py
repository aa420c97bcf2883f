"""A table's rows, or an audit's, from rows written in the test: one select, and no other table is built.

Belongs here: putting literal rows in the place of what a statement reads. Does not: writing a table (warehouse).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import duckdb

from leads_platform.dictionary import packaged
from leads_platform.standards import install_standards
from leads_platform.warehouse import Catalogue, Table, sql
from leads_platform.warehouse.binding import Binder

Row = Mapping[str, object]


class _NoFeeds:
    """Sources without a record; the platform's months are all, so that each has one before it."""

    def feeds(self) -> list[str]:
        return []

    def relation(self, feed: str, first: date, last: date) -> str:
        raise NotImplementedError(f"arrivals.{feed}: rows can be written for tables alone")

    def version(self, feed: str, month: date) -> str | None:
        return None

    def open_months(self) -> tuple[date, date]:
        return date(2000, 1, 1), date(2099, 12, 1)

    def data_months(self) -> tuple[date, date] | None:
        return self.open_months()


@cache
def _catalogue() -> Catalogue:
    return packaged().catalogue


def rows_of(address: str, month: date, /, **given: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows that the table gives for this month, by its key, from those of each table it reads.

    A table is named without its room. A row without a `month` is of the month asked for; what else is missing is null.
    A cumulative table's own earlier rows are given under its own name. A table that is not named is empty.
    """
    table = _catalogue().tables[address]
    with _filled(table, month, given) as con:
        select = Binder(_catalogue(), _NoFeeds()).select(table, month, month, address)
        return _asked(con, f"select * from ({select}) order by {', '.join(map(sql.identifier, table.grain))}")


def bad_rows_of(address: str, audit: str, month: date, /, **given: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows that this audit of the table finds bad in this month; the table's rows are given under its own name."""
    table = _catalogue().tables[address]
    (asked,) = (one for one, _ in table.audits if one.name == audit)
    with _filled(table, month, given) as con:
        this = f"select * from {sql.address(address)} where month = {sql.literal(month)}"
        return _asked(con, Binder(_catalogue(), _NoFeeds()).bad_rows(asked, address, this, month, month))


def _filled(table: Table, month: date, given: Mapping[str, Iterable[Row]]) -> duckdb.DuckDBPyConnection:
    """A database with the table and all it reads, filled with the rows given."""
    con = duckdb.connect()
    install_standards(con, _catalogue().called[table.address])
    named = {read.split(".")[1]: read for read in [table.address, *_catalogue().upstream(table.address)]}
    assert given.keys() <= named.keys(), f"{table.address} reads {', '.join(sorted(named))}"
    for name, address in named.items():
        columns = {column.name: column.type for column in _catalogue().tables[address].columns}
        con.execute(f"create schema if not exists {sql.identifier(address.split('.')[0])}")
        listed = ", ".join(f"{sql.identifier(column)} {kind}" for column, kind in columns.items())
        con.execute(f"create table {sql.address(address)} ({listed})")
        for row in given.get(name, ()):
            cells = {"month": month, **row}
            into = ", ".join(map(sql.identifier, cells))
            con.execute(
                f"insert into {sql.address(address)} ({into}) values ({', '.join(map(_literal, cells.values()))})"
            )
    return con


def _literal(value: object) -> str:
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list) else sql.literal(value)


def _asked(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    asked = con.execute(query)
    names = [column for column, *_ in asked.description or ()]
    return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
