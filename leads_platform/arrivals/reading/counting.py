"""How many records a text file holds: the counter that is not the loader.

Belongs here: counting, and proving that a file is sound (every quote legal, every record as wide as the
header), with code of its own: byte classes for a sound file, splitting lines at quotes for a damaged one.
Does not: values, or anything the loader uses (csv_records.py splits damaged files by regular expressions,
DuckDB reads sound ones).

A record is: one line, or several when a quoted field holds line breaks. Lines without a character are no
records. A quote may open only where a field starts and close only where it ends; inside, it is doubled.
Where that does not hold, the line that breaks the rule is one (bad) record and reading starts afresh on the
next. So it does where a quoted field runs over lines that each look like a record (`swallows`): two stray
quotes have swallowed them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from leads_platform.arrivals.reading.refusal import Refusal

MAX_RECORD_BYTES = 32 * 2**20
"""A longer record is damage: a 10 MB cell is possible, more never was."""
# Small enough that the arrays made of a chunk stay in the processor's cache.
_CHUNK = 2**20
_DELIMITER, _QUOTE, _LF, _CR, _NUL = 1, 2, 3, 4, 5
_WIDEST = 4096  # as header.MAX_COLUMNS: wider records are told from those, not from each other


@dataclass
class Scan:
    """What one pass over the bytes proves. `lines` is None where record i simply stands on line first + i."""

    records: int = 0
    lines: np.ndarray | None = None
    ends: set[str] = field(default_factory=set)
    blank_lines: int = 0
    quoted_cr: bool = False
    illegal_quotes: bool = False
    unbalanced: bool = False
    swallowing: bool = False
    nuls: bool = False
    longest: int = 0
    widths: np.ndarray = field(default_factory=lambda: np.zeros(_WIDEST + 1, dtype=np.int64))
    ends_in_delimiter: int = 0

    @property
    def sound(self) -> bool:
        """Every quote is legal and closed, nothing looks swallowed, no NUL, no monster."""
        damaged = self.illegal_quotes or self.unbalanced or self.swallowing or self.nuls
        return not damaged and self.longest <= MAX_RECORD_BYTES

    @property
    def width(self) -> int:
        """The number of fields most records have; 0 without records."""
        return int(self.widths.argmax()) if self.records else 0

    @property
    def even(self) -> bool:
        """All records are equally wide."""
        return int(self.widths.max(initial=0)) == self.records


def scan(path: Path, start: int, first_line: int, *, delimiter: str, quote: str | None, fields: int) -> Scan:
    """One vectorised pass from byte `start`, which is on line `first_line`.

    `fields` is the header's width.
    """
    scanner = _Scanner(first_line, delimiter, quote, fields)
    with path.open("rb") as file:
        file.seek(start)
        for chunk in whole_lines(file):
            scanner.feed(chunk)
    return scanner.finish()


class _Scanner:
    """Carries over from one chunk of whole lines to the next what a record in progress needs."""

    def __init__(self, first_line: int, delimiter: str, quote: str | None, fields: int) -> None:
        self.table = np.zeros(256, dtype=np.uint8)
        self.table[0] = _NUL
        self.table[ord("\n")], self.table[ord("\r")] = _LF, _CR
        self.table[ord(delimiter)] = _DELIMITER
        if quote is not None:
            self.table[ord(quote)] = _QUOTE
        self.fields = fields
        self.found = Scan()
        self.line = self.first_line = first_line
        self.runs: list[np.ndarray | tuple[int, int]] = []
        self.inside = False
        self.started = False  # a record goes on from the chunk before
        self.delimiters = self.bytes = self.spans = self.narrow = 0  # of the record in progress
        self.record_line = first_line

    def feed(self, chunk: bytes) -> None:
        found = self.found
        classes = self.table[np.frombuffer(chunk, dtype=np.uint8)]
        at = np.flatnonzero(classes)
        kind = classes[at]
        inside = self._quotes(classes, at, kind)
        is_cr = kind == _CR
        is_eol = kind == _LF
        before = np.zeros(len(at), dtype=np.int64)  # bytes of the line end that stand before its last one
        if is_cr.any():
            found.quoted_cr |= bool((is_cr & inside).any())
            with_lf = np.zeros(len(at), dtype=bool)
            with_lf[:-1] = is_cr[:-1] & is_eol[1:] & (at[1:] == at[:-1] + 1)
            before[1:] = with_lf[:-1]
            is_eol |= is_cr & ~with_lf
        found.nuls |= bool((kind == _NUL).any())
        ends = np.flatnonzero(is_eol & ~inside)
        self._note_ends(kind[ends], before[ends])
        line_of = np.cumsum(is_eol)
        delimiters = np.cumsum((kind == _DELIMITER) & ~inside)
        stop = at[ends] - before[ends]
        begin = np.empty(len(ends), dtype=np.int64)
        width = np.diff(delimiters[ends], prepend=0)
        spans = np.diff(line_of[ends], prepend=0)
        narrow = self._narrow(kind, is_eol, inside, ends)
        if len(ends):
            begin[0] = 0
            begin[1:] = at[ends][:-1] + 1
            width[0] += self.delimiters
            spans[0] += self.spans
            narrow[0] += self.narrow
        length = stop - begin
        if len(ends):
            length[0] += self.bytes
        real = length > 0
        found.longest = max(found.longest, int(length.max(initial=0)))
        found.widths += np.bincount(np.minimum(width[real] + 1, _WIDEST), minlength=_WIDEST + 1)
        found.ends_in_delimiter += int((classes[np.maximum(stop[real] - 1, 0)] == _DELIMITER).sum())
        found.swallowing |= bool(((spans > 1) & (narrow == 0) & (spans * (self.fields - 1) >= 6)).any())
        self._note_lines(spans, real)
        self._carry(at, line_of, delimiters, ends, len(chunk))

    def _quotes(self, classes: np.ndarray, at: np.ndarray, kind: np.ndarray) -> np.ndarray:
        """Whether each special byte stands inside quotes; notes quotes where none may stand."""
        is_quote = kind == _QUOTE
        if not is_quote.any():
            return np.full(len(at), self.inside)
        seen = np.cumsum(is_quote) + int(self.inside)
        inside = ((seen - is_quote) & 1).astype(bool)
        self.inside = bool(seen[-1] & 1)
        opens = at[is_quote & ~inside]
        opens = opens[opens > 0]
        closes = at[is_quote & inside]
        closes = closes[closes < len(classes) - 1]
        # What stands next to a quote must be a delimiter, a line end or, doubled, a quote: no plain byte.
        self.found.illegal_quotes |= bool((classes[opens - 1] == 0).any() or (classes[closes + 1] == 0).any())
        return inside

    def _note_ends(self, kinds: np.ndarray, before: np.ndarray) -> None:
        crlf = int(before.sum())
        lone_cr = int((kinds == _CR).sum())
        for end, count in (("\r\n", crlf), ("\r", lone_cr), ("\n", len(kinds) - crlf - lone_cr)):
            if count:
                self.found.ends.add(end)

    def _narrow(self, kind: np.ndarray, is_eol: np.ndarray, inside: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Per record, how many of its lines hold fewer delimiters, quoted or not, than a record has."""
        self.rest_narrow = 0
        breaks = np.flatnonzero(is_eol)
        if len(breaks) == len(ends) and not self.spans:
            return np.ones(len(ends), dtype=np.int64)
        raw = np.diff(np.cumsum(kind == _DELIMITER)[breaks], prepend=0)
        narrow = np.cumsum(raw < self.fields - 1)
        upto = np.searchsorted(breaks, ends)
        self.rest_narrow = int(narrow[-1] - (narrow[upto[-1]] if len(ends) else 0)) if len(narrow) else 0
        return np.diff(narrow[upto], prepend=0)

    def _note_lines(self, spans: np.ndarray, real: np.ndarray) -> None:
        count = int(real.sum())
        self.found.records += count
        self.found.blank_lines += len(real) - count
        if count == len(real) and (spans == 1).all():
            self.runs.append((self.record_line, count))
        else:
            starts = self.record_line + np.cumsum(spans) - spans
            self.runs.append(starts[real])
        self.record_line += int(spans.sum())

    def _carry(self, at: np.ndarray, line_of: np.ndarray, delimiters: np.ndarray, ends: np.ndarray, size: int) -> None:
        """What stands after the last record's end belongs to the next; without an end the record grows."""
        if len(ends):
            last = ends[-1]
            self.bytes = size - int(at[last]) - 1
            self.delimiters = int(delimiters[-1] - delimiters[last])
            self.spans = int(line_of[-1] - line_of[last])
            self.narrow = self.rest_narrow
        else:
            self.bytes += size
            self.delimiters += int(delimiters[-1])
            self.spans += int(line_of[-1])
            self.narrow += self.rest_narrow

    def finish(self) -> Scan:
        found = self.found
        found.unbalanced = self.inside
        # Nor may a file whose first quote swallows the rest look as if it had no records at all.
        found.records += self.inside
        found.longest = max(found.longest, self.bytes)
        line = self.first_line
        for run in self.runs:
            if not isinstance(run, tuple) or (run[1] and run[0] != line):
                break
            line += run[1]
        else:
            return found
        parts = [np.arange(run[0], run[0] + run[1]) if isinstance(run, tuple) else run for run in self.runs]
        found.lines = np.concatenate(parts).astype(np.int64)
        return found


def whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Chunks that end where a line ends; the last one always does, as if a line break stood there."""
    rest = b""
    while chunk := file.read(_CHUNK):
        rest += chunk
        # A CR as the last byte may be half of a CR LF.
        cut = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > 2 * MAX_RECORD_BYTES:
            raise Refusal(f"holds a line of more than {len(rest) // 2**20} MB; that is no list of records")
    if rest:
        yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"


def swallows(delimiters: list[int], fields: int) -> bool:
    """Whether a field over several lines has swallowed records: each line holds a whole record's delimiters.

    `delimiters` counts them per line, quoted or not. The first and last line may hold more (their quoted
    fields are whole), those between stand alone. Few lines of few fields prove nothing: a note may hold
    commas.
    """
    inner = delimiters[1:-1]
    return (
        len(delimiters) * (fields - 1) >= 6
        and min(delimiters[0], delimiters[-1]) >= fields - 1
        and all(count == fields - 1 for count in inner)
    )


def count_damaged(path: Path, start: int, delimiter: str, quote: str | None, fields: int) -> int:
    """Counts the records of a file that `scan` found damaged, good and bad, line by line."""
    mark, between = (quote or "").encode(), delimiter.encode()
    records = 0
    waiting: deque[bytes] = deque()
    with path.open("rb") as file:
        file.seek(start)
        fresh = (line for chunk in whole_lines(file) for line in chunk.splitlines(keepends=True))
        while (raw := waiting.popleft() if waiting else next(fresh, None)) is not None:
            line = raw.rstrip(b"\r\n")
            if not line:
                continue
            records += 1
            if not mark or mark not in line:
                continue
            taken, size = [raw], len(raw)
            inside = _end_state(line, mark, between, False) if len(line) <= MAX_RECORD_BYTES else None
            while inside:
                following = waiting.popleft() if waiting else next(fresh, None)
                if following is None:
                    break
                taken.append(following)
                line = following.rstrip(b"\r\n")
                # The end of the last line is not the record's; those inside quotes are.
                inside = _end_state(line, mark, between, True) if size + len(line) <= MAX_RECORD_BYTES else None
                size += len(following)
            whole = inside is False
            if whole and len(taken) > 1:
                whole = not swallows([one.count(between) for one in taken], fields)
            if not whole:
                waiting.extendleft(reversed(taken[1:]))
    return records


def _end_state(line: bytes, quote: bytes, delimiter: bytes, inside: bool) -> bool | None:
    """Whether the line ends inside quotes; None when a quote stands where none may."""
    pieces = line.split(quote)
    closed = False  # the quote before this piece closed a field, or is the first half of a doubled one
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        if inside:
            if not last:
                inside, closed = False, True
            continue
        if closed and piece and not piece.startswith(delimiter):
            return None
        if last:
            break
        if not (piece.endswith(delimiter) or (not piece and (closed or index == 0))):
            return None
        inside, closed = True, False
    return inside
