"""The versions that some files add up to, in plain Python: each file is read by its name and text, one after another.

Belongs here: what `arrivals.<feed>_versions` must be, the slow and obvious way. Does not: any code of the platform; it
is what the platform is judged by.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

FIRST_MONTH = date(2024, 3, 1)
_OF_NOBODY = (date.min, datetime.min)


@dataclass(frozen=True)
class Kind:
    """What a feed's contract says, in short.

    `truth`: a file is the whole of its slot. `months`: a record's month is `listed` (the file's), `own` (by Seen) or
    `known` (the one in which it was known). `version_from`: the column that dates a file whose name has no day.
    """

    truth: bool
    months: str
    version_from: str = ""
    never_empty: tuple[str, ...] = ()


KINDS = {
    "parted": Kind(True, "listed"),
    "own": Kind(True, "own", "Told", ("Mail",)),
    "calls": Kind(False, "own", "Told", ("Mail",)),
    "history": Kind(True, "own"),
    "stages": Kind(True, "known", "Seen", ("Mail",)),
}
LISTS = ("parted", "own")
"""Feeds whose files are of a month."""


@dataclass(frozen=True)
class Telling:
    """A file under one name."""

    feed: str
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def month(self) -> date | None:
        """The list's month, where it is one."""
        if self.feed not in LISTS:
            return None
        found = re.search(r"(\d{4})-(\d{2})", re.sub(r"_as_of_\S+", "", self.name))
        assert found is not None
        return date(int(found[1]), int(found[2]), 1)

    @property
    def part(self) -> str:
        found = re.search(r"part(\d)", self.name)
        return found[1] if found else ""

    @property
    def slot(self) -> tuple[Any, ...]:
        return self.feed, self.month, self.part

    @property
    def instant(self) -> datetime | None:
        found = re.search(r"_as_of_([\d-]+T\d{6})Z", self.name)
        return datetime.strptime(found[1], "%Y-%m-%dT%H%M%S") if found else None

    @property
    def known_on(self) -> date | None:
        as_of = re.search(r"_as_of_(\d{4}-\d{2}-\d{2})", self.name)
        days = {as_of[1]} if as_of else set(re.findall(r"\d{4}-\d{2}-\d{2}", self.name))
        if len(days) == 1:
            return date.fromisoformat(days.pop())
        told = max(cells.get(KINDS[self.feed].version_from, "") for cells in self._lines())
        return date.fromisoformat(told[:10]) if told else None

    @property
    def known_at(self) -> datetime | None:
        """The instant of the file as a whole."""
        told = max(cells["Told"] for cells in self._lines())
        return self.instant or (_moment(told) if KINDS[self.feed].version_from == "Told" else None)

    def _lines(self) -> list[dict[str, Any]]:
        return [{**cells, "line": line} for line, cells in enumerate(csv.DictReader(io.StringIO(self.text)), start=2)]

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """The file's lines by key, of which the last is the record; `line` among the cells."""
        found: dict[str, list[dict[str, Any]]] = {}
        for cells in self._lines():
            found.setdefault(cells["Id"], []).append(cells)
        return found


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass
class Step:
    """A key is told, or found gone, in a month."""

    month: date | None
    telling: Telling
    known_at: datetime | None
    said: tuple[str, ...] | None  # None: gone
    line: int | None = None


def versions(tellings: Collection[Telling]) -> list[tuple[Any, ...]]:
    """Sorted rows: month, list's month, key, number, day and instant known, day last told, whether gone, file, line.

    And the record's cells.
    """
    found = []
    dated = {(t.slot, t.sha256) for t in tellings if t.known_on}
    every = {t for t in tellings if t.known_on or (t.slot, t.sha256) not in dated}
    every = sorted(every, key=lambda t: (t.feed, str(t.month)))
    for (feed, listed), group in groupby(every, key=lambda t: (t.feed, t.month)):
        own = list(group)
        steps = _of_lists(own) if KINDS[feed].truth else _of_events(own)
        streams: dict[tuple[Any, str], list[Step]] = {}
        for key, step in steps:
            streams.setdefault((step.month, key), []).append(step)
        for (month, key), stream in streams.items():
            for number, (_, same) in enumerate(groupby(stream, key=lambda step: step.said), start=1):
                run = list(same)
                first, last_told = run[0], max((s.telling.known_on for s in run if s.telling.known_on), default=None)
                known_on = first.telling.known_on
                in_month = max(FIRST_MONTH, (known_on or FIRST_MONTH).replace(day=1)) if month is None else month
                cells = first.said if first.said is not None else (key, "", "", "", "")
                head = (in_month, listed, key, number, known_on, first.known_at, last_told, first.said is None)
                found.append((*head, first.telling.name, first.line, *cells))
    return sorted(found, key=str)


def _month(telling: Telling, cells: dict[str, Any]) -> date | None:
    how = KINDS[telling.feed].months
    if how == "own":
        return date.fromisoformat(cells["Seen"]).replace(day=1)
    return telling.month if how == "listed" else None


def _said(telling: Telling, lines: list[dict[str, Any]], known: dict[tuple[str, str], str]) -> tuple[str, ...]:
    """The record's cells; what must not be emptied is what was last known. Notes what is known now."""
    said = {title: cell for title, cell in lines[-1].items() if title != "line"}
    for title in KINDS[telling.feed].never_empty:
        at = (said["Id"], title)
        for cells in lines:
            known[at] = said[title] = cells[title] or known.get(at, "")
    return tuple(said.values())


def _of_lists(tellings: list[Telling]) -> list[tuple[str, Step]]:
    """One file after another takes the place of the former of its part."""
    steps = []
    holds: dict[str, set[tuple[date | None, str]]] = {}
    known: dict[tuple[str, str], str] = {}

    def order(t: Telling) -> tuple[Any, ...]:
        return (t.known_on or _OF_NOBODY[0], t.known_at or _OF_NOBODY[1], t.name, t.sha256)

    for telling in sorted(tellings, key=order):
        held = holds.get(telling.part, set())
        holds[telling.part] = now = set()
        for key, lines in telling.records().items():
            cells = lines[-1]
            month, own = _month(telling, cells), _moment(cells["Told"])
            now.add((month, key))
            at = telling.instant or (own if KINDS[telling.feed].version_from == "Told" else None)
            steps.append((key, Step(month, telling, at, _said(telling, lines, known), cells["line"])))
        for month, key in held:
            if not any((month, key) in others for others in holds.values()):
                steps.append((key, Step(month, telling, telling.known_at, None)))
    return steps


def _of_events(tellings: list[Telling]) -> list[tuple[str, Step]]:
    """One record after another takes the place of the former of its key."""
    told = [(telling, key, lines) for telling in tellings for key, lines in telling.records().items()]

    def at(telling: Telling, cells: dict[str, Any]) -> datetime | None:
        return telling.instant or _moment(cells["Told"])

    def order(one: tuple[Telling, str, list[dict[str, Any]]]) -> tuple[Any, ...]:
        telling, _, lines = one
        day = telling.known_on or _OF_NOBODY[0]
        return (day, at(telling, lines[-1]) or _OF_NOBODY[1], telling.name, telling.sha256)

    steps = []
    stands: dict[str, date | None] = {}
    known: dict[tuple[str, str], str] = {}
    for telling, key, lines in sorted(told, key=order):
        cells = lines[-1]
        month, when = _month(telling, cells), at(telling, cells)
        if stands.get(key, month) != month:
            steps.append((key, Step(stands[key], telling, when, None)))
        stands[key] = month
        steps.append((key, Step(month, telling, when, _said(telling, lines, known), cells["line"])))
    return steps
