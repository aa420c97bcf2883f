"""How DuckDB works a table out: never by comparing every row with every other, which a small sample would not show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date

import duckdb
import pytest

from leads_platform.arrivals.archive.ledger import known_receipts
from leads_platform.arrivals.archive.versions import version_columns, versioned
from leads_platform.dictionary import packaged
from leads_platform.standards import install_standards
from leads_platform.warehouse.binding import Binder
from leads_platform.warehouse.catalogue import Reach
from leads_platform.warehouse.connection import harden
from leads_platform.warehouse.sql import address as identified
from leads_platform.warehouse.sql import identifier, literal, within
from leads_platform_tests.rows import NoFeeds

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)

LOOPS = re.compile(r"BLOCKWISE_NL_JOIN|NESTED_LOOP_JOIN")
# A value of each type that differs from row to row; of others, lists and structs, none.
_VALUES = {
    "date": "month",
    "varchar": "n::varchar",
    "bigint": "n",
    "integer": "n::integer",
    "timestamp": "month::timestamp",
    "boolean": "n % 3 = 0",
    "decimal(18,4)": "n::decimal(18,4)",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table with 2,000 rows in two months, on a connection as the warehouse's: DuckDB loops over few rows."""
    con = duckdb.connect()
    install_standards(con)
    # What the values here are must cut no branch off, as it would be where no status is ever `won`.
    con.execute("set disabled_optimizers = 'statistics_propagation'")
    harden(con, [], tmp_path_factory.mktemp("plans"))
    for address, table in packaged().catalogue.tables.items():
        con.execute(f"create schema if not exists {table.room}")
        rows = _rows((column.name, column.type) for column in table.columns)
        con.execute(f"create table {identified(address)} as {rows}")
    known_receipts(con)  # makes arrivals.files
    con.execute(
        "insert into arrivals.files by name "
        "select month, file_name, file_sha256 as sha256 from prospects.fct_lead_files"
    )
    yield con
    con.close()


class Ledger(NoFeeds):
    """Of what was received, the files, and versions of 2,000 records in two months."""

    def relation(self, feed: str, first: date, last: date) -> str:
        if feed == "files":
            return f"select * from arrivals.files where {within(first, last)}"
        contracts = packaged().contracts
        if (of := versioned(feed, contracts)) is None:
            return super().relation(feed, first, last)
        return f"select * from ({_rows(version_columns(contracts[of]).items())}) where {within(first, last)}"


class Filled(Binder):
    """Puts rows in the place of a family of which no contract makes a table yet."""

    def _relation(self, read: str, first: date, last: date, reach: Reach) -> str:
        if read not in self.catalogue.families or self.catalogue.matching(read):
            return super()._relation(read, first, last, reach)
        rows = _rows((column.name, column.type) for column in self.catalogue.families[read])
        return f"select * from ({rows}) where {within(first, last)}"


def _rows(columns: Iterable[tuple[str, str]]) -> str:
    cells = ", ".join(
        f"{_VALUES.get(kind, f'null::{kind}')} as {identifier(name)}" for name, kind in columns if name != "month"
    )
    numbers = f"select n, ({literal(JAN)} + interval (n % 2) month)::date as month from range(2000) as rows(n)"
    return f"select month, {cells} from ({numbers})"


def loops(con: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    plan = "\n".join(text for _, text in con.execute(f"explain {select}").fetchall())
    assert len(plan.splitlines()) > 5
    return LOOPS.findall(plan)


def test_no_table_compares_every_row_with_every_other(filled: duckdb.DuckDBPyConnection) -> None:
    """Incident: a condition on the left side alone in a left join made each more month of 20,000 leads take 3.5 s,
    and four times that at twice the leads; as an equality it takes 0.2 s."""
    wrong = "select * from funnel.dim_deals as a left join funnel.dim_deals as b on a.creations > 1"
    assert loops(filled, wrong)
    assert not loops(filled, wrong.replace("a.creations > 1", "a.creations = b.creations"))
    catalogue = packaged().catalogue
    binder = Filled(catalogue, Ledger())
    slow = {}
    for address, table in catalogue.tables.items():
        if table.layer == "base":  # reads files, and joins nothing
            continue
        asked = {"select": binder.select(table, FEB, FEB, address)}
        this = f"select * from {identified(address)} where month = {literal(FEB)}"
        asked |= {
            audit.name: binder.bad_rows(audit, address, this, FEB, FEB) for audit, _ in table.audits if audit.select
        }
        slow |= {(address, name): found for name, select in asked.items() if (found := loops(filled, select))}
    # Compares each row with one: the first month of either fact.
    assert slow.keys() == {("funnel.rep_sales_funnel_monthly", "funnel_is_complete")}


# Aggregates whose state is as large as what they were given.
_COLLECTS = frozenset(("list", "array_agg", "string_agg", "group_concat", "listagg", "histogram", "json_group_array"))


def collecting_windows(con: duckdb.DuckDBPyConnection, statement: str) -> Iterator[str]:
    """Windows of the statement that collect lists, strings or distinct values, as DuckDB parses them."""

    def within(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if node.get("class") == "WINDOW" and (node["distinct"] or node["function_name"] in _COLLECTS):
                yield f"{node['function_name']}{' distinct' if node['distinct'] else ''}"
            for inner in node.values():
                yield from within(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from within(inner)

    tree = json.loads(con.execute(f"select json_serialize_sql({literal(statement)})").fetchall()[0][0])
    assert not tree["error"], tree["error_message"]
    yield from within(tree["statements"])


def test_no_table_collects_in_a_window() -> None:
    """Found in use, 6: `list(distinct ...) over (partition by ...)` took 5 s for 40,000 leads of one Salesforce export,
    and four times that for twice as many. A group makes the same list once, not for every row."""
    con = duckdb.connect()
    told = "select list(distinct a) over (partition by b), string_agg(c) over w, min(d) over w from t window w as ()"
    assert list(collecting_windows(con, told)) == ["list distinct", "string_agg"]
    found = {
        f"{address}, {name}": windows
        for address, table in packaged().catalogue.tables.items()
        for name, text in (("select", table.select), *((audit.name, audit.select) for audit, _ in table.audits))
        if text and (windows := list(collecting_windows(con, text)))
    }
    assert found == {}
