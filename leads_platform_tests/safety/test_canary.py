"""Shows 7: no personal data in DAGSTER_HOME, the outbox, the ledger, manifests, logs or output, whatever happens."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from openpyxl import Workbook

from leads_platform.arrivals.receive import Arrivals
from leads_platform.orchestration.instance import open_instance
from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform_tests.forked import Forked
from leads_platform_tests.helpers import NV_HEADER, drop
from leads_platform_tests.safety.canary import DIGITS, found_in, lay_out, nevada, scan
from leads_platform_tests.safety.hostile import command_line


class Operator:
    """Calls the real commands, each in a process of its own, and searches all they print for canaries."""

    def __init__(self, settings: Settings, few: bool = False) -> None:
        self.settings, self.few = settings, few

    def __call__(self, *words: str, faults: str = "", code: int = 0) -> str:
        env = {
            **os.environ,
            "LEADS_PLATFORM_DATA": str(self.settings.data),
            "LEADS_PLATFORM_NOW": "2024-07-15T12:00:00",
            "COLUMNS": "300",
        }
        given = (faults.split(","), words, self.few)
        ended, out, err = Forked(command_line, *given, env=env, folder=self.settings.data).ended(300)
        text = out + err
        assert ended == code, text
        assert found_in(text.encode()) == "", f"{words} printed a canary"
        assert scan(self.settings) == {}, f"{words} left a canary"
        return text

    def status(self) -> dict:
        """What the platform's status is, by a process of its own that knows the same rooms."""
        return json.loads(self("status", "--json"))


@pytest.mark.slow
def test_no_canary_leaves_the_data_of_the_whole_platform(settings: Settings) -> None:
    """Good, partly quarantined and refused files; every table built by Dagster, then without it to the same content."""
    lay_out(settings)
    call = Operator(settings)
    call("run", code=1)
    told = call.status()
    refused = {f["file"]: f["message"] for f in told["refused_files"]}
    assert set(refused) == {
        "nv_2024-03.csv",
        "nv_2024-02.csv",
        "tx_2024-05.csv",
        "tx_2024-03.csv",
        "staff_2024-04.xlsx",
    }
    assert "is it the header?" in refused["nv_2024-02.csv"]
    counts = {f["feed"]: (f["records"], f["quarantined"]) for f in told["feeds"]}
    assert counts["nv_licensing"] == (18, 6)
    assert counts["staff"] == (7, 1)
    assert counts["calls"] == (6, 3)
    call("check", str(settings.landing / "nv_licensing" / "nv_2024-05.csv"), "--feed", "nv_licensing")
    assert "too many fields" in call("quarantine", "nv_2024-05.csv")
    call("rebuild", "--direct")
    assert call.status()["content_hash"] == told["content_hash"]


@pytest.mark.slow
def test_no_canary_leaves_the_data_whatever_is_broken(settings: Settings) -> None:
    lay_out(settings)
    call = Operator(settings, few=True)
    call("run", "--direct", code=1)

    # Selects that fail on a value and a check that fails: through Dagster, and without it.
    said = call("build", faults="zone,check", code=1)
    assert "fct_zone keeps its former rows" in said and "fct_check keeps its former rows" in said
    call("rebuild", "--direct", faults="cast,error,date,zone,pattern,check", code=1)
    failed = [c for c in call.status()["failed_checks"] if c["refused"]]
    assert len({c["table"] for c in failed}) == 6

    # Errors of ours that quote records: while a file is taken in, while a table is built; by hand, then by the daemon.
    drop(settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER, [nevada(n) for n in range(1, 9)])
    drop(settings, "nv_licensing", "nv_2024-04.csv", NV_HEADER, [nevada(n) for n in range(1, 9)])
    said = call("run", "--direct", faults="arrival,build", code=1)
    assert "ValueError" in said and "RuntimeError at " in said
    drop(settings, "nv_licensing", "nv_2024-05 more.csv", NV_HEADER, [nevada(n) for n in range(1, 10)])
    call("ticks", faults="arrival,build,cast,check")
    told = [path.read_text() for path in settings.outbox.glob("*.json")]
    for words in (
        "nv_2024-06.csv could not be taken in",
        "RuntimeError at ",
        "Conversion of column",
        "no_phone failed",
    ):
        assert any(words in text for text in told), words

    # A person's word on a held file.
    drop(settings, "nv_licensing", "nv_2024-05 less.csv", NV_HEADER, [nevada(1)])
    assert "held" in call("run", "--direct", code=1)
    (held,) = call.status()["held_files"]
    call("accept", held["sha256"][:12])
    call("withdraw", held["sha256"][:12])

    # An archive that was damaged on the disk.
    for records in settings.archive.glob("nv_licensing/receipts/*/records.parquet"):
        content = records.read_bytes()
        records.unlink()
        records.write_bytes(content[: len(content) // 2])
    call("rebuild", code=1)

    # That the search finds: an event, a packed run, a notice, UTF-16, a log beside a database.
    planted = plant(settings)
    assert set(scan(settings)) == planted


LISTS = """
feed: {feed}
room: prospects
title: Lists
delivery: snapshot
format: {{type: {kind}}}
files: ["*"]
key: [{key}]
columns:
  - {{name: status, header: Status}}
  - {{name: person, header: Person, pii: true}}
  - {{name: phone, header: Phone, pii: true}}
"""
LEAD = ["Zyxqwanna Zyxqwson", "Person", "702-346-9171", "zyxqw@example.org"]
MAIL, NUMBER = "zyxqw@example.org", "(702) 346-9172"
TITLED = ["Status", "Person", "Phone"]
TABLES = {
    "headerless, one cell a title by chance": [LEAD, LEAD],
    "headerless, two cells titles": [["Status", "Zyxqwson", "Phone", MAIL, "Zyxqwlane"], LEAD],
    "headerless, half of a short header": [["Person", "Zyxqwanna"], LEAD[:2]],
    "an address in the header": [[*TITLED, MAIL], ["a", "b", "c", "d"]],
    "a phone in the header": [[*TITLED, NUMBER], ["a", "b", "c", "d"]],
    "a phone twice in the header": [[*TITLED, NUMBER, NUMBER], ["a", "b", "c", "d", "e"]],
    "a title row": [["List of Zyxqwanna"], TITLED, ["a", "b", "c"]],
    "a second table": [TITLED, ["a", "b", "c"], [], [MAIL, "Zyxqwlane", NUMBER, "Zyxqwmore"], LEAD],
    "the first lead beside the header": [[*TITLED, *LEAD[2:]], ["a", "b", "c"], ["d", "e", "f"]],
    "few fit": [TITLED, LEAD, [*LEAD, "Zyxqwmore"], [*LEAD, "Zyxqwmore"]],
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_no_cell_and_no_title_that_looks_like_data_enters_a_manifest(settings: Settings, kind: str) -> None:
    """Found in use, 17: a canary stood in a manifest's `header`: the first lead of a list without one, or a phone."""
    settings.feeds.mkdir(parents=True)
    keys = ("status", "person") if kind == "csv" else ("person",)
    for key in keys:
        (settings.feeds / f"by_{key}.yaml").write_text(LISTS.format(feed=f"by_{key}", kind=kind, key=key))
        (settings.landing / f"by_{key}").mkdir(parents=True)
        for number, rows in enumerate(TABLES.values()):
            written(settings.landing / f"by_{key}" / f"{2000 + number}-05.{kind}", kind, rows)
    contracts = load_platform(settings).contracts
    arrivals = Arrivals(replace(settings, first_month=date(2000, 1, 1)), contracts)
    taken = arrivals.take_in(arrivals.waiting())
    assert len(taken) == len(keys) * len(TABLES) and not arrivals.failures
    assert {m.verdict for m in taken} >= {"accepted", "refused"}
    assert scan(settings) == {}
    rejected = [str(path) for path in settings.archive.glob("*/receipts/*/rejected.parquet")]
    with duckdb.connect() as con:
        select = f"select column_name, reason from read_parquet({rejected})"
        said = con.execute(select).fetchall() if rejected else []
    assert found_in(repr([said, [manifest.message for manifest in taken]]).encode()) == "", said
    # The records keep what the manifest does not tell.
    (beside,) = [m for m in taken if m.feed == "by_person" and m.file_name.startswith("2004-")]
    assert beside.header == ("Status", "Person", "Phone", "column_4") and "(a title that may be data)" in beside.message


def written(path: Path, kind: str, rows: list[list[str]]) -> None:
    """The rows as a file of this kind; of Parquet the first are its columns' names."""
    if kind == "csv":
        path.write_text("".join(",".join(row) + "\n" for row in rows))
    elif kind == "xlsx":
        book = Workbook()
        for row in rows:
            assert book.active is not None
            book.active.append(row)  # type: ignore[union-attr]
        book.save(path)
    else:
        names = [f"{name}{' ' * index}" if name in rows[0][:index] else name for index, name in enumerate(rows[0])]
        width = len(names)
        cells = ", ".join(str((*row, *[""] * width)[:width]).replace(",)", ")") for row in rows[1:])
        named = ", ".join(f'"{name}"' for name in names)
        with duckdb.connect() as con:
            con.execute(f"copy (select * from (values {cells}) as t({named})) to '{path}' (format parquet)")


def plant(settings: Settings) -> set[str]:
    """Puts a canary where each kind of leak would leave one; returns the files that hold one now."""
    before = {p: p.stat().st_mtime_ns for p in settings.dagster_home.rglob("*") if p.is_file()}
    with open_instance(settings) as instance:
        instance.report_runless_asset_event(
            dg.AssetObservation(["prospects", "planted"], metadata={"lead": f"Zyxqwanna, {DIGITS}1"})
        )
    changed = {p for p in settings.dagster_home.rglob("*") if p.is_file() and before.get(p) != p.stat().st_mtime_ns}
    events = {p for p in changed if found_in(p.read_bytes())}
    assert events, "the event log does not hold what was reported to it"
    packed = settings.dagster_home / "packed.db"
    with sqlite3.connect(packed) as con:
        con.execute("create table snapshots (body blob)")
        con.execute("insert into snapshots values (?)", (zlib.compress(b'{"lead": "Zyxqwanna"}' * 9),))
    con.close()
    assert found_in(packed.read_bytes()) == ""
    planted = {*events, packed}
    for name, content in {
        "outbox/check_1.json": b'{"text": "call 702-346-9174"}',
        "build_state.json": b'{"evidence": "ZYXQWSON"}',
        "dagster/storage/compute.err": "Zyxqwson".encode("utf-16"),
        "dagster/history/index.db-wal": b"\0\1(702) 346-9175",
    }.items():
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        planted.add(path)
    return {path.relative_to(settings.home).as_posix() for path in planted}


def test_what_is_planted_in_an_empty_environment_is_found(settings: Settings) -> None:
    with open_instance(settings) as instance:
        instance.report_runless_asset_event(dg.AssetObservation(["prospects", "harmless"]))
    assert scan(settings) == {}
    planted = plant(settings)
    assert set(scan(settings)) == planted
    assert sum(name.endswith(".db") for name in planted) >= 2  # Dagster's own, and the packed one


def test_the_search_finds_parts_in_any_case_and_encoding() -> None:
    for said in (
        "Zyxqwson",
        "ZYXQW-21-22",
        "702-346-9171",
        "(702) 346-9171",
        "+17023469171",
        "346-9171",
        "x 7023469171",
    ):
        assert found_in(f'{{"message": "{said}"}}'.encode()), said
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            assert found_in(said.encode(encoding)), (said, encoding)
    for other in ("Zyx qwson", "702-346-0001", "a3f346-9171b0c2", "fct_lead_files", ""):
        assert found_in(other.encode()) == "", other
