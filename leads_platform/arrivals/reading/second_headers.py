"""Headers that stand among the records: the list's own, repeated, and those of a second table in the same file.

Belongs here: telling such a line from a record, and which records must not be loaded for it. Does not: the header
above the records (header.py), or taking a damaged text apart (csv_records.py, which asks here about its bad records).

A record whose cells are all titles of their own columns repeats the header: two lists in one file, or a page break.
One most of whose cells are titles, and at least two different ones, but others or elsewhere, is the header of a second
table: what stands below it, up to the next repeated header, has other columns. A list of one titled column can hold
its title as a value: there it is only said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from leads_platform.arrivals.contracts.agreement import fold_header
from leads_platform.arrivals.contracts.model import FeedContract
from leads_platform.arrivals.reading.header import Header
from leads_platform.arrivals.reading.loading import Quarantined, Taken, identifier, literal

REPEATED = "repeats the header, so it is no record"
OTHER = "is the header of a second table with other columns; put that table in a file of its own"
_LOOKED_AT = 5
"""Titled columns, from the left, in which one is looked for first. The others are read only where one is found."""


class Titles:
    """What the titles of one file are, as a cell could repeat them."""

    def __init__(self, header: Header, contract: FeedContract) -> None:
        meant = {title: name for name, title in header.columns.items()}
        self.own: list[frozenset[str]] = []
        for title, cell in zip(header.names, header.cells, strict=True):
            if not cell.strip():  # a column without a title
                self.own.append(frozenset({""}))
                continue
            declared = contract.column(meant[title]) if title in meant else None
            also = (declared.header, *declared.aliases) if declared else ()
            self.own.append(frozenset(map(fold_header, (title, *also))))
        declared_titles = {title for column in contract.columns for title in (column.header, *column.aliases)}
        self.known = frozenset().union(*self.own, map(fold_header, declared_titles)) - {""}
        titled = [index for index, titles in enumerate(self.own) if "" not in titles]
        self.titled = len(titled)
        self.looked_at = [header.names[index] for index in titled[:_LOOKED_AT]]
        # As `_folded` gives them, which knows no more of letters than their case.
        written = declared_titles | {cells[index] for index in titled for cells in (header.names, header.cells)}
        self.folded = sorted(self.known | {" ".join(title.lower().split()) for title in written})
        self._bytes = [_unspaced(title.encode()) for title in self.known]

    def reason(self, cells: Sequence[str | None]) -> str | None:
        """Why these cells are no record: REPEATED, OTHER, or None where they may be one."""
        if self.titled < 2:
            return None
        said = [fold_header(cell or "") for cell in cells]
        while len(said) > len(self.own) and not said[-1]:
            said.pop()
        if len(said) == len(self.own) and all(cell in own for cell, own in zip(said, self.own, strict=True)):
            return REPEATED
        found = [cell for cell in said if cell in self.known]
        filled = sum(map(bool, said))
        return OTHER if len(set(found)) > 1 and 2 * len(found) > filled else None

    def reason_in(self, body: bytes, cells: Callable[[], list[bytes]]) -> str | None:
        """The same of a record of text; its cells are asked for only where a title occurs in it."""
        low = _unspaced(body.lower())
        if not any(title in low for title in self._bytes):
            return None
        return self.reason([cell.decode("utf-8", errors="replace") for cell in cells()])


def _unspaced(text: bytes) -> bytes:
    return b"".join(text.split())


@dataclass
class LeftOut:
    """Loaded records that are none, or lie below another table's header, and the condition that finds them."""

    repeated: list[Quarantined] = field(default_factory=list)
    foreign: list[Quarantined] = field(default_factory=list)
    condition: str = ""


def found_among(taken: Taken, contract: FeedContract) -> LeftOut:
    """Looks through the loaded records. Headers of second tables that were found on the way here count too."""
    titles = Titles(taken.header, contract)
    if titles.titled < 2:
        _warn_of_title(taken, titles)
        return LeftOut()
    own = [one.line for one in taken.bad if one.reason == REPEATED]
    other = [one.line for one in taken.bad if one.reason == OTHER]
    left = LeftOut()
    for line, *cells in _suspects(taken, titles):
        reason = titles.reason(cells)
        if reason == REPEATED:
            own.append(line)
            left.repeated.append(Quarantined(line, None, REPEATED))
        elif reason == OTHER:
            other.append(line)
            left.foreign.append(Quarantined(line, None, OTHER))
    others = set(other)
    headers = [one.line for one in (*left.repeated, *left.foreign)]
    conditions = [f"_line in ({', '.join(map(str, headers))})"] if headers else []
    for header, end in _tables(own, other):
        below = f"_line > {header}" + (f" and _line < {end}" if end else "")
        lines = taken.loader.lines_where(below) if taken.loader else []
        said = f"stands in a second table with other columns, whose header is on line {header}"
        left.foreign += [Quarantined(line, None, said) for line in lines if line not in others]
        conditions.append(f"({below})")
    left.condition = " or ".join(conditions)
    return left


def _tables(own: list[int], other: list[int]) -> list[tuple[int, int | None]]:
    """Where tables with other columns stand: the line of their header, and of the next repeated one below."""
    marks = sorted([(line, True) for line in own] + [(line, False) for line in other])
    starts = [(0, True), *marks]
    found: list[tuple[int, int | None]] = []
    for (_, before_own), (line, is_own) in pairwise(starts):
        if is_own and found and found[-1][1] is None:
            found[-1] = (found[-1][0], line)
        elif not is_own and before_own:
            found.append((line, None))
    return found


def _suspects(taken: Taken, titles: Titles) -> list[tuple]:
    """Line and cells of the loaded records that hold at least two different titles, space and case aside."""
    assert taken.loader is not None
    loader = taken.loader
    known = ", ".join(map(literal, titles.folded))
    hits = " union ".join(
        f"select _line from {loader.loaded} where {_folded(name)} in ({known})" for name in titles.looked_at
    )
    lines = [row[0] for row in loader.run(hits)]
    if not lines:
        return []
    names = taken.header.names
    held = f"list_intersect([{', '.join(map(_folded, names))}], [{known}])"
    return loader.run(
        f"select _line, {', '.join(map(identifier, names))} from {loader.loaded} semi join ({hits}) using (_line) "
        f"where len({held}) > 1 order by _line"
    )


def _folded(name: str) -> str:
    """A column's cell as `fold_header` gives it, nearly: a full look at space costs ten times as much, and is rare."""
    cell = identifier(name)
    odd = [f"contains({cell}, {space})" for space in ("'  '", "chr(9)", "chr(10)", "chr(13)", "chr(160)")]
    odd += [f"{cell} like ' %'", f"{cell} like '% '"]
    full = f"trim(regexp_replace(lower({cell}), '[[:space:]\\x{{00A0}}]+', ' ', 'g'))"
    return f"case when {' or '.join(odd)} then {full} else lower({cell}) end"


def _warn_of_title(taken: Taken, titles: Titles) -> None:
    """Of a list of one titled column a repeated header can't be told from a value."""
    assert taken.loader is not None
    if not titles.looked_at:
        return
    known = ", ".join(map(literal, titles.folded))
    lines = taken.loader.lines_where(f"{_folded(titles.looked_at[0])} in ({known})")
    if lines:
        listed = ", ".join(map(str, lines[:5])) + (" and more" if len(lines) > 5 else "")
        taken.warnings.append(
            f"the title stands among the values, on line{'s' if len(lines) > 1 else ''} {listed}; "
            "if it is a repeated header, remove it"
        )
