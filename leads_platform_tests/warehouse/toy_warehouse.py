"""A small warehouse to try things on: feeds of literal rows, and tables declared in the test."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from leads_platform.months import add_months
from leads_platform.products.full_copy import FULL, full_copy
from leads_platform.products.make import make_products
from leads_platform.warehouse import Audit, Catalogue, Column, Table, sql
from leads_platform.warehouse.connection import open_warehouse
from leads_platform.warehouse.write import Warehouse

Row = tuple[int, object, int]
MONTH = Column("month", "date", "Month")
JAN, FEB, MAR, APR = (date(2024, m, 1) for m in (1, 2, 3, 4))


class Feeds:
    """Sources whose records (id, amount, line) are written in the test, by feed and month."""

    def __init__(self, **rows: Mapping[date, Sequence[Row]]) -> None:
        self.rows: dict[str, dict[date, Sequence[Row]]] = {feed: dict(found) for feed, found in rows.items()}

    def feeds(self) -> list[str]:
        return list(self.rows)

    def relation(self, feed: str, first: date, last: date) -> str:
        rows = [(m, *row) for m, found in self.rows[feed].items() if first <= m <= last for row in found]
        values = sql.values(
            (m, number, None if amount is None else str(amount), line) for m, number, amount, line in rows
        )
        if not rows:
            return "select null::date as month, 0 as id, '' as amount, 0 as line where false"
        return f"select month::date as month, id, amount, line from (values {values}) as t (month, id, amount, line)"

    def version(self, feed: str, month: date) -> str | None:
        rows = self.rows[feed].get(month)
        return hashlib.sha256(repr(rows).encode()).hexdigest() if rows else None

    def open_months(self) -> tuple[date, date]:
        return date(2000, 1, 1), date(2099, 12, 1)

    def data_months(self) -> tuple[date, date] | None:
        months = [month for rows in self.rows.values() for month, found in rows.items() if found]
        return (min(months), max(months)) if months else None


def base(select: str | None = None, **changes: Any) -> Table:
    """`base_sales`: the feed's records, amounts as whole numbers."""
    declared: dict[str, Any] = {
        "says": "Sales as they came.",
        "grain": ("id",),
        "columns": (MONTH, Column("id", "integer", "Sale"), Column("amount", "integer", "Dollars")),
        "select": select or "select month, id, amount::integer as amount from arrivals.sales",
    }
    return Table(**{**declared, **changes})


def total() -> Table:
    """`fct_total`: the amount of each month."""
    return Table(
        says="The amount of a month.",
        grain=("month",),
        columns=(MONTH, Column("amount", "bigint", "Dollars")),
        select="select month, sum(amount)::bigint as amount from shop.base_sales group by month",
    )


def running() -> Table:
    """`fct_running`: the amount of all months up to each, by reading history."""
    return Table(
        says="The amount of all months so far.",
        grain=("month",),
        columns=(MONTH, Column("amount", "bigint", "Dollars")),
        history=("shop.base_sales",),
        select="""
            select months.month, coalesce(sum(amount), 0)::bigint as amount
            from months
            left join shop.base_sales as sales on sales.month <= months.month
            group by months.month
        """,
    )


def state() -> Table:
    """`dim_sales`: every sale ever seen with its newest amount, as of each month, by step."""
    return Table(
        says="Every sale so far with its newest amount.",
        grain=("id",),
        columns=(MONTH, Column("id", "integer", "Sale"), Column("amount", "integer", "Dollars")),
        cumulative=True,
        select="""
            with known as (
                select id, amount, 0 as newer from shop.dim_sales where month = $previous_month
                union all
                select id, amount, 1 as newer from shop.base_sales
            )
            select $month as month, id, max_by(amount, newer) as amount from known group by id
        """,
    )


def catalogue(feeds: Feeds, standards: dict[str, str] | None = None, /, **tables: Any) -> Catalogue:
    """The tables, all in the room `shop`, under the names given."""
    return Catalogue([t.named("shop", name) for name, t in tables.items()], feeds.feeds(), standards or {})


@contextlib.contextmanager
def opened(folder: Path, feeds: Feeds, *, run_id: str = "a run", **tables: Any) -> Iterator[Warehouse]:
    """A warehouse below `folder` with these tables declared; what an earlier opening built is still there."""
    with open_warehouse(folder / "warehouse.duckdb") as con:
        yield Warehouse(con, catalogue(feeds, **tables), feeds, run_id)


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.con.execute(query).fetchall()


def ledger(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """All that two equal builds have in common: rows, counts, content hashes, fingerprints and checks."""
    found = {
        address: rows(warehouse, f"select * from {sql.address(address)} order by all")
        for address in warehouse.catalogue.tables
    }
    found["builds"] = rows(
        warehouse,
        "select table_name, month, row_count, content_hash, fingerprint from warehouse.builds order by all",
    )
    found["checks"] = rows(
        warehouse,
        "select table_name, month, check_name, blocking, passed, bad_rows, evidence from warehouse.checks order by all",
    )
    return found


def months(first: date, count: int) -> list[date]:
    return [add_months(first, i) for i in range(count)]


def audit(name: str, condition: str, **changes: Any) -> Audit:
    """Asked in a statement of its own."""
    return Audit(name, f"Nowhere {condition}.", f"select * from this where {condition}", **changes)


def row_audit(name: str, condition: str, **changes: Any) -> Audit:
    """The same, as one that judges each row by itself: asked while the rows are counted."""
    return Audit.of_rows(name, f"Nowhere {condition}.", condition, **changes)


def publish(warehouse: Path, say: Callable[[str], None] = lambda text: None, *, anew: bool = False) -> Path:
    """The full copy beside a warehouse, made where it is stale; returns its path."""
    folder = warehouse.parent / "published"
    outcomes = make_products(
        {FULL: full_copy({})}, {}, warehouse, folder, folder.parent / "products.json", say=say, anew=lambda place: anew
    )
    assert not any(outcome.failed for outcome in outcomes), outcomes
    return folder / FULL
