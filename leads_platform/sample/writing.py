"""How people and systems write what is true: phones, addresses, names and dates, and records as CSV.

Belongs here: forms of writing that several rooms' files use. Does not: which form a system likes (each room's own
`sample`), or what is true (world).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Self

from leads_platform.sample.vocabulary import DIRECTIONS, SUFFIXES, UNITS
from leads_platform.sample.world import Address

PHONES = (
    "{0}-{1}-{2}",
    "({0}) {1}-{2}",
    "+1 ({0}) {1}-{2}",
    "{0}.{1}.{2}",
    "{0}{1}{2}",
    "{0}-{1}-{2} x12",
    "1-{0}-{1}-{2}",
    "({0}){1}-{2}",
    "{0} {1} {2}",
    "+1{0}{1}{2}",
    "1 {0} {1} {2}",
)
DASHES, BRACKETS, PLUS = 0, 1, 9  # their places in PHONES

# What legal forms and other trimmings people leave off when they type a company's name.
_TRIMMINGS = (", LLC", " ,LLC", ", Inc.", " LLC")


def phone(digits: str | None, form: int) -> str:
    """A phone in one of the forms of PHONES; empty where there is none."""
    return PHONES[form].format(digits[:-7], digits[-7:-4], digits[-4:]) if digits else ""


def street_and_unit(
    address: Address, *, direction: str = "", suffix: str = "", unit_in_full: bool = False, gap: str = " "
) -> tuple[str, str]:
    """The street without the unit, and the unit. A habit is `word`, `dot` or empty: the abbreviation alone."""
    towards = address.direction
    if direction == "word":
        towards = DIRECTIONS[towards]
    elif direction == "dot" and len(towards) == 1:
        towards += "."
    kind = address.suffix
    if suffix == "word":
        kind = SUFFIXES[kind]
    elif suffix == "dot" and kind != "WAY":
        kind += "."
    unit = address.unit
    if unit and unit_in_full:
        word, number = unit.split(" ", 1)
        unit = f"{UNITS[word]} {number}"
    return gap.join(part for part in (address.number, towards, address.street, kind) if part), unit


def title_case(text: str) -> str:
    """Title case that leaves 115th and NW as people write them."""
    return " ".join(word if word in DIRECTIONS else word.capitalize() for word in text.split(" "))


def company(name: str, form: int) -> str:
    """A company's name as it stands (0), in capitals (1), without its legal form (2), or with `and` spelt out (3)."""
    if form == 1:
        return name.upper()
    if form == 2:
        for trimming in _TRIMMINGS:
            name = name.removesuffix(trimming)
    return name.replace(" & ", " and ") if form == 3 else name


def us_date(day: date | None) -> str:
    """12/1/13: no leading zeros, two-digit year."""
    return f"{day.month}/{day.day}/{day.year % 100:02d}" if day else ""


class _Echo:
    """A file that hands back what is written to it: the csv module's quoting, one line at a time."""

    def write(self, text: str) -> str:
        return text


_QUOTED = csv.writer(_Echo(), lineterminator="\n")


def csv_line(row: Sequence[object]) -> str:
    """One record of a CSV file with its line end."""
    return _QUOTED.writerow(row)


class Writer:
    """Writes one file in a stream, without a newline at its end; use as a context manager.

    Lines given to `last` go to the file's end.
    """

    CHUNK = 2_000  # lines held before they are written

    def __init__(self, path: Path, header: str) -> None:
        self.path = path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # newline="": line breaks are written as they are, the same on every system.
        self._stream = self.path.open("w", encoding="utf-8", newline="")
        self._lines = [header + "\n"]
        self._tail: list[str] = []

    def add(self, line: str) -> None:
        """Writes a record's line after those added before."""
        self._lines.append(line)
        if len(self._lines) >= self.CHUNK:
            self._flush()

    def last(self, line: str) -> None:
        """Writes a record's line at the end of the file."""
        self._tail.append(line)

    def _flush(self) -> None:
        self._stream.write("".join(self._lines))
        self._lines.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines += self._tail
        self._flush()
        self._stream.close()
        os.truncate(self.path, self.path.stat().st_size - 1)  # the systems' files end without a newline
