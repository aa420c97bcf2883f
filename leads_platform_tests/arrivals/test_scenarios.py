"""Whole stories: files in, tables out; rebuilt from the archive alone; in any order of arrival."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from leads_platform.months import parse_month
from leads_platform.platform import begin_anew
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows
from leads_platform_tests.conftest import environment

FEEDS = ("lists", "dated", "parted", "calls", "history", "stages")


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, *FEEDS)


def ids(desk: ArrivalsEnv, feed: str = "lists") -> dict[str, str]:
    """The ids each month's table holds, as one text a month."""
    found: dict[str, str] = {}
    for month, number, _ in desk.build(feed)[feed]:
        found[month] = f"{found.get(month, '')}{number}"
    return found


def test_the_tables_follow_corrections_holding_and_a_persons_word(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-04.csv", people(1, 4))
    desk.drop("lists/2024-05-10.csv", people(1, 5))
    assert ids(desk) == {"2024-04": "1234", "2024-05": "12345"}
    desk.drop("lists/2024-05-20.csv", people(2, 6))
    assert ids(desk) == {"2024-04": "1234", "2024-05": "23456"}
    desk.drop("lists/2024-05-15.csv", people(1, 9))  # older than what stands
    assert ids(desk)["2024-05"] == "23456"
    held = desk.drop("lists/2024-05-25.csv", people(6, 6))
    assert ids(desk)["2024-05"] == "23456"
    desk.arrivals().accept(held.sha256)
    assert ids(desk)["2024-05"] == "6"
    desk.arrivals().withdraw(held.sha256)
    assert ids(desk)["2024-05"] == "23456"
    first = desk.arrivals().state.manifests[0]
    desk.arrivals().withdraw(first.sha256)
    assert ids(desk) == {"2024-05": "23456"}


def test_a_part_issued_again_replaces_only_itself_in_the_table(desk: ArrivalsEnv) -> None:
    desk.drop("parted/2024-05 part 1.csv", people(1, 3))
    desk.drop("parted/2024-05 part 2.csv", people(4, 5))
    assert ids(desk, "parted") == {"2024-05": "12345"}
    desk.drop("parted/2024-05 part 1.csv", people(2, 3))
    assert ids(desk, "parted") == {"2024-05": "2345"}


def test_a_column_declared_later_is_filled_from_files_that_came_before(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", "Id,Name,Fax\n1,Ann,555\n")
    assert ids(desk) == {"2024-05": "1"}
    text = (desk.settings.feeds / "lists.yaml").read_text()
    # Fax is new in the contract, and `name` is called otherwise in the table.
    text = text.replace("{name: name,", "{name: full_name,") + "  - {name: fax, header: Fax}\n"
    desk.contract("lists", text)
    assert desk.take() == []
    with pytest.raises(Exception, match="name"):
        desk.build("lists")
    assert desk.query("select id, full_name, fax from prospects.base_lists") == [("1", "Ann", "555")]


def everything_happens(desk: ArrivalsEnv) -> None:
    """Receipts of every kind and delivery, with the tables built in between."""
    desk.drop("lists/2024-04.csv", people(1, 4))
    desk.drop("lists/2024-05.csv", people(1, 5))
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"))
    desk.drop("history/a.csv", rows("1 Ann 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-05-09"))
    desk.drop("stages/2024-03.csv", rows("1 New"))
    desk.drop("parted/2024-05 part 1.csv", people(1, 3))
    desk.build(*FEEDS)
    desk.drop("lists/2024-05.csv", people(5, 5))  # held, then accepted
    desk.arrivals().accept(desk.arrivals().state.manifests[-1].sha256)
    desk.drop("lists/2024-04.csv", people(2, 5))  # withdrawn
    desk.arrivals().withdraw(desk.arrivals().state.manifests[-1].sha256)
    desk.drop("calls/b.csv", rows("2 Bob 2024-04-05", "1 Ann 2024-05-02", "3 Cid 2024-05-03"))
    desk.build(*FEEDS)
    desk.drop("history/b.csv", rows("2 Bea 2024-04-05", "1 Ann 2024-03-02", "3 Cid 2024-05-09"))
    desk.drop("stages/2024-05.csv", rows("1 Fresh"))
    desk.drop("parted/2024-05 part 2.csv", people(7, 8))
    desk.drop("lists/2024-06.csv", "Id,Full Name\n1,Zoe\n")  # refused, then taken
    desk.alias("lists", "Full Name")
    desk.take()
    desk.drop("lists/2024-05.csv", "Name,Id,Seen\nAnn,5,\n")  # the same record, other bytes
    desk.build(*FEEDS)


def test_the_warehouse_comes_back_from_the_archive_alone_to_the_last_row(desk: ArrivalsEnv) -> None:
    everything_happens(desk)
    before = desk.content(*FEEDS)
    whole = desk.tables(*FEEDS)
    # 5 in May (accepted), 1 to 4 in April (the re-issue is withdrawn), 1 in June.
    assert ids(desk) == {"2024-04": "1234", "2024-05": "5", "2024-06": "1"}
    read = "select table_name, month, built_at from warehouse.builds order by all"
    builds = desk.query(read)
    assert desk.take() == []
    desk.build(*FEEDS)
    assert desk.query(read) == builds  # nothing new came, nothing is built
    begin_anew(desk.settings)
    assert not desk.settings.warehouse.exists()
    desk.build(*FEEDS)
    assert desk.tables(*FEEDS) == whole
    assert desk.content(*FEEDS) == before
    assert len(desk.query("select * from arrivals.decisions")) == 2


def test_a_receipt_that_touches_nothing_makes_nothing_stale(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05-20.csv", people(1, 3))
    desk.drop("calls/a.csv", rows("1 Ann 2024-03-02"))
    desk.build("lists", "calls")
    read = "select table_name, month, built_at from warehouse.builds order by all"
    before = desk.query(read)
    for at, content in (
        ("lists/2024-05-10.csv", people(1, 4)),
        ("lists/copy 2024-05.csv", people(1, 3)),
        ("lists/2024-05-21.csv", people(1, 1)),
        ("lists/2024-05 bad.csv", "Id\n1\n"),
        ("calls/b.csv", rows("1 Ann 2024-03-02")),
    ):
        assert desk.drop(at, content).touched == (), at
    desk.build("lists", "calls")
    assert desk.query(read) == before


# Files whose names or rows state their version and month: their order of arrival must not matter.
INTRINSIC = {
    "lists/2024-04-10.csv": people(1, 3),
    "lists/2024-05-10.csv": people(1, 4),
    "lists/2024-05-20.csv": people(2, 4, "Bea"),
    "lists/2024-05-15.csv": people(1, 4, "Cid"),
    "dated/2024-05 x.csv": rows("1 Ann 01/02/2024", "2 Bob 12/31/2023"),
    "dated/2024-05 y.csv": rows("1 Al 02/01/2024", "2 Bo 02/01/2024"),
    "calls/2024-05-01.csv": rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"),
    "calls/2024-06-01.csv": rows("2 Bob 2024-04-05", "1 Ann 2024-05-02"),
    "calls/2024-07-01.csv": rows("2 Bea 2024-04-06", "3 Cid 2024-03-02"),
    "history/2024-05-01.csv": rows("1 Ann 2024-03-02", "2 Bob 2024-04-05"),
    "history/2024-06-01.csv": rows("2 Bob 2024-04-05", "1 Al 2024-03-02"),
    "history/2024-07-01.csv": rows("1 Al 2024-03-02", "2 Bob 2024-04-05", "3 Cid 2024-06-02"),
    "stages/2024-03.csv": rows("1 New"),
    "stages/2024-05-20.csv": rows("1 Fresh"),
    "parted/2024-05-01 part 1.csv": people(1, 2),
    "parted/2024-05-01 part 2.csv": people(3, 4),
    "parted/2024-05-02 part 1.csv": people(2, 2),
}
FINAL = {
    "lists": [(f"2024-04 {n} Ann") for n in "123"] + [f"2024-05 {n} Bea" for n in "234"],
    "dated": ["2024-05 1 Al", "2024-05 2 Bo"],
    "calls": ["2024-03 3 Cid", "2024-04 2 Bea", "2024-05 1 Ann"],
    "history": ["2024-03 1 Al", "2024-04 2 Bob", "2024-06 3 Cid"],
    "parted": ["2024-05 2 Ann", "2024-05 3 Ann", "2024-05 4 Ann"],
    # The months with data, March to June.
    "stages": ["2024-03 1 New", "2024-04 1 New", "2024-05 1 Fresh", "2024-06 1 Fresh"],
}


def arrive(home: Path, order: list[str], stop: int) -> tuple[dict[str, list[str]], str]:
    """What the tables hold after files arrived in this order, built once on the way too; and their content hash."""
    desk = ArrivalsEnv(environment(home), *FEEDS)
    arrivals = desk.arrivals()
    for index, at in enumerate(order):
        desk.put(at, INTRINSIC[at])
        for manifest in arrivals.take_in(arrivals.waiting()):
            assert manifest.verdict == "accepted", manifest.message
        if index == stop:
            desk.build(*FEEDS)
    found = desk.build(*FEEDS)
    return {feed: [" ".join(row) for row in table] for feed, table in found.items()}, desk.content(*FEEDS)


def test_files_with_versions_of_their_own_may_arrive_in_any_order(tmp_path: Path) -> None:
    """Backwards, and shuffled; built in the middle too, so that what came later has to replace what stands."""
    orders = [sorted(INTRINSIC, reverse=True), *(shuffled(sorted(INTRINSIC), seed) for seed in (1,))]
    contents = set()
    for number, order in enumerate(orders):
        found, content = arrive(tmp_path / str(number) / "data", order, stop=5 * number + 3)
        assert found == FINAL
        contents.add(content)
    assert len(contents) == 1


def shuffled(files: list[str], seed: int) -> list[str]:
    random.Random(seed).shuffle(files)
    return files


@pytest.mark.parametrize("feed", ["lists", "calls", "history", "stages"])
def test_every_order_of_one_feeds_files_leaves_the_same_versions(tmp_path: Path, feed: str) -> None:
    """All orders, on the versions that say what the tables will hold; the tables themselves are tested above."""
    files = [at for at in sorted(INTRINSIC) if at.startswith(f"{feed}/") and "2024-04-10" not in at]
    seen = set()
    for number, order in enumerate(itertools.permutations(files)):
        desk = ArrivalsEnv(environment(tmp_path / str(number) / "data"), feed)
        arrivals = desk.arrivals()
        for at in order:
            desk.put(at, INTRINSIC[at])
            arrivals.take_in(arrivals.waiting())
        months = arrivals.state.partitions()
        seen.add(tuple(arrivals.state.version(feed, month) for month in months))
    assert len(seen) == 1
    assert any(version for versions in seen for version in versions)


def test_a_file_date_beyond_its_month_is_only_a_version(desk: ArrivalsEnv) -> None:
    """The day in the name is part of the month's own name: 2024-05-31 belongs to May, wherever it arrives."""
    desk.drop("lists/2024-05-31.csv", people(1, 1))
    assert desk.arrivals().state.by_feed["lists"].months() == {parse_month("2024-05")}


def test_withdrawing_the_first_month_leaves_what_a_rebuild_makes(settings: Settings) -> None:
    """Incident: a reference's rows stayed in the month that had no data any more."""
    desk = ArrivalsEnv(settings, "lists", "stages")
    desk.drop("stages/2024-04.csv", rows("1 New"))
    first = desk.drop("lists/2024-03.csv", people(1, 3))
    desk.drop("lists/2024-05.csv", people(1, 4))
    desk.build("lists", "stages")
    desk.arrivals().withdraw(first.sha256)
    desk.build("lists", "stages")
    stood = desk.content("lists", "stages")
    # May alone has records: the reference serves it, and no other.
    assert desk.query("select month::varchar, id from prospects.base_stages") == [("2024-05-01", "1")]
    begin_anew(desk.settings)
    desk.build("lists", "stages")
    assert desk.content("lists", "stages") == stood
