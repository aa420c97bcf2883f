"""Random and damaged files: records are accounted for, and no value is loaded that the file doesn't hold.

Belongs here: what must hold of every reading, judged by what a reader that shares no code with the platform
(fuzz/oracle.py) finds in a text, and by what was written into a workbook. Does not: named kinds (test_reading.py,
catalogue/), or the counter (test_counting.py).

A finding is printed as the edits and the bytes, made as small as hypothesis can, with a line to reproduce it.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import tempfile
import zipfile
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from leads_platform.arrivals import FileReading, read_file
from leads_platform.arrivals.reading import counting, csv_reading, csv_records, text
from leads_platform_tests.arrivals.fuzz import oracle
from leads_platform_tests.arrivals.fuzz.files import CASES, GOOD, Case, GoodFile

FEW = settings(max_examples=80, deadline=None, derandomize=True)
MANY = settings(max_examples=10_000, deadline=None, derandomize=False, database=None, print_blob=True)
NO_MONTH = "so the record has no month"


@given(CASES)
@FEW
@pytest.mark.slow
def test_damaged_text(case: Case) -> None:
    judge_text(case, case.content)


@given(CASES)
@MANY
@pytest.mark.long
def test_damaged_text_at_length(case: Case) -> None:
    """About ten minutes on an idle machine."""
    judge_text(case, case.content)


@pytest.mark.parametrize("good", GOOD, ids=[good.name for good in GOOD])
def test_good_files_are_taken_whole(good: GoodFile) -> None:
    with tempfile.TemporaryDirectory() as room, read(Path(room), good.content, good) as reading:
        assert (reading.verdict, reading.quarantined) == ("accepted", [])
        # Each of them begins a line with its number or its name, and no note in quotes does.
        assert reading.records == len(re.findall(r"""^["']?(?:\d|Eve|Fay|Gus)""", good.text.replace("\r", "\n"), re.M))


NAMED = {good.name: good for good in GOOD}
# What fuzzing found, each by hand: the file it is like, the bytes, and the lines that must be loaded and left out.
FOUND = [
    pytest.param(
        "events",
        b'Id,Name,When\n1,Da"n,2024-05-01\n2,Eve,2024-05-01\n3,Fay,2024-05-01\n',
        ([3, 4], [2]),
        id="one stray quote in the first record made all others vanish: accepted with 0 records",
    ),
    pytest.param(
        "a delimiter at the header's end",
        b'Id,Name,Phone,City,\n1,A,x,y\n2,"B,x,y\n3,C,x,y\n4,D",x,y\n5,E,x,y\n6,F,x,y\n',
        ([2, 4, 6, 7], [3, 5]),
        id="under a header with a delimiter at its end two stray quotes swallowed records",
    ),
    pytest.param(
        "plain",
        b'Id,Name,Phone,City\n1,a"b,x,y\n2,C,x,y,ZZ\n3,D,x,y,\n4,E,x,y,\n5,F,x,y,\n6",q,r,\n',
        ([4, 5, 6], [2, 3, 7]),
        id="a cell behind the last title was left out where stray quotes hid it",
    ),
    pytest.param(
        "plain",
        b"Id,Name,Phone,City\n1,A,x\n\xef\xbb\xbf2,B,x,y\n3,C,x,y\n",
        ([3, 4], [2]),
        id="a byte order mark inside the file was lost where it came to stand first",
    ),
    pytest.param(
        "plain",
        b"Id,Name,Phone,City\r\n\xef\xbb\xbf2,B,x,y\r\n3,C,x,y\r\n",
        ([2, 3], []),
        id="so it was where nothing else was wrong, before records with CR LF",
    ),
    pytest.param(
        "plain",
        b"Id,Name,Phone,City," + b"z" * 2**20 + b",1,2,3,4\n" + b"1,A,x,y,\n" * 9,
        None,
        id="of a header longer than what is looked at, the rest was taken for a record",
    ),
    pytest.param("UTF-16", b"Id,Name,Phone,City\n", None, id="UTF-16 without its mark raised an error"),
]


@pytest.mark.parametrize(("name", "content", "lines"), FOUND)
def test_what_fuzzing_found(
    name: str, content: bytes, lines: tuple[list[int], list[int]] | None, tmp_path: Path
) -> None:
    with read(tmp_path, content, NAMED[name]) as reading:
        honest(reading)
        rows = reading.loaded.fetchall()
        marks = sum((cell or "").count("\ufeff") for row in rows for cell in row[:-1])
        assert marks == content.count(codecs.BOM_UTF8)
        loaded = [row[-1] for row in rows]
        found = None if reading.verdict == "refused" else (loaded, [bad.line for bad in reading.quarantined])
        assert found == lines, reading.message


def read(room: Path, content: bytes, good: GoodFile) -> FileReading:
    path = room / "list"
    path.write_bytes(content)
    return read_file(path, good.contract, workspace=room)


def judge_text(case: Case, content: bytes) -> None:
    """Reads a text file in small pieces and says what is wrong with the outcome, by assertions."""
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for module, name, value in (
            (counting, "_CHUNK", case.piece),
            (text, "_CHUNK", max(case.piece, 3)),
            (csv_reading, "_COPY_BYTES", case.piece),
            (csv_reading, "AHEAD_BYTES", 0 if case.piece > 1 else 2**20),
            (counting, "MAX_RECORD_BYTES", case.limit),
            (csv_records, "MAX_RECORD_BYTES", case.limit),
        ):
            stack.enter_context(patch.object(module, name, value))
        reading = stack.enter_context(read(room, content, case.good))
        honest(reading)
        Judge(case.good, content, case.limit, reading).judge()


def honest(reading: FileReading) -> None:
    """What must hold of any reading, whatever was in the file."""
    rows = reading.loaded.fetchall()
    assert "report" not in reading.message, reading.message  # loader and counter agree
    assert reading.message
    assert reading.verdict == (
        "refused" if reading.verdict == "refused" else "partial" if reading.quarantined else "accepted"
    )
    if reading.verdict == "refused":
        assert (rows, reading.loaded_count, reading.quarantined, reading.months) == ([], 0, [], {})
        return
    assert reading.records == reading.loaded_count + len(reading.quarantined)
    assert len(rows) == reading.loaded_count
    lines = [row[-1] for row in rows] + [bad.line for bad in reading.quarantined]
    assert len(set(lines)) == len(lines)
    assert lines == [*sorted(lines[: len(rows)]), *sorted(lines[len(rows) :])]
    assert all(bad.reason and bad.column_name in (None, *reading.header) for bad in reading.quarantined)


class Judge:
    """Compares a reading with what the oracle finds in the same bytes."""

    def __init__(self, good: GoodFile, content: bytes, limit: int, reading: FileReading) -> None:
        self.good, self.content, self.reading = good, content, reading
        said = good.contract.format
        self.dialect = oracle.Dialect(said.delimiter, said.quote, limit)
        self.titles = good.text.removeprefix("\ufeff").splitlines()[0].split(said.delimiter)
        self.text: str | None = None
        # Without its mark UTF-16 could be either; Python alone would take the machine's own for granted.
        if said.encoding != "utf-16" or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            with suppress(UnicodeDecodeError):
                self.text = content.decode(said.encoding).removeprefix("\ufeff")

    def judge(self) -> None:
        refused = self.reading.verdict == "refused"
        header = None if self.text is None else oracle.header_of(self.text, self.dialect)
        if header is None or header.cells is None or self.text is None:
            assert refused
            return
        cells, width = header.cells, len(self.reading.header) or len(header.cells)
        if refused:
            if cells == self.titles and self.content[:4096].count(0) * 10 < len(self.content[:4096]):
                self.deserved(oracle.records_of(self.text, self.dialect, width, behind=header), header)
            return
        # A delimiter too many at the end of the header, or of every record, is no field.
        assert [*self.reading.header, *([""] if width < len(cells) else [])] == [
            cell.strip() or (f"column_{at + 1}" if at < width else "") for at, cell in enumerate(cells)
        ]
        dropped = any("one more delimiter" in said for said in self.reading.warnings)
        records = oracle.records_of(self.text, self.dialect, width + dropped, behind=header)
        if dropped:
            assert all(record.ends_in_delimiter for record in records if record.sound(width + 1))
        self.same(records, width, dropped)

    def same(self, records: list[oracle.Record], width: int, dropped: bool) -> None:
        """Every record is where the oracle finds it, with the oracle's cells, or quarantined for good reason."""
        reading = self.reading
        assert reading.records == len(records)
        expected = {
            record.line: tuple(cell or None for cell in record.cells[:width])
            for record in records
            if record.cells is not None and record.sound(width + dropped)
        }
        loaded = {row[-1]: tuple(row[:-1]) for row in reading.loaded.fetchall()}
        assert {line: expected.get(line) for line in loaded} == loaded
        left_out = {bad.line: bad for bad in reading.quarantined}
        for line, kind in self.tables(records, width, dropped).items():
            assert line not in loaded, kind
            if kind == oracle.REPEATED:
                assert "repeats the header" in left_out[line].reason
            elif kind == oracle.OTHER:
                assert "header of a second table" in left_out[line].reason
            else:
                assert "in a second table" in left_out[line].reason
                assert expected.pop(line, None)
            expected.pop(line, None)
        for line, row in expected.items():
            self.rightly(line in loaded, row, left_out[line].reason if line in left_out else "")
        assert set(left_out) | set(loaded) == {record.line for record in records}
        if reading._has_month:
            at = reading.header.index(reading.columns["at"])
            months = Counter((row[at] or "").strip()[:7] for row in loaded.values())
            if all(re.fullmatch(r" *\d{4}-\d\d-\d\d( [\d:]+)? *", row[at] or "") for row in loaded.values()):
                assert {month.isoformat()[:7]: count for month, count in reading.months.items()} == months

    def tables(self, records: list[oracle.Record], width: int, dropped: bool = False) -> dict[int, str]:
        """Headers among the records, and what stands below another table's."""
        aliases = {alias: one.header for one in self.good.contract.columns for alias in (one.header, *one.aliases)}
        cells = self.reading.header or self.titles
        titles = ["" if re.fullmatch(r"column_\d+_*", title) else title for title in cells]
        return oracle.tables_of(records, width + dropped, titles, aliases)

    def rightly(self, loaded: bool, row: tuple[str | None, ...], reason: str) -> None:
        """A sound record is left out only where the contract needs its month or its key."""
        said, reading = self.good.contract, self.reading
        keyless = said.delivery == "events" and any(
            row[reading.header.index(reading.columns[name])] is None for name in said.key
        )
        dated: bool | None = True
        if said.month.column is not None:
            dated = is_date(row[reading.header.index(reading.columns[said.month.column])])
        if loaded:
            assert dated is not False
            assert not keyless
        elif NO_MONTH in reason:
            assert dated is not True
        else:
            assert keyless
            assert "part of the key" in reason

    def deserved(self, records: list[oracle.Record], header: oracle.Record) -> None:
        """A refusal of a file whose header is untouched: more than half is damaged, or it holds nothing."""
        said, width = self.good.contract, len(self.titles)
        if not self.titles[-1]:
            return  # whether the last title counts depends on the records; `same` judges what is taken
        tables = self.tables(records, width)
        again = [line for line, kind in tables.items() if kind == oracle.REPEATED]
        records = [record for record in records if record.line not in again]
        bad = [record for record in records if not record.sound(width) or record.line in tables]
        monster = any(len(line.encode()) > 2 * self.dialect.limit for line, _ in oracle.lines_of(self.text or ""))
        sound = [record for record in records if record.sound(width) and record not in bad]
        rows = [dict(zip(self.titles, record.cells or [], strict=False)) for record in sound]
        keys = [said.column(name).header for name in said.key]
        when = said.column(said.month.column).header if said.month.column else ""
        unusable = [
            row
            for row in rows
            if (when and is_date(row[when]) is not True)
            or (said.delivery == "events" and not all(row[key] for key in keys))
        ]
        assert (
            monster
            or self.other_encoding()
            or (not records and said.delivery != "events")
            or 2 * (len(bad) + len(unusable)) > len(records)
            or (keys and not any(row[key] for row in rows for key in keys))
        ), self.reading.message

    def other_encoding(self) -> bool:
        """Whether text said to be of one byte a letter is UTF-8 beyond ASCII: that is refused."""
        try:
            self.content.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return self.good.encoding in ("latin-1", "cp1252") and not self.content.isascii()


def is_date(cell: str | None) -> bool | None:
    """Whether the cell is an ISO 8601 date; None where it begins like one and goes on."""
    found = re.match(r"\s*(\d{4}-\d{2}-\d{2})(.*)", cell or "", re.DOTALL | re.ASCII)
    try:
        date.fromisoformat(found[1] if found else "")
    except ValueError:
        return False
    return True if found and not found[2] and found.start(1) == 0 else None


# What may be done to packed bytes: where, and the bit that is flipped; or where they are cut.
FLIPS = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 8)), max_size=3)


def flipped(content: bytes, flips: list[tuple[int, int]]) -> bytes:
    for at, bit in flips:
        place = at % (len(content) + 1)
        changed = bytes(byte ^ 1 << bit for byte in content[place : place + 1]) if bit < 8 else b""
        content = content[:place] + changed + (content[place + 1 :] if bit < 8 else b"")
    return content


@given(CASES, st.booleans(), FLIPS)
@settings(FEW, max_examples=25)
@pytest.mark.slow
def test_damaged_packed_text(case: Case, zipped: bool, flips: list[tuple[int, int]]) -> None:
    judge_packed(case, zipped, flips)


@given(CASES, st.booleans(), FLIPS)
@settings(MANY, max_examples=1000)
@pytest.mark.long
def test_damaged_packed_text_at_length(case: Case, zipped: bool, flips: list[tuple[int, int]]) -> None:
    judge_packed(case, zipped, flips)


def judge_packed(case: Case, zipped: bool, flips: list[tuple[int, int]]) -> None:
    if not zipped:
        packed = gzip.compress(case.content, mtime=0)
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("list.csv", case.content)
        packed = out.getvalue()
    packed = flipped(packed, flips)
    with tempfile.TemporaryDirectory() as room, read(Path(room), packed, case.good) as reading:
        honest(reading)
        # Both kinds carry a checksum: what is taken is what was packed, whatever else was hit.
        if reading.verdict != "refused":
            Judge(case.good, case.content, 2**25, reading).judge()


TEXTS = ("", " ", "a", " a ", '"', 'x"y', "a,b", "a\nb", "01001", "é", "NULL", "'", "=1+1", "#N/A", "1E5", "2024-05-01")
VALUES = st.sampled_from((None, *TEXTS, 7, 0.5, 12.0, True, date(2024, 5, 1)))
GRIDS = st.lists(st.lists(VALUES, min_size=0, max_size=6), min_size=1, max_size=8)
TITLES = ["Id", "Name", "Phone", "City"]
KEYLESS = {"key": [], "delivery": "reference"}


@given(GRIDS, FLIPS)
@settings(FEW, max_examples=25)
@pytest.mark.slow
def test_workbooks(grid: list[list], flips: list[tuple[int, int]]) -> None:
    judge_workbook(grid, flips)


@given(GRIDS, FLIPS)
@settings(MANY, max_examples=1000)
@pytest.mark.long
def test_workbooks_at_length(grid: list[list], flips: list[tuple[int, int]]) -> None:
    judge_workbook(grid, flips)


def judge_workbook(grid: list[list], flips: list[tuple[int, int]]) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for at, row in enumerate([TITLES, *grid], start=1):
        for column, value in enumerate(row, start=1):
            sheet.cell(at, column, value)
    out = io.BytesIO()
    book.save(out)
    good = GoodFile("workbook", "", says={"format": {"type": "xlsx"}, **KEYLESS})
    with tempfile.TemporaryDirectory() as room, read(Path(room), flipped(out.getvalue(), flips), good) as reading:
        honest(reading)
        rows = {at: told for at, row in enumerate(grid, start=2) if any(told := [as_text(v) for v in row])}
        rows = {at: row for at, row in rows.items() if any(cell.strip() for cell in row)}
        bad = {at for at, row in rows.items() if any(row[4:])}
        if reading.verdict == "refused":
            assert flips or not rows or 2 * len(bad) > len(rows), reading.message
            return
        # The parts of a workbook carry checksums, so what is taken is what was written.
        assert {one.line for one in reading.quarantined} == bad
        assert {row[-1]: row[:-1] for row in reading.loaded.fetchall()} == {
            at: tuple((cell or None) for cell in (row + [""] * 4)[:4]) for at, row in rows.items() if at not in bad
        }


def test_what_fuzzing_found_in_packed_files(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("list.csv", NAMED["plain"].content)
    packed = bytearray(out.getvalue())
    packed[-6] += 1  # where the directory begins: the first member would begin before the file, which is an OSError
    with read(tmp_path, bytes(packed), NAMED["plain"]) as reading:
        assert reading.verdict == "refused"
    book = Workbook()
    for row in (TITLES, [1, "Ann", "x", date(2024, 5, 1)]):
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    # The directory's last mention of the styles: without them the date was loaded as 45413.
    whole, _, rest = out.getvalue().rpartition(b"xl/styles.xml")
    good = GoodFile("workbook", "", says={"format": {"type": "xlsx"}, **KEYLESS})
    with read(tmp_path, whole + b"xl/stales.xml" + rest, good) as reading:
        assert reading.verdict == "refused"
    with read(tmp_path, out.getvalue(), good) as reading:
        assert reading.loaded.fetchall() == [("1", "Ann", "x", "2024-05-01", 2)]


def as_text(value: object) -> str:
    """What a cell becomes: empty where it holds only space, an error, or a formula that was never calculated."""
    if value is None or value in (" ", "=1+1", "#N/A"):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    return str(value).removesuffix(".0")


@given(GRIDS, FLIPS)
@settings(FEW, max_examples=15)
@pytest.mark.slow
def test_parquet(grid: list[list], flips: list[tuple[int, int]]) -> None:
    judge_parquet(grid, flips)


@given(GRIDS, FLIPS)
@settings(MANY, max_examples=1000)
@pytest.mark.long
def test_parquet_at_length(grid: list[list], flips: list[tuple[int, int]]) -> None:
    judge_parquet(grid, flips)


def judge_parquet(grid: list[list], flips: list[tuple[int, int]]) -> None:
    """Parquet carries no checksum, so of flipped bytes only the account can be judged."""
    rows = [tuple(str(v) if v is not None else None for v in (row + [None] * 4)[:4]) for row in grid]
    good = GoodFile("parquet", "", says={"format": {"type": "parquet"}, **KEYLESS})
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "made.parquet"
        titles = ", ".join(f'"{title}" varchar' for title in TITLES)
        with duckdb.connect() as connection:
            connection.execute(f"create table made ({titles})")
            connection.executemany("insert into made values (?, ?, ?, ?)", rows)
            connection.execute(f"copy made to '{path}' (format parquet)")
        with read(Path(room), flipped(path.read_bytes(), flips), good) as reading:
            honest(reading)
            if not flips:
                assert reading.verdict == "accepted"
                assert [row[:-1] for row in reading.loaded.fetchall()] == [
                    tuple(cell or None for cell in row) for row in rows
                ]
