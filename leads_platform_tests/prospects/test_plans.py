"""How DuckDB works a table out: never by comparing every row with every other, which a small sample would not show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from leads_platform.funnel.sample.files import DealFiles
from leads_platform.platform import load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.sample import generate, write
from leads_platform.sample.world import World
from leads_platform.settings import Settings
from leads_platform.warehouse.sql import literal
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import run


def test_no_table_compares_every_row_with_every_other(tmp_path: Path) -> None:
    """Incident: a condition on the left side alone in a left join made each more month of 20,000 leads take 3.5 s,
    and four times that at twice the leads; as an equality it takes 0.2 s."""
    settings = environment(tmp_path / "data")
    generate(settings.landing, find_rooms().emitters, months=2, scale=0.1)
    # Enough deals that DuckDB does not loop over them because they are few (it does up to 64).
    world = World(months=2, scale=3)
    write(settings.landing, world, [DealFiles(world)])
    run(settings)
    platform = load_platform(settings)
    slow = {}
    with open_session(platform, "test") as session:
        session.warehouse.needs_cleaning()
        warehouse = session.warehouse
        for address, table in platform.catalogue.tables.items():
            last = max(month for name, month in warehouse.built() if name == address)
            select = warehouse.binder.select(table, last, last, address)
            plan = "\n".join(text for _, text in warehouse.con.execute(f"explain {select}").fetchall())
            assert len(plan.splitlines()) > 5
            if found := re.findall(r"BLOCKWISE_NL_JOIN|NESTED_LOOP_JOIN", plan):
                slow[address] = found
    assert slow == {}


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


def test_no_table_collects_in_a_window(settings: Settings) -> None:
    """Found in use, 6: `list(distinct ...) over (partition by ...)` took 5 s for 40,000 leads of one Salesforce export,
    and four times that for twice as many. A group makes the same list once, not for every row."""
    con = duckdb.connect()
    told = "select list(distinct a) over (partition by b), string_agg(c) over w, min(d) over w from t window w as ()"
    assert list(collecting_windows(con, told)) == ["list distinct", "string_agg"]
    found = {
        f"{address}, {name}": windows
        for address, table in load_platform(settings).catalogue.tables.items()
        for name, text in (("select", table.select), *((audit.name, audit.select) for audit, _ in table.audits))
        if text and (windows := list(collecting_windows(con, text)))
    }
    assert found == {}
