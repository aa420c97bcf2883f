"""Every record is accounted for, or its month is refused: archives and manifests that were tampered with."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from leads_platform import standards
from leads_platform.arrivals.archive.seal import sealed
from leads_platform.arrivals.archive.store import Archive, Manifest, sha256_of
from leads_platform.months import months_between, parse_month
from leads_platform.orchestration.assets import table_asset
from leads_platform.platform import load_platform, open_session
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows

CHECK = "records_are_accounted_for"


@dataclass(frozen=True)
class Case:
    """Files of one feed, oldest first. The last one is spoilt: `in_rows` are the months its record 9 stands in,
    `in_file` those it serves. `first` to `last` are built."""

    files: dict[str, str]
    in_rows: tuple[str, ...]
    in_file: tuple[str, ...]
    first: str = "2024-04"
    last: str = "2024-06"


LISTED = {"lists/2024-04.csv": people(1, 3), "lists/2024-06.csv": people(1, 4), "lists/2024-05.csv": people(6, 9)}
CALLS = {
    "calls/a.csv": rows("1 Ann 2024-04-03", "2 Bob 2024-04-09", "3 Cid 2024-05-02", "9 Eve 2024-05-04"),
    # Repeats 3, corrects 1 and 9, and brings 5: the months hold 2, 2 and 1 records, the files 4 and 4.
    "calls/b.csv": rows("1 Anna 2024-04-03", "3 Cid 2024-05-02", "9 Eva 2024-05-04", "5 Flo 2024-06-01"),
}
HISTORY = {
    "history/a.csv": rows("1 Ann 2024-04-03", "2 Bob 2024-04-09", "3 Cid 2024-05-02"),
    "history/b.csv": rows("1 Ann 2024-04-03", "2 Bob 2024-04-09", "9 Eve 2024-05-02", "5 Flo 2024-06-01"),
}
CASES = {
    "lists": Case(LISTED, ("2024-05",), ("2024-05",)),
    "parted": Case(
        {
            "parted/2024-04.csv": people(1, 3),
            "parted/2024-05_part1.csv": people(1, 5),
            "parted/2024-06.csv": people(1, 3),
            "parted/2024-05_part2.csv": people(6, 9),
        },
        ("2024-05",),
        ("2024-05",),
    ),
    "inside": Case(
        {
            "inside/a.csv": rows("1 Ann 2024-04-03", "2 Bob 2024-04-09"),
            "inside/c.csv": rows("1 Ann 2024-06-03"),
            "inside/b.csv": rows("1 Ann 2024-05-03", "9 Bob 2024-05-09"),
        },
        ("2024-05",),
        ("2024-05",),
    ),
    "calls": Case(CALLS, ("2024-05",), ("2024-04", "2024-05", "2024-06")),
    "history": Case(HISTORY, ("2024-05",), ("2024-04", "2024-05", "2024-06")),
    "stages": Case(
        {"stages/2024-04.csv": people(1, 3), "stages/2024-06.csv": people(6, 9)},
        ("2024-06", "2024-07"),
        ("2024-06", "2024-07"),
        last="2024-07",
    ),
}


def spoil_rows(archive: Archive, m: Manifest, select: str) -> None:
    """Rewrites the archived records; `select` reads them as `kept`.

    Their fingerprint is made to fit, as if the records had been lost before they were stored: what another hand
    changed on the disk is told by the fingerprint already (arrivals.verify).
    """
    path = archive.records(m.feed, m.receipt)
    with duckdb.connect() as con:
        con.execute(f"create table kept as select * from read_parquet('{path}')")
        con.execute(f"copy ({select}) to '{path}' (format parquet)")
    manifest = archive.root / m.feed / "manifests" / f"{m.receipt:08d}.json"
    told = json.loads(manifest.read_text())
    assert told["stored"]["records.parquet"] != sha256_of(path)
    told["stored"]["records.parquet"] = sha256_of(path)
    write_sealed(manifest, told)


def write_sealed(path: Path, told: dict[str, Any]) -> None:
    """Writes the manifest with a seal that fits, as if the program had written so."""
    path.write_text(sealed({name: value for name, value in told.items() if name not in ("manifest", "seal")}))


def remove(archive: Archive, m: Manifest) -> None:
    spoil_rows(archive, m, "select * from kept where \"Id\" <> '9'")


def double(archive: Archive, m: Manifest, number: str = "9") -> None:
    """Under a line of its own, so that the grain does not see it."""
    again = f"select * replace (1000 as _line) from kept where \"Id\" = '{number}'"
    spoil_rows(archive, m, f"select * from kept union all by name {again}")


def edit(**changes: int) -> Callable[[Archive, Manifest], None]:
    """Adds to counts of the manifest; `in_month` stands for the records of its last month."""

    def spoil(archive: Archive, m: Manifest) -> None:
        path = archive.root / m.feed / "manifests" / f"{m.receipt:08d}.json"
        told = json.loads(path.read_text())
        for name, change in changes.items():
            if name == "in_month":
                told["months"][max(told["months"])]["records"] += change
            else:
                told[name] += change
        write_sealed(path, told)

    return spoil


IN_ROWS = {"removed": remove, "doubled": double}
IN_FILE = {
    "one more counted": edit(records=1),
    "one less counted": edit(records=-1),
    "one quarantined that was not": edit(quarantined=1),
    "one less loaded": edit(loaded=-1, records=-1),
    "one less in its month": edit(in_month=-1),
}


@pytest.fixture(autouse=True)
def _no_cleaning_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out what base tables do not use: most of the cost of opening a warehouse."""
    monkeypatch.setattr(standards, "install_phones", lambda con: None)
    monkeypatch.setattr(standards, "install_addresses", lambda con: None)


def refused(desk: ArrivalsEnv, case: Case, *, each: bool = False) -> list[str]:
    """The months the check refuses over the range; `each`: every month is then built by itself, with the same end."""
    feed = next(iter(case.files)).split("/")[0]
    months = months_between(parse_month(case.first), parse_month(case.last))
    with open_session(desk.platform(), "test") as session:
        build = session.build(f"prospects.base_{feed}", months[0], months[-1])
        assert {check.check for check in build.checks if check.blocking and not check.passed} <= {CHECK}
        if build.bad_months:
            words = rf"{CHECK}: [12] bad row\(s\)\. Every record counted in a file is loaded, quarantined or erased"
            assert re.search(words, build.words())
        for month in months if each else ():
            again = session.build(f"prospects.base_{feed}", month, month)
            assert again.committed is (month not in build.bad_months)
    return [f"{month:%Y-%m}" for month in build.bad_months]


def taken(settings: Settings, case: Case) -> tuple[ArrivalsEnv, list[Manifest]]:
    """The case's files, taken in, and their manifests."""
    desk = ArrivalsEnv(settings, next(iter(case.files)).split("/")[0])
    return desk, [desk.drop(at, content) for at, content in case.files.items()]


@contextlib.contextmanager
def spoilt(archive: Archive, m: Manifest, how: Callable[[Archive, Manifest], None]) -> Iterator[None]:
    """Tampers with a receipt, and puts it right again."""
    paths = [archive.records(m.feed, m.receipt), archive.root / m.feed / "manifests" / f"{m.receipt:08d}.json"]
    before = [path.read_bytes() for path in paths]
    how(archive, m)
    assert [path.read_bytes() for path in paths] != before
    yield
    for path, content in zip(paths, before, strict=True):
        path.write_bytes(content)


@pytest.mark.parametrize("feed", CASES)
def test_tampering_refuses_the_months_it_concerns_and_no_other(settings: Settings, feed: str) -> None:
    case = CASES[feed]
    desk, manifests = taken(settings, case)
    archive = Archive(settings.archive)
    assert refused(desk, case, each=True) == []
    for how, spoil in IN_ROWS.items():
        with spoilt(archive, manifests[-1], spoil):
            assert refused(desk, case, each=True) == list(case.in_rows), how
    for how, spoil in IN_FILE.items():
        with spoilt(archive, manifests[-1], spoil):
            assert refused(desk, case) == list(case.in_file), how
    assert refused(desk, case) == []


def test_a_record_that_moves_to_another_part_is_seen_although_the_month_s_sum_is_right(settings: Settings) -> None:
    case = CASES["parted"]
    desk, manifests = taken(settings, case)
    archive = Archive(settings.archive)
    double(archive, manifests[1], "5")
    remove(archive, manifests[-1])
    assert refused(desk, case) == ["2024-05"]


def test_quarantined_records_are_accounted_for(settings: Settings) -> None:
    """Five records: four loaded, one with a field too many; the next month's file is sound."""
    files = {"lists/2024-05.csv": people(1, 4) + "5,Ann,,more\n", "lists/2024-06.csv": people(1, 4)}
    case = Case(files, (), (), first="2024-05")
    desk, (partial, _) = taken(settings, case)
    assert (partial.records, partial.loaded, partial.quarantined) == (5, 4, 1)
    assert refused(desk, case) == []
    edit(quarantined=-1)(Archive(settings.archive), partial)
    assert refused(desk, case) == ["2024-05"]


def test_erased_records_are_accounted_for(settings: Settings) -> None:
    """Of four records one is gone for good: the file's counts say so, or its month is refused."""
    case = CASES["lists"]
    desk, (*_, may) = taken(settings, case)
    archive = Archive(settings.archive)
    remove(archive, may)
    edit(loaded=-1, erased=1, in_month=-1)(archive, may)
    assert refused(desk, case) == []
    assert desk.query("select records, loaded, quarantined, erased from arrivals.files where month = '2024-05-01'") == [
        (4, 3, 0, 1)
    ]
    for change in (-1, 2):  # none, or two
        edit(erased=change)(archive, may)
        assert refused(desk, case) == ["2024-05"]


def test_a_manifest_of_before_there_were_erasures_tells_of_none(settings: Settings) -> None:
    desk, (*_, may) = taken(settings, CASES["lists"])
    path = Archive(settings.archive).root / "lists" / "manifests" / f"{may.receipt:08d}.json"
    told = json.loads(path.read_text())
    del told["erased"]
    write_sealed(path, told)
    assert refused(desk, CASES["lists"]) == []
    assert desk.query("select sum(erased) from arrivals.files") == [(0,)]


def test_a_refused_month_keeps_its_former_rows_through_a_rebuild_of_the_others(settings: Settings) -> None:
    desk, (*_, may) = taken(settings, CASES["lists"])
    before = desk.build("lists")["lists"]
    remove(Archive(settings.archive), may)
    assert refused(desk, CASES["lists"], each=True) == ["2024-05"]
    assert desk.build("lists")["lists"] == before


def test_every_base_table_has_the_check_in_dagster_and_it_blocks(settings: Settings) -> None:
    desk = ArrivalsEnv(settings, *CASES)
    platform = load_platform(desk.settings)
    bases = [table for table in platform.catalogue.tables.values() if table.layer == "base"]
    assert {t.feed for t in bases} == set(platform.contracts) > set(CASES)
    for table in bases:
        specs = {spec.name: spec for spec in table_asset(platform, table, lineage=False).check_specs}
        assert specs[CHECK].blocking
        assert specs[CHECK].asset_key == dg.AssetKey([table.room, table.name])
