"""How many records a file of JSON Lines holds: the counter that is not the loader, and what it sees on the way.

Belongs here: one vectorised pass over the bytes, which counts lines and finds those that DuckDB would take though they
are no JSON. Does not: whether a line is an object (DuckDB says it, json_lines.py says why not), or values.

A record is a line. Lines without a character are no records; a line end is LF, CR LF or CR, as in CSV.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from leads_platform.arrivals.reading.counting import MAX_RECORD_BYTES, whole_lines

_QUOTE, _BACKSLASH, _LF = 34, 92, 10


def _among(letters: bytes) -> np.ndarray:
    """A table of bytes: whether each is one of these."""
    table = np.zeros(256, dtype=bool)
    table[np.frombuffer(letters, dtype=np.uint8)] = True
    return table


# What may stand outside of strings. The other letters occur in NaN, nan and Infinity, which DuckDB takes.
_OUTSIDE = _among(b'{}[],:"0123456789+-.eEtrufalsn\n')
_WRITTEN_AS_GIVEN = 18
"""Digits of a whole number that surely go through DuckDB as they are."""


@dataclass
class LineScan:
    """What one pass proves. `lines` is None where record i stands on line 1 + i; `suspects` are records, from 0.

    `odd_bytes`: it holds a CR, a NUL or a unit separator. `unsure_numbers`: some that DuckDB would write otherwise.
    `ends`: the last line has an end.
    """

    records: int = 0
    lines: np.ndarray | None = None
    longest: int = 0
    odd_bytes: bool = False
    unsure_numbers: bool = False
    ends: bool = True
    suspects: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def scan_lines(path: Path) -> LineScan:
    """Counts the records of the text."""
    found = LineScan()
    line = 1
    blanks: list[np.ndarray] = []
    suspects: list[np.ndarray] = []
    with path.open("rb") as file:
        for raw in whole_lines(file):
            chunk = even_ends(raw)
            found.odd_bytes |= chunk is not raw or b"\0" in chunk or b"\x1f" in chunk
            letters = np.frombuffer(chunk, dtype=np.uint8)
            ends = np.flatnonzero(letters == _LF)
            length = np.diff(ends, prepend=-1) - 1
            real = length > 0
            at_fault = np.unique(np.searchsorted(ends, _faults(chunk, letters, ends, found)))
            at_fault = np.union1d(at_fault, np.flatnonzero(length > MAX_RECORD_BYTES))
            if len(at_fault):
                suspects.append(found.records + np.cumsum(real)[at_fault] - 1)
            if not real.all():
                blanks.append(line + np.flatnonzero(~real))
            found.longest = max(found.longest, int(length.max(initial=0)))
            found.records += int(real.sum())
            line += len(ends)
        if file.tell():
            file.seek(-1, 2)
            found.ends = file.read(1) in (b"\n", b"\r")
    if blanks:
        every = np.ones(line - 1, dtype=bool)
        every[np.concatenate(blanks) - 1] = False
        found.lines = np.flatnonzero(every) + 1
    if suspects:
        found.suspects = np.concatenate(suspects)
    return found


def even_ends(chunk: bytes) -> bytes:
    """The lines with LF ends; the same object where they have them."""
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def outside(chunk: bytes, letters: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The bytes of whole lines with what stands in strings made 0, but for their closing quotes.

    A string ends with its line at the latest, so that damage stays where it is.
    """
    quotes = letters == _QUOTE
    if b"\\" in chunk:
        quotes &= ~_escaped(letters)
    inside = _odd_so_far(quotes)
    open_at_end = inside[ends]
    if open_at_end.any():
        before = np.concatenate([[0], open_at_end[:-1]]).astype(np.uint8)
        inside ^= np.repeat(before, np.diff(ends, prepend=-1))
        inside[ends] = 0
    return letters * (inside ^ 1)


def _odd_so_far(marks: np.ndarray) -> np.ndarray:
    """Whether an odd number of marks stands up to here. Words of 64 bits take a tenth of the time of single marks."""
    bits = np.packbits(marks, bitorder="little")
    words = np.zeros(-(-len(bits) // 8), dtype=np.uint64)
    words.view(np.uint8)[: len(bits)] = bits
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))  # up to each word's end
    words[1:] ^= np.uint64(0) - odd[:-1]
    return np.unpackbits(words.view(np.uint8), count=len(marks), bitorder="little")


def _escaped(letters: np.ndarray) -> np.ndarray:
    """Whether a backslash stands before the byte that is none of an escaped pair itself."""
    at = np.flatnonzero(letters == _BACKSLASH)
    first = at[np.diff(at, prepend=-2) != 1]
    last = at[np.diff(at, append=len(letters) + 1) != 1]
    escapes = last[(last - first) % 2 == 0] + 1
    found = np.zeros(len(letters), dtype=bool)
    found[escapes[escapes < len(letters)]] = True
    return found


def unsure_numbers(bare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of numbers that DuckDB may write otherwise where they begin, and the bytes behind their ends; `outside` gives
    `bare`.
    """
    part = ((bare - _byte("+")) <= _byte("9") - _byte("+")) & (bare != _byte(",")) | _is_e(bare)
    edges = np.flatnonzero(part[1:] != part[:-1]) + 1
    if part[0]:
        edges = np.concatenate([[0], edges])
    first, behind = edges[::2], edges[1::2]
    letters = np.flatnonzero((bare == _byte(".")) | _is_e(bare))
    of = np.searchsorted(first, letters, side="right") - 1
    unsure = behind - first > _WRITTEN_AS_GIVEN
    unsure[of] = True
    unsure |= (bare[first] == _byte("-")) & (bare[first + 1] == _byte("0"))
    unsure &= _is_digit(bare[first]) | (bare[first] == _byte("-"))  # the e of true and false is none
    return first[unsure], behind[unsure]


def _faults(chunk: bytes, letters: np.ndarray, ends: np.ndarray, found: LineScan) -> np.ndarray:
    """Bytes in lines that DuckDB may take though they are no JSON. Notes numbers that it would write otherwise."""
    bare = outside(chunk, letters, ends)
    is_said = (bare > 32) | (bare == _LF)
    said = bare[is_said]
    now, then = said[:-1], said[1:]
    wrong = ~_OUTSIDE.take(said)
    wrong[:-1] |= (now == _byte(",")) & ((then == _byte("}")) | (then == _byte("]")))
    wrong[:-1] |= (now == _byte("n")) & (then == _byte("a"))
    if not found.unsure_numbers:
        found.unsure_numbers = _has_unsure(said)
    faults = np.flatnonzero(is_said)[wrong] if wrong.any() else np.empty(0, dtype=np.int64)
    if b"\\u0000" in chunk:
        faults = np.concatenate([faults, _places(chunk, b"\\u0000")])
    return faults


def _has_unsure(said: np.ndarray) -> bool:
    """Whether there is a number that DuckDB may write otherwise: with a fraction or exponent, long, or minus zero."""
    now, then = said[:-1], said[1:]
    digits = _is_digit(said)
    run, length = digits, 1
    while length <= _WRITTEN_AS_GIVEN:  # whether so many digits in a row begin here, and then twice as many
        step = min(length, _WRITTEN_AS_GIVEN + 1 - length)
        run, length = run[:-step] & run[step:], length + step
    return bool(
        run.any()
        or (then == _byte(".")).any()
        or (digits[:-1] & _is_e(then)).any()
        or ((now == _byte("-")) & (then == _byte("0"))).any()
    )


def _byte(letter: str) -> np.uint8:
    return np.uint8(ord(letter))


def _is_digit(letters: np.ndarray) -> np.ndarray:
    return (letters - _byte("0")) < 10


def _is_e(letters: np.ndarray) -> np.ndarray:
    return (letters | 32) == _byte("e")


def _places(chunk: bytes, sought: bytes) -> list[int]:
    places, at = [], chunk.find(sought)
    while at >= 0:
        places.append(at)
        at = chunk.find(sought, at + 1)
    return places
