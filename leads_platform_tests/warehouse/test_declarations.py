"""Tables and the catalogue: what is refused, in which words, and what makes a declaration another one."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform.warehouse import (
    Catalogue,
    Column,
    DeclarationError,
    Table,
    bad_rows,
    not_null,
    pick,
    references,
)
from leads_platform.warehouse.catalogue import Reach, tables_in
from leads_platform.warehouse.connection import open_warehouse
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.write import Warehouse
from leads_platform_tests.warehouse.toy_warehouse import (
    JAN,
    MONTH,
    Feeds,
    audit,
    base,
    catalogue,
    running,
    state,
    total,
)

FEEDS = Feeds(sales={})


def hash_of(table: Table, standards: dict[str, str] | None = None) -> str:
    return table.named("shop", "base_sales").declaration_hash(standards or {})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"columns": (Column("month", "varchar", ""), Column("id", "integer", ""))},
            "shop.t: its column `month` is the partition, of type date",
        ),
        ({"columns": (MONTH, MONTH, Column("id", "integer", ""))}, "shop.t: a column is declared twice"),
        ({"grain": ("sale",)}, "shop.t: the grain names sale, which is not a column"),
        ({"grain": ()}, "shop.t: no grain"),
        ({"nullable": ("amount",)}, "shop.t: nullable names amount, which is no column of its grain"),
        (
            {"grain": ("month",), "nullable": ("month",)},
            "shop.t: nullable names month, which is no column of its grain",
        ),
        ({"history": ("shop.x",)}, "shop.t: history names shop.x, which the select does not read"),
        ({"select": "select 'x from shop.u"}, "shop.t: the SQL text has a quote or comment that is not closed"),
        ({"select": "select * from shop.t"}, "shop.t reads itself; only a cumulative table can"),
        ({"select": "select $previous_month from arrivals.sales"}, "shop.t: only a cumulative table knows \\$month"),
        ({"must": (not_null("id"), not_null("id"))}, "shop.t: two audits are named not_null_id"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        base(**changes).named("shop", "t")


def test_the_month_is_a_column_of_every_table_and_a_table_may_say_more_of_it() -> None:
    own = Column("month", "date", "Month of the sale")
    implied, said = (
        base(columns=columns).named("shop", "t").columns
        for columns in ((Column("id", "integer", "Sale"),), (Column("id", "integer", "Sale"), own))
    )
    assert [(c.name, c.type) for c in implied] == [("month", "date"), ("id", "integer")]
    assert said[1] == own and len(said) == 2
    families = Catalogue([], [], {}, {"shop.stg_*": (Column("id", "integer", "Sale"),)}).families
    assert families == {"shop.stg_*": implied}


def test_columns_that_a_table_carries_on_are_picked_by_name() -> None:
    number, amount = base().columns[1:]
    assert pick(base().columns, "amount", "id") == (amount, number)
    with pytest.raises(DeclarationError, match="pick: no column price among month, id, amount"):
        pick(base().columns, "id", "price")


def test_reading_what_is_not_there() -> None:
    with pytest.raises(DeclarationError, match=r"shop\.nowhere is read, but there is no such table"):
        catalogue(FEEDS, t=base("select * from shop.nowhere"))
    with pytest.raises(DeclarationError, match=r"arrivals\.nowhere is read, but there is no feed of that name"):
        catalogue(FEEDS, t=base("select * from arrivals.nowhere"))
    with pytest.raises(DeclarationError, match=r"shop\.stg_\* is read, but there is no such table"):
        catalogue(FEEDS, t=base('select * from shop."stg_*"'))


def test_an_audit_reads_too() -> None:
    with pytest.raises(DeclarationError, match=r"shop\.dim_x is read"):
        catalogue(FEEDS, t=base(must=(references("id", table="shop.dim_x"),)))
    found = catalogue(FEEDS, a_reader=base(must=(references("id", table="shop.z_dim"),)), z_dim=base())
    assert list(found.tables) == ["shop.z_dim", "shop.a_reader"]


def test_a_circle_is_named() -> None:
    with pytest.raises(DeclarationError, match=r"circle: shop\.(a|b) -> shop\.(a|b) -> shop\.(a|b)"):
        catalogue(FEEDS, a=base("select * from shop.b"), b=base("select * from shop.a"))


def test_the_same_address_twice() -> None:
    table = base().named("shop", "t")
    with pytest.raises(DeclarationError, match=r"shop\.t is declared twice"):
        Catalogue([table, table], FEEDS.feeds(), {})


@pytest.mark.parametrize("name", ["base_sales", "stg_sales", "int_sales", "rep_sales"])
def test_another_rooms_inner_tables_are_closed(name: str) -> None:
    tables = [base().named("shop", name), base(f"select * from shop.{name}").named("office", "fct_t")]
    with pytest.raises(
        DeclarationError, match=f"office.fct_t reads shop.{name}: a room reads another room's dim_ and fct_"
    ):
        Catalogue(tables, FEEDS.feeds(), {})


@pytest.mark.parametrize("name", ["dim_sales", "fct_sales"])
def test_another_rooms_dims_and_facts_are_open(name: str) -> None:
    tables = [base().named("shop", name), base(f"select * from shop.{name}").named("office", "fct_t")]
    assert list(Catalogue(tables, FEEDS.feeds(), {}).tables) == [f"shop.{name}", "office.fct_t"]


def test_a_pattern_reads_all_that_match_and_nothing_else() -> None:
    reader = base('select * from shop."stg_*"')
    found = catalogue(FEEDS, all_of=reader, stg_b=base(), stg_a=base(), other=base())
    assert found.upstream("shop.all_of") == ["shop.stg_a", "shop.stg_b"]
    assert list(found.tables).index("shop.all_of") > list(found.tables).index("shop.stg_b")


def test_who_reads_what() -> None:
    found = catalogue(FEEDS, base_sales=base(), fct_total=total(), fct_running=running(), dim_sales=state())
    assert found.inputs("shop.base_sales") == {"arrivals.sales": Reach()}
    assert found.inputs("shop.fct_total") == {"shop.base_sales": Reach()}
    assert found.inputs("shop.fct_running") == {"shop.base_sales": Reach(history=True)}
    assert found.inputs("shop.dim_sales") == {"shop.base_sales": Reach()}  # itself is not an input


def test_what_changes_the_meaning_changes_the_hash() -> None:
    columns = base().columns
    others = [
        base("select month, id, -amount::integer as amount from arrivals.sales"),
        base(columns=(*columns, Column("note", "varchar", "A note"))),
        base(columns=(*columns[:2], Column("amount", "bigint", "Dollars"))),
        base(grain=("id", "amount")),
        base(must=(not_null("amount"),)),
        base(should=(not_null("amount"),)),
        base(must=(bad_rows("low", "amount < 0", "Not below zero"),)),
        base(must=(bad_rows("low", "amount < 1", "Not below zero"),)),
        base(must=(bad_rows("low", "amount < 1", "Not below zero", max_share=0.1),)),
        base(history=("arrivals.sales",)),
        base(cumulative=True),
        base(contract_hash="2"),
    ]
    assert len({hash_of(table) for table in [base(), *others]}) == len(others) + 1


def test_what_only_reads_otherwise_does_not() -> None:
    columns = tuple(Column(c.name, c.type, f"{c.says}, said otherwise", pii=True) for c in base().columns)
    same = [
        base(says="Said otherwise"),
        base(columns=columns),
        base(owner="team:else"),
        base("select month, id,\n    amount::integer as amount -- dollars\nfrom arrivals.sales"),
    ]
    assert {hash_of(table) for table in same} == {hash_of(base())}
    one, two = (base(must=(bad_rows("low", "amount < 0", says),)) for says in ("Not below zero", "Nothing owed"))
    assert hash_of(one) == hash_of(two)


def test_a_standard_counts_where_it_is_used() -> None:
    cleaned = base("select month, id, phone(amount) as amount from arrivals.sales")
    assert hash_of(cleaned, {"phone": "1"}) != hash_of(cleaned, {"phone": "2"})
    assert hash_of(cleaned, {"phone": "1", "state": "1"}) == hash_of(cleaned, {"phone": "1", "state": "2"})
    assert hash_of(base(), {"phone": "1"}) == hash_of(base(), {"phone": "2"})


def test_an_audits_standard_counts_too() -> None:
    audited = base(must=(audit("clean", "amount <> phone(amount)"),))
    assert hash_of(audited, {"phone": "1"}) != hash_of(audited, {"phone": "2"})


def test_the_reads_of_every_real_table_are_those_sqlglots_parser_finds(settings: Settings) -> None:
    """A relation our tokens missed (say, after a comma in an odd place) would be read with all its months."""
    for table in load_platform(settings).catalogue.tables.values():
        parsed = parse_one(table.select, dialect="duckdb")
        found = {f"{read.db}.{read.name}" for read in parsed.find_all(exp.Table) if read.db}
        assert found == {*table.reads, *({table.address} if table.cumulative and table.address in found else ())}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[Table]]]:
    """Declares a room of one table file with this text, and reads its tables."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "annex").mkdir()

    def declare(text: str) -> list[Table]:
        (tmp_path / "annex" / "fct_sales.py").write_text(text)
        importlib.invalidate_caches()
        return tables_in("annex")

    yield declare
    for name in [name for name in sys.modules if name.split(".")[0] == "annex"]:
        del sys.modules[name]


SALES = """from leads_platform.warehouse import Column, Table

fct_sales = Table(
    says="Sales.",
    grain=("id",),
    columns=(Column("id", "integer", "Sale"),),
    select=\"\"\"
        select
            month,
            id
        from shop.base_sales
    \"\"\",
)
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("says=", "says", r"annex/fct_sales\.py:4: SyntaxError: .*No table can be built until it is mended"),
        ('Column("id"', 'Colum("id"', r"annex/fct_sales\.py:6: NameError: name 'Colum' is not defined"),
        ('grain=("id",)', 'grane=("id",)', r"annex/fct_sales\.py:3: TypeError: .*unexpected keyword argument 'grane'"),
        ('grain=("id",)', 'grain=("sale",)', r"annex/fct_sales\.py.*: annex.fct_sales: the grain names sale"),
    ],
)
def test_a_typo_in_a_table_file_is_told_with_its_line(
    room: Callable[[str], list[Table]], before: str, after: str, words: str
) -> None:
    """Found in use, 15: a typo in a table file was "a fault of the program", without a word of where."""
    with pytest.raises(DeclarationError, match=words):
        room(SALES.replace(before, after, 1))


def test_a_relation_that_is_not_there_is_told_with_its_line_and_a_guess(room: Callable[[str], list[Table]]) -> None:
    """Found in use, 15: neither the table that reads it was named, nor the line."""
    (table,) = room(SALES.replace("shop.base_sales", "shop.base_sale"))
    with pytest.raises(
        DeclarationError, match=r"fct_sales\.py:11: shop\.base_sale is .* \(did you mean shop\.base_sales\?\)"
    ):
        Catalogue([base().named("shop", "base_sales"), table], FEEDS.feeds(), {})


def test_a_column_that_is_not_there_is_told_with_its_line(room: Callable[[str], list[Table]], tmp_path: Path) -> None:
    """Found in use, 15: DuckDB's words name the column; the file and line were for the author to find."""
    (table,) = room(SALES.replace("            id\n", "            amont as id\n").replace("annex", "shop"))
    feeds = Feeds(sales={JAN: [(1, 10, 2)]})
    moved = replace(table, room="shop")
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        warehouse = Warehouse(
            con, Catalogue([base().named("shop", "base_sales"), moved], feeds.feeds(), {}), feeds, "r"
        )
        warehouse.build("shop.base_sales", JAN, JAN)
        with pytest.raises(BuildError, match=r'fct_sales\.py:10: shop\.fct_sales: .*column "amont" not found'):
            warehouse.build("shop.fct_sales", JAN, JAN)
