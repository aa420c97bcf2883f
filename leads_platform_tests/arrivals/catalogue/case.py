"""What an entry of the catalogue says, and the few good files that all entries are made from.

Belongs here: `Case`, the feeds' contracts, good records. Does not: kinds, or running them.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openpyxl import Workbook

Verdict = Literal["accepted", "partial", "refused", "held", "waits", "passed over", "gone"]
Row = tuple[int | str | None, ...]
"""A loaded record: its line, then its cells as they must stand in the archive."""

_COLUMNS = """
columns:
  - {name: id, header: Id, required: true}
  - {name: name, header: Name, required: true, pii: true}
  - {name: phone, header: Phone, required: true, pii: true}
  - {name: city, header: City, aliases: [Town]}
"""
_DATED = _COLUMNS.replace("city, header: City, aliases: [Town]", "seen, header: Seen, type: date")

_PAID = "paid, header: Paid, type: money"


def _feed(name: str, said: str = "", delivery: str = "snapshot", columns: str = _COLUMNS) -> str:
    return (
        f"feed: {name}\nroom: prospects\ntitle: People, as {name}\ndelivery: {delivery}\nkey: [id]\n"
        f'files: ["*.csv", "*.gz", "*.zip", "*.xlsx", "*.parquet"]\n{said}{columns}'
    )


FEEDS = {
    "lists": _feed("lists"),
    "western": _feed("western", "format: {encoding: cp1252}\n"),
    "wide": _feed("wide", "format: {encoding: utf-16}\n"),
    "semicolons": _feed("semicolons", 'format: {delimiter: ";"}\n'),
    "books": _feed("books", "format: {type: xlsx}\n"),
    "second": _feed("second", "format: {type: xlsx, sheet: May}\n"),
    "tables": _feed("tables", "format: {type: parquet}\n"),
    "inside": _feed("inside", "month: {from: column, column: seen}\n", columns=_DATED),
    "ledger": _feed("ledger", "dated: required\n"),
    "calls": _feed("calls", "month: {from: column, column: seen}\n", "events", _DATED),
    "titled": _feed("titled", "format: {header_row: 3}\n"),
    "titled_books": _feed("titled_books", "format: {type: xlsx, header_row: 3}\n"),
    "worded": _feed("worded", 'month: {pattern: "%B %Y"}\n'),
    "one_state": _feed("one_state", "constants: {state: NV}\n"),
    "chicago": _feed(
        "chicago",
        "source_timezone: America/Chicago\nmonth: {from: column, column: seen}\n",
        "events",
        _DATED.replace("type: date", "type: timestamp"),
    ),
    "bills": _feed("bills", columns=_COLUMNS.replace("city, header: City, aliases: [Town]", _PAID)),
}
"""One contract a feed; all have the columns Id, Name, Phone and City, or Seen where the record has its month."""
DATED_FEEDS = ("inside", "calls", "chicago")
BOOKS = ("books", "second", "titled_books")

TITLES = ("Id", "Name", "Phone", "City")
HEAD = b"Id,Name,Phone,City\n"
ANN = ("1", "Ann Quill", "702-555-0101", "Reno")
BOB = ("2", "Bob Rook", "702-555-0102", "Elko")
CYD = ("3", "Cyd Lark", "702-555-0103", "Ely")
DEE = ("4", "Dee Moss", "702-555-0104", "Wells")
PERSONAL = ("Quill", "Rook", "Lark", "Moss", "702-555", "7025550", "Reno", "Elko", "Wells")
"""What stands in the cells of every file here; no message may hold any of it."""


def line(cells: Sequence[str], delimiter: str = ",") -> bytes:
    """One record of plain cells."""
    return (delimiter.join(cells) + "\n").encode()


A, B, C, D = (line(person) for person in (ANN, BOB, CYD, DEE))
GOOD = HEAD + A + B + C
DATED = b"Id,Name,Phone,Seen\n"
GOOD_DATED = DATED + line((*ANN[:3], "2024-05-03")) + line((*BOB[:3], "2024-05-04")) + line((*CYD[:3], "2024-05-05"))
ABOVE = b"Licences\nof May\n"
BILLS = b"Id,Name,Phone,Paid\n" + line((*ANN[:3], "12.50")) + line((*BOB[:3], "$7")) + line((*CYD[:3], ""))
THREE: tuple[Row, ...] = ((2, *ANN), (3, *BOB), (4, *CYD))
"""What GOOD loads."""


def book(*sheets: tuple[str, Sequence[Sequence[object]]], change: Callable[[Workbook], object] | None = None) -> bytes:
    """A workbook with these sheets of rows."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def rezipped(packed: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def packed(content: bytes) -> bytes:
    """The bytes as gzip, the same each time."""
    return gzip.compress(content, mtime=0)


def parquet(select: str) -> bytes:
    """What a select gives, as a Parquet file."""
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        duckdb.sql(f"copy ({select}) to '{folder}/p' (format parquet)")
        return (Path(folder) / "p").read_bytes()


def people_parquet() -> bytes:
    """GOOD as Parquet."""
    return parquet(f'select * from (values {ANN}, {BOB}, {CYD}) t("Id", "Name", "Phone", "City")')


def good(feed: str) -> bytes:
    """The three people as a good file of the feed."""
    if feed in BOOKS:
        above = [["Licences"], ["of May"]] if feed == "titled_books" else []
        return book(("May", [*above, TITLES, ANN, BOB, CYD]))
    if feed == "tables":
        return people_parquet()
    if feed in DATED_FEEDS:
        return GOOD_DATED
    if feed in ("titled", "bills"):
        return ABOVE + GOOD if feed == "titled" else BILLS
    if feed == "semicolons":
        return GOOD.replace(b",", b";")
    return GOOD.decode().encode("utf-16") if feed == "wide" else GOOD


def good_rows(feed: str) -> tuple[Row, ...]:
    """What `good` loads, by hand."""
    if feed == "tables":
        return ((1, *ANN), (2, *BOB), (3, *CYD))
    if feed in ("titled", "titled_books"):
        return ((4, *ANN), (5, *BOB), (6, *CYD))
    if feed == "bills":
        return ((2, *ANN[:3], "12.50"), (3, *BOB[:3], "$7"), (4, *CYD[:3], None))
    if feed in DATED_FEEDS:
        return ((2, *ANN[:3], "2024-05-03"), (3, *BOB[:3], "2024-05-04"), (4, *CYD[:3], "2024-05-05"))
    return THREE


@dataclass(frozen=True)
class Case:
    """One kind of bad input, and all that must come of it.

    `make`: the file's bytes, a function giving them, or one that makes the path itself (`place`). `loaded`: every
    loaded value. `bad`: the quarantined records' line, column and reason. `says`: phrases of what the user sees;
    of a refusal one of them tells how to mend it. `run_says`: those that only `run` can say, which knows the feed's
    other files. `records`: of a refused file as far as they are counted. `former`: a good list of the same month that
    came before. `during`: what happens while the file is read. `check`: what `leads-platform check` says where it
    can't know better. `mended`: the name of the re-issue, where the name was the fault.
    """

    id: str
    kind: str
    verdict: Verdict
    make: bytes | Callable[[], bytes] = GOOD
    says: tuple[str, ...] = ()
    run_says: tuple[str, ...] = ()
    loaded: tuple[Row, ...] | Callable[[], tuple[Row, ...]] = ()
    bad: tuple[tuple[int, str | None, str], ...] = ()
    records: int = 0
    titles: tuple[str, ...] = TITLES
    feed: str = "lists"
    name: str = "2024-05.csv"
    place: Callable[[Path], object] | None = None
    former: bytes | None = None
    during: Callable[[Path], AbstractContextManager[object]] | None = None
    check: Verdict | Literal["none"] | None = None
    mended: str = ""
    warned: int = 0

    def content(self) -> bytes:
        return self.make if isinstance(self.make, bytes) else self.make()

    def rows(self) -> tuple[Row, ...]:
        return self.loaded if isinstance(self.loaded, tuple) else self.loaded()


def accepted(id: str, kind: str, make: bytes | Callable[[], bytes], *says: str, **more) -> Case:
    """All its records are loaded; three people on lines 2 to 4 unless said otherwise."""
    return Case(id, kind, "accepted", make, says or ("3 records",), **{"loaded": THREE, **more})


def partial(id: str, kind: str, make: bytes | Callable[[], bytes], *says: str, **more) -> Case:
    """Some of its records are quarantined."""
    return Case(id, kind, "partial", make, says, **more)


def refused(id: str, kind: str, make: bytes | Callable[[], bytes], *says: str, **more) -> Case:
    """Nothing of it is loaded; the last phrase says how to mend it."""
    return Case(id, kind, "refused", make, says, **more)
