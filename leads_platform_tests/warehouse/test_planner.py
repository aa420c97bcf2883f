"""What is stale and in which order it is built. Two suppliers, one table that reads a month and two that read all."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads_platform.months import add_months, months_between
from leads_platform.warehouse import Catalogue, Column, Table, not_null, references
from leads_platform.warehouse.build_loop import build_stale, plan_stale
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask, Fingerprinter, InputsMissing, batches, plan, stale_months
from leads_platform_tests.warehouse.toy_warehouse import (
    APR,
    FEB,
    JAN,
    MAR,
    Feeds,
    audit,
    base,
    catalogue,
    opened,
    rows,
    running,
    state,
    total,
)

BASE, TOTAL, RUNNING, STATE = "shop.base_sales", "shop.fct_total", "shop.fct_running", "shop.dim_sales"
TABLES: dict[str, Any] = {"base_sales": base(), "fct_total": total(), "fct_running": running(), "dim_sales": state()}


def three_months() -> Feeds:
    return Feeds(sales={JAN: [(1, 10, 2)], FEB: [(2, 20, 2)], MAR: [(1, 30, 2)]})


def all_built(found: Catalogue, feeds: Feeds) -> dict[tuple[str, date], str]:
    """The ledger when everything with data is current."""
    should, data = Fingerprinter(found, feeds), feeds.data_months()
    return {(a, m): should.expected(a, m) for a in found.tables for m in (months_between(*data) if data else ())}


def stale_after(found: Catalogue, built: dict[tuple[str, date], str], feeds: Feeds) -> dict[str, list[date]]:
    return stale_months(found, feeds, built)


def test_everything_is_stale_at_first_and_nothing_once_built() -> None:
    feeds = three_months()
    found = catalogue(feeds, **TABLES)
    assert stale_after(found, {}, feeds) == {address: [JAN, FEB, MAR] for address in found.tables}
    assert stale_after(found, all_built(found, feeds), feeds) == {}


def test_no_data_is_nothing_to_build() -> None:
    feeds = Feeds(sales={})
    assert stale_after(catalogue(feeds, **TABLES), {}, feeds) == {}


def test_editing_a_select_makes_the_table_and_its_readers_stale_and_no_other() -> None:
    feeds = three_months()
    before = catalogue(feeds, **TABLES, rep=base("select * from shop.fct_total"))
    built = all_built(before, feeds)
    after = catalogue(
        feeds,
        **{**TABLES, "fct_total": base("select month, 1 as id, 2 as amount from shop.base_sales")},
        rep=base("select * from shop.fct_total"),
    )
    assert stale_after(after, built, feeds) == {TOTAL: [JAN, FEB, MAR], "shop.rep": [JAN, FEB, MAR]}


def test_relaying_a_select_makes_nothing_stale() -> None:
    feeds = three_months()
    built = all_built(catalogue(feeds, **TABLES), feeds)
    relaid = base("select month, id,  amount::integer as amount -- dollars\n from arrivals.sales")
    assert stale_after(catalogue(feeds, **{**TABLES, "base_sales": relaid}), built, feeds) == {}


def test_a_new_standard_makes_its_users_and_their_readers_stale() -> None:
    feeds = three_months()
    cleaned = {**TABLES, "base_sales": base("select month, id, phone(amount) as amount from arrivals.sales")}
    other = base("select * from arrivals.sales")
    built = all_built(catalogue(feeds, {"phone": "1"}, **cleaned, other=other), feeds)
    stale = stale_after(catalogue(feeds, {"phone": "2"}, **cleaned, other=other), built, feeds)
    assert set(stale) == {BASE, TOTAL, RUNNING, STATE}


def test_a_late_file_makes_its_month_stale_and_later_ones_only_where_history_is_read() -> None:
    feeds = three_months()
    found = catalogue(feeds, **TABLES)
    built = all_built(found, feeds)
    feeds.rows["sales"][FEB] = [(2, 25, 2)]
    assert stale_after(found, built, feeds) == {
        BASE: [FEB],
        TOTAL: [FEB],
        RUNNING: [FEB, MAR],
        STATE: [FEB, MAR],
    }


def test_another_feeds_file_leaves_the_rest_alone() -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)]}, returns={JAN: [(1, 5, 2)]})
    found = catalogue(feeds, **TABLES, base_returns=base("select * from arrivals.returns"))
    built = all_built(found, feeds)
    feeds.rows["returns"][JAN] = [(1, 6, 2)]
    assert stale_after(found, built, feeds) == {"shop.base_returns": [JAN]}


def test_a_table_that_only_an_audit_reads_counts() -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)]}, returns={JAN: [(1, 5, 2)]})
    returns = base("select * from arrivals.returns", must=(references("id", table=BASE),))
    found = catalogue(feeds, base_sales=base(), fct_returns=returns)
    built = all_built(found, feeds)
    feeds.rows["sales"][JAN] = [(2, 10, 2)]
    assert stale_after(found, built, feeds) == {BASE: [JAN], "shop.fct_returns": [JAN]}


def test_a_withdrawn_month_is_stale_though_it_holds_no_data_any_more() -> None:
    feeds = three_months()
    found = catalogue(feeds, **TABLES)
    built = all_built(found, feeds)
    del feeds.rows["sales"][MAR]
    assert stale_after(found, built, feeds) == {address: [MAR] for address in found.tables}
    feeds = three_months()
    del feeds.rows["sales"][JAN]
    stale = stale_after(found, built, feeds)
    assert stale[BASE] == [JAN] and stale[TOTAL] == [JAN]
    assert stale[RUNNING] == [JAN, FEB, MAR] and stale[STATE] == [JAN, FEB, MAR]
    feeds.rows["sales"].clear()
    assert stale_after(found, built, feeds)[BASE] == [JAN, FEB, MAR]


def test_withdrawing_removes_the_rows(tmp_path: Path) -> None:
    feeds = three_months()
    with opened(tmp_path, feeds, **TABLES) as warehouse:
        assert build_stale(warehouse) == {}
        del feeds.rows["sales"][MAR]
        assert build_stale(warehouse) == {}
        assert rows(warehouse, "select month, id from shop.base_sales order by all") == [(JAN, 1), (FEB, 2)]
        # Sale 1 is worth what January said again.
        assert rows(warehouse, "select id, amount from shop.dim_sales where month = '2024-03-01' order by all") == [
            (1, 10),
            (2, 20),
        ]
        assert plan_stale(warehouse) == []


def test_the_plan_is_told_and_what_is_left_after_a_table_that_failed(tmp_path: Path) -> None:
    feeds = three_months()
    feeds.rows["sales"][MAR] = [(1, None, 2)]
    tables: dict[str, Any] = {"base_sales": base(must=(not_null("amount"),)), "fct_total": total()}
    plans: list[list[BuildTask]] = []
    with opened(tmp_path, feeds, **tables) as warehouse:
        assert build_stale(warehouse, on_plan=plans.append) == {BASE: MAR}
    assert plans == [
        [BuildTask(BASE, JAN, MAR), BuildTask(TOTAL, JAN, MAR)],
        [BuildTask(BASE, JAN, FEB), BuildTask(TOTAL, JAN, FEB)],
    ]


def test_first_and_last_bound_what_is_asked_for() -> None:
    feeds = three_months()
    found = catalogue(feeds, base_sales=base())
    assert stale_months(found, feeds, {}, first=FEB) == {BASE: [FEB, MAR]}
    assert stale_months(found, feeds, {}, last=JAN) == {BASE: [JAN]}
    assert stale_months(found, feeds, {}, first=date(2020, 1, 1), last=APR) == {BASE: [JAN, FEB, MAR, APR]}


def test_beyond_the_data_states_carry_forward_and_facts_are_empty(tmp_path: Path) -> None:
    feeds = three_months()
    may = add_months(APR, 1)
    with opened(tmp_path, feeds, **TABLES) as warehouse:
        build_stale(warehouse)
        # May alone: a state continues from March, the last month with data, whether or not April was built.
        assert build_stale(warehouse, first=may, last=may) == {}
        assert rows(warehouse, f"select id, amount from {STATE} where month = '2024-05-01' order by all") == [
            (1, 30),
            (2, 20),
        ]
        assert rows(warehouse, f"select count(*) from {TOTAL} where month = '2024-05-01'") == [(0,)]
        assert rows(warehouse, f"select amount from {RUNNING} where month = '2024-05-01'") == [(60,)]


def test_plan_orders_and_joins_months_into_ranges() -> None:
    found = catalogue(three_months(), **TABLES)
    tasks = plan(found, {TOTAL: [MAR, JAN], BASE: [JAN, FEB, MAR]})
    assert tasks == [BuildTask(BASE, JAN, MAR), BuildTask(TOTAL, JAN, JAN), BuildTask(TOTAL, MAR, MAR)]


def test_a_blocked_table_and_its_readers_stop_before_its_first_bad_month() -> None:
    found = catalogue(three_months(), **TABLES, other=base())
    stale = {address: [JAN, FEB, MAR] for address in found.tables}
    tasks = plan(found, stale, {BASE: FEB})
    assert {(work.table, work.first, work.last) for work in tasks} == {
        (BASE, JAN, JAN),
        (TOTAL, JAN, JAN),
        (RUNNING, JAN, JAN),
        (STATE, JAN, JAN),
        ("shop.other", JAN, MAR),
    }
    # The nearer of two blocks counts; what a blocked table reads does not stop.
    tasks = plan(found, stale, {BASE: MAR, TOTAL: FEB})
    assert (
        BuildTask(TOTAL, JAN, JAN) in tasks
        and BuildTask(BASE, JAN, FEB) in tasks
        and BuildTask(RUNNING, JAN, FEB) in tasks
    )


def chain(count: int) -> dict[str, Table]:
    tables = {"t0": base("select * from arrivals.sales")}
    for i in range(1, count):
        tables[f"t{i}"] = base(f"select * from shop.t{i - 1} union all by name select * from shop.t{i // 2}")
    return tables


@given(st.lists(st.sets(st.integers(0, 5)), min_size=6, max_size=6))
def test_batches_keep_order_lose_nothing_and_hold_one_range_each(stale: list[set[int]]) -> None:
    found = catalogue(three_months(), **chain(6))
    tasks = plan(found, {f"shop.t{i}": [add_months(JAN, m) for m in months] for i, months in enumerate(stale)})
    groups = batches(found, tasks)
    flat = [work for group in groups for work in group]
    assert sorted(flat, key=repr) == sorted(tasks, key=repr)
    for group in groups:
        assert len({(work.first, work.last) for work in group}) == 1
        assert len({work.table for work in group}) == len(group)
    for at, work in enumerate(flat):
        later = {after.table for after in flat[at + 1 :]}
        assert not later.intersection(set(found.upstream(work.table)) - {work.table})


def test_a_month_that_was_never_built_is_named() -> None:
    feeds = three_months()
    found = catalogue(feeds, **TABLES)
    prints = Fingerprinter(found, feeds, lambda address, month: None)
    with pytest.raises(InputsMissing) as error:
        prints.compute(TOTAL, FEB)
    assert str(error.value) == (
        "shop.base_sales has not been built for 2024-02, which this month reads; "
        "build it first: leads-platform build --first-month 2024-02"
    )


def test_building_without_inputs_writes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, three_months(), **TABLES) as warehouse:
        warehouse.build(BASE, FEB, FEB)
        with pytest.raises(InputsMissing, match=r"shop\.base_sales has not been built for 2024-01"):
            warehouse.build(RUNNING, FEB, FEB)  # February's running amount reads January, too
        with pytest.raises(InputsMissing, match=r"shop\.dim_sales has not been built for 2024-01"):
            warehouse.build(STATE, FEB, FEB)
        assert set(warehouse.built()) == {(BASE, FEB)}


def test_a_build_on_old_inputs_is_stale_from_the_start(tmp_path: Path) -> None:
    feeds = three_months()
    with opened(tmp_path, feeds, base_sales=base(), fct_total=total()) as warehouse:
        build_stale(warehouse)
        feeds.rows["sales"][JAN] = [(1, 11, 2)]
        warehouse.build(TOTAL, JAN, JAN)  # before its input
        assert {work.table for work in plan_stale(warehouse)} == {BASE, TOTAL}


def test_a_failing_table_in_the_middle_leaves_what_follows_stale(tmp_path: Path) -> None:
    feeds = three_months()
    middle = base("select * from shop.base_sales", must=(audit("small", "amount >= 30"),))
    tables: dict[str, Any] = {
        "base_sales": base(),
        "fct_middle": middle,
        "rep_end": base("select * from shop.fct_middle"),
    }
    with opened(tmp_path, feeds, **tables, other=base()) as warehouse:
        builds: list[Build] = []
        assert build_stale(warehouse, on_build=builds.append) == {"shop.fct_middle": MAR}
        # March's amount is 30: the table stops there, and so does what reads it.
        assert {work.table: work for work in plan_stale(warehouse)} == {
            "shop.fct_middle": BuildTask("shop.fct_middle", MAR, MAR),
            "shop.rep_end": BuildTask("shop.rep_end", MAR, MAR),
        }
        assert rows(warehouse, "select month from shop.rep_end order by month") == [(JAN,), (FEB,)]
        refused = [build for build in builds if not build.committed]
        assert [build.bad_months for build in refused] == [[MAR]]
        assert refused[0].words() == (
            "shop.fct_middle keeps its former rows: 1 month(s) failed a blocking check.\n"
            "  2024-03 small: 1 bad row(s) (id 1). Nowhere amount >= 30."
        )
        feeds.rows["sales"][MAR] = [(1, 29, 2)]
        assert build_stale(warehouse) == {}
        assert plan_stale(warehouse) == []


def test_selecting_a_table_builds_what_it_reads_and_no_more(tmp_path: Path) -> None:
    with opened(tmp_path, three_months(), **TABLES) as warehouse:
        build_stale(warehouse, select=[TOTAL])
        assert {address for address, _ in warehouse.built()} == {BASE, TOTAL}


def test_a_bad_month_under_new_columns_ends_the_run_instead_of_trying_for_ever(tmp_path: Path) -> None:
    feeds = three_months()
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        build_stale(warehouse)
    wider = base(
        "select month, id, amount::integer as amount, line from arrivals.sales",
        columns=(*base().columns, Column("line", "integer", "Line")),
        must=(audit("small", "amount >= 30"),),
    )
    with opened(tmp_path, feeds, base_sales=wider) as warehouse:
        assert build_stale(warehouse) == {BASE: JAN}  # all months change columns together, or none does
        assert rows(warehouse, "from shop.base_sales order by all") == [(JAN, 1, 10), (FEB, 2, 20), (MAR, 1, 30)]


def test_a_refusal_is_forgotten_when_the_bad_file_is_withdrawn(tmp_path: Path) -> None:
    feeds = three_months()
    with opened(tmp_path, feeds, base_sales=base(must=(audit("small", "amount >= 50"),))) as warehouse:
        build_stale(warehouse)
        feeds.rows["sales"][MAR] = [(1, 50, 2)]
        feeds.rows["sales"][APR] = [(1, 50, 2)]
        assert build_stale(warehouse) == {BASE: MAR}
        assert rows(warehouse, "select month from warehouse.refused_builds order by all") == [(MAR,), (APR,)]
        feeds.rows["sales"][MAR] = [(1, 30, 2)]
        del feeds.rows["sales"][APR]
        assert build_stale(warehouse) == {}
        assert rows(warehouse, "select month from warehouse.refused_builds") == []


def test_a_table_that_nobody_declares_any_more_is_dropped_by_the_next_build(tmp_path: Path) -> None:
    """Found in use, 16: the docs said that its rows stay until a rebuild; nothing held either."""
    feeds = three_months()
    with opened(tmp_path, feeds, base_sales=base(), fct_total=total()) as warehouse:
        build_stale(warehouse)
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        build_stale(warehouse)
        there = "select table_name from duckdb_tables() where schema_name = 'shop'"
        assert rows(warehouse, there) == [("base_sales",)]
        assert rows(warehouse, "select distinct table_name from warehouse.builds") == [(BASE,)]


def test_a_window_takes_in_the_stale_months_before_it_that_it_reads(tmp_path: Path) -> None:
    """Without them it would be built upon what is stale, and be stale again: planning never came to an end."""
    feeds = three_months()
    with opened(tmp_path, feeds, **TABLES) as warehouse:
        build_stale(warehouse)
        feeds.rows["sales"][JAN] = [(1, 11, 2)]
        told: list[list[BuildTask]] = []
        assert build_stale(warehouse, first=MAR, on_plan=told.append) == {}
        assert told == [[BuildTask(BASE, JAN, JAN), BuildTask(STATE, JAN, MAR), BuildTask(RUNNING, MAR, MAR)]]
        assert stale_months(warehouse.catalogue, feeds, warehouse.built()) == {TOTAL: [JAN], RUNNING: [JAN, FEB]}
