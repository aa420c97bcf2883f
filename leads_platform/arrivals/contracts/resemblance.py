"""A file whose header is another feed's: most likely it lies in the wrong folder.

Belongs here: telling so by titles, when one feed's contract clearly fits better. Does not: moving the file, or judging
it by its own contract (header).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leads_platform.arrivals.contracts.formats import parts_of
from leads_platform.arrivals.contracts.load import FeedContract, fold_header


@dataclass(frozen=True)
class Resemblance:
    """The feed a header fits better, and how many of that contract's columns it names."""

    feed: str
    named: int
    columns: int

    def after(self, message: str) -> str:
        """The message, and then whose file this looks to be."""
        said = f"This looks like `{self.feed}` ({self.named} of {self.columns} columns): move it to landing/{self.feed}"
        return f"{message}{'' if message.endswith('?') else '.'} {said}" if message else said


def resembles(
    titles: Iterable[str], own: FeedContract, contracts: Mapping[str, FeedContract], *, refused: bool
) -> Resemblance | None:
    """The feed whose contract these titles clearly fit better than their own one; None where there is no such feed.

    Of a refused file it must name all that the other contract needs and half of its columns, and two more than of its
    own; of one that is taken in, every column of the other and nothing else. Two feeds that fit alike are no answer.
    """
    cells = list(titles)
    here = _columns(cells, own)
    found: list[tuple[int, Resemblance]] = []
    for feed, contract in contracts.items():
        if feed == own.feed:
            continue
        named = _columns(_split(cells, contract), contract)
        whole = len(named) == len(contract.columns) == len(_split(cells, contract))
        most = contract.needed <= named and 2 * len(named) >= len(contract.columns) and len(named) >= 2
        better = len(named) >= len(here) + 2 or (len(named) > len(here) and whole)
        if better and (most if refused else whole):
            found.append((len(named), Resemblance(feed, len(named), len(contract.columns))))
    if not found:
        return None
    best = max(named for named, _ in found)
    fit = [resemblance for named, resemblance in found if named == best]
    return fit[0] if len(fit) == 1 else None


def _columns(cells: Iterable[str], contract: FeedContract) -> set[str]:
    """The contract's columns that the cells name; of a path its first key."""
    there = {fold_header(cell) for cell in cells}
    found = set()
    for column in contract.columns:
        titles = [title for one in contract.formats for title in column.titles(one.type)]
        titles += [parts_of(path)[0] for path in column.path]
        if there & set(map(fold_header, titles)):
            found.add(column.name)
    return found


def _split(cells: list[str], contract: FeedContract) -> list[str]:
    """The cells as this contract would read them: under another delimiter the whole header is one cell."""
    text = next((one for one in contract.formats if one.type == "csv"), None)
    if len(cells) != 1 or text is None:
        return cells
    return next(
        csv.reader(
            cells,
            delimiter=text.delimiter,
            quotechar=text.quote or None,
            quoting=(csv.QUOTE_MINIMAL if text.quote else csv.QUOTE_NONE),
        ),
        [],
    )
