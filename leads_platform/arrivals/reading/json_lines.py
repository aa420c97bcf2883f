"""Lines of JSON one by one, where they are no records; and a copy of the others as DuckDB can be trusted with them.

Belongs here: why a line is no record, leaving lines out, and keeping numbers as they are written. Does not: finding
such lines (json_counting.py, jsonl_reading.py), or sound ones' values (DuckDB reads them).
"""

from __future__ import annotations

import json
import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.counting import MAX_RECORD_BYTES, whole_lines
from leads_platform.arrivals.reading.json_counting import even_ends, outside, unsure_numbers
from leads_platform.arrivals.reading.json_keys import ERROR_KEYS, Keys
from leads_platform.arrivals.reading.refusal import Refusal, shown

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f]")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Digits only, so that there is one way to write each: no letter of a hexadecimal number has two.
_MARKS = (*range(1, 9), *range(0x10, 0x1A))


class _Object(dict[str, Any]):
    """An object that knows which of its keys it names twice."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        made.twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return made


class _NoJson(Exception):
    """JSON by Python's leave, not by the standard's."""


def _constant(name: str) -> None:
    raise _NoJson("holds NaN or Infinity, which JSON does not have")


@dataclass(frozen=True)
class Judge:
    """Says why a line is no record: the column, if one is to blame, and the reason, without a value. None: it is one.

    `keys`: where the columns' values stand, where that is known.
    """

    contract: FeedContract
    keys: Keys | None = None

    def reason(self, line: str, *, last: bool) -> tuple[str | None, str] | None:  # noqa: PLR0911 - one line per reason
        """`last`: nothing stands behind the line, not even its end."""
        if len(line.encode()) > MAX_RECORD_BYTES:
            return None, "is too long to be a record"
        if _CONTROL.search(line):
            return None, "holds a NUL byte or another control character"
        if not line.strip():
            return None, "holds nothing but spaces"
        if line.startswith("\ufeff"):
            return None, "begins with a byte order mark: a second file was put behind the first"
        try:
            value = _parsed(line)
        except json.JSONDecodeError as error:
            return None, _broken(line, error, last)
        except _NoJson as error:
            return None, str(error)
        except RecursionError:
            return None, "is nested too deeply"
        if not isinstance(value, _Object):
            kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
            return None, f"is {kinds.get(type(value), 'a number')}, no JSON object"
        return self._of_object(line, value)

    def _of_object(self, line: str, value: _Object) -> tuple[str | None, str] | None:
        if _NUL.search(line):
            return None, "holds a NUL (\\u0000)"
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None, "holds half a letter (a lone surrogate such as \\ud800)"
        except RecursionError:
            return None, "is nested too deeply"
        sources = [one for found in self.keys.sources.values() for one in found] if self.keys else []
        for holder in (
            value,
            *(_at(value, (one.key, *one.below[:at])) for one in sources for at in range(len(one.below))),
        ):
            if isinstance(holder, _Object) and holder.twice is not None:
                return None, f"names the key {shown(holder.twice)} twice; which value counts can't be told"
        if self.keys and not any(key in value for key in self.keys.known):
            error = any(key in value for key in ERROR_KEYS)
            return None, "is an error message, no record" if error else f"names no column of {self.contract.label}"
        return None


def _parsed(line: str) -> Any:
    # Numbers stay text: nobody asks for their value, and Python refuses those of more than 4,300 digits.
    return json.loads(line, object_pairs_hook=_object, parse_constant=_constant, parse_int=_Number, parse_float=_Number)


class _Number(float):
    """A number of which nobody asks the value."""

    def __new__(cls, text: str) -> _Number:
        return super().__new__(cls, 0.0)


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _broken(line: str, error: json.JSONDecodeError, last: bool) -> str:
    at = error.pos + 1
    ends = error.pos >= len(line.rstrip()) or error.msg.startswith("Unterminated")
    if error.msg == "Extra data":
        rest = line[error.pos :].lstrip(" \t,")
        if rest.startswith("{"):
            return "holds more than one object; each must stand on a line of its own"
        return f"goes on behind its end, at character {at}"
    if ends and last:
        return "is cut short: the file ends inside it"
    if ends:
        return "ends inside its object; an object must stand on one line"
    return f"is no JSON: it goes wrong at character {at}"


def even(text: Path, target: Path) -> Path:
    """A copy without empty lines, with LF ends, in which NULs and unit separators, no JSON either, are other controls.

    Unit separators stand between the cells when DuckDB is given whole lines.
    """
    others = bytes.maketrans(b"\0\x1f", b"\x01\x01")
    with text.open("rb") as file, target.open("wb") as copy:
        for raw in whole_lines(file):
            chunk = even_ends(raw).translate(others)
            copy.write(re.sub(rb"\n{2,}", b"\n", chunk.lstrip(b"\n")))
    return target


def free_mark(text: Path) -> int:
    """A control character that the file never names, by which numbers can be told from texts. Raises Refusal."""
    with text.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for mark in _MARKS:
            if content.find(escape(mark).encode()) < 0:
                return mark
    raise Refusal("names every control character there is (\\u0001 and so on); that is no list of records")


def escape(mark: int) -> str:
    """The character as JSON writes it."""
    return f"\\u{mark:04x}"


def rewritten(text: Path, target: Path, *, left_out: np.ndarray, mark: int | None) -> Path:
    """A copy without these records, counted from 0. With a mark, an unsure number becomes a text that begins with it.

    DuckDB reads numbers as values: 0.10 would be told as 0.1, 1e20 as 100000000000000000000.0.
    """
    first = 0
    with text.open("rb") as file, target.open("wb") as copy:
        for chunk in whole_lines(file):
            letters = np.frombuffer(chunk, dtype=np.uint8)
            ends = np.flatnonzero(letters == ord("\n"))
            low, high = np.searchsorted(left_out, (first, first + len(ends)))
            if high > low:
                stays = np.ones(len(ends), dtype=bool)
                stays[left_out[low:high] - first] = False
                letters = letters[np.repeat(stays, np.diff(ends, prepend=-1))]
            first += len(ends)
            if len(letters):
                copy.write(letters.tobytes() if mark is None else _marked(letters, mark))
    return target


def _marked(letters: np.ndarray, mark: int) -> bytes:
    before, behind = np.frombuffer(f'"{escape(mark)}'.encode(), dtype=np.uint8), ord('"')
    starts, stops = unsure_numbers(outside(letters.tobytes(), letters, np.flatnonzero(letters == ord("\n"))))
    each = len(before) + 1
    made = np.empty(len(letters) + each * len(starts), dtype=np.uint8)
    own = np.ones(len(made), dtype=bool)
    shift = each * np.arange(len(starts))
    for at, letter in enumerate(before):
        made[starts + shift + at] = letter
        own[starts + shift + at] = False
    made[stops + shift + len(before)] = behind
    own[stops + shift + len(before)] = False
    made[own] = letters
    return made.tobytes()
