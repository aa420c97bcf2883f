"""Tables that read months after their own: which months that makes stale, in what order they are built, to what rows.

Sale 1 of January, 10 dollars, comes back in part in February (3) and in March (4); sale 2 of February in April (5).
"""

import hashlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leads_platform.cli.status import Status
from leads_platform.months import add_months, label, months_between
from leads_platform.orchestration.requests import BuildRequest, as_runs
from leads_platform.warehouse import Audit, Column, DeclarationError, Table, not_null, sql
from leads_platform.warehouse.build_loop import build_stale, plan_stale
from leads_platform.warehouse.catalogue import Reach
from leads_platform.warehouse.planner import BuildTask, InputsMissing, because_of, plan, stale_months
from leads_platform.warehouse.table import Ahead
from leads_platform_tests.warehouse.test_planner import all_built
from leads_platform_tests.warehouse.toy_warehouse import (
    APR,
    FEB,
    JAN,
    MAR,
    MONTH,
    Feeds,
    Row,
    base,
    catalogue,
    ledger,
    opened,
    rows,
    total,
)

MAY = date(2024, 5, 1)
SALES, RETURNS, KEPT = "shop.base_sales", "shop.base_returns", "shop.fct_kept"


def kept(months: Ahead = 1, **changes: Any) -> Table:
    """`fct_kept`: what is left of a sale after the returns of its month and of so many months after it."""
    reach = "" if months == "all" else f"and returns.month <= sales.month + interval {months} month"
    declared: dict[str, Any] = {
        "says": "Sales with what is left of them.",
        "grain": ("id",),
        "columns": (MONTH, Column("id", "integer", "Sale"), Column("amount", "bigint", "Dollars left")),
        "ahead": {RETURNS: months},
        "select": f"""
            select sales.month, sales.id, sales.amount - coalesce(sum(returns.amount), 0)::bigint as amount
            from shop.base_sales as sales
            left join shop.base_returns as returns
                on returns.id = sales.id and returns.month >= sales.month {reach}
            group by sales.month, sales.id, sales.amount
        """,
    }
    return Table(**{**declared, **changes})


def tables(ahead: Ahead = 1, **returns: Any) -> dict[str, Any]:
    return {
        "base_sales": base(),
        "base_returns": base("select month, id, amount::integer as amount from arrivals.returns", **returns),
        "fct_kept": kept(ahead),
    }


def four_months() -> Feeds:
    sales: dict[date, list[Row]] = {JAN: [(1, 10, 2)], FEB: [(2, 20, 2)], MAR: [(3, 30, 2)], APR: [(4, 40, 2)]}
    return Feeds(sales=sales, returns={FEB: [(1, 3, 2)], MAR: [(1, 4, 2)], APR: [(2, 5, 2)]})


LEFT = {  # after the month itself and so many more, by hand
    1: [(JAN, 1, 10 - 3), (FEB, 2, 20), (MAR, 3, 30), (APR, 4, 40)],
    2: [(JAN, 1, 10 - 3 - 4), (FEB, 2, 20 - 5), (MAR, 3, 30), (APR, 4, 40)],
    "all": [(JAN, 1, 10 - 3 - 4), (FEB, 2, 20 - 5), (MAR, 3, 30), (APR, 4, 40)],
}
ALL_KEPT = f"select month, id, amount from {KEPT} order by all"


@pytest.mark.parametrize("ahead", [1, 2, "all"])
def test_a_range_and_its_months_one_by_one_give_the_same_rows(tmp_path: Path, ahead: Ahead) -> None:
    feeds = four_months()
    with opened(tmp_path / "range", feeds, **tables(ahead)) as warehouse:
        assert build_stale(warehouse) == {}
        assert rows(warehouse, ALL_KEPT) == LEFT[ahead]
        whole = ledger(warehouse)
    with opened(tmp_path / "months", feeds, **tables(ahead)) as warehouse:
        for address in warehouse.catalogue.tables:
            for month in reversed(months_between(JAN, APR)):
                warehouse.build(address, month, month)
        assert ledger(warehouse) == whole


def test_the_files_of_a_feed_are_read_ahead_too(tmp_path: Path) -> None:
    select = """
        select sales.month, sales.id, sales.amount - coalesce(sum(returns.amount::integer), 0)::bigint as amount
        from shop.base_sales as sales
        left join arrivals.returns as returns
            on returns.id = sales.id and returns.month between sales.month and sales.month + interval 2 month
        group by sales.month, sales.id, sales.amount
    """
    feeds = four_months()
    asked: list[tuple[date, date]] = []
    with opened(tmp_path, feeds, base_sales=base(), fct_kept=kept(ahead={"arrivals.returns": 2}, select=select)) as wh:
        wh._verify = lambda feed, first, last: asked.append((first, last)) if feed == "returns" else None
        assert build_stale(wh) == {}
        assert rows(wh, ALL_KEPT) == LEFT[2]
        feeds.rows["returns"][MAR] = [(1, 5, 2)]
        assert stale_months(wh.catalogue, feeds, wh.built()) == {KEPT: [JAN, FEB, MAR]}
        wh.build(KEPT, JAN, JAN)
    assert asked == [(JAN, APR), (JAN, MAR)]  # what is read of the archive is held against its manifests


@pytest.mark.parametrize(("ahead", "before"), [(1, [FEB]), (2, [JAN, FEB]), ("all", [JAN, FEB])])
def test_a_later_months_change_makes_the_months_before_it_stale_and_the_plan_says_why(
    ahead: Ahead, before: list[date]
) -> None:
    feeds = four_months()
    found = catalogue(feeds, **tables(ahead))
    built = all_built(found, feeds)
    feeds.rows["returns"][MAR] = [(1, 5, 2)]
    stale = stale_months(found, feeds, built)
    assert stale == {RETURNS: [MAR], KEPT: [*before, MAR]}
    assert plan(found, stale) == [BuildTask(RETURNS, MAR, MAR), BuildTask(KEPT, before[0], MAR)]
    assert because_of(found, stale, KEPT, before[0]) == {RETURNS: [MAR]}
    assert because_of(found, stale, RETURNS, MAR) == {}  # what came in itself
    parts: Any = SimpleNamespace(catalogue=found, fingerprints=built)
    said = Status(parts, parts, parts, stale, parts).why(KEPT)
    assert said == f"{label(before[0])} reads {RETURNS} of later months, too, and it is stale from 2024-03"


def test_a_new_month_makes_those_before_it_stale_that_read_it_and_no_other() -> None:
    feeds = four_months()
    found = catalogue(feeds, **tables(2), fct_total=total())
    built = all_built(found, feeds)
    feeds.rows["sales"][MAY] = [(5, 50, 2)]
    assert stale_months(found, feeds, built) == {
        SALES: [MAY],
        RETURNS: [MAY],
        KEPT: [MAR, APR, MAY],
        "shop.fct_total": [MAY],
    }


def test_months_after_the_data_are_empty_whatever_was_built_there(tmp_path: Path) -> None:
    """An as-of table that was carried beyond the data must not be read ahead: a rebuild would not have it there."""
    carried = base("select months.month, 1 as id, 1 as amount from months")
    feeds = Feeds(sales={JAN: [(1, 10, 2)], FEB: [(1, 20, 2)]})
    declared: dict[str, Any] = {"base_sales": base(), "base_returns": carried, "fct_kept": kept(2)}
    with opened(tmp_path / "alone", feeds, **declared) as warehouse:
        assert build_stale(warehouse) == {}
        assert rows(warehouse, ALL_KEPT) == [(JAN, 1, 10 - 1 - 1), (FEB, 1, 20 - 1)]
        own = warehouse.built()[KEPT, FEB]
    with opened(tmp_path / "beyond", feeds, **declared) as warehouse:
        assert build_stale(warehouse, last=APR) == {}
        assert rows(warehouse, f"select month from {RETURNS}") == [(month,) for month in (JAN, FEB, MAR, APR)]
        warehouse.build(KEPT, JAN, APR)
        assert rows(warehouse, ALL_KEPT) == [(JAN, 1, 10 - 1 - 1), (FEB, 1, 20 - 1)]
        assert warehouse.built()[KEPT, FEB] == own
        assert plan_stale(warehouse) == []


def test_an_asked_window_takes_in_what_its_months_read_ahead(tmp_path: Path) -> None:
    feeds = four_months()
    with opened(tmp_path, feeds, **tables(2)) as warehouse:
        assert build_stale(warehouse, last=JAN) == {}
        assert rows(warehouse, ALL_KEPT) == [(JAN, 1, 3)]
        months = rows(warehouse, "select table_name, max(month) from warehouse.builds group by all order by all")
        assert months == [(RETURNS, MAR), (SALES, JAN), (KEPT, JAN)]
        with pytest.raises(InputsMissing, match=r"shop.base_returns has not been built for 2024-04"):
            warehouse.build(KEPT, FEB, FEB)


def test_a_refused_month_holds_up_the_months_that_read_it_ahead(tmp_path: Path) -> None:
    feeds = four_months()
    feeds.rows["returns"][MAR] = [(1, None, 2)]
    with opened(tmp_path, feeds, **tables(1, must=(not_null("amount"),))) as warehouse:
        assert build_stale(warehouse) == {RETURNS: MAR}
        assert rows(warehouse, ALL_KEPT) == [(JAN, 1, 7)]  # February reads March
    with opened(tmp_path / "all", feeds, **tables("all", must=(not_null("amount"),))) as warehouse:
        assert build_stale(warehouse) == {RETURNS: MAR}
        assert (KEPT, JAN) not in warehouse.built()


def test_one_run_answers_all_unless_a_table_that_looks_ahead_must_end_earlier() -> None:
    feeds = four_months()
    found = catalogue(feeds, **tables(1), fct_total=total())
    to_the_end = [BuildTask(RETURNS, MAR, APR), BuildTask(KEPT, FEB, APR)]
    assert as_runs(found, BuildRequest("all", to_the_end)) == [
        [BuildTask(RETURNS, FEB, APR), BuildTask(KEPT, FEB, APR)]
    ]
    closed = [BuildTask(SALES, JAN, FEB), BuildTask(RETURNS, JAN, MAR), BuildTask(KEPT, JAN, FEB)]
    assert as_runs(found, BuildRequest("close", closed)) == [
        [BuildTask(RETURNS, JAN, MAR)],
        [BuildTask(SALES, JAN, FEB), BuildTask(KEPT, JAN, FEB)],
    ]


def test_a_cumulative_table_may_look_ahead_and_only_what_it_built_itself_is_past(tmp_path: Path) -> None:
    """A sale's amount as of each month, less what comes back in the month after."""
    select = """
        with known as (
            select id, amount from shop.dim_kept where month = $previous_month
            union all
            select id, amount from shop.base_sales
        )
        select $month as month, known.id, known.amount - coalesce(sum(returns.amount), 0)::bigint as amount
        from known
        left join shop.base_returns as returns on returns.id = known.id and returns.month = $month + interval 1 month
        group by known.id, known.amount
    """
    dim = kept(cumulative=True, select=select)
    feeds = four_months()
    with opened(tmp_path, feeds, **{**tables(), "dim_kept": dim}) as warehouse:
        assert build_stale(warehouse) == {}
        found = rows(warehouse, "select month, amount from shop.dim_kept where id = 1 order by all")
        assert found == [(JAN, 7), (FEB, 3), (MAR, 3), (APR, 3)]
        feeds.rows["returns"][MAR] = [(1, 5, 2)]
        stale = stale_months(warehouse.catalogue, feeds, warehouse.built())
        assert stale["shop.dim_kept"] == [FEB, MAR, APR]
        assert because_of(warehouse.catalogue, stale, "shop.dim_kept", APR) == {"shop.dim_kept": [FEB, MAR]}
        assert build_stale(warehouse) == {}
        found = rows(warehouse, "select month, amount from shop.dim_kept where id = 1 order by all")
        assert found == [(JAN, 7), (FEB, 2), (MAR, 2), (APR, 2)]


def test_an_audit_looks_ahead(tmp_path: Path) -> None:
    missed = Audit(
        "nothing_comes_back",
        "No sale comes back in the month after.",
        f"""
        select this.month, this.id
        from this
        join {RETURNS} as returns on returns.id = this.id and returns.month = this.month + interval 1 month
        """,
        ahead={RETURNS: 1},
    )
    feeds = four_months()
    declared = {**tables(), "fct_sales": base("select * from shop.base_sales", should=(missed,))}
    with opened(tmp_path, feeds, **declared) as warehouse:
        assert build_stale(warehouse) == {}
        bad = "select month from warehouse.checks where not passed and check_name = 'nothing_comes_back'"
        assert rows(warehouse, bad) == [(JAN,)]
        feeds.rows["returns"][MAR] = [(2, 5, 2)]
        assert stale_months(warehouse.catalogue, feeds, warehouse.built())["shop.fct_sales"] == [FEB, MAR]
        assert build_stale(warehouse) == {}
        assert rows(warehouse, bad) == [(JAN,), (FEB,)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ahead": {"shop.base_other": 1}}, "ahead names shop.base_other, which the select does not read"),
        ({"ahead": {RETURNS: 0}}, 'ahead says 0 of shop.base_returns; write 1 to 120 months, or "all"'),
        ({"ahead": {RETURNS: -1}}, "ahead says -1"),
        ({"ahead": {RETURNS: 121}}, "ahead says 121"),
        ({"ahead": {RETURNS: True}}, "ahead says True"),
        ({"ahead": {RETURNS: "some"}}, "ahead says 'some'"),
        (
            {"cumulative": True, "select": "select * from shop.fct_kept", "ahead": {KEPT: 1}},
            "ahead names the table itself, whose later months are built after it",
        ),
        ({"must": (Audit("odd", "Odd.", "select * from this", ahead={RETURNS: 1}),)}, "fct_kept, odd: ahead names"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError) as error:
        kept(**changes).named("shop", "fct_kept")
    assert said in str(error.value)


def test_looking_ahead_is_part_of_a_declaration_and_nothing_else_is_hashed_anew() -> None:
    named = {ahead: kept(1, ahead={RETURNS: ahead}).named("shop", "fct_kept") for ahead in (1, 2, "all")}
    assert len({table.declaration_hash({}) for table in named.values()}) == 3
    plain = base().named("shop", "base_sales")
    parts = [  # as they were before there was `ahead`
        sql.normal(plain.select),
        repr([(column.name, column.type) for column in plain.columns]),
        repr(("id",)),
        repr([(f"{a.name} 0.0 {sql.normal(a.select)} ()", blocking) for a, blocking in plain.audits]),
        *("()", "False", ""),
    ]
    assert plain.declaration_hash({}) == hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def test_two_statements_read_what_either_does() -> None:
    assert Reach(True, 1).with_(Reach(False, 3)) == Reach(True, 3)
    assert Reach(False, "all").with_(Reach(False, 3)) == Reach(False, "all")
    assert Reach(ahead=2).last(JAN, None) == JAN and Reach(ahead=2).last(JAN, FEB) == FEB
    assert Reach(ahead="all").last(JAN, APR) == APR and Reach(ahead="all").last(MAY, APR) == MAY
    assert Reach(ahead=2).first_reader(MAR) == JAN and Reach().first_reader(MAR) == MAR
    assert add_months(Reach(ahead=12).first_reader(JAN), 12) == JAN
