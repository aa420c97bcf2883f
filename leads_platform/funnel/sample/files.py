"""Writing Pipedrive's six exports: deal changes, activities, and the look-ups that say what they mean.

Belongs here: the room's emitter. Does not: how deals go (sales), or what follows of them (truth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

from leads_platform.funnel.sample.sales import ACTIVITY_TYPES, LOST_REASONS, STAGES, Deal, Sales
from leads_platform.sample.vocabulary import FIRST_NAMES, LAST_NAMES
from leads_platform.sample.world import Party, World
from leads_platform.sample.writing import Writer, csv_line

ACTIVITY, CHANGES = "pipedrive_activity", "pipedrive_deal_changes"
EXTRACTS = (CHANGES, ACTIVITY)
FILES = {
    ACTIVITY: ("activity_id", "type", "assigned_to_user", "deal_id", "done", "due_to"),
    CHANGES: ("deal_id", "change_time", "changed_field_key", "new_value"),
    "pipedrive_activity_types": ("id", "name", "active", "type"),
    "pipedrive_stages": ("stage_id", "stage_name"),
    "pipedrive_users": ("id", "name", "email", "modified"),
    "pipedrive_fields": ("ID", "FIELD_KEY", "NAME", "FIELD_VALUE_OPTIONS"),
}
FIELDS = (
    (13, "add_time", "Deal created", ()),
    (3, "user_id", "Owner", ()),
    (10, "stage_id", "Stage", STAGES),
    (23, "lost_reason", "Lost reason", LOST_REASONS),
    (7, "status", "Status", ()),
    (8, "value", "Value", ()),
    (1, "title", "Title", ()),
    (31, "person_name", "Contact person", ()),
    (32, "person_phone", "Phone", ()),
    (33, "person_email", "E-mail", ()),
)

Record = tuple[datetime, tuple[object, ...]]
"""A record's cells, and when it happened: an export holds what happened before its end."""


class DealFiles:
    """The emitter of the world's Pipedrive exports, each at two dates, as of the end of so many months (`until`).

    The later one has the whole history with corrections. The users' file of the first date has a user more, who has
    left by the second.
    """

    def __init__(self, world: World, *, until: int | None = None) -> None:
        self._sales = Sales(world)
        until = world.months if until is None else until
        ends = {world.month(max(1, until // 2)), world.month(until)}
        self.days = sorted(end - timedelta(days=1) for end in ends)

    def files(self) -> list[tuple[datetime, str]]:
        return [(datetime.combine(day, time(12)), _path(feed, day)) for day in self.days for feed in FILES]

    @contextmanager
    def writing(self, out: Path) -> Iterator[Callable[[Party], None]]:
        for day in self.days:
            _look_ups(out, day, users_of(self._sales, left=day != self.days[-1]))
        with ExitStack() as stack:
            exports = [
                (
                    _midnight(day) + timedelta(days=1),
                    *(stack.enter_context(_writer(out, feed, day)) for feed in EXTRACTS),
                )
                for day in self.days
            ]

            def write(party: Party) -> None:
                for deal in self._sales.of(party):
                    told = _lines(changes_of(deal)), _lines(calls_of(deal))
                    former = told
                    if deal.corrected is not None or any(call.done_late for call in deal.calls):
                        former = _lines(changes_of(deal, newest=False)), _lines(calls_of(deal, newest=False))
                    for number, (until, *writers) in enumerate(exports, 1):
                        for records, writer in zip(told if number == len(exports) else former, writers, strict=True):
                            for at, line in records:
                                if at < until:
                                    writer.add(line)

            yield write


def changes_of(deal: Deal, *, newest: bool = True) -> Iterator[Record]:
    """The deal's changes, each with its time, as the newest export holds them or the one before."""
    for index, (changed, key, value) in enumerate(deal.changes):
        at = changed - timedelta(days=1) if index == deal.corrected and not newest else changed
        yield at, (deal.deal_id, at, key, value)


def calls_of(deal: Deal, *, newest: bool = True) -> Iterator[Record]:
    """The deal's activities, likewise."""
    for call in deal.calls:
        done = call.done and (newest or not call.done_late)
        yield call.due, (call.activity_id, call.kind, call.user_id, deal.deal_id, done, call.due.isoformat())


def _lines(records: Iterable[Record]) -> list[tuple[datetime, str]]:
    return [(at, csv_line(row)) for at, row in records]


def users_of(sales: Sales, *, left: bool) -> list[tuple[int, str, str]]:
    """Number, name and e-mail of the sales team; with the one who `left` later."""
    users = []
    for number in range(1, sales.users + (2 if left else 1)):
        first = FIRST_NAMES[number % len(FIRST_NAMES)].title()
        last = LAST_NAMES[(number * 7) % len(LAST_NAMES)].title()
        users.append((number, f"{first} {last}", f"{first}.{last}.{number}@example.org".lower()))
    return users


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0))


def _path(feed: str, day: date) -> str:
    return f"{feed}/{feed}_{day.isoformat()}.csv"


def _writer(out: Path, feed: str, day: date) -> Writer:
    return Writer(out / _path(feed, day), ",".join(FILES[feed]))


def _look_ups(out: Path, day: date, users: Iterable[tuple[int, str, str]]) -> None:
    def options(labels: Iterable[str]) -> str:
        listed = ", ".join(f'{{"id": "{n}", "label": "{label}"}}' for n, label in enumerate(labels, 1))
        return f"[{listed}]" if listed else ""

    rows: dict[str, list[tuple[object, ...]]] = {
        "pipedrive_activity_types": [(n, *kind) for n, kind in enumerate(ACTIVITY_TYPES, 1)],
        "pipedrive_stages": [(n, "Qualified lead" if n == 2 else name) for n, name in enumerate(STAGES, 1)],
        "pipedrive_users": [(*user, f"{day.isoformat()} 08:00:00.000000") for user in users],
        "pipedrive_fields": [(*field, options(labels)) for *field, labels in FIELDS],
    }
    for feed, lines in rows.items():
        with _writer(out, feed, day) as writer:
            for row in lines:
                writer.add(csv_line(row))
