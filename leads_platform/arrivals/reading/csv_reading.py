"""A CSV file from its bytes to loaded records: decode, find the header, prove sound or take apart, load.

Belongs here: the order of these steps and what is said when one fails. Does not: the steps themselves
(text.py, header.py, counting.py, csv_records.py, loading.py).
"""

from __future__ import annotations

import codecs
import re
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path

import numpy as np

from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.counting import Scan, count_damaged, scan
from leads_platform.arrivals.reading.csv_records import Dialect, Record, split_damaged
from leads_platform.arrivals.reading.header import Header, check_width, match_header, matches
from leads_platform.arrivals.reading.loading import USUAL_LINE, Loader, Quarantined, Taken
from leads_platform.arrivals.reading.refusal import Refusal, shown
from leads_platform.arrivals.reading.second_headers import OTHER, REPEATED, Titles
from leads_platform.arrivals.reading.text import to_utf8

AHEAD_BYTES = 8 * 2**20
"""Files at least this large are loaded while they are counted; of smaller ones a thread saves nothing."""
_HEAD_BYTES = 2**20
_PREAMBLE_LINES = 30
_COPY_BYTES = 8 * 2**20
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class Body:
    """Where the records start in the decoded text, and the header's cells."""

    def __init__(self, text: Path, contract: FeedContract) -> None:
        self.dialect = Dialect(contract.format.delimiter, contract.format.quote)
        with text.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if not head.strip(b"\r\n"):
            raise Refusal("holds nothing but empty lines; ask for the file again")
        blank = _header_at(head, contract)
        record = self.dialect.read(head, blank)
        if record.end == _HEAD_BYTES:
            raise Refusal("has a first line of more than 1 MB; that is no header")
        check_width(record.fields)
        self.start = record.next
        self.first_line = line_ends(head[: record.end]) + 2
        # Then DuckDB can skip the header itself; else it gets a copy of the records.
        self.plain_header = blank == 0 and self.first_line == 2 and head[record.end : record.next] != b"\r"
        self.plain_header &= head[record.end : record.next] == b"\n"
        self.cells = self._cells(head, record)
        self._check(head, record, contract)

    def _which(self, contract: FeedContract) -> str:
        return f"line {self.first_line - 1}" if contract.format.header_row else "its first line"

    def _cells(self, head: bytes, record: Record) -> list[str]:
        return [cell.decode("utf-8", errors="replace") for cell in self.dialect.cells(head, record)]

    def _check(self, head: bytes, record: Record, contract: FeedContract) -> None:
        """Refuses what is no header with the likeliest cause."""
        found = matches(self.cells, contract)
        if found < 2:
            self._other_delimiter(head, record, contract, found)
        if found * 2 < len(contract.needed):
            self._preamble(head, record, contract, found)
        self._two_lines(head, record, contract)
        if b"\0" in head[record.start : record.end]:
            raise Refusal("has a NUL byte in its header; ask for the file again")
        if record.reason:
            raise Refusal(f"has a header that can't be read: {record.reason}; correct line {self.first_line - 1}")
        if not found:
            titles = ", ".join(shown(c.header) for c in contract.columns if c.name in contract.needed)
            raise Refusal(
                f"has no header: {self._which(contract)} holds none of the columns of {contract.label}; "
                f"it must name {titles or shown(contract.columns[0].header)}",
                titles=self.cells,
            )

    def _other_delimiter(self, head: bytes, record: Record, contract: FeedContract, found: int) -> None:
        for delimiter, name in _DELIMITERS.items():
            if delimiter == contract.format.delimiter:
                continue
            other = Dialect(delimiter, contract.format.quote)
            line = other.read(head, record.start)
            cells = [cell.decode("utf-8", errors="replace") for cell in other.cells(head, line)]
            if matches(cells, contract) > max(found, 1):
                written = "\\t" if delimiter == "\t" else delimiter
                raise Refusal(
                    f"is separated by {name}s, the contract says {contract.format.delimiter!r}; "
                    f'set format.delimiter: "{written}" in {contract.label}'
                )

    def _two_lines(self, head: bytes, record: Record, contract: FeedContract) -> None:
        """Titles spread over two lines are told where the second names what the first lacks."""
        lacking = [column for column in contract.columns if column.name in contract.needed]
        lacking = [column for column in lacking if not matches(self.cells, contract, column)]
        if not lacking or record.next >= len(head):
            return
        below = self._cells(head, self.dialect.read(head, record.next))
        both = [*below, *(f"{first} {second}" for first, second in zip(self.cells, below, strict=False))]
        if all(matches(both, contract, column) for column in lacking):
            raise Refusal(
                f"has its titles spread over lines {self.first_line - 1} and {self.first_line}; "
                "write each column's title whole in one line"
            )

    def _preamble(self, head: bytes, record: Record, contract: FeedContract, found: int) -> None:
        at, line = record.next, self.first_line
        if contract.format.header_row:  # it may as well stand above
            at, line = 0, 1
        for _ in range(_PREAMBLE_LINES):
            blank = len(head) - len(head[at:].lstrip(b"\r\n")) - at
            line += line_ends(head[at : at + blank])
            at += blank
            if at >= len(head):
                return
            record = self.dialect.read(head, at)
            here = matches(self._cells(head, record), contract)
            if here > max(found, 1) and here * 2 >= len(contract.needed):
                raise Refusal(f"has its header on line {line}; {_mend(line, contract)}")
            line += line_ends(head[at : record.end]) + 1
            at = record.next


def read_csv(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    """Reads the file against its contract. Raises Refusal."""
    text = to_utf8(source, workspace / "text.csv", contract.format.encoding, contract.label)
    if text.path != source:
        source.unlink()  # at most two copies of a large file lie on the disk at one time
    body = Body(text.path, contract)
    dialect = contract.format
    with _Ahead(text.path, body, contract, workspace) as ahead:
        found = scan(
            text.path,
            body.start,
            body.first_line,
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            # A blank last title may be no column: the lines of a record then hold one delimiter less.
            fields=max(1, len(body.cells) - (not body.cells[-1].strip())),
        )
        if len(body.cells) > 1 and not body.cells[-1].strip() and found.width == len(body.cells) - 1:
            body.cells.pop()  # the header line ends with a delimiter, the records' don't
        header = match_header(body.cells, contract)
        width = len(header.names)
        trailing = _trailing(found, width)
        sound = found.sound and found.even and (found.width == width or trailing) and _simple(found, width)
        if ahead.loader is not None and sound and not trailing and _as_supposed(found):
            taken = Taken(header, found.records, ahead.loaded(), ahead.loader)
            taken.warnings += [*text.warnings, *header.warnings]
            return taken
    taken = Taken(header, found.records, 0, _loader(header, contract, workspace))
    taken.warnings += [*text.warnings, *header.warnings]
    if trailing:
        taken.warnings.append("every record ends with one more delimiter and nothing behind it; left out")
    if not found.records:
        return taken
    if sound:
        _load_sound(text.path, body, found, contract, taken)
    else:
        _load_damaged(text.path, body, found, contract, taken)
    return taken


def _loader(header: Header, contract: FeedContract, workspace: Path) -> Loader:
    loader = Loader(workspace, header.names)
    if contract.month.column is not None:
        loader.set_month(contract, header)
    return loader


class _Ahead:
    """Loads a large file while it is still being counted, supposing that it is sound and of the plainest kind.

    Only the counter's word lets the outcome count. Else it is thrown away, an error too, and the file is loaded as
    the counter found it. A context manager: leaving it ends what still runs.
    """

    loader: Loader | None = None

    def __init__(self, text: Path, body: Body, contract: FeedContract, workspace: Path) -> None:
        self._wanted = False
        if text.stat().st_size < AHEAD_BYTES or not body.plain_header or not body.cells[-1].strip():
            return
        if not _looks_plain(text, body, contract.format.quote):
            return
        try:
            header = match_header(body.cells, contract)
        except Refusal:
            return  # said when the file is counted
        self.loader = _loader(header, contract, workspace)
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._load = self._thread.submit(
            self.loader.load_csv,
            text,
            contract.format.delimiter,
            contract.format.quote,
            first_line=body.first_line,
            lines=None,
            longest=0,
            skip=1,
        )

    def loaded(self) -> int:
        """The number of records, once they are loaded. Raises what loading raised."""
        self._wanted = True
        try:
            return self._load.result()
        except BaseException:
            self._wanted = False
            raise

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        if self.loader is None:
            return
        while not self._wanted and not self._load.done():
            self.loader.connection.interrupt()  # heard only by a statement that has begun
            wait([self._load], timeout=0.05)
        self._thread.shutdown()
        if not self._wanted:
            self.loader.connection.close()
            self.loader.parquet.unlink(missing_ok=True)


def _looks_plain(text: Path, body: Body, quote: str | None) -> bool:
    """Whether the first records end in LF alone and stand on one line each."""
    with text.open("rb") as file:
        file.seek(body.start)
        lines = file.read(_HEAD_BYTES).split(b"\n")[:-1]
    mark = (quote or "").encode()
    return bool(lines) and not any(b"\r" in line or (mark and line.count(mark) % 2) for line in lines)


def _as_supposed(found: Scan) -> bool:
    """Whether records simply follow each other, a line each, none longer than the loader takes unasked."""
    return bool(found.records) and found.lines is None and found.ends <= {"\n"} and found.longest + 1024 <= USUAL_LINE


def _trailing(found: Scan, width: int) -> bool:
    """A delimiter at the end of every record, with nothing behind it: the supplier's way of ending lines."""
    return found.even and found.width == width + 1 and found.ends_in_delimiter == found.records > 0


def _simple(found: Scan, width: int) -> bool:
    """Whether plain replacement makes line ends alike, and empty lines can't be taken for records."""
    alike = found.ends <= {"\n"} or (len(found.ends) == 1 and not found.quoted_cr)
    return alike and not (width == 1 and found.blank_lines)


def _load_sound(text: Path, body: Body, found: Scan, contract: FeedContract, taken: Taken) -> None:
    assert taken.loader is not None
    skip = 1 if body.plain_header and found.ends <= {"\n"} else 0
    path = text if skip else _body_copy(text, body.start, found.ends)
    taken.loaded = taken.loader.load_csv(
        path,
        contract.format.delimiter,
        contract.format.quote,
        first_line=body.first_line,
        lines=found.lines,
        longest=found.longest,
        skip=skip,
        dropped=found.width > len(taken.header.names),
    )


def _body_copy(text: Path, start: int, ends: set[str]) -> Path:
    """The records alone, with LF line ends."""
    target = text.with_name("body.csv")
    end = next(iter(ends), "\n").encode()
    with text.open("rb") as file, target.open("wb") as copy:
        file.seek(start)
        copy.write(codecs.BOM_UTF8)  # DuckDB takes one for no text: ours, so that it leaves a record's own alone
        held = b""
        while chunk := file.read(_COPY_BYTES):
            chunk = held + chunk
            held = b"\r" if end == b"\r\n" and chunk.endswith(b"\r") else b""  # half of a line end
            chunk = chunk[: len(chunk) - len(held)]
            copy.write(chunk if end == b"\n" else chunk.replace(end, b"\n"))
        copy.write(held)
    return target


def _load_damaged(text: Path, body: Body, found: Scan, contract: FeedContract, taken: Taken) -> None:
    assert taken.loader is not None
    dialect, good = contract.format, text.with_name("good.csv")
    names = taken.header.names
    width = len(names) + _trailing(found, len(names))
    taken.records = count_damaged(text, body.start, dialect.delimiter, dialect.quote, width)
    split = split_damaged(
        text,
        body.start,
        body.first_line,
        good,
        dialect=body.dialect,
        fields=width,
        of_header=Titles(taken.header, contract).reason_in,
        empty_last=width > len(names),
    )
    taken.bad = [
        Quarantined(line, names[at] if at is not None and at < len(names) else None, reason)
        for line, at, reason in split.bad
    ]
    repeated = sum(one.reason == REPEATED for one in taken.bad)
    if 2 * (len(taken.bad) - repeated) > taken.records - repeated:
        raise Refusal(_mostly_bad(taken, contract, found), taken.records)
    lines = np.frombuffer(split.lines, dtype=np.int64)
    taken.loaded = taken.loader.load_csv(
        good,
        dialect.delimiter,
        dialect.quote,
        first_line=body.first_line,
        lines=lines,
        longest=split.longest,
        dropped=width > len(names),
    )


def _mostly_bad(taken: Taken, contract: FeedContract, found: Scan) -> str:
    header: Header = taken.header
    first = taken.bad[0]
    said = (
        f"{len(taken.bad)} of {taken.records} records don't fit the header ({len(header.names)} columns); "
        f"the first is on line {first.line}: {first.reason}"
    )
    if second := next((one.line for one in taken.bad if one.reason == OTHER), 0):
        begins = f". On line {second} a second table begins: put each table in a file of its own"
        return said + (begins if second != first.line else "")
    if found.width != len(header.names) and found.sound:
        return f"{said}. Most have {found.width} fields: is the delimiter right? Was a column added?"
    return f"{said}. Are format.delimiter and format.quote in {contract.label} right?"


def _header_at(head: bytes, contract: FeedContract) -> int:
    """Where the header's line begins: where the contract says, else at the first that holds anything."""
    row = contract.format.header_row
    if row is None:
        return len(head) - len(head.lstrip(b"\r\n"))
    ends = [found.end() for found in islice(re.finditer(rb"\r\n|\r|\n", head), row - 1)]
    at = ends[-1] if row > 1 and ends else 0
    if len(ends) < row - 1 or head[at : at + 1] in (b"", b"\r", b"\n"):
        raise Refusal(
            f"has nothing on line {row}, where format.header_row in {contract.label} says that its header is; "
            "correct the one or the other"
        )
    return at


def _mend(line: int, contract: FeedContract) -> str:
    if contract.format.header_row is None:
        return f"remove what is above it, or set format.header_row: {line} in {contract.label}"
    return f"set format.header_row: {line} in {contract.label}, which says {contract.format.header_row}"


def line_ends(text: bytes) -> int:
    """Line ends in a text."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
