"""What may be published: a state in which no table is ahead of another, and none is missing that readers have."""

from collections.abc import Mapping
from pathlib import Path

from leads_platform.products.whole_state import behind
from leads_platform.warehouse import Table
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.warehouse.toy_warehouse import FEB, JAN, Feeds, audit, base, opened, state, total

TABLES: dict[str, Table] = {"base_sales": base(), "fct_total": total(), "dim_sales": state()}
STANDING = {f"shop.{name}": [JAN.isoformat()] for name in TABLES}


def asked(folder: Path, feeds: Feeds, published: Mapping[str, list[str]], **tables: Table) -> list[str]:
    with opened(folder, feeds, run_id="a run", **(tables or TABLES)) as warehouse:
        refused = warehouse.con.execute("select table_name, month from warehouse.refused_builds").fetchall()
        return behind(warehouse.catalogue, feeds, warehouse.built(), refused, published)


def test_a_built_warehouse_is_whole_and_so_is_one_of_some_months(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)], FEB: [(2, 5, 2)]})
    with opened(tmp_path, feeds, run_id="a run", **TABLES) as warehouse:
        build_stale(warehouse, first=JAN, last=JAN)
    assert asked(tmp_path, feeds, {}) == []
    assert asked(tmp_path, feeds, STANDING) == []


def test_a_table_ahead_of_those_that_read_it(tmp_path: Path) -> None:
    """Found in use: a build killed between a dimension and its report, then `publish`: the two did not agree."""
    feeds = Feeds(sales={JAN: [(1, 10, 2)]})
    with opened(tmp_path, feeds, run_id="a run", **TABLES) as warehouse:
        build_stale(warehouse)
    feeds.rows["sales"][JAN] = [(1, 20, 2)]
    with opened(tmp_path, feeds, run_id="a run", **TABLES) as warehouse:
        build_stale(warehouse, select=["shop.dim_sales"])
    assert asked(tmp_path, feeds, {}) == ["shop.fct_total"]


def test_a_rebuild_that_was_cut_off_takes_nothing_from_readers(tmp_path: Path) -> None:
    """Found in use: killed after it had dropped the warehouse, `rebuild` left it to `publish` to publish nothing."""
    feeds = Feeds(sales={JAN: [(1, 10, 2)]})
    assert asked(tmp_path, feeds, {}) == [], "nothing was there before"
    assert sorted(asked(tmp_path, feeds, STANDING)) == sorted(STANDING)
    with opened(tmp_path, feeds, run_id="a run", **TABLES) as warehouse:
        build_stale(warehouse, select=["shop.base_sales"])
    assert sorted(asked(tmp_path, feeds, STANDING)) == ["shop.dim_sales", "shop.fct_total"]


def test_what_a_check_keeps_out_holds_nothing_back(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)], FEB: [(2, 5, 2)]})
    tables = {**TABLES, "base_sales": base(must=(audit("owed", "amount < 0"),))}
    with opened(tmp_path, feeds, run_id="a run", **tables) as warehouse:
        build_stale(warehouse)
    feeds.rows["sales"][FEB] = [(2, -5, 2)]
    with opened(tmp_path, feeds, run_id="a run", **tables) as warehouse:
        assert build_stale(warehouse) == {"shop.base_sales": FEB}
    assert asked(tmp_path, feeds, {}, **tables) == []
    feeds.rows["sales"][JAN] = [(1, 30, 2)]
    assert asked(tmp_path, feeds, {}, **tables)[0] == "shop.base_sales", "of January no check has said anything"
