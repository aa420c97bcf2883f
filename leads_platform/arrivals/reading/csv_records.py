"""CSV text split into records by rule, where a loader can't be trusted: the header, and damaged files.

Belongs here: reading one record, taking a damaged file apart into good lines and bad ones. Does not: sound
files (DuckDB reads them), or counting (counting.py, which shares no code with this).

The rules are those stated in counting.py: what a record is, and where reading starts afresh after a bad
quote.
"""

from __future__ import annotations

import codecs
import mmap
import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from leads_platform.arrivals.reading.counting import MAX_RECORD_BYTES

Buffer = bytes | mmap.mmap
_EOL = re.compile(rb"\r\n|\r|\n")
_BLANK = re.compile(rb"(?:\r\n|\r|\n)+")
_LINE = re.compile(rb"[^\r\n]*+")


@dataclass
class Record:
    """One record's place in the text. `reason` says what is wrong with it; `at` is the field where."""

    start: int
    end: int
    next: int
    fields: int
    reason: str | None = None
    at: int | None = None


@dataclass
class Split:
    """A damaged file taken apart: the good records' lines, and the bad ones' lines, fields and reasons."""

    good: int = 0
    lines: array[int] = field(default_factory=lambda: array("q"))
    bad: list[tuple[int, int | None, str]] = field(default_factory=list)
    longest: int = 0


class Dialect:
    """Reads records of one delimiter and quote."""

    def __init__(self, delimiter: str, quote: str | None) -> None:
        self.delimiter, self.quote = delimiter.encode(), (quote or "").encode()
        d, q = re.escape(self.delimiter), re.escape(self.quote)
        self._quoted = re.compile(b"%s[^%s]*+(?:%s%s[^%s]*+)*+%s" % (q, q, q, q, q, q)) if q else None
        bare = b"[^%s%s\r\n]*+" % (d, q)
        cell = b"(?:%s|%s)" % (self._quoted.pattern, bare) if self._quoted else bare
        self._cell = re.compile(cell)
        self._record = re.compile(b"%s(?:%s%s)*+" % (cell, d, cell))
        self._open = re.compile(b"%s[^%s]*+(?:%s%s[^%s]*+)*+" % (q, q, q, q, q)) if q else None

    def run_of(self, fields: int, *, empty_last: bool = False) -> re.Pattern[bytes]:
        """Matches many good records at once.

        One line each, `fields` wide, without NUL, the last field empty if so asked. The rest is read one by one.
        """
        d, q = re.escape(self.delimiter), re.escape(self.quote)
        cell = b"[^%s%s\r\n\0]*+" % (d, q)
        if q:
            inside = b"[^%s\r\n\0]*+" % q
            cell = b"(?:%s%s(?:%s%s%s)*+%s|%s)" % (q, inside, q, q, inside, q, cell)
        # Not an empty line, which a record of one field could be.
        last = d if empty_last else b""
        record = b"(?![\r\n])%s(?:%s%s){%d}%s\r?\n" % (cell, d, cell, fields - 1 - empty_last, last)
        return re.compile(b"(?:%s){1,5000}+" % record)

    def read(self, text: Buffer, start: int, fields: int | None = None) -> Record:
        """The record at `start`. `fields` is the header's width, which a swallowing field is told by."""
        size = len(text)
        limit = min(size, start + MAX_RECORD_BYTES + 1)
        match = self._record.match(text, start, limit)
        end = match.end() if match else start
        if end - start > MAX_RECORD_BYTES or (end < size and text[end : end + 1] not in (b"\r", b"\n")):
            return self._bad(text, start, end, limit)
        body = text[start:end]
        record = Record(start, end, _after_eol(text, end), self._width(body))
        if fields is not None and self.quote in body:
            lines = _EOL.split(body)
            if len(lines) > 1 and self._swallowed(lines, fields):
                line = _line_end(text, start)
                return Record(
                    start,
                    line,
                    _after_eol(text, line),
                    0,
                    f"a quote is opened that takes in the next {len(lines) - 1} lines, each like a record",
                    self._opened_at(lines[0]),
                )
        return record

    def cells(self, text: Buffer, record: Record) -> list[bytes]:
        """The record's values, without quotes; for the header only, values are never handled one by one."""
        values, at = [], record.start
        while True:
            match = self._cell.match(text, at, record.end)
            raw = match.group() if match else b""
            at += len(raw) + 1
            if self.quote and raw.startswith(self.quote):
                raw = raw[1:-1].replace(self.quote * 2, self.quote)
            values.append(raw)
            if at > record.end:
                return values

    def _width(self, body: bytes) -> int:
        if self._quoted and self.quote in body:
            body = self._quoted.sub(b"", body)
        return body.count(self.delimiter) + 1

    def _swallowed(self, lines: list[bytes], fields: int) -> bool:
        """Two stray quotes took in records.

        All lines are as full of delimiters as a record, those between exactly.
        """
        record = fields - 1
        if len(lines) * record < 6 or any(line.count(self.delimiter) != record for line in lines[1:-1]):
            return False
        return lines[0].count(self.delimiter) >= record <= lines[-1].count(self.delimiter)

    def _opened_at(self, line: bytes) -> int | None:
        """The field whose quote the line leaves open."""
        match = self._record.match(line)
        return self._width(match.group()) - 1 if match else None

    def _bad(self, text: Buffer, start: int, stop: int, limit: int) -> Record:
        """A bad quote: the record is its first line, so that damage stays where it is."""
        end = _line_end(text, start)
        at = self._width(text[start:stop]) - 1
        opened = self._open.match(text, stop, limit) if self._open else None
        if text[stop : stop + 1] == self.quote and stop > start and text[stop - 1 : stop] != self.delimiter:
            reason = "a quote stands inside a value that is not quoted"
        elif opened and opened.end() >= limit:
            reason = "a quote is opened and never closed"
        elif text[stop - 1 : stop] == self.quote:
            reason = "a quoted value goes on after its closing quote"
        else:
            reason = "a value is too long to be one"
        return Record(start, end, _after_eol(text, end), 0, reason, at)


HeaderWords = Callable[[bytes, Callable[[], list[bytes]]], str | None]
"""Of a record's bytes and cells: why it is a header and no record, None where it is none."""


def split_damaged(
    path: Path,
    start: int,
    first_line: int,
    good: Path,
    *,
    dialect: Dialect,
    fields: int,
    of_header: HeaderWords,
    empty_last: bool = False,
) -> Split:
    """Writes the good records of a file to `good`, one line end after each, and lists the bad ones.

    Records that are not as wide as the header are asked of `of_header` what they may be.

    `fields` is how wide a record must be; `empty_last`: one of them is nothing but a delimiter at the record's end,
    which will be left out, so it must be empty. Lines count from `first_line`, the line of byte `start`.
    """
    split = Split()
    with (
        path.open("rb") as file,
        good.open("wb") as out,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        # DuckDB takes one mark at a file's start for no text: ours, so that it leaves a record's own alone.
        out.write(codecs.BOM_UTF8)
        _split(text, (start, first_line), dialect, (fields, empty_last), of_header=of_header, out=out, split=split)
    return split


def _split(
    text: mmap.mmap,
    begin: tuple[int, int],
    dialect: Dialect,
    shape: tuple[int, bool],
    *,
    of_header: HeaderWords,
    out: IO[bytes],
    split: Split,
) -> None:
    at, line = begin
    fields, empty_last = shape
    size, run_of = len(text), dialect.run_of(fields, empty_last=empty_last)
    while at < size:
        run = run_of.match(text, at)
        if run is not None and (taken := _without_monster(run.group())):
            good = taken.replace(b"\r\n", b"\n")
            lines = good.split(b"\n")
            count = len(lines) - 1
            out.write(good)
            split.good += count
            split.lines.extend(range(line, line + count))
            split.longest = max(split.longest, *map(len, lines))
            line += count
            at += len(taken)
            continue
        if (blank := _BLANK.match(text, at)) is not None:
            line += len(_EOL.findall(blank.group()))
            at = blank.end()
            continue
        record = dialect.read(text, at, fields)
        body = text[record.start : record.end]
        reason = record.reason
        if reason is None and record.fields != fields:
            much = "few" if record.fields < fields else "many"
            reason = of_header(body, partial(dialect.cells, text, record))
            reason = reason or f"too {much} fields: {record.fields}, the header has {fields - empty_last}"
        if reason is None and empty_last and not body.endswith(dialect.delimiter):
            reason = f"too many fields: {record.fields}, the header has {fields - 1}"
        if reason is None and b"\0" in body:
            reason = "holds a NUL byte"
        if reason is None:
            split.good += 1
            split.lines.append(line)
            split.longest = max(split.longest, len(body))
            out.write(body + b"\n")
        else:
            split.bad.append((line, record.at, reason))
        line += len(_EOL.findall(body)) + 1
        at = record.next


def _without_monster(run: bytes) -> bytes:
    """The records of a run up to the first that is too long to be one."""
    if len(run) <= MAX_RECORD_BYTES:
        return run
    length = 0
    for line in run.splitlines(keepends=True):
        if len(line.rstrip(b"\r\n")) > MAX_RECORD_BYTES:
            return run[:length]
        length += len(line)
    return run


def _line_end(text: Buffer, start: int) -> int:
    match = _LINE.match(text, start)
    return match.end() if match else start


def _after_eol(text: Buffer, end: int) -> int:
    return end + 2 if text[end : end + 2] == b"\r\n" else end + 1
