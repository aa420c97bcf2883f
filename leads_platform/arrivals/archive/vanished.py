"""Columns that a feed's files had and one has no more: the supplier renamed or dropped them.

Belongs here: which columns of the contract have vanished from which file, what may stand for them now, and the words.
Does not: refusing a file that lacks what it needs (header.py), or the check that warns (accounting.py).

A file's column has vanished when an earlier file that counts had it: earlier by month, then by version, never by
arrival, so the answer is the same in any order. What is a column's title is judged by the contract as it is now: an
alias ends the matter. A column that never came has not vanished.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher, get_close_matches

from leads_platform.arrivals.archive.slots import FeedState, titles
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract, fold_header
from leads_platform.arrivals.reading.refusal import shown
from leads_platform.warehouse import Audit


@dataclass(frozen=True)
class Vanished:
    """A column of the contract that a file lacks: its last title, the file that had it, and what may stand for it."""

    column: str
    title: str
    before: str
    instead: str | None

    def words(self, contract: FeedContract) -> str:
        """What to tell a person, with the line to add to the contract."""
        said = f"{shown(self.title)} has vanished: {self.before} had it, here it is left empty"
        if self.instead is None:
            return (
                f"{said}. Ask the supplier; if it is gone for good, write `may_be_missing: true` into the column "
                f"`{self.column}` in {contract.label}"
            )
        column = contract.column(self.column)
        field, known = ("path", column.path) if column.path else ("aliases", column.aliases)
        listed = ", ".join(map(_yaml, [*known, self.instead]))
        return (
            f"{said}. {shown(self.instead)} is new: did the supplier rename it? Then write "
            f"`{field}: [{listed}]` into the column `{self.column}` in {contract.label}"
        )


def vanished_columns(state: FeedState) -> dict[int, tuple[Vanished, ...]]:
    """By receipt, the columns that have vanished from a feed's files that count; files that lack none are left out."""
    contract = state.contract
    awaited = [column.name for column in contract.columns if not column.may_be_missing]
    known: dict[tuple[str, ...], dict[str, str]] = {}
    last: dict[str, tuple[Manifest, str]] = {}
    found = {}
    counting = [entry for entry in state.entries if entry.counts]
    for entry in sorted(counting, key=lambda one: (one.manifest.month or date.min, one.order)):
        m = entry.manifest
        if m.header not in known:
            known[m.header] = dict(titles(contract, m))
        here = known[m.header]
        gone = [name for name in awaited if name in last and name not in here]
        if gone:
            found[m.receipt] = tuple(_vanished(name, m, here, *last[name], len(gone)) for name in gone)
        last |= {name: (m, title) for name, title in here.items()}
    return found


def no_column_has_vanished(contract: FeedContract) -> Audit:
    """Warns of a month whose files lack a column that earlier ones had; evidence are the titles."""
    return Audit(
        "no_column_has_vanished",
        "Every column of the contract that earlier files had is in this month's files, too.",
        f"select month, title as expected, instead as found from arrivals.{contract.feed}_vanished",
    )


def _vanished(name: str, m: Manifest, here: dict[str, str], before: Manifest, title: str, gone: int) -> Vanished:
    # A name by position stands for no title, or for one that looks like data.
    titled = [title for at, title in enumerate(m.header, 1) if title.rstrip("_") != f"column_{at}"]
    fresh = [new for new in titled if new not in here.values() and new not in before.header]
    instead = _at_its_place(title, before.header, m.header, fresh)
    if instead is None:
        folded = {fold_header(new): new for new in fresh}
        close = get_close_matches(fold_header(title), folded, n=1, cutoff=0.5)
        instead = folded[close[0]] if close else fresh[0] if len(fresh) == gone == 1 else None
    # What looks like data is no title, and must not be told.
    had = before.file_name if before.file_name != m.file_name else "the version it replaces"
    return Vanished(name, title, had, instead if instead and shown(instead)[0] == "`" else None)


def _at_its_place(title: str, before: tuple[str, ...], now: tuple[str, ...], fresh: list[str]) -> str | None:
    """The new title between the same neighbours."""
    at = before.index(title)
    old, new = [list(map(fold_header, header)) for header in (before, now)]
    for kind, first, end, there, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "replace" and first <= at < end and end - first == stop - there:
            found = now[there + at - first]
            return found if found in fresh else None
    return None


def _yaml(title: str) -> str:
    """A title as an item of a YAML list: in quotes unless it is plain words."""
    return title if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.()/ -]*[A-Za-z0-9_.()]", title) else json.dumps(title)
