"""A small warehouse with personal columns, and making products of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.products.describe import describe
from leads_platform.products.make import Outcome, make_products
from leads_platform.products.own import own_products
from leads_platform.products.product import Product
from leads_platform.products.state import Made, read_products
from leads_platform.warehouse import Column, Table
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.connection import CATALOG
from leads_platform_tests.warehouse.toy_warehouse import JAN, MONTH, Feeds, Row, base, catalogue, opened, total

SECRET = "Zyxqw"  # what no file to pass on may hold


def people(**columns: bool) -> Table:
    """`dim_people`: every buyer so far as of each month; the name is personal, others as said."""
    personal = {"name": True, "city": False, **columns}
    return Table(
        says="Every buyer so far.",
        grain=("id",),
        columns=(
            MONTH,
            Column("id", "integer", "Buyer"),
            Column("name", "varchar", "Name", pii=personal["name"]),
            Column("city", "varchar", "City", pii=personal["city"]),
        ),
        history=("shop.base_sales",),
        select=f"""
            select distinct months.month, sales.id, '{SECRET}' || sales.id as name, 'Town ' || sales.id as city
            from months
            join shop.base_sales as sales on sales.month <= months.month
        """,
    )


@dataclass
class Shop:
    """One environment: what is declared and delivered, and where it lies."""

    folder: Path
    feeds: Feeds = field(default_factory=lambda: Feeds(sales={JAN: [(1, 10, 2), (2, 5, 3)]}))
    tables: dict[str, Table] = field(
        default_factory=lambda: {"base_sales": base(), "fct_total": total(), "dim_people": people()}
    )
    said: list[str] = field(default_factory=list)

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def declared(self) -> Mapping[str, Table]:
        return catalogue(self.feeds, **self.tables).tables

    def deliver(self, month: date, *rows: Row) -> None:
        self.feeds.rows["sales"][month] = list(rows)

    def build(self) -> None:
        """Builds what is stale and describes it, as a session does."""
        with opened(self.folder, self.feeds, run_id="a run", **self.tables) as warehouse:
            assert build_stale(warehouse) == {}
            describe(warehouse.con, self.declared, CATALOG)

    def publish(self, products: Mapping[str, Product] | None = None, **more: Any) -> list[Outcome]:
        """Makes what is stale of these products; the published copies where none are given."""
        return make_products(
            own_products(self.declared) if products is None else products,
            self.declared,
            self.folder / "warehouse.duckdb",
            self.published,
            self.folder / "products.json",
            say=self.said.append,
            **more,
        )

    def made(self) -> dict[str, Made]:
        return read_products(self.folder / "products.json")

    def ask(self, query: str, name: str = "warehouse.duckdb") -> list[tuple[Any, ...]]:
        """Rows of a published file, opened as a person opens it: under the name of its file."""
        with duckdb.connect(self.published / name, read_only=True) as con:
            return con.execute(query).fetchall()
