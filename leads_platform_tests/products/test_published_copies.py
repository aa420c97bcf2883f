"""The two published copies: what is in each, what is written anew, what readers see and what a kill leaves."""

import multiprocessing
import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from leads_platform.products import make, shared_copy
from leads_platform.products.describe import undescribed
from leads_platform_tests.products.toy_products import SECRET, Shop, people
from leads_platform_tests.warehouse.toy_warehouse import FEB, JAN, MAR

FULL, SHARED = "full.duckdb", "warehouse.duckdb"
TABLES = "select schema_name || '.' || table_name from duckdb_tables() order by all"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.deliver(FEB, (3, 20, 2))
    shop.build()
    shop.publish()
    return shop


def text_of(path: Path) -> str:
    """All that can be read out of a DuckDB file, decompressed: every cell of every table, beside the bytes."""
    with duckdb.connect(path, read_only=True) as con:
        names = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        tables = [con.execute(f'from "{path.stem}"."{schema}"."{name}"').fetchall() for schema, name in names]
    return repr(tables) + path.read_bytes().decode("latin-1")


def test_the_full_copy_has_everything_and_is_for_its_owner(shop: Shop) -> None:
    assert (shop.published / FULL).read_bytes() == (shop.folder / "warehouse.duckdb").read_bytes()
    assert stat.S_IMODE((shop.published / FULL).stat().st_mode) == 0o600
    assert SECRET in text_of(shop.published / FULL)


def test_the_shared_copy_has_no_personal_column_and_no_base_table(shop: Shop) -> None:
    assert SECRET not in text_of(shop.published / SHARED)
    assert [name for (name,) in shop.ask(TABLES)] == [
        "shop.dim_people", "shop.fct_total", "warehouse.builds", "warehouse.checks", "warehouse.refused_builds",
    ]  # fmt: skip
    assert shop.ask("select id, city from shop.dim_people where month = date '2024-02-01' order by id") == [
        (1, "Town 1"), (2, "Town 2"), (3, "Town 3"),
    ]  # fmt: skip
    assert shop.ask("select column_name from duckdb_columns() where table_name = 'dim_people'") == [
        ("month",), ("id",), ("city",),
    ]  # fmt: skip
    columns = shop.ask("select column_name from duckdb_columns() where table_name = 'checks'")
    assert ("evidence",) not in columns, "evidence quotes columns of records"


def test_every_table_view_and_column_says_what_it_is(shop: Shop) -> None:
    for name in (FULL, SHARED):
        with duckdb.connect(shop.published / name, read_only=True) as con:
            assert undescribed(con, name.removesuffix(".duckdb")) == []
    comment = "select comment from duckdb_tables() where table_name = 'dim_people'"
    assert shop.ask(comment) == [("Every buyer so far. Grain: one row per month and (id).",)]
    column = "select comment from duckdb_columns() where table_name = 'dim_people' and column_name = 'name'"
    assert shop.ask(column, FULL) == [("Name (personal data)",)]


def test_a_view_gives_the_newest_month_so_that_rows_count_once(shop: Shop) -> None:
    assert shop.ask("select count(*) from shop.dim_people") == [(5,)]
    for name in (FULL, SHARED):
        assert shop.ask("select count(*), min(month) from shop.current_dim_people", name) == [(3, FEB)]


def test_only_months_that_changed_are_written_again(shop: Shop) -> None:
    """Of the two tables January and February stand: the new month has four people and one total."""
    assert shop.made()[SHARED].counts["rows_written"] == 5 + 2
    shop.deliver(MAR, (4, 1, 2))
    shop.build()
    shop.publish()
    assert shop.made()[SHARED].counts["rows_written"] == 4 + 1
    assert shop.ask("select month, count(*) from shop.dim_people group by month order by month") == [
        (JAN, 2), (FEB, 3), (MAR, 4),
    ]  # fmt: skip
    shop.publish()
    assert shop.ask("select count(*) from shop.dim_people") == [(9,)]


@pytest.mark.parametrize("city", [True, False])
def test_a_file_whose_columns_change_is_written_new(tmp_path: Path, city: bool) -> None:
    """A column that is dropped leaves its bytes in DuckDB's file."""
    shop = Shop(tmp_path)
    shop.tables["dim_people"] = people(city=not city)
    shop.build()
    shop.publish()
    assert ("Town 1" in text_of(shop.published / SHARED)) is city
    shop.tables["dim_people"] = people(city=city)
    shop.publish()
    assert ("Town 1" in text_of(shop.published / SHARED)) is not city
    assert shop.made()[SHARED].counts["rows_written"] == 2 + 1
    assert shop.ask("select count(*) from shop.dim_people") == [(2,)]


def test_the_copy_of_the_version_before_is_replaced_without_a_hand(tmp_path: Path) -> None:
    """It was the whole warehouse, names included, under the name that the shared copy has now."""
    shop = Shop(tmp_path)
    shop.build()
    shop.published.mkdir()
    (shop.published / SHARED).write_bytes((tmp_path / "warehouse.duckdb").read_bytes())
    (shop.published / ".source").write_text("[]")
    shop.publish()
    assert shop.said == [] and SECRET not in text_of(shop.published / SHARED)
    assert {path.name for path in shop.published.iterdir()} == {
        FULL, SHARED, f".{FULL}.left", f".{SHARED}.left",
    }  # fmt: skip


def test_cells_that_another_select_gives_no_more_are_not_in_the_file(shop: Shop) -> None:
    """Found in use: a slip that let a name into a shared column, mended in the select, stayed in free blocks."""
    slip = replace(people(), select=people().select.replace("'Town '", f"'{SECRET}'"))
    shop.tables["dim_people"] = slip
    shop.build()
    shop.publish()
    assert SECRET in text_of(shop.published / SHARED)
    shop.tables["dim_people"] = people()
    shop.build()
    shop.publish()
    assert SECRET not in text_of(shop.published / SHARED)


def test_to_make_it_anew_writes_every_month(shop: Shop) -> None:
    """Found in use: `publish --anew` went on from the former file, and its wrong cells."""
    shop.publish(anew=lambda place: place.key == SHARED)
    assert shop.made()[SHARED].counts["rows_written"] == 5 + 2


def test_tables_without_a_row_are_no_whole_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use: a first copy whose tables were empty passed its checks."""
    shop = Shop(tmp_path)
    shop.build()
    monkeypatch.setattr(shared_copy, "_insert", lambda con, name, columns, months: 0)
    outcomes = {outcome.key: outcome.failed for outcome in shop.publish()}
    assert outcomes[SHARED].startswith("months_are_whole: shop.dim_people of 2024-01 has 0 rows; 2 were built")


def test_what_the_version_before_left_is_for_its_owner_until_it_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use: where the first shared copy failed, the whole warehouse stayed there for everybody to read."""
    shop = Shop(tmp_path)
    shop.build()
    shop.published.mkdir()
    (shop.published / SHARED).write_bytes((tmp_path / "warehouse.duckdb").read_bytes())
    monkeypatch.setattr(shared_copy, "_insert", lambda con, name, columns, months: 0)
    shop.publish()
    assert stat.S_IMODE((shop.published / SHARED).stat().st_mode) == 0o600


def test_a_copy_that_would_be_wrong_is_not_published(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (shop.published / SHARED).read_bytes()
    shop.deliver(MAR, (4, 1, 2))
    shop.build()
    monkeypatch.setattr(shared_copy, "_insert", lambda con, name, columns, months: 0)
    outcomes = {outcome.key: outcome.failed for outcome in shop.publish()}
    assert outcomes[FULL] == "" and outcomes[SHARED].startswith("months_are_whole: shop.dim_people of 2024-03")
    monkeypatch.undo()
    monkeypatch.setattr(shared_copy, "shared_tables", lambda tables: {n: list(t.columns) for n, t in tables.items()})
    outcomes = {outcome.key: outcome.failed for outcome in shop.publish()}
    assert outcomes[SHARED] == "no_personal_column: shop.dim_people.name is personal data"
    assert (shop.published / SHARED).read_bytes() == before


def test_readers_see_whole_months_and_block_nobody(shop: Shop) -> None:
    """One reader holds its connection over three publications, one opens anew all the time; both compare two tables.

    The total of each month is ten for each person of that month's people: in every state that was built, and in none
    that is mixed of two.
    """
    agree = """
        select coalesce(bool_and(amount = people), true) from (from shop.fct_total) as total
        join (select month, 10 * count(*) as people from shop.dim_people group by month) using (month)
    """
    shop.deliver(JAN, (1, 10, 2), (2, 10, 3))
    shop.deliver(FEB, *((n, 10, n) for n in range(3)))
    shop.build()
    shop.publish()
    stop, wrong, looks = threading.Event(), [], []

    def look() -> None:
        while not stop.is_set():
            try:
                looks.append(shop.ask(agree) == [(True,)])
            except duckdb.Error as error:
                wrong.append(str(error))
            time.sleep(0.02)

    thread = threading.Thread(target=look)
    with duckdb.connect(shop.published / SHARED, read_only=True) as held:
        thread.start()
        try:
            for size in (4, 5, 6):
                shop.deliver(FEB, *((n, 10, n) for n in range(size)))
                shop.build()
                shop.publish()
                assert held.execute(agree).fetchall() == [(True,)]
                assert held.execute("select max(amount) from shop.fct_total").fetchall() == [(30,)]
        finally:
            stop.set()
            thread.join()
    assert wrong == [] and all(looks) and len(looks) > 3
    assert shop.ask("select max(amount) from shop.fct_total") == [(60,)]


def publish_until(shop: Shop, moment: int) -> None:
    """Publishes in a process that ends itself before the so many-th statement or step of publishing."""
    left = moment

    def tick() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)

    def counting(name: str, module: object) -> None:
        real = getattr(module, name)

        def called(*args: object, **more: object) -> object:
            tick()
            return real(*args, **more)

        setattr(module, name, called)

    for module, names in (
        (shared_copy, ("_make_table", "_insert", "describe", "_personal", "_odd")),
        (make, ("leave", "write_products", "note_of_copy")),
        (os, ("fsync",)),
    ):
        for name in names:
            counting(name, module)
    shop.publish()


def test_killed_while_publishing_the_former_or_the_new_file_stands_whole(shop: Shop) -> None:
    former = (shop.published / SHARED).read_bytes()
    people_of = "select month, count(*) from shop.dim_people group by month order by month"
    before, after = [(JAN, 2), (FEB, 3)], [(JAN, 2), (FEB, 3), (MAR, 4)]
    shop.deliver(MAR, (4, 1, 2))
    shop.build()
    outcomes = set()
    fork = multiprocessing.get_context("fork")
    for moment in range(0, 40, 2):
        (shop.published / SHARED).write_bytes(former)
        process = fork.Process(target=publish_until, args=(shop, moment))
        process.start()
        process.join()
        outcomes.add(process.exitcode)
        found = shop.ask(people_of)
        assert found in (before, after), moment
        if process.exitcode == 0:
            break
    assert outcomes == {9, 0}, "some were killed, the last went through"
    shop.publish()
    assert shop.ask(people_of) == after
    assert not list(shop.published.glob(".*.new*"))
