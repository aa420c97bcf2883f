"""What the next plan would remove: tables nobody declares any more, and months that are not the platform's.

Belongs here: finding that, telling what a person must be asked about, and the words. Does not: removing it (write).

A new version of the code may drop tables, and a withdrawn file its months, unasked: that was asked for. A moved first
month, a contract that was taken away or broken, or a room that is not there, may be a slip: then rows leave warehouse
and published copy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from leads_platform.months import add_months, label
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.sources import Sources

Built = Mapping[tuple[str, date], int]


class WouldRemove(BuildError):
    """Something built would be removed, and nobody has agreed to it; the text says what, and why."""


@dataclass(frozen=True)
class Leave:
    """Whether a person has agreed, whose tables were taken away (table to feed), and how to agree, in words.

    `rooms` are those known now: a table of another one may be missing its room by a slip. None: all are known.
    """

    agreed: bool = False
    taken_away: Mapping[str, str] = field(default_factory=dict)
    rooms: Collection[str] | None = None
    how: Callable[[Removal], str] = lambda going: "Nobody has agreed to it."


@dataclass(frozen=True)
class Removal:
    """Rows by table and month that would go, apart by why; `before` is the first month that stays in tables."""

    before: date
    undeclared: dict[tuple[str, date], int] = field(default_factory=dict)
    early: dict[tuple[str, date], int] = field(default_factory=dict)
    # Of these two, what a person must be asked about: by feed, by room, and of a first month that was moved.
    of_contracts: dict[str, dict[tuple[str, date], int]] = field(default_factory=dict)
    of_rooms: dict[str, dict[tuple[str, date], int]] = field(default_factory=dict)
    of_first_month: dict[tuple[str, date], int] = field(default_factory=dict)
    first_month: date = date.min

    @property
    def needs_a_word(self) -> bool:
        """Whether a person must agree first."""
        return bool(self.of_contracts or self.of_rooms or self.of_first_month)

    def words(self) -> str:
        """What would go and why, a line for each reason."""
        said = []
        if self.of_first_month:
            months = {month for _, month in self.of_first_month}
            said.append(
                f"The first month is {label(self.first_month)} now (LEADS_PLATFORM_FIRST_MONTH): "
                f"{_counts(self.of_first_month)}, {label(min(months))} to {label(max(months))}, would go."
            )
        said += [
            f"No contract declares these tables of {feed} any more: {_counts(rows)} would go."
            for feed, rows in sorted(self.of_contracts.items())
        ]
        said += [
            f"There is no room {room} now (LEADS_PLATFORM_ROOMS): {_counts(rows)} would go."
            for room, rows in sorted(self.of_rooms.items())
        ]
        return "\n".join(said)


def removal(
    declared: Iterable[str],
    taken_away: Mapping[str, str],
    sources: Sources,
    built: Built,
    rooms: Collection[str] | None = None,
) -> Removal:
    """What of the built rows would go. `taken_away` and `rooms` are as in `Leave`."""
    tables = set(declared)
    data, (opened, current) = sources.data_months(), sources.open_months()
    before = data[0] if data else add_months(current, 1)
    undeclared = {at: rows for at, rows in built.items() if at[0] not in tables}
    early = {at: rows for at, rows in built.items() if at[0] in tables and at[1] < before}
    of_contracts: dict[str, dict[tuple[str, date], int]] = {}
    of_rooms: dict[str, dict[tuple[str, date], int]] = {}
    for (table, month), rows in undeclared.items():
        room = table.split(".")[0]
        if rooms is not None and room not in rooms:
            of_rooms.setdefault(room, {})[table, month] = rows
        elif table in taken_away:
            of_contracts.setdefault(taken_away[table], {})[table, month] = rows
    of_first_month = {at: rows for at, rows in early.items() if at[1] < opened}
    return Removal(before, undeclared, early, of_contracts, of_rooms, of_first_month, opened)


def _counts(rows: Mapping[tuple[str, date], int]) -> str:
    tables, months = {table for table, _ in rows}, {month for _, month in rows}
    return f"{_many(len(months), 'month')} of {_many(len(tables), 'table')} with {sum(rows.values()):,} rows"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
