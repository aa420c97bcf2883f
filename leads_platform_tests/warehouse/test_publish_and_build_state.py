"""What others read instead of the live file: the published copy, and the note of what is built."""

from dataclasses import replace
from pathlib import Path

from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.build_state import BuildState, read_build_state, write_build_state
from leads_platform.warehouse.connection import open_published
from leads_platform_tests.warehouse.toy_warehouse import FEB, JAN, MAR, Feeds, Row, audit, base, opened, publish, total

BASE = "shop.base_sales"
LIVE, COPY = "warehouse.duckdb", "published/full.duckdb"
COUNT = "select count(*) from shop.base_sales"


def feeds_of(count: int) -> Feeds:
    return Feeds(sales={JAN: [(number, 1, number) for number in range(count)]})


def build(folder: Path, feeds: Feeds) -> None:
    with opened(folder, feeds, base_sales=base()) as warehouse:
        build_stale(warehouse)


def test_an_open_reader_keeps_its_copy_while_a_new_one_takes_its_place(tmp_path: Path) -> None:
    build(tmp_path, feeds_of(3_000))
    publish(tmp_path / LIVE)
    with open_published(tmp_path / COPY) as reader:
        assert reader.execute("select count(*) from warehouse.builds").fetchall() == [(1,)]
        inode = (tmp_path / COPY).stat().st_ino
        (tmp_path / "held").hardlink_to(tmp_path / COPY)
        before = (tmp_path / "held").read_bytes()
        build(tmp_path, feeds_of(2))
        publish(tmp_path / LIVE)
        assert (tmp_path / COPY).stat().st_ino != inode
        assert (tmp_path / "held").read_bytes() == before  # the reader's own file is as it was
        assert reader.execute("select sum(amount), count(*) from shop.base_sales").fetchall() == [(3_000, 3_000)]
    with open_published(tmp_path / COPY) as reader:
        assert reader.execute(COUNT).fetchall() == [(2,)]
    assert {path.name for path in (tmp_path / "published").iterdir()} == {"full.duckdb", ".full.duckdb.left"}


def test_several_read_at_once_and_the_writer_is_free(tmp_path: Path) -> None:
    build(tmp_path, feeds_of(3))
    publish(tmp_path / LIVE)
    with open_published(tmp_path / COPY) as one, open_published(tmp_path / COPY) as two:
        build(tmp_path, feeds_of(4))
        assert one.execute(COUNT).fetchall() == two.execute(COUNT).fetchall() == [(3,)]


def noted(folder: Path, records: dict[object, list[Row]]) -> BuildState:
    table = base(must=(audit("owed", "amount < 0"),), should=(audit("small", "amount >= 10"),))
    feeds = Feeds(sales={JAN: [(1, 10, 2)], FEB: [(1, 5, 2)]})
    with opened(folder, feeds, base_sales=table, fct_total=total()) as warehouse:
        build_stale(warehouse)
        feeds.rows["sales"] |= records  # type: ignore[arg-type]
        build_stale(warehouse)
        write_build_state(warehouse.con, folder / "build_state.json", folder / LIVE)
        assert read_build_state(folder / "build_state.json", folder / LIVE).fingerprints == warehouse.built()
    return read_build_state(folder / "build_state.json", folder / LIVE)


def test_the_note_tells_what_is_built_and_what_failed(tmp_path: Path) -> None:
    note = noted(tmp_path, {FEB: [(1, -5, 2), (2, -6, 3)]})
    assert note.rows == {(t, m): 1 for t in (BASE, "shop.fct_total") for m in (JAN, FEB)}
    assert [(f.table, f.month, f.check, f.bad_rows, f.evidence, f.refused) for f in note.failed] == [
        (BASE, FEB, "owed", 2, {"rows": [{"id": "1"}, {"id": "2"}]}, True),
        (BASE, JAN, "small", 1, {"rows": [{"id": "1"}]}, False),
    ]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_note_on_another_or_a_lost_warehouse_or_a_spoilt_one_says_nothing(tmp_path: Path) -> None:
    """Incident: with the warehouse file gone, status said that every table was current."""
    noted(tmp_path, {})
    assert read_build_state(tmp_path / "build_state.json", tmp_path / "other.duckdb") == BuildState({}, {}, {}, [])
    (tmp_path / LIVE).unlink()
    assert read_build_state(tmp_path / "build_state.json", tmp_path / LIVE) == BuildState({}, {}, {}, [])
    (tmp_path / LIVE).touch()
    (tmp_path / "build_state.json").write_text("{half")
    assert read_build_state(tmp_path / "build_state.json", tmp_path / LIVE) == BuildState({}, {}, {}, [])


def test_no_note_is_nothing_built(tmp_path: Path) -> None:
    assert read_build_state(tmp_path / "build_state.json", tmp_path / LIVE) == BuildState({}, {}, {}, [])


def test_the_content_hash_is_of_rows_not_of_builds(tmp_path: Path) -> None:
    tables = [BASE, "shop.fct_total"]
    once = noted(tmp_path / "one", {}).content_hash(tables)
    again = noted(tmp_path / "two", {FEB: [(1, -5, 2)]})  # refused: the same rows stand
    assert again.content_hash(tables) == once
    assert noted(tmp_path / "three", {FEB: [(1, 6, 2)]}).content_hash(tables) != once
    assert again.content_hash(reversed(tables)) == once
    assert again.content_hash([BASE]) != once


def test_a_month_built_empty_is_no_content(tmp_path: Path) -> None:
    note = noted(tmp_path, {})
    empty = replace(
        note,
        rows={**note.rows, (BASE, MAR): 0},
        content={**note.content, (BASE, MAR): "0"},
    )
    assert empty.content_hash([BASE]) == note.content_hash([BASE])
    filled = replace(empty, rows={**note.rows, (BASE, MAR): 1})
    assert filled.content_hash([BASE]) != note.content_hash([BASE])
