"""The write path: months are replaced whole, a bad month never replaces a good one, and the ledger tells which."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leads_platform.warehouse import (
    Audit,
    Column,
    accepted_values,
    adds_up,
    not_null,
    references,
    stretches,
    volume_is_usual,
)
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.write import Warehouse
from leads_platform_tests.warehouse.toy_warehouse import (
    APR,
    FEB,
    JAN,
    MAR,
    MONTH,
    Feeds,
    Row,
    audit,
    base,
    ledger,
    months,
    opened,
    row_audit,
    rows,
    running,
    state,
    total,
)

BASE = "shop.base_sales"
SALES = "select month, id, amount from shop.base_sales order by all"


def checks(warehouse: Warehouse, name: str) -> list[tuple[object, ...]]:
    """A check's standing results: month, passed, bad rows, evidence."""
    return rows(
        warehouse,
        "select month, passed, bad_rows, evidence from warehouse.checks "
        f"where table_name = '{BASE}' and check_name = '{name}' order by month",
    )


# -- one month at a time -------------------------------------------------------------------------------------


def test_a_month_is_replaced_and_no_other(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2), (2, 20, 3)], FEB: [(1, 30, 2)]})
    with opened(tmp_path, feeds, run_id="first", base_sales=base()) as warehouse:
        build = warehouse.build(BASE, JAN, FEB)
        assert (build.committed, build.rows, build.bad_months) == (True, {JAN: 2, FEB: 1}, [])
    feeds.rows["sales"] = {JAN: [(3, 40, 2)], FEB: [(9, 90, 2)]}
    with opened(tmp_path, feeds, run_id="second", base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, JAN)
        assert rows(warehouse, SALES) == [(JAN, 3, 40), (FEB, 1, 30)]
        assert rows(warehouse, "select month, row_count, run_id from warehouse.builds order by month") == [
            (JAN, 1, "second"),
            (FEB, 1, "first"),
        ]
        every_check = "select month, run_id, count(*) from warehouse.checks group by all order by all"
        assert rows(warehouse, every_check) == [(JAN, "second", 3), (FEB, "first", 3)]


def test_a_month_without_records_is_built_empty(tmp_path: Path) -> None:
    with opened(tmp_path, Feeds(sales={JAN: [(1, 10, 2)], MAR: [(1, 10, 2)]}), base_sales=base()) as warehouse:
        assert warehouse.build(BASE, JAN, MAR).rows == {JAN: 1, FEB: 0, MAR: 1}
        assert rows(warehouse, "select row_count, content_hash from warehouse.builds where month = '2024-02-01'") == [
            (0, "0")
        ]


def test_columns_go_by_name_not_by_place(tmp_path: Path) -> None:
    swapped = base("select amount::integer as amount, id, month from arrivals.sales")
    with opened(tmp_path, Feeds(sales={JAN: [(1, 10, 2)]}), base_sales=swapped) as warehouse:
        warehouse.build(BASE, JAN, JAN)
        assert rows(warehouse, SALES) == [(JAN, 1, 10)]


def test_a_select_may_end_in_a_comment(tmp_path: Path) -> None:
    table = base(
        "select month, id, amount::integer as amount from arrivals.sales -- the end",
        must=(Audit("a", "Fine.", "select * from this where id < 0 -- the end"),),
    )
    with opened(tmp_path, Feeds(sales={JAN: [(1, 10, 2)]}), base_sales=table) as warehouse:
        assert warehouse.build(BASE, JAN, JAN).committed


def test_rows_of_other_months_are_left_to_their_builds(tmp_path: Path) -> None:
    late = base("select (month + interval 1 month)::date as month, id, amount::integer as amount from arrivals.sales")
    with opened(tmp_path, Feeds(sales={JAN: [(1, 10, 2)]}), base_sales=late) as warehouse:
        assert warehouse.build(BASE, JAN, JAN).rows == {JAN: 0}


def test_a_row_without_a_month_is_refused_not_dropped(tmp_path: Path) -> None:
    lost = base("select if(id = 2, null, month) as month, id, amount::integer as amount from arrivals.sales")
    feeds = Feeds(sales={JAN: [(1, 10, 2), (2, 20, 3)]})
    with opened(tmp_path, feeds, base_sales=lost) as warehouse:
        build = warehouse.build(BASE, JAN, JAN)
        assert [c.check for c in build.checks if not c.passed] == ["keys_are_not_null"]
        assert (build.committed, rows(warehouse, SALES)) == (False, [])


# -- audits --------------------------------------------------------------------------------------------------


def test_a_blocking_audit_keeps_the_former_rows_and_checks_until_a_good_build(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2), (2, 20, 3)], FEB: [(1, 30, 2)]})
    table = base(must=(audit("owed", "amount < 0"),))
    with opened(tmp_path, feeds, base_sales=table) as warehouse:
        warehouse.build(BASE, JAN, FEB)
        before = ledger(warehouse)
        feeds.rows["sales"] = {JAN: [(1, 11, 2)], FEB: [(1, -30, 2), (2, -40, 3)]}
        build = warehouse.build(BASE, JAN, FEB)
        assert (build.committed, build.bad_months, warehouse.refused) == (False, [FEB], 1)
        assert ledger(warehouse) == before
        refused = "select table_name, month, check_name, bad_rows, run_id from warehouse.refused_builds"
        assert rows(warehouse, refused) == [(BASE, FEB, "owed", 2, "a run")]
        warehouse.build(BASE, JAN, FEB)  # tried again, it stands once
        assert len(rows(warehouse, refused)) == 1
        feeds.rows["sales"][FEB] = [(1, 31, 2)]
        assert warehouse.build(BASE, JAN, FEB).committed
        assert rows(warehouse, refused) == []
        assert rows(warehouse, SALES) == [(JAN, 1, 11), (FEB, 1, 31)]


def test_null_is_a_value_of_a_nullable_key(tmp_path: Path) -> None:
    shares = base(grain=("id", "amount"), nullable=("amount",))
    once: list[Row] = [(1, None, 1), (1, 5, 2), (2, None, 3)]
    feeds = Feeds(sales={JAN: once, FEB: [*once, (2, None, 4)]})
    with opened(tmp_path, feeds, base_sales=shares) as warehouse:
        assert warehouse.build(BASE, JAN, JAN).committed
        assert rows(warehouse, "select id, amount from shop.base_sales order by all") == [(1, 5), (1, None), (2, None)]
        build = warehouse.build(BASE, FEB, FEB)
        assert [(c.check, c.bad_rows) for c in build.checks if not c.passed] == [("grain_is_unique", 1)]
    with opened(tmp_path / "strict", feeds, base_sales=replace(shares, nullable=())) as warehouse:
        build = warehouse.build(BASE, JAN, JAN)
        assert [(c.check, c.bad_rows) for c in build.checks if not c.passed] == [("keys_are_not_null", 2)]


def test_every_table_has_its_grain_and_keys_audited(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2), (1, 20, 3)], FEB: [(1, 30, 2)]})
    keyless = base("select month, nullif(id, 1)::integer as id, amount::integer as amount from arrivals.sales")
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        build = warehouse.build(BASE, JAN, FEB)
        assert [(c.check, c.month, c.bad_rows) for c in build.checks if not c.passed] == [("grain_is_unique", JAN, 1)]
    with opened(tmp_path, feeds, base_sales=keyless) as warehouse:
        build = warehouse.build(BASE, FEB, FEB)
        assert [(c.check, c.month, c.bad_rows) for c in build.checks if not c.passed] == [("keys_are_not_null", FEB, 1)]


@pytest.mark.parametrize("ask", [audit, row_audit])
def test_a_warning_commits_with_counts_and_lines_and_no_values(tmp_path: Path, ask: Callable[..., Audit]) -> None:
    table = base(
        "select month, id, amount::integer as amount, line from arrivals.sales",
        columns=(*base().columns, Column("line", "integer", "Line")),
        should=(ask("small", "amount >= 700"),),
    )
    feeds = Feeds(sales={JAN: [(1, 777, 9), (2, 10, 4), (3, 778, 2)], FEB: [(1, 30, 2)]})
    with opened(tmp_path, feeds, base_sales=table) as warehouse:
        assert warehouse.build(BASE, JAN, FEB).committed
        assert checks(warehouse, "small") == [(JAN, False, 2, '{"lines": [2, 9]}'), (FEB, True, 0, "{}")]
        assert rows(warehouse, "select bool_or(evidence like '%77%') from warehouse.checks") == [(False,)]


@pytest.mark.parametrize("ask", [audit, row_audit])
def test_evidence_stops_at_twenty_lines(tmp_path: Path, ask: Callable[..., Audit]) -> None:
    table = base(
        "select month, id, amount::integer as amount, line from arrivals.sales",
        columns=(*base().columns, Column("line", "integer", "Line")),
        should=(ask("any", "true"),),
    )
    with opened(tmp_path, Feeds(sales={JAN: [(i, i, i) for i in range(30, 0, -1)]}), base_sales=table) as warehouse:
        found = [c for c in warehouse.build(BASE, JAN, JAN).checks if c.check == "any"]
    assert [(c.bad_rows, c.evidence) for c in found] == [(30, {"lines": list(range(1, 21))})]


@pytest.mark.parametrize("ask", [audit, row_audit])
@pytest.mark.parametrize(
    ("bad", "of", "share", "passed"),
    [(1, 4, 0.25, True), (2, 4, 0.25, False), (0, 4, 0.0, True), (29, 100, 0.29, True)],
)
def test_a_share_of_bad_rows_may_be_allowed(
    tmp_path: Path, ask: Callable[..., Audit], bad: int, of: int, share: float, passed: bool
) -> None:
    feeds = Feeds(sales={JAN: [(i, 1 if i < bad else 0, i) for i in range(of)]})
    with opened(tmp_path, feeds, base_sales=base(must=(ask("ones", "amount = 1", max_share=share),))) as warehouse:
        assert warehouse.build(BASE, JAN, JAN).committed is passed


@pytest.mark.parametrize("ask", [audit, row_audit])
def test_the_share_is_kept_as_evidence(tmp_path: Path, ask: Callable[..., Audit]) -> None:
    feeds = Feeds(sales={JAN: [(1, 1, 2), (2, 0, 3), (3, 0, 4)]})
    with opened(tmp_path, feeds, base_sales=base(should=(ask("ones", "amount = 1", max_share=0.5),))) as warehouse:
        warehouse.build(BASE, JAN, JAN)
        assert checks(warehouse, "ones") == [
            (JAN, True, 1, '{"rows": [{"id": "1"}], "share": 0.3333, "allowed_share": 0.5}')
        ]


def test_a_bad_row_counts_though_its_month_is_a_timestamp_or_missing(tmp_path: Path) -> None:
    stamped = Audit("stamped", "No ones.", "select month::timestamp as month from this where amount = 1")
    nowhere = Audit("nowhere", "No ones.", "select null::date as month from this where amount = 1")
    feeds = Feeds(sales={JAN: [(1, 0, 2)], FEB: [(1, 1, 2)]})
    with opened(tmp_path, feeds, base_sales=base(should=(stamped, nowhere))) as warehouse:
        warehouse.build(BASE, JAN, FEB)
        assert [(month, passed) for month, passed, *_ in checks(warehouse, "stamped")] == [(JAN, True), (FEB, False)]
        assert [(month, passed) for month, passed, *_ in checks(warehouse, "nowhere")] == [(JAN, False), (FEB, True)]


def test_the_audits_tables_are_made_of(tmp_path: Path) -> None:
    table = base(
        must=(references("id", table="shop.dim_known"),),
        should=(not_null("amount"), accepted_values("amount", "10", "20")),
    )
    known = base("select month, id, 0 as amount from arrivals.known")
    feeds = Feeds(
        sales={JAN: [(1, 10, 2), (2, None, 3), (3, 30, 4)], FEB: [(1, 20, 2)]},
        known={JAN: [(1, 0, 2), (2, 0, 3), (3, 0, 4)], FEB: [(2, 0, 2)]},
    )
    with opened(tmp_path, feeds, base_sales=table, dim_known=known) as warehouse:
        warehouse.build("shop.dim_known", JAN, FEB)
        january = {c.check: c.bad_rows for c in warehouse.build(BASE, JAN, JAN).checks}
        assert january == {
            "schema_contract": 0,
            "grain_is_unique": 0,
            "keys_are_not_null": 0,
            "references_id": 0,
            "not_null_amount": 1,
            "accepted_values_amount": 1,
        }
        # Sale 1 is known in January, not in February.
        assert warehouse.build(BASE, FEB, FEB).bad_months == [FEB]


def test_values_that_stand_nowhere_are_told_with_the_id_of_their_row(tmp_path: Path) -> None:
    priced = references("id", "amount", table="shop.dim_prices", keys=("sale", "dollars"), named_id="id")
    prices = base(
        "select month, id as sale, amount::integer as dollars from arrivals.prices",
        columns=(Column("sale", "integer", "Sale"), Column("dollars", "integer", "Dollars")),
        grain=("sale",),
    )
    feeds = Feeds(
        sales={JAN: [(1, 10, 2), (2, 20, 3), (3, None, 4), (4, 40, 5)], FEB: [(1, 10, 2)]},
        prices={JAN: [(1, 10, 2), (2, 21, 3)], FEB: [(1, 10, 2)]},
    )
    with opened(tmp_path, feeds, base_sales=base(should=(priced,)), dim_prices=prices) as warehouse:
        warehouse.build("shop.dim_prices", JAN, FEB)
        (found,) = (c for c in warehouse.build(BASE, JAN, FEB).checks if not c.passed)
    # Sale 3 has no amount: nothing is said of it.
    assert (found.check, found.month, found.evidence["ids"]) == ("references_id_amount", JAN, [2, 4])


def test_what_does_not_add_up_says_what_is_expected_and_found(tmp_path: Path) -> None:
    sales_add_up = adds_up(
        "sales_add_up", "Dollars by sale.", BASE, theirs="sum(amount)", this="sum(amount)", by=("id",)
    )
    report = base("select month, id, amount + (id = 2)::integer as amount from shop.base_sales where id < 3")
    report = replace(report, should=(sales_add_up, adds_up("all_are_here", "Big ones.", BASE, where="amount > 5")))
    feeds = Feeds(sales={JAN: [(1, 10, 2), (2, 20, 3), (3, 7, 4)], FEB: [(1, 5, 2), (3, 0, 3)], MAR: [(1, 10, 2)]})
    with opened(tmp_path, feeds, base_sales=base(), rep_sales=report) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        failed = [c for c in warehouse.build("shop.rep_sales", JAN, MAR).checks if not c.passed]
    # February's sale 3 adds nothing: 0 is what is not there.
    assert [(c.check, c.month, c.evidence["rows"]) for c in failed] == [
        (
            "sales_add_up",
            JAN,
            [{"id": "2", "expected": "20", "found": "21"}, {"id": "3", "expected": "7", "found": "0"}],
        ),
        ("all_are_here", JAN, [{"expected": "3", "found": "2"}]),
        ("all_are_here", FEB, [{"expected": "0", "found": "1"}]),
    ]


def test_a_month_of_unusual_volume_is_told(tmp_path: Path) -> None:
    counts = [4, 4, 4, 9, 3, 1]  # medians before: -, 4, 4, 4, 4, 4; half is 2, double is 8
    span = list(months(JAN, 6))
    feeds = Feeds(sales={m: [(i, 0, i) for i in range(n)] for m, n in zip(span, counts, strict=True)})
    with opened(tmp_path, feeds, base_sales=base(should=(volume_is_usual(),))) as warehouse:
        warehouse.build(BASE, span[0], span[-1])
        found = {month: passed for month, passed, *_ in checks(warehouse, "row_volume_is_usual")}
        assert [m for m, passed in found.items() if not passed] == [span[3], span[5]]


@pytest.mark.parametrize("at_once", [1, 2_000_000])
def test_bad_rows_count_in_their_month_and_those_without_one_in_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(stretches, "ROWS_AT_ONCE", at_once)
    table = base(
        "select case when id < 9 then month end as month, id, amount::integer as amount, line from arrivals.sales",
        columns=(*base().columns, Column("line", "integer", "Line")),
        should=(row_audit("ones", "this.amount = 1"),),
    )
    sales = {JAN: [(1, 1, 2), (2, 0, 3)], FEB: [(1, 0, 2)], MAR: [(1, 1, 2), (9, 1, 3), (2, 1, 4)]}
    with opened(tmp_path, Feeds(sales=sales), base_sales=table) as warehouse:
        build = warehouse.build(BASE, JAN, MAR)
    assert not build.committed
    assert {c.check: c.evidence for c in build.checks if c.month == JAN and not c.passed} == {
        "keys_are_not_null": {"lines": [3]},
        "ones": {"lines": [2, 3]},
    }
    found = sorted((c.check, c.month, c.bad_rows) for c in build.checks if not c.passed)
    assert found == [("keys_are_not_null", JAN, 1), ("ones", JAN, 2), ("ones", MAR, 2)]


def test_a_statement_reads_as_many_months_as_fit_by_what_is_known_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "ROWS_AT_ONCE", 3)
    feeds = Feeds(sales={m: [(1, 10, 2), (2, 20, 3)] for m in (JAN, FEB, MAR)} | {APR: [(1, 10, 2)]})
    total_of, began = "shop.fct_total", list[date]()
    with opened(tmp_path, feeds, base_sales=base(), fct_total=total()) as warehouse:
        warehouse.build(BASE, JAN, APR)
        warehouse.build(total_of, JAN, APR, began.append)
    assert began == [JAN, FEB, MAR]  # March and April fit together
    feeds.rows["sales"] |= {JAN: [(1, 10, 2)], APR: [(1, None, 2)]}
    with opened(tmp_path, feeds, base_sales=base(must=(not_null("amount"),)), fct_total=total()) as warehouse:
        assert not warehouse.build(BASE, JAN, APR).committed  # what stood of base_sales stands
        began.clear()
        warehouse.build(total_of, JAN, APR, began.append)
        assert began == [JAN, FEB, MAR]
        warehouse.build(BASE, JAN, MAR)
        began.clear()
        warehouse.build(total_of, JAN, MAR, began.append)
        assert began == [JAN, MAR]  # January is smaller now


# -- the schema contract -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "evidence"),
    [
        ("select month, id from arrivals.sales", {"amount": "declared, not selected"}),
        ("select month, id, amount from arrivals.sales", {"amount": "declared INTEGER, selected VARCHAR"}),
        (
            "select month, id, amount::integer as amount, line from arrivals.sales",
            {"line": "selected, not declared"},
        ),
        ("select month, id, 1 as amount, 2 as amount from arrivals.sales", {"amount": "selected more than once"}),
    ],
)
def test_a_select_other_than_declared_is_refused_in_words(
    tmp_path: Path, select: str, evidence: dict[str, str]
) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)]})
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        warehouse.build(BASE, JAN, JAN)
    with opened(tmp_path, feeds, base_sales=base(select)) as warehouse:
        build = warehouse.build(BASE, JAN, JAN)
        assert [(c.check, c.evidence, c.blocking) for c in build.checks] == [("schema_contract", evidence, True)]
        (column, words), *_ = evidence.items()
        assert f"2024-01 schema_contract: 1 bad row(s) ({column}: {words})" in build.words()
        assert rows(warehouse, SALES) == [(JAN, 1, 10)]


# -- a range is its months -----------------------------------------------------------------------------------

SHOP: dict[str, Any] = {"base_sales": base(), "fct_total": total(), "fct_running": running(), "dim_sales": state()}
ADDRESSES = [BASE, "shop.fct_total", "shop.fct_running", "shop.dim_sales"]
YEAR: dict[date, list[Row]] = {
    JAN: [(1, 10, 2), (2, 20, 3)],
    FEB: [(2, 25, 2)],
    APR: [(1, 5, 2), (3, 7, 3)],
}


def test_a_range_and_its_months_one_by_one_give_the_same(tmp_path: Path) -> None:
    feeds = Feeds(sales=YEAR)
    with opened(tmp_path / "range", feeds, **SHOP) as warehouse:
        for address in ADDRESSES:
            warehouse.build(address, JAN, APR)
        at_once = ledger(warehouse)
        assert rows(warehouse, "from shop.fct_total order by month") == [(JAN, 30), (FEB, 25), (APR, 12)]
        assert rows(warehouse, "from shop.fct_running order by month") == [(JAN, 30), (FEB, 55), (MAR, 55), (APR, 67)]
        assert rows(warehouse, "select id, amount from shop.dim_sales where month = '2024-03-01' order by id") == [
            (1, 10),
            (2, 25),
        ]
        assert rows(warehouse, "select id, amount from shop.dim_sales where month = '2024-04-01' order by id") == [
            (1, 5),
            (2, 25),
            (3, 7),
        ]
    with opened(tmp_path / "months", feeds, **SHOP) as warehouse:
        for month in months(JAN, 4):
            for address in ADDRESSES:
                warehouse.build(address, month, month)
        assert ledger(warehouse) == at_once
    with opened(tmp_path / "pieces", feeds, **SHOP) as warehouse:
        for address in ADDRESSES:
            warehouse.build(address, JAN, MAR)
        for address in ADDRESSES:
            warehouse.build(address, FEB, APR)
        assert ledger(warehouse) == at_once


def test_building_twice_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, Feeds(sales=YEAR), **SHOP) as warehouse:
        build_stale(warehouse)
        once = ledger(warehouse)
        for address in ADDRESSES:
            warehouse.build(address, JAN, APR)
        assert ledger(warehouse) == once


def test_the_order_of_rows_is_not_content_and_their_values_are(tmp_path: Path) -> None:
    def content(name: str, records: list[Row]) -> object:
        with opened(tmp_path / name, Feeds(sales={JAN: records}), base_sales=base()) as warehouse:
            warehouse.build(BASE, JAN, JAN)
            return rows(warehouse, "select content_hash from warehouse.builds")[0][0]

    one = content("one", [(1, 10, 2), (2, 20, 3)])
    assert content("turned", [(2, 20, 3), (1, 10, 2)]) == one
    assert content("mixed", [(1, 20, 2), (2, 10, 3)]) != one
    assert content("fewer", [(1, 10, 2)]) != one


def test_when_something_was_received_is_not_content(tmp_path: Path) -> None:
    hashes = set()
    for hour in ("1", "2"):
        table = base(
            f"select month, id, timestamp '2024-01-01 0{hour}:00:00' as received_at from arrivals.sales",
            columns=(MONTH, Column("id", "integer", "Sale"), Column("received_at", "timestamp", "When")),
        )
        with opened(tmp_path / hour, Feeds(sales={JAN: [(1, 10, 2)]}), base_sales=table) as warehouse:
            warehouse.build(BASE, JAN, JAN)
            hashes.add(rows(warehouse, "select content_hash from warehouse.builds")[0][0])
    assert len(hashes) == 1


# -- errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expression", "words"),
    [
        ("Jane Roe 702-555-1234", "amount::integer", "Conversion of column amount to INT32"),
        ("O'Roe 702-555-1234", "amount::integer", "Conversion of column amount to INT32"),
        ('Jane "Roe', "amount::integer", "Conversion of column amount to INT32"),
        ("7025551234", "(amount::bigint)::integer", "Conversion"),
        ("7025551234725", "(amount::bigint * amount::bigint)::integer", "OutOfRange"),
        ("Jane Roe", "month(strptime(amount, '%m/%d/%Y'))::integer", "InvalidInput"),
        ("Jane Roe", "day(amount::date)::integer", "Conversion of column amount"),
        ("Jane Roe", "if(error(amount) is null, 1, 2)", "InvalidInput"),
    ],
)
def test_an_error_tells_no_value_of_a_row(tmp_path: Path, cell: str, expression: str, words: str) -> None:
    feeds = Feeds(sales={JAN: [(1, "7", 2)], FEB: [(1, cell, 2)], MAR: [(1, "9", 2)]})
    # The check is of the message only if the error comes at run time: through a table, not a folded constant.
    raw = base(
        "select * exclude (line) from arrivals.sales", columns=(*base().columns[:2], Column("amount", "varchar", ""))
    )
    parsed = base(
        f"select month, id, case when month = date '2024-02-01' then {expression} end as amount from shop.base_sales"
    )
    with opened(tmp_path, feeds, base_sales=raw, fct_parsed=parsed) as warehouse:
        warehouse.build(BASE, JAN, MAR)
        build = warehouse.build("shop.fct_parsed", JAN, MAR)
        assert not build.committed
        assert build.bad_months == [FEB]
        assert [check.check for check in build.checks] == ["select_runs"]
        told = build.words() + repr(build)
        assert not [word for word in cell.replace('"', " ").replace("'", " ").split() if word in told]
        assert f"error: {words}" in told
        assert warehouse.build("shop.fct_parsed", JAN, JAN).committed, "the good month before it can be built"


def test_an_error_in_the_declaration_names_what_is_wrong(tmp_path: Path) -> None:
    feeds = Feeds(sales={JAN: [(1, 10, 2)]})
    tables: dict[str, Any] = {
        "fct_one": base("select month, id, nosuch as amount from arrivals.sales"),
        "fct_two": base(columns=(*base().columns[:2], Column("amount", "nosuchtype", ""))),
        "fct_three": base(must=(audit("a", "nosuchcolumn > 1"),)),
    }
    with opened(tmp_path, feeds, **tables) as warehouse:
        for name, word in (("one", "nosuch"), ("two", "nosuchtype"), ("three", "nosuchcolumn")):
            with pytest.raises(BuildError, match=rf"shop\.fct_{name}: DuckDB could not build it: .*{word}"):
                warehouse.build(f"shop.fct_{name}", JAN, JAN)
        assert warehouse.built() == {}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ({}, [(1, 4)]),  # not built yet, or files: they stream
        ({1: 1_000_000, 2: 1_000_000, 3: 1, 4: 1}, [(1, 2), (3, 4)]),
        ({1: 5_000_000, 2: 10, 3: 3_000_000, 4: 2_000_000}, [(1, 1), (2, 2), (3, 3), (4, 4)]),
        ({1: 500_000, 2: 500_000, 3: 500_000, 4: 500_000}, [(1, 4)]),
    ],
)
def test_a_statement_reads_so_many_rows(rows: dict[int, int], found: list[tuple[int, int]]) -> None:
    months = [date(2024, number, 1) for number in (1, 2, 3, 4)]
    told = stretches.stretches(months, {date(2024, number, 1): count for number, count in rows.items()})
    assert told == [(date(2024, first, 1), date(2024, last, 1)) for first, last in found]


def test_a_build_tells_which_months_hold_another_content_now(tmp_path: Path) -> None:
    """Found in use, 7: rows of a month that was built before and reported on changed without a word."""
    feeds = Feeds(sales={JAN: [(1, 10, 2), (2, 20, 3)], FEB: [(1, 30, 2)]})
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        assert warehouse.build(BASE, JAN, FEB).replaced == {}, "a first build replaces nothing"
        assert warehouse.build(BASE, JAN, FEB).replaced == {}, "nor does one that gives the same rows"
        feeds.rows["sales"] = {JAN: [(1, 10, 2), (2, 21, 3)], FEB: [(1, 30, 2)], MAR: [(1, 40, 2)]}
        assert warehouse.build(BASE, JAN, MAR).replaced == {JAN: 2}, "as many rows, another amount"
    feeds.rows["sales"][FEB] = []
    with opened(tmp_path, feeds, base_sales=base()) as warehouse:
        assert warehouse.build(BASE, JAN, MAR).replaced == {FEB: 1}
        feeds.rows["sales"][FEB] = [(7, 70, 2)]
        assert warehouse.build(BASE, FEB, FEB).replaced == {FEB: 0}
    refusing = base(must=(audit("owed", "amount < 0"),))
    feeds.rows["sales"][FEB] = [(7, -70, 2)]
    with opened(tmp_path, feeds, base_sales=refusing) as warehouse:
        assert warehouse.build(BASE, FEB, FEB).replaced == {}, "what was refused replaced nothing"
