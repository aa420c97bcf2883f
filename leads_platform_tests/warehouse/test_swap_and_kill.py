"""Changed columns, and a process that dies at any moment: whole months, and a ledger that agrees with them."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leads_platform.warehouse import Column, Table
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.write import Warehouse
from leads_platform_tests.warehouse.toy_warehouse import (
    FEB,
    JAN,
    MAR,
    Feeds,
    audit,
    base,
    ledger,
    months,
    opened,
    rows,
    state,
)

BASE, STATE = "shop.base_sales", "shop.dim_sales"
FEEDS = Feeds(sales={JAN: [(1, 10, 2)], FEB: [(2, 20, 2)], MAR: [(1, 30, 2), (3, 40, 3)]})


def wider(**changes: Any) -> Table:
    """`base_sales` with one column more."""
    return base(
        "select month, id, amount::integer as amount, line from arrivals.sales",
        columns=(*base().columns, Column("line", "integer", "Line")),
        **changes,
    )


def tables_in(warehouse: Warehouse) -> list[str]:
    found = rows(warehouse, "select table_name from duckdb_tables() where schema_name = 'shop' order by 1")
    return [name for (name,) in found]


def agrees(warehouse: Warehouse, address: str) -> bool:
    """Whether the rows of each month are as many as the ledger says, and of no month it does not know."""
    there = dict(rows(warehouse, f"select month, count(*) from {address} group by month"))
    known = dict(rows(warehouse, f"select month, row_count from warehouse.builds where table_name = '{address}'"))
    return there == {month: count for month, count in known.items() if count}


# -- changed columns -----------------------------------------------------------------------------------------


def test_a_new_column_comes_in_all_months_whichever_was_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path, FEEDS, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
    with opened(tmp_path, FEEDS, base_sales=wider()) as warehouse:
        build = warehouse.build(BASE, FEB, FEB)
        assert (build.first, build.last, build.rows) == (JAN, MAR, {JAN: 1, FEB: 1, MAR: 2})
        assert rows(warehouse, "from shop.base_sales order by all") == [
            (JAN, 1, 10, 2),
            (FEB, 2, 20, 2),
            (MAR, 1, 30, 2),
            (MAR, 3, 40, 3),
        ]
        assert tables_in(warehouse) == ["base_sales"]
        changed = ledger(warehouse)
    with opened(tmp_path / "fresh", FEEDS, base_sales=wider()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        assert ledger(warehouse) == changed


@pytest.mark.parametrize("kind", ["bigint", "varchar"])
def test_a_type_changes_in_all_months_too(tmp_path: Path, kind: str) -> None:
    columns = (*base().columns[:2], Column("amount", kind, "Dollars"))
    with opened(tmp_path, FEEDS, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
    table = base(f"select month, id, amount::{kind} as amount from arrivals.sales", columns=columns)
    with opened(tmp_path, FEEDS, base_sales=table) as warehouse:
        assert build_stale(warehouse) == {}
        assert rows(warehouse, "select distinct typeof(amount), count(*) from shop.base_sales group by 1") == [
            (kind.upper(), 4)
        ]


def test_a_column_goes_away_again(tmp_path: Path) -> None:
    with opened(tmp_path, FEEDS, base_sales=wider()) as warehouse:
        build_stale(warehouse)
    with opened(tmp_path, FEEDS, base_sales=base()) as warehouse:
        assert build_stale(warehouse) == {}
        assert rows(warehouse, "from shop.base_sales order by all limit 1") == [(JAN, 1, 10)]


def test_a_step_table_is_swapped_from_its_first_month_on(tmp_path: Path) -> None:
    with opened(tmp_path, FEEDS, base_sales=base(), dim_sales=state()) as warehouse:
        build_stale(warehouse)
    select = """
        with known as (
            select id, amount, times from shop.dim_sales where month = $previous_month
            union all
            select id, amount, 1 as times from shop.base_sales
        )
        select $month as month, id, max(amount) as amount, sum(times)::bigint as times from known group by id
    """
    longer = replace(
        state(), columns=(*state().columns, Column("times", "bigint", "Months it was sold")), select=select
    )
    with opened(tmp_path, FEEDS, base_sales=base(), dim_sales=longer) as warehouse:
        assert build_stale(warehouse) == {}
        # Only the new table knows `times`: sale 1 was sold in January and March, the others once.
        assert rows(
            warehouse, "select id, amount, times from shop.dim_sales where month = '2024-03-01' order by id"
        ) == [
            (1, 30, 2),
            (2, 20, 1),
            (3, 40, 1),
        ]


def test_new_columns_that_an_audit_refuses_leave_the_old_table_and_no_other(tmp_path: Path) -> None:
    with opened(tmp_path, FEEDS, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        before = ledger(warehouse)
    with opened(tmp_path, FEEDS, base_sales=wider(must=(audit("small", "amount >= 40"),))) as warehouse:
        assert not warehouse.build(BASE, JAN, MAR).committed
        assert ledger(warehouse) == before
        assert tables_in(warehouse) == ["base_sales"]


def test_what_an_interrupted_swap_left_does_not_count(tmp_path: Path) -> None:
    with opened(tmp_path, FEEDS, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        warehouse.con.execute('create table shop."__new_base_sales" (month date, half integer)')
        warehouse.con.execute("insert into shop.\"__new_base_sales\" values ('2024-01-01', 5)")
    with opened(tmp_path, FEEDS, base_sales=wider()) as warehouse:
        assert warehouse.build(BASE, JAN, MAR).rows == {JAN: 1, FEB: 1, MAR: 2}
        assert tables_in(warehouse) == ["base_sales"]
        assert agrees(warehouse, BASE)


# -- killed --------------------------------------------------------------------------------------------------


class Photographer:
    """A connection that copies the warehouse file and its log before every statement: what `kill -9` there would leave.

    The system keeps a killed process's writes, so a copy of both files is just what the next opener finds.
    """

    def __init__(self, con: Any, home: Path, photos: Path) -> None:
        self._con, self._home, self._photos, self.taken = con, home, photos, 0
        self._last: dict[str, bytes] = {}

    def execute(self, statement: str) -> Any:
        files = {path.name: path.read_bytes() for path in sorted(self._home.glob("warehouse.duckdb*"))}
        self.taken += 1
        if files != self._last:  # most statements write nothing before the commit
            place = self._photos / f"{self.taken:03d}"
            place.mkdir(parents=True)
            for name, content in files.items():
                (place / name).write_bytes(content)
            self._last = files
        return self._con.execute(statement)


@pytest.mark.parametrize("case", ["range", "swap"])
def test_killed_before_any_statement_the_months_are_the_old_ones_or_the_new(tmp_path: Path, case: str) -> None:
    former = Feeds(sales={month: [(1, 1, 2)] for month in (JAN, FEB, MAR)})
    table = wider() if case == "swap" else base()
    with opened(tmp_path / "live", former, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        old = rows(warehouse, "select month, id, amount from shop.base_sales order by all")
    with opened(tmp_path / "live", FEEDS, base_sales=table) as warehouse:
        photographer = Photographer(warehouse.con, tmp_path / "live", tmp_path / "photos")
        warehouse.con = warehouse._records._con = photographer  # type: ignore[assignment]
        assert warehouse.build(BASE, JAN, MAR).committed
        photographer.execute("select 'after the last statement'")
        warehouse.con = warehouse._records._con = photographer._con
        new = rows(warehouse, "select month, id, amount from shop.base_sales order by all")
    seen = []
    assert photographer.taken > 12
    for place in sorted((tmp_path / "photos").iterdir()):
        with opened(place, FEEDS, base_sales=table) as warehouse:
            found = rows(warehouse, "select month, id, amount from shop.base_sales order by all")
            assert found in (old, new), place
            assert agrees(warehouse, BASE)
            seen.append(found == new)
            # And it goes on from there.
            assert build_stale(warehouse) == {}
            assert rows(warehouse, "select month, id, amount from shop.base_sales order by all") == new
            assert tables_in(warehouse) == ["base_sales"]
    assert seen == sorted(seen) and not seen[0] and seen[-1]  # new from the commit on, and never back


_YEARS = 3
_BUILDER = """
import sys
from pathlib import Path
from leads_platform_tests.warehouse.test_swap_and_kill import build_for_ever
build_for_ever(Path(sys.argv[1]))
"""


def many(generation: int) -> Feeds:
    """Feeds whose months all hold `100 + generation` sales of that amount."""
    records = [(number, generation, number) for number in range(100 + generation)]
    return Feeds(sales=dict.fromkeys(months(JAN, 12 * _YEARS), records))


def build_for_ever(folder: Path) -> None:
    """What the killed process runs: a range build of every generation, told on stdout once it is committed."""
    feeds, last = many(0), date(2024 + _YEARS - 1, 12, 1)
    with opened(folder, feeds, base_sales=base(), dim_sales=state()) as warehouse:
        for generation in range(1, 1000):
            feeds.rows = many(generation).rows
            for address in (BASE, STATE):
                assert warehouse.build(address, JAN, last).committed
                print(address, generation, flush=True)


@pytest.mark.slow  # the photographs above are the quick proof
def test_kill_9_in_a_range_build_leaves_whole_months_and_a_ledger_that_agrees(tmp_path: Path) -> None:
    chance = random.Random(2)
    for attempt in range(3):
        shutil.rmtree(tmp_path, ignore_errors=True)
        tmp_path.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", _BUILDER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        first = process.stdout.readline()  # at least one build is in
        time.sleep(chance.uniform(0, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        told = [first, *process.stdout.read().splitlines()]
        process.wait()
        acknowledged = dict.fromkeys((BASE, STATE), 0)
        for line in told:
            address, _, generation = line.strip().partition(" ")
            acknowledged[address] = int(generation)
        with opened(tmp_path, many(0), base_sales=base(), dim_sales=state()) as warehouse:
            for address, least in acknowledged.items():
                if not least:
                    continue
                assert agrees(warehouse, address), attempt
                amounts = rows(warehouse, f"select amount, count(distinct month) from {address} group by amount")
                assert [count for _, count in amounts] == [12 * _YEARS]  # one generation in every month
                assert amounts[0][0] >= least  # nothing acknowledged was lost
