"""The sample's sales: deals and activities as stories, and Pipedrive's exports of them.

Belongs here: how deals go (won, lost, back a stage, to another owner, two under one id), and writing the six files as
Pipedrive does. Does not: counting the answers (funnel_truth), or lead files. Only `random.Random(seed).random()` is
used: its sequence is the same on every Python.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from leads_platform.months import add_months
from leads_platform.sample.vocabulary import FIRST_NAMES, LAST_NAMES

STAGES = (
    "Lead Generation",
    "Qualified Lead",
    "Needs Assessment",
    "Proposal/Quote Preparation",
    "Negotiation",
    "Closing",
    "Implementation/Onboarding",
    "Follow-up/Customer Success",
    "Renewal/Expansion",
)
LOST_REASONS = (
    "Customer Not Ready",
    "Pricing Issues",
    "Unreachable Customer",
    "Product Mismatch",
    "Duplicate Entry",
)
ACTIVITY_TYPES = (
    ("Sales Call 1", "Yes", "meeting"),
    ("Sales Call 2", "Yes", "sc_2"),
    ("Follow Up Call", "No", "follow_up"),
    ("After Close Call", "Yes", "after_close_call"),
)
DEALS_A_MONTH, USERS = 40, 24  # at scale 1
WINS_FROM_STAGE = 6  # a deal is won when it has been through Closing, at once or after some steps more
# Every so manyth deal: goes back a stage, changes hands, is opened again, shares its id with the deal before.
RE_ENTERS, CHANGES_HANDS, OPENED_AGAIN, SHARES_ITS_ID = 9, 6, 31, 97

FILES = {
    "pipedrive_activity": ("activity_id", "type", "assigned_to_user", "deal_id", "done", "due_to"),
    "pipedrive_deal_changes": ("deal_id", "change_time", "changed_field_key", "new_value"),
    "pipedrive_activity_types": ("id", "name", "active", "type"),
    "pipedrive_stages": ("stage_id", "stage_name"),
    "pipedrive_users": ("id", "name", "email", "modified"),
    "pipedrive_fields": ("ID", "FIELD_KEY", "NAME", "FIELD_VALUE_OPTIONS"),
}


@dataclass(slots=True)
class Call:
    """One activity: what kind, whose, when due and whether done. `done_late`: not done yet in the first extract."""

    activity_id: int
    kind: str
    user_id: int
    due: datetime
    done: bool
    done_late: bool = False


@dataclass(slots=True)
class Deal:
    """One deal's life: its changes in order (when, field, value), and its activities.

    `corrected` is the index of a stage change that the first extract dates a day earlier, or None.
    """

    deal_id: int
    changes: list[tuple[datetime, str, str]]
    calls: list[Call] = field(default_factory=list)
    corrected: int | None = None


def deals(first_month: date, months: int, *, scale: float = 1.0, seed: int = 20240101) -> Iterator[Deal]:
    """The deals of a sales team over some months, one story after the other. Equal arguments give equal deals.

    Scale 1 is 40 new deals and about 90 activities a month.
    """
    draw = random.Random(seed).random
    end = _midnight(add_months(first_month, months))
    count = round(DEALS_A_MONTH * months * scale)
    span = (end - _midnight(first_month)).total_seconds()
    users = _users(scale)
    for number in range(count):
        created = _midnight(first_month) + timedelta(seconds=int(span * (number + draw()) / count))
        shares = number % SHARES_ITS_ID == SHARES_ITS_ID - 1
        deal = Deal(100_000 + 3 * (number - 1 if shares else number), [(created, "add_time", created.isoformat())])
        _live(deal, number, created, end, users, draw)
        yield deal


def _users(scale: float) -> int:
    return max(8, min(2_000, round(USERS * scale**0.5)))


def _live(deal: Deal, number: int, created: datetime, end: datetime, users: int, draw) -> None:
    owner = 1 + int(draw() * users)
    at = created + timedelta(hours=1 + int(draw() * 20))
    deal.changes.append((at, "user_id", str(owner)))
    stage, entered = 0, []
    value = 500 + 50 * int(draw() * 400)
    while True:
        at += timedelta(hours=6 + int(draw() * (40 if stage == 0 else 400)), seconds=int(draw() * 3600))
        stage += 2 if stage and draw() < 0.12 else 1
        if stage > len(STAGES) or (stage > WINS_FROM_STAGE and draw() < 0.45):
            deal.changes.append((at, "status", "won"))
            break
        deal.changes.append((at, "stage_id", str(stage)))
        entered.append(stage)
        _call(deal, number, stage, owner, at, draw)
        if stage == 2 and draw() < 0.8:
            deal.changes.append((at, "value", f"{value}.00"))
        if stage == 3 and number % CHANGES_HANDS == 0:
            owner = 1 + owner % users
            deal.changes.append((at + timedelta(minutes=7), "user_id", str(owner)))
        if stage == 4 and number % RE_ENTERS == 0 and entered.count(3) < 2:
            at += timedelta(days=1 + int(draw() * 6))
            deal.changes.append((at, "stage_id", "3"))
            entered.append(3)
        if draw() < (0.1, 0.32, 0.22, 0.2, 0.16, 0.12, 0, 0, 0)[stage - 1]:
            at += timedelta(days=1 + int(draw() * 9))
            _lose(deal, at, draw)
            if number % OPENED_AGAIN == 0 and stage < WINS_FROM_STAGE:
                at += timedelta(days=3 + int(draw() * 10))
                deal.changes.append((at, "status", "open"))
                continue
            break
    deal.changes = [change for change in deal.changes if change[0] < end]
    deal.calls = [call for call in deal.calls if call.due < end]
    stages = [index for index, (_, key, _) in enumerate(deal.changes) if key == "stage_id"]
    if number % 23 == 0 and stages:
        deal.corrected = stages[-1]


def _call(deal: Deal, number: int, stage: int, owner: int, at: datetime, draw) -> None:
    kinds = {2: ("meeting", 0.8), 3: ("sc_2", 0.7), 4: ("follow_up", 0.6), 6: ("after_close_call", 0.5)}
    if stage not in kinds or draw() > kinds[stage][1]:
        return
    due = at + timedelta(hours=2 + int(draw() * 90))
    late = draw() < 0.06
    deal.calls.append(Call(500_000 + number, kinds[stage][0], owner, due, draw() < 0.85, late))
    if draw() < 0.1:  # a second call of the same kind on another day
        again = due + timedelta(days=1 + int(draw() * 3))
        deal.calls.append(Call(700_000 + number, kinds[stage][0], owner, again, draw() < 0.9))


def _lose(deal: Deal, at: datetime, draw) -> None:
    deal.changes.append((at, "status", "lost"))
    if draw() < 0.9:
        deal.changes.append((at, "lost_reason", str(1 + int(draw() * len(LOST_REASONS)))))


def extract_days(first_month: date, months: int) -> list[date]:
    """The days of the exports: the end of the middle month, and the end of the last."""
    middle, last = add_months(first_month, max(1, months // 2)), add_months(first_month, months)
    return sorted({middle - timedelta(days=1), last - timedelta(days=1)})


def file_paths(first_month: date, months: int) -> list[str]:
    """Every file that `write_deals` writes, relative to the landing folder, in order of arrival."""
    paths = []
    for day in extract_days(first_month, months):
        paths += [f"{feed}/{feed}_{day.isoformat()}.csv" for feed in FILES]
    return paths


def write_deals(out: Path, first_month: date, months: int, stories: Iterable[Deal], *, scale: float = 1.0) -> None:
    """Writes Pipedrive's six exports, each at two dates; the later one has the whole history with corrections.

    The users' file of the first date has a user more, who has left by the second.
    """
    days = extract_days(first_month, months)
    stacks = []
    for day in days:
        files = {}
        for feed in ("pipedrive_activity", "pipedrive_deal_changes"):
            path = out / feed / f"{feed}_{day.isoformat()}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            files[feed] = path.open("w", encoding="utf-8", newline="")
            files[feed].write(",".join(FILES[feed]))
        stacks.append(files)
    try:
        for deal in stories:
            for day, files in zip(days, stacks, strict=True):
                _write_deal(deal, _midnight(day + timedelta(days=1)), day == days[-1], files)
    finally:
        for files in stacks:
            for stream in files.values():
                stream.close()
    for day in days:
        _look_ups(out, day, _users(scale), day == days[-1])


def _write_deal(deal: Deal, until: datetime, newest: bool, files: dict) -> None:
    for index, (changed, key, value) in enumerate(deal.changes):
        at = changed - timedelta(days=1) if index == deal.corrected and not newest else changed
        if at < until:
            files["pipedrive_deal_changes"].write(f"\n{deal.deal_id},{at:%Y-%m-%d %H:%M:%S},{key},{value}")
    for call in deal.calls:
        if call.due < until:
            done = call.done and (newest or not call.done_late)
            files["pipedrive_activity"].write(
                f"\n{call.activity_id},{call.kind},{call.user_id},{deal.deal_id},{done},{call.due:%Y-%m-%dT%H:%M:%S}"
            )


def _look_ups(out: Path, day: date, users: int, newest: bool) -> None:
    def options(labels: Iterable[str]) -> str:
        return "[" + ", ".join(f'{{"id": "{n}", "label": "{label}"}}' for n, label in enumerate(labels, 1)) + "]"

    rows: dict[str, list[tuple[object, ...]]] = {
        "pipedrive_activity_types": [(n, *kind) for n, kind in enumerate(ACTIVITY_TYPES, 1)],
        "pipedrive_stages": [(n, "Qualified lead" if n == 2 else name) for n, name in enumerate(STAGES, 1)],
        "pipedrive_users": [_user(n, day) for n in range(1, users + (1 if newest else 2))],
        "pipedrive_fields": [
            (13, "add_time", "Deal created", ""),
            (3, "user_id", "Owner", ""),
            (10, "stage_id", "Stage", options(STAGES)),
            (23, "lost_reason", "Lost reason", options(LOST_REASONS)),
            (7, "status", "Status", ""),
            (8, "value", "Value", ""),
        ],
    }
    for feed, lines in rows.items():
        path = out / feed / f"{feed}_{day.isoformat()}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(FILES[feed])
            writer.writerows(lines)


def _user(number: int, day: date) -> tuple[object, ...]:
    first = FIRST_NAMES[number % len(FIRST_NAMES)].title()
    last = LAST_NAMES[(number * 7) % len(LAST_NAMES)].title()
    return (
        number,
        f"{first} {last}",
        f"{first}.{last}.{number}@example.org".lower(),
        f"{day.isoformat()} 08:00:00.000000",
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
