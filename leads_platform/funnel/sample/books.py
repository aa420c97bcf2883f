"""All deals and activities of a world, what a deal is as of a moment, and the rows of the facts and two dimensions.

Belongs here: the rules of docs/domain.md in plain Python, deal by deal. Does not: the reports (reports), or any SQL.

A deal is a Pipedrive id: where two deals share one, their changes are those of one deal.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from leads_platform.funnel.sample.files import DealFiles, calls_of, changes_of, users_of
from leads_platform.funnel.sample.files import Record as Told
from leads_platform.funnel.sample.sales import ACTIVITY_TYPES, LOST_REASONS, STAGES, Deal, Sales
from leads_platform.months import add_months
from leads_platform.sample.population import parties
from leads_platform.sample.world import World

Row = dict[str, object]
CALLS = {"meeting": Decimal("2.1"), "sc_2": Decimal("3.1")}
SHORT_NAMES = {Decimal(f"{n}.0"): name for n, name in enumerate(STAGES, 1)} | {
    CALLS[key]: name for name, _, key in ACTIVITY_TYPES if key in CALLS
}
STEPS = {step: f"Step {step.normalize():f}: {name}" for step, name in SHORT_NAMES.items()}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change of a deal's field; of two at one time the later line is the later change. No value: emptied."""

    at: datetime
    line: int
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as the newest export holds it."""

    key: UUID
    activity_id: int
    kind: str
    user_id: int
    deal_id: int
    done: bool
    due: datetime


@dataclass(slots=True)
class Standing:
    """A deal as of a moment."""

    created_at: datetime | None = None
    creations: int = 0
    owner: int | None = None
    stage: int | None = None
    stage_since: datetime | None = None
    entered: list[int] = field(default_factory=list)
    status: str = "open"
    closed_at: datetime | None = None
    closed_by: int | None = None
    reason: str | None = None
    value: Decimal | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A deal's entry into a stage: the how manyth of the deal, and into this stage."""

    deal_id: int
    change: Change
    stage: int
    number: int
    number_in_stage: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A deal's stay in a stage; `left_for` is a stage's number or a status, None while it lasts."""

    deal_id: int
    number: int
    stage: int
    since: datetime
    left_at: datetime | None
    left_for: int | str | None


class Books:
    """All deals and activities, and what follows of them month by month."""

    def __init__(
        self,
        months: list[date],
        deals: dict[int, list[Change]],
        activities: list[Activity],
        users: dict[int, str],
    ) -> None:
        self.months, self.users = months, users
        self.deals = {deal_id: sorted(changes) for deal_id, changes in deals.items()}
        self.done = [activity for activity in activities if activity.done]

    @classmethod
    def of(cls, world: World) -> Books:
        """Those of a world."""
        sales, days = Sales(world), DealFiles(world).days
        exports: list[list[Told]] = [[] for _ in days]
        activities: list[Activity] = []
        for party in parties(world):
            for deal in sales.of(party):
                activities += _activities(deal)
                for export, day in zip(exports, days, strict=True):
                    told = changes_of(deal, newest=day == days[-1])
                    export.extend((at, row) for at, row in told if at.date() <= day)
        deals: dict[int, list[Change]] = defaultdict(list)
        for line, (at, (deal_id, _, key, value)) in _that_stand(exports):
            deals[int(str(deal_id))].append(Change(at, line, str(key).strip(), str(value).strip()))
        users = {number: name for number, name, _ in users_of(sales, left=len(days) > 1)}
        return cls([world.month(index) for index in range(world.months)], deals, activities, users)

    def ends(self) -> Iterator[tuple[date, datetime]]:
        """Each month with the moment at which it ends."""
        for month in self.months:
            end = add_months(month, 1)
            yield month, datetime(end.year, end.month, 1)

    @cached_property
    def standing(self) -> dict[date, dict[int, Standing]]:
        """Each deal that changed so far, as of each month's end."""
        return {
            month: {deal_id: as_of(changes, end) for deal_id, changes in self.deals.items() if changes[0].at < end}
            for month, end in self.ends()
        }

    @cached_property
    def entries(self) -> list[Entry]:
        """Every entry of a deal into a stage."""
        found = []
        for deal_id, changes in self.deals.items():
            stages: list[int] = []
            for change in changes:
                if change.key == "stage_id":
                    stage = int(change.value)
                    before = stages[-1] if stages else None
                    stages.append(stage)
                    found.append(Entry(deal_id, change, stage, len(stages), stages.count(stage), before))
        return found

    @cached_property
    def stays(self) -> list[Stay]:
        """Every stay in a stage. A deal that is opened again without entering a stage goes on where it was."""
        return [stay for deal_id, changes in self.deals.items() for stay in _stays(deal_id, changes)]

    @cached_property
    def calls(self) -> list[Activity]:
        """Done sales calls."""
        return [activity for activity in self.done if activity.kind in CALLS]

    def lasting(self, month: date) -> Iterator[tuple[Stay, bool, float]]:
        """Stays that ended in the month, and those still open at its end: whether open, and how many days."""
        end = dict(self.ends())[month]
        for stay in self.stays:
            open_still = stay.left_at is None or stay.left_at >= end
            if stay.since < end and (open_still or (stay.left_at and month_of(stay.left_at) == month)):
                until = end if open_still or not stay.left_at else stay.left_at
                yield stay, open_still, (until - stay.since).total_seconds() / 86400

    # Rows

    def dim_deals(self) -> Iterator[Row]:
        for month, deals in self.standing.items():
            for deal_id, deal in deals.items():
                yield {
                    "month": month,
                    "deal_id": deal_id,
                    "created_at": deal.created_at,
                    "creations": deal.creations,
                    "owner_user_id": deal.owner,
                    "current_stage_id": deal.stage,
                    "current_stage_entered_at": deal.stage_since,
                    "furthest_stage_id": max(deal.entered, default=None),
                    "entered_stage_ids": sorted(set(deal.entered)),
                    "status": deal.status,
                    "closed_at": deal.closed_at,
                    "closed_by_user_id": deal.closed_by,
                    "lost_reason_key": deal.reason,
                    "lost_reason": reason_name(deal),
                    "deal_value": deal.value,
                    "last_changed_at": deal.changed_at,
                }

    def dim_deal_ownership(self) -> Iterator[Row]:
        for month, end in self.ends():
            for deal_id, changes in self.deals.items():
                owners = [change for change in changes if change.key == "user_id" and change.at < end]
                periods = [c for n, c in enumerate(owners) if n == 0 or owners[n - 1].value != c.value]
                for number, change in enumerate(periods, 1):
                    until = periods[number].at if number < len(periods) else None
                    yield {
                        "month": month,
                        "deal_id": deal_id,
                        "ownership_num": number,
                        "user_id": int(change.value),
                        "valid_from": change.at,
                        "valid_to": until,
                        "is_current": number == len(periods),
                    }

    def fct_activities(self) -> Iterator[Row]:
        for call in self.calls:
            step = CALLS[call.kind]
            yield {
                "month": month_of(call.due),
                "activity_key": call.key,
                "activity_id": call.activity_id,
                "deal_id": call.deal_id,
                "activity_type_key": call.kind,
                "activity_type_name": SHORT_NAMES[step],
                "user_id": call.user_id,
                "kpi_name": STEPS[step],
                "funnel_step": step,
                "due_timestamp": call.due,
                "activity_timestamp": call.due,
            }

    def closed(self, month: date) -> Iterator[tuple[int, Standing]]:
        """Deals that closed in the month and were still closed at its end."""
        for deal_id, deal in self.standing[month].items():
            if deal.closed_at and month_of(deal.closed_at) == month:
                yield deal_id, deal

    def fct_deal_closures(self) -> Iterator[Row]:
        for month in self.months:
            for deal_id, deal in self.closed(month):
                yield {
                    "month": month,
                    "deal_id": deal_id,
                    "status": deal.status,
                    "closed_at": deal.closed_at,
                    "closed_by_user_id": deal.closed_by,
                    "created_at": deal.created_at,
                    "stage_id": deal.stage,
                    "lost_reason": reason_name(deal),
                    "deal_value": deal.value,
                }

    def fct_deal_stage_history(self) -> Iterator[Row]:
        for entry in self.entries:
            month, changes = month_of(entry.change.at), self.deals[entry.deal_id]
            creations = sum(change.key == "add_time" and month_of(change.at) <= month for change in changes)
            yield {
                "month": month,
                "deal_id": entry.deal_id,
                "deal_entry_num": entry.number,
                "stage_id": entry.stage,
                "stage_name": "Qualified lead" if entry.stage == 2 else STAGES[entry.stage - 1],
                "kpi_name": STEPS[Decimal(entry.stage)],
                "funnel_step": Decimal(f"{entry.stage}.0"),
                "stage_entry_timestamp": entry.change.at,
                "stage_entry_num": entry.number_in_stage,
                "previous_stage_id": entry.before,
                "owner_user_id": owner_at(changes, entry.change.at),
                "line": entry.change.line,
                "is_identity_collision": creations > 1,
            }

    def fct_stage_durations(self) -> Iterator[Row]:
        for month in self.months:
            for stay, open_still, days in self.lasting(month):
                left_for = None if open_still else stay.left_for
                yield {
                    "month": month,
                    "deal_id": stay.deal_id,
                    "stay_num": stay.number,
                    "stage_id": stay.stage,
                    "funnel_step": Decimal(f"{stay.stage}.0"),
                    "entered_at": stay.since,
                    "left_at": None if open_still else stay.left_at,
                    "left_for": "stage" if isinstance(left_for, int) else left_for,
                    "next_stage_id": left_for if isinstance(left_for, int) else None,
                    "is_censored": open_still,
                    "duration_days": days,
                }


def month_of(moment: datetime) -> date:
    """The first day of its month."""
    return date(moment.year, moment.month, 1)


def reason_name(deal: Standing) -> str | None:
    """Why the deal was lost, in words."""
    return None if deal.reason is None else LOST_REASONS[int(deal.reason) - 1]


def owner_at(changes: Iterable[Change], moment: datetime) -> int | None:
    """Who owned the deal then: what happened in that very second has happened."""
    owners = [int(change.value) for change in changes if change.key == "user_id" and change.at <= moment]
    return owners[-1] if owners else None


def _turn(change: Change) -> str | None:
    """What status the change gives the deal, if any: a deal that enters a stage is open."""
    if not change.value:
        return None
    named = {"stage_id": "open", "won_time": "won", "lost_time": "lost", "lost_reason": "lost"}
    return change.value.lower() if change.key == "status" else named.get(change.key)


def as_of(changes: list[Change], end: datetime) -> Standing:
    """What the changes before `end` leave of the deal."""
    past = [change for change in changes if change.at < end]
    deal = Standing(changed_at=past[-1].at, owner=owner_at(past, past[-1].at))
    for change in past:
        if change.key == "add_time":
            deal.created_at = deal.created_at or change.at
            deal.creations += 1
        elif change.key == "value":
            deal.value = Decimal(change.value.strip("$").replace(",", "")) if change.value else None
        elif change.key == "stage_id":
            deal.stage, deal.stage_since = int(change.value), change.at
            deal.entered.append(deal.stage)
        turn = _turn(change)
        if turn and turn != deal.status:
            deal.status, deal.closed_at = turn, None if turn == "open" else change.at
    if deal.closed_at:
        deal.closed_by = owner_at(past, deal.closed_at)
        if deal.status == "lost":
            stated = [c.value for c in past if c.key == "lost_reason" and c.value and c.at >= deal.closed_at]
            deal.reason = stated[-1] if stated else None
    return deal


def _stays(deal_id: int, changes: list[Change]) -> Iterator[Stay]:
    status, stage, number = "open", None, 0
    since: datetime | None = None
    for change in changes:
        turn = _turn(change)
        if change.key != "stage_id" and (turn is None or turn == status):
            continue
        if since is not None and stage is not None:
            left_for = int(change.value) if change.key == "stage_id" else turn
            yield Stay(deal_id, number, stage, since, change.at, left_for)
        status = turn or status
        stage = int(change.value) if change.key == "stage_id" else stage
        since = change.at if status == "open" and stage is not None else None
        number += since is not None
    if since is not None and stage is not None:
        yield Stay(deal_id, number, stage, since, None, None)


def _that_stand(exports: list[list[Told]]) -> Iterator[tuple[int, Told]]:
    """Each record that counts, with its line: a month's stand where the first export has them as the newest has."""
    by_month: list[dict[date, list[tuple[int, Told]]]] = [defaultdict(list) for _ in exports]
    for months, export in zip(by_month, exports, strict=True):
        for line, told in enumerate(export, 2):  # the first is the header's
            months[month_of(told[0])].append((line, told))
    for month, newest in by_month[-1].items():
        stands = newest
        for earlier in reversed(by_month[:-1]):
            if [told for _, told in earlier[month]] != [told for _, told in newest]:
                break
            stands = earlier[month]
        yield from stands


def _activities(deal: Deal) -> Iterator[Activity]:
    for due, (activity_id, kind, user_id, deal_id, done, due_to) in calls_of(deal):
        told = "|".join(map(str, (activity_id, kind, user_id, deal_id, due_to)))
        key = UUID(hashlib.md5(told.encode()).hexdigest())
        yield Activity(key, int(str(activity_id)), str(kind), int(str(user_id)), deal.deal_id, bool(done), due)
