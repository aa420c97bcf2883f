"""The sales made to the world's parties: deals and their activities as stories.

Belongs here: who is sold to, and how deals go (won, lost, back a stage, to another owner, two under one id); `Sales`
plays the promised stories on the promised parties, and draws for the others. Does not: writing them (files), or what
follows of them (truth).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leads_platform.sample import writing
from leads_platform.sample.population import random_parties
from leads_platform.sample.world import Business, Party, World

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

# Stories that are told at any scale: when, as a share of the whole time, which field, and its value as written.
STORIES = {
    "its owner changes twice in one second, and it enters a stage in that second": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "1"),
        (0.07, "stage_id", "1"),
        (0.30, "user_id", "2"),
        (0.30, "stage_id", "2"),
        (0.30, "user_id", "3"),
        (0.50, "stage_id", "3"),
    ),
    "it is given to the owner it has": (
        (0.04, "add_time", ""),
        (0.06, "user_id", "4"),
        (0.07, "stage_id", "1"),
        (0.40, "user_id", "4"),
        (0.50, "stage_id", "2"),
        (0.70, "user_id", "4"),
        (0.70, "user_id", "5"),
    ),
    "lost late, with a value, by an owner of long ago": (
        (0.01, "add_time", ""),
        (0.02, "user_id", "1"),
        (0.03, "stage_id", "1"),
        (0.10, "stage_id", "2"),
        (0.10, "value", "1,234"),
        (0.95, "status", "lost"),
        (0.95, "lost_reason", "2"),
    ),
    "won late by an owner of long ago": (
        (0.01, "add_time", ""),
        (0.02, "user_id", "2"),
        (0.03, "stage_id", "1"),
        (0.10, "stage_id", "6"),
        (0.10, "value", "$12,345.60"),
        (0.97, "won_time", "2024-01-01 00:00:00"),
    ),
    "there are blanks around its values": (
        (0.10, "add_time", " 2024 "),
        (0.11, "user_id", " 6 "),
        (0.12, "stage_id", " 1 "),
        (0.20, "stage_id", "2 "),
        (0.20, "value", " 1250.00 "),
        (0.45, "status", " Won "),
    ),
    "its value is taken back": (
        (0.10, "add_time", ""),
        (0.11, "user_id", "7"),
        (0.12, "stage_id", "1"),
        (0.12, "value", "900.00"),
        (0.40, "value", ""),
        (0.60, "status", "lost"),
        (0.60, "lost_reason", "1"),
    ),
    "lost before any stage, and nobody's": ((0.35, "add_time", ""), (0.45, "lost_reason", "3")),
    "it waits for a first stage": ((0.30, "add_time", ""),),
    "it is in the last stage before any deal has left that": (
        (0.01, "add_time", ""),
        (0.01, "user_id", "3"),
        (0.02, "stage_id", "9"),
        (0.90, "status", "won"),
    ),
    "deleted": (
        (0.20, "add_time", ""),
        (0.21, "user_id", "8"),
        (0.22, "stage_id", "1"),
        (0.55, "status", "deleted"),
    ),
    "opened again long after by entering a stage": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "3"),
        (0.07, "stage_id", "2"),
        (0.20, "status", "lost"),
        (0.20, "lost_reason", "5"),
        (0.70, "stage_id", "3"),
    ),
    "lost twice, and the second time nobody says why": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "3"),
        (0.07, "stage_id", "1"),
        (0.20, "status", "lost"),
        (0.20, "lost_reason", "4"),
        (0.50, "status", "open"),
        (0.90, "status", "lost"),
    ),
    "lost, opened again so that its reason is emptied, and lost in the second of another owner": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "2"),
        (0.07, "stage_id", "1"),
        (0.20, "lost_time", "2024-02-06 09:36:00"),
        (0.20, "lost_reason", "4"),
        (0.50, "stage_id", "2"),
        (0.50, "lost_reason", ""),
        (0.80, "status", "lost"),
        (0.80, "user_id", "6"),
        (0.80, "lost_reason", "3"),
        (0.90, "lost_reason", ""),
    ),
    "why it was lost is said a month later": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "4"),
        (0.07, "stage_id", "4"),
        (0.30, "status", "lost"),
        (0.60, "lost_reason", "2"),
    ),
    "it passes two stages in one second, and is lost and opened again in another": (
        (0.15, "add_time", ""),
        (0.16, "user_id", "7"),
        (0.17, "stage_id", "1"),
        (0.40, "stage_id", "3"),
        (0.40, "stage_id", "2"),
        (0.40, "stage_id", "3"),
        (0.60, "status", "lost"),
        (0.60, "status", "open"),
    ),
    "another deal gets its id months later": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "8"),
        (0.07, "stage_id", "1"),
        (0.30, "stage_id", "2"),
        (0.55, "add_time", ""),
        (0.56, "user_id", "1"),
        (0.57, "stage_id", "1"),
        (0.90, "stage_id", "2"),
    ),
    "won, lost and won again within days": (
        (0.05, "add_time", ""),
        (0.06, "user_id", "5"),
        (0.07, "stage_id", "5"),
        (0.600, "status", "won"),
        (0.605, "status", "lost"),
        (0.605, "lost_reason", "1"),
        (0.610, "status", "won"),
    ),
}


@dataclass(slots=True)
class Call:
    """One activity: what kind, whose, when due and whether done. `done_late`: not done yet in the first export."""

    activity_id: int
    kind: str
    user_id: int
    due: datetime
    done: bool
    done_late: bool = False


@dataclass(slots=True)
class Deal:
    """One deal's life: whom it is made with, its changes in order (when, field, value as written), its activities.

    `corrected` is the index of a stage change that the first export dates a day earlier, or None.
    """

    deal_id: int
    business: Business
    changes: list[tuple[datetime, str, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    corrected: int | None = None


class Sales:
    """Makes each party's deals; asked once for every party, in order, it gives equal deals for equal worlds.

    Scale 1 is 40 new deals and about 90 activities a month, and the promised stories besides.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draws("funnel")
        self._begin, self._end = world.midnight(0), world.midnight(world.months)
        self._seconds = (self._end - self._begin).total_seconds()
        self._deals = round(DEALS_A_MONTH * world.months * world.scale)
        self._parties = random_parties(world)
        self._party = self._number = self._promised = 0
        self._stories = iter(STORIES)
        self.users = max(8, min(2_000, round(USERS * world.scale**0.5)))

    def of(self, party: Party) -> Iterator[Deal]:
        """The deals made with this party, many or none."""
        if party.promised:
            story = next(self._stories, None) if party.life in ("is_there", "opens") else None
            if story:
                yield self._told(story, party.businesses[0])
            return
        # Spread evenly over the parties, so that all deals are made whatever the scale.
        self._party += 1
        while self._number * self._parties < self._party * self._deals and self._number < self._deals:
            yield self._drawn(party.businesses[self._number % len(party.businesses)])

    def _told(self, story: str, business: Business) -> Deal:
        """A promised story, laid over the span of all months."""
        self._promised += 1
        deal = Deal(50_000 + self._promised, business)
        for share, key, value in STORIES[story]:
            deal.changes.append((self._begin + timedelta(seconds=round(self._seconds * share)), key, value))
        deal.changes[1:1] = self._whose(deal)
        return deal

    def _drawn(self, business: Business) -> Deal:
        """A story at random."""
        number, draw = self._number, self._draw
        self._number += 1
        created = self._begin + timedelta(seconds=int(self._seconds * (number + draw()) / self._deals))
        shares = number % SHARES_ITS_ID == SHARES_ITS_ID - 1
        deal = Deal(100_000 + 3 * (number - 1 if shares else number), business)
        deal.changes.append((created, "add_time", created.isoformat()))
        deal.changes += self._whose(deal)
        self._live(deal, number, created)
        deal.changes = [change for change in deal.changes if change[0] < self._end]
        deal.calls = [call for call in deal.calls if call.due < self._end]
        stages = [index for index, (_, key, _) in enumerate(deal.changes) if key == "stage_id"]
        if number % 23 == 0 and stages:
            deal.corrected = stages[-1]
        return deal

    def _whose(self, deal: Deal) -> Iterator[tuple[datetime, str, str]]:
        """Whom the deal is made with, as its seller typed it."""
        business, form = deal.business, deal.deal_id % 4
        phone = business.site.phone if business.site else None
        told = {
            "title": writing.company(business.name, form),
            "person_name": " ".join(business.contact).title() if form else ", ".join(business.contact[::-1]),
            "person_phone": business.phone_text or writing.phone(phone, (writing.PLUS, 0, 3, 8)[form]),
            "person_email": business.email.capitalize() if form == 1 else business.email,
        }
        return ((deal.changes[0][0], key, value) for key, value in told.items() if value)

    def _live(self, deal: Deal, number: int, created: datetime) -> None:
        draw, users = self._draw, self.users
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
                return
            deal.changes.append((at, "stage_id", str(stage)))
            entered.append(stage)
            self._call(deal, number, stage, owner, at)
            if stage == 2 and draw() < 0.8:
                deal.changes.append((at, "value", f"{value:,}" if number % 5 == 0 else f"{value}.00"))
            if stage == 3 and number % CHANGES_HANDS == 0:
                owner = 1 + owner % users
                deal.changes.append((at + timedelta(minutes=7), "user_id", str(owner)))
            if stage == 4 and number % RE_ENTERS == 0 and entered.count(3) < 2:
                at += timedelta(days=1 + int(draw() * 6))
                deal.changes.append((at, "stage_id", "3"))
                entered.append(3)
            if draw() < (0.1, 0.32, 0.22, 0.2, 0.16, 0.12, 0, 0, 0)[stage - 1]:
                at += timedelta(days=1 + int(draw() * 9))
                deal.changes.append((at, "status", "lost"))
                if draw() < 0.9:
                    deal.changes.append((at, "lost_reason", str(1 + int(draw() * len(LOST_REASONS)))))
                if number % OPENED_AGAIN or stage >= WINS_FROM_STAGE:
                    return
                at += timedelta(days=3 + int(draw() * 10))
                deal.changes.append((at, "status", "open"))

    def _call(self, deal: Deal, number: int, stage: int, owner: int, at: datetime) -> None:
        kinds = {2: ("meeting", 0.8), 3: ("sc_2", 0.7), 4: ("follow_up", 0.6), 6: ("after_close_call", 0.5)}
        draw = self._draw
        if stage not in kinds or draw() > kinds[stage][1]:
            return
        due = at + timedelta(hours=2 + int(draw() * 90))
        late = draw() < 0.06
        deal.calls.append(Call(500_000 + number, kinds[stage][0], owner, due, draw() < 0.85, late))
        if draw() < 0.1:  # a second call of the same kind on another day
            again = due + timedelta(days=1 + int(draw() * 3))
            deal.calls.append(Call(700_000 + number, kinds[stage][0], owner, again, draw() < 0.9))
