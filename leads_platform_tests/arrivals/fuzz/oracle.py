"""What a CSV file holds, found out a second time: RFC 4180 and the platform's stated rules as a state machine.

Belongs here: a slow reader, letter by letter, that imports nothing of the platform, so that it can judge it. Does
not: what is read (files.py), or which verdict a file deserves (the tests).

The rules, as counting.py states them: a record is one line, or several when a quoted field holds line breaks; a line
without a letter is none. A quote opens where a field starts, closes where it ends, and is doubled inside. Where that
does not hold, the line is one bad record and reading goes on with the next line. So it does where a quoted field runs
over lines that each look like a record. A record that repeats the header is none, and what stands below the header of
another table has other columns.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

START, BARE, QUOTED, CLOSED = "at a field's start", "in a bare field", "in a quoted field", "behind a closing quote"
DOUBLED, WRONG = "at a doubled quote", "where no quote or letter may stand"


@dataclass(frozen=True)
class Dialect:
    """How the text is written. `limit`: the most bytes a record may have, its last line end not counted."""

    delimiter: str = ","
    quote: str | None = '"'
    limit: int = 32 * 2**20


@dataclass(frozen=True)
class Record:
    """A record, its first line (from 1) and how many lines it takes; no cells if a quote is wrong in it."""

    line: int
    lines: int
    cells: list[str] | None
    ends_in_delimiter: bool = False

    def sound(self, width: int) -> bool:
        """Whether it must be loaded: legal, as wide as the header, without NUL."""
        return self.cells is not None and len(self.cells) == width and not any("\0" in cell for cell in self.cells)


def lines_of(text: str) -> list[tuple[str, str]]:
    """The lines with their ends: CR LF, CR, LF, or none for the last. Unicode's other breaks are letters."""
    lines: list[tuple[str, str]] = []
    line, at = "", 0
    while at < len(text):
        end = "\r\n" if text[at : at + 2] == "\r\n" else text[at] if text[at] in "\r\n" else ""
        if end:
            lines.append((line, end))
            line = ""
        else:
            line += text[at]
        at += len(end) or 1
    return [*lines, (line, "")] if line else lines


def header_of(text: str, dialect: Dialect) -> Record | None:
    """The first record, whatever its width."""
    lines = lines_of(text)
    at = next((at for at, (line, _) in enumerate(lines) if line), None)
    return None if at is None else _read(lines, at, dialect, None)


def records_of(text: str, dialect: Dialect, width: int, *, behind: Record | None = None) -> list[Record]:
    """The records of the text, after the header `behind`. `width` tells what looks like a record."""
    lines = lines_of(text)
    records: list[Record] = []
    at = behind.line + behind.lines - 1 if behind else 0
    while at < len(lines):
        if not lines[at][0]:
            at += 1
            continue
        records.append(_read(lines, at, dialect, width))
        at += records[-1].lines
    return records


def _read(lines: list[tuple[str, str]], first: int, dialect: Dialect, width: int | None) -> Record:
    cells: list[str] = []
    cell, state, size = "", START, 0
    bad = Record(first + 1, 1, None)
    for at in range(first, len(lines)):
        line, end = lines[at]
        size += len(line.encode("utf-8", "surrogatepass"))
        if size > dialect.limit:
            return bad
        for letter in line:
            state = _step(state, letter, dialect)
            if state == WRONG:
                return bad
            if state == START:
                cells.append(cell)
                cell = ""
            elif state == BARE or (state == QUOTED and letter != dialect.quote):
                cell += letter
            elif state == DOUBLED:
                cell += letter
                state = QUOTED
        if state != QUOTED:
            taken = [line for line, _ in lines[first : at + 1]]
            if len(taken) > 1 and width is not None and _swallowed(taken, dialect, width):
                return bad
            return Record(first + 1, len(taken), [*cells, cell], line.endswith(dialect.delimiter))
        cell += end
        size += len(end)
    return bad  # never closed


def _step(state: str, letter: str, dialect: Dialect) -> str:
    """Where one is after the letter; `START` stands behind a delimiter, too."""
    if letter == dialect.quote:
        return {START: QUOTED, QUOTED: CLOSED, CLOSED: DOUBLED}.get(state, WRONG)
    if state == QUOTED:
        return QUOTED
    if letter == dialect.delimiter:
        return START
    return WRONG if state == CLOSED else BARE


def _swallowed(lines: list[str], dialect: Dialect, width: int) -> bool:
    """Each of the lines could be a record: those between exactly, the outer ones as part of more."""
    commas = [line.count(dialect.delimiter) for line in lines]
    full = all(count == width - 1 for count in commas[1:-1])
    return full and commas[0] >= width - 1 <= commas[-1] and len(lines) * (width - 1) >= 6


REPEATED, OTHER = "the header again", "the header of another table"


def header_again(cells: list[str], titles: list[str], aliases: dict[str, str]) -> str | None:
    """Whether a record's cells are the header once more, or another table's: most of them titles, two different ones.

    `aliases`: other title -> the title it stands for. With less than two titles nothing is one.
    """

    def alike(cell: str) -> str:
        plain = " ".join(unicodedata.normalize("NFKC", cell).casefold().split())
        return same.get(plain, plain)

    same = {" ".join(other.casefold().split()): title.casefold() for other, title in aliases.items()}
    own = [alike(title) for title in titles]
    if sum(map(bool, own)) < 2:
        return None
    said = [alike(cell) for cell in cells]
    while len(said) > len(own) and not said[-1]:
        said.pop()
    if said == own:
        return REPEATED
    found = [cell for cell in said if cell and cell in {*own, *same.values()}]
    return OTHER if len(set(found)) > 1 and 2 * len(found) > sum(map(bool, said)) else None


def tables_of(records: list[Record], width: int, titles: list[str], aliases: dict[str, str]) -> dict[int, str]:
    """The records, by their first line, that are headers, or stand below another table's: which of the three."""
    found: dict[int, str] = {}
    below = False
    for record in records:
        if record.cells is None:
            continue
        kind = None if any("\0" in cell for cell in record.cells) else header_again(record.cells, titles, aliases)
        if kind is not None:
            found[record.line] = kind
            below = kind == OTHER
        elif below and record.sound(width):
            found[record.line] = BELOW
    return found


BELOW = "below the header of another table"
