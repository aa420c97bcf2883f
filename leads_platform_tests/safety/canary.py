"""Personal data that nobody could have typed by chance, files that hold it in every place, and a search for it.

Belongs here: the canaries, the files, the scanner. Does not: the commands that are run on them, or expectations.
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook

from leads_platform.settings import Settings
from leads_platform_tests.helpers import NV_HEADER, SALESFORCE_HEADER, TX_HEADER, drop

# Every personal text has this in it, and every phone number has these digits.
WORD = "zyxqw"
DIGITS = "702346917"
_TEXT = re.compile(WORD.encode())
_PHONE_END = re.compile(rb"346[-. ]?917")  # of each of these; found by its first letters, ten times as fast
_PHONE = re.compile(rb"702346917|702[-. )]{1,2}346[-. ]?917|(?<![0-9a-f])346-917\d(?![0-9a-f])")

STAFF = """
feed: staff
room: prospects
title: Staff lists
delivery: snapshot
format: {type: xlsx}
files: ["*.xlsx"]
key: [id]
columns:
  - {name: id, header: Id, required: true}
  - {name: person, header: Person, required: true, pii: true}
  - {name: phone, header: Phone, required: true, pii: true}
  - {name: email, header: Email, pii: true}
"""
CALLS = """
feed: calls
room: prospects
title: Calls
delivery: events
key: [email]
month: {from: column, column: called_on}
columns:
  - {name: email, header: Email, required: true, pii: true}
  - {name: person, header: Person, pii: true}
  - {name: called_on, header: Called on, type: date}
"""
# A table of another author's making, whose select meets a value it can't take.
ADDRESS = '"12 Zyxqwstreet {0} ZYXQWTOWN, NV 89501"'


def phone(number: int) -> str:
    return f"702-346-917{number % 10}"


def nevada(number: int, *, role: str = "Owner", name: str = "Zyxqwhouse {0}") -> str:
    """A lead of Nevada's list, a canary in every field that is somebody's."""
    shown = ADDRESS.format(number)
    return (
        f"{name.format(number)},CENTER,ZYXQW-{number}-22,Active,12/31/30,N,{shown},NV,CLARK,{phone(number)},1/1/20,"
        f"Zyxqwanna {number} Zyxqwson,{role}"
    )


def texas(number: int, name: str = "Zyxqwbirch") -> str:
    return (
        f"ZYXQW{number},,{name},{number} Zyxqwlane,Zyxqwville,TX,78201,BEXAR,{phone(number)},Licensed Center,"
        f"Full Permit,1/2/20,40,zyxqw{number}@example.org,,,Y,Y,Y,Y"
    )


def salesforce(number: int) -> str:
    return (
        f"00QZYXQW{number},FALSE,Zyxqwson,Zyxqwanna,,Zyxqwhouse,{number} Zyxqwstreet,Zyxqwtown,Nevada,89501,,"
        f"{phone(number)},{phone(number + 1)},zyxqw{number}@example.org,,Web,Working,FALSE,2023-01-01 8:00:00,"
        "2024-01-01 00:00:00,,,,,,Working,,,,"
    )


def lay_out(settings: Settings) -> None:
    """Files of every kind and fate, each with canaries; see the expected verdicts in the test."""
    settings.feeds.mkdir(parents=True)
    (settings.feeds / "staff.yaml").write_text(STAFF)
    (settings.feeds / "calls.yaml").write_text(CALLS)
    good = [nevada(number) for number in range(1, 13)]
    bad = [
        nevada(21) + ",Zyxqwextra",
        nevada(22).replace("Zyxqwhouse", 'Zyxqw"house'),
        nevada(23).replace("Zyxqwhouse", '"Zyxqwhouse"Zyxqwtail'),
        nevada(24).replace("Zyxqwhouse", "Zyxqw\0house"),
        "Zyxqwalone",
        nevada(25).replace("Zyxqwhouse", '"Zyxqwnever closed'),
    ]
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, good + bad)
    # Without a header; in the first lead two cells are titles by chance, one of them twice.
    first = nevada(31, name="Status", role="Status").replace("ZYXQW-31-22", "County")
    drop(settings, "nv_licensing", "nv_2024-03.csv", first, good)
    drop(settings, "nv_licensing", "nv_2024-02.csv", nevada(32, role="Status"), good)
    drop(settings, "tx_licensing", "tx_2024-05.csv", texas(41), [texas(42)])
    drop(settings, "tx_licensing", "tx_2024-04.csv", TX_HEADER, [*map(texas, range(44, 50)), texas(43, '"Zyxqwopen')])
    latin = drop(settings, "tx_licensing", "tx_2024-03.csv", TX_HEADER, [texas(51)])
    latin.write_bytes(latin.read_bytes().replace(b"Zyxqwbirch", b"Zyxqwb\xeerch"))
    drop(settings, "salesforce_leads", "sf_2024-05.csv", SALESFORCE_HEADER, [salesforce(n) for n in range(1, 4)])
    days = ["2024-05-01", "2024-05-02", "2024-06-01", "Zyxqwday 2024", ""]
    calls = [f"zyxqw{n}@example.org,Zyxqwanna,{day}" for n, day in enumerate(days)]
    drop(settings, "calls", "calls.csv", "Email,Person,Called on", [*calls, ",Zyxqwnobody,2024-05-01"])
    people = [[f"ZYXQW{n}", f"Zyxqwanna {n}", phone(n), f"zyxqw{n}@example.org"] for n in range(6)]
    sheet(settings, "staff_2024-05.xlsx", [["Id", "Person", "Phone", "Email"], *people, [*people[0], "Zyxqwmore"]])
    sheet(settings, "staff_2024-04.xlsx", people)


def sheet(settings: Settings, name: str, rows: list[list[str]]) -> None:
    book = Workbook()
    for row in rows:
        assert book.active is not None
        book.active.append(row)  # type: ignore[union-attr]
    (settings.landing / "staff").mkdir(parents=True, exist_ok=True)
    book.save(settings.landing / "staff" / name)


def found_in(content: bytes) -> str:
    """The first canary in these bytes: as text of any case in UTF-8 or UTF-16, or as a phone number; "" for none."""
    for text in (content, content.replace(b"\0", b"")):
        lower = text.lower()
        ends = _PHONE_END.finditer(lower)
        phones = (_PHONE.search(lower, max(end.start() - 5, 0), end.end() + 1) for end in ends)
        if match := _TEXT.search(lower) or next(filter(None, phones), None):
            return lower[max(match.start() - 60, 0) : match.end() + 60].decode("utf-8", "replace")
    return ""


def scan(settings: Settings) -> dict[str, str]:
    """Files of the environment that hold a canary although no person's data belongs there, with what stands around.

    Personal data belongs into the archive (all but its manifests), the warehouse and its published copy.
    """
    found = {}
    for path in sorted(settings.home.rglob("*")):
        name = path.relative_to(settings.home).as_posix()
        data = name.startswith("archive/") and "/manifests/" not in name
        if not path.is_file() or data or name.startswith(("warehouse.duckdb", "published/", "tmp/")):
            continue
        for content in contents(path):
            if said := found_in(content):
                found[name] = said
                break
    return found


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes; of a SQLite database each packed cell too, unpacked."""
    raw = path.read_bytes()
    yield raw
    if not raw.startswith(b"SQLite format 3\0"):
        return
    con = sqlite3.connect(path)
    try:
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in con.execute(f'select * from "{table}"'):
                for cell in row:
                    if isinstance(cell, bytes):
                        try:
                            yield zlib.decompress(cell)
                        except zlib.error:
                            yield cell
    finally:
        con.close()
