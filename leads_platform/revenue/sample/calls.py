"""Calls that follow leads, as Invoca tells of them: from which phone, for which campaign, and how they are corrected.

Belongs here: the stories, in cents, each row with the day from which Invoca tells it. Does not: how they are written
(call_files), or what follows of them (call_truth).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from leads_platform.revenue.sample.market import Lead
from leads_platform.sample.world import World

OURS, THEIRS, UNLISTED = "K1", "K2", "K3"
CAMPAIGNS = {OURS: ("Inbound", "invoca", "401"), THEIRS: ("Transfers", "boberdoo", "402")}
NOBODYS_PHONE = "2125550142"  # of a state that no lead is in
SLIPS = ("dangling", "circle", "repeats")


@dataclass(frozen=True, slots=True)
class Leg:
    """A row of Invoca: a leg or an event of a call; `family` names what corrects each other."""

    number: str
    call: str
    family: str
    started: datetime
    campaign: str
    payin: int
    payout: int
    phone: str
    told: date
    kind: str = "Call"
    corrects: str = ""
    corrected: datetime | None = None

    @property
    def adds(self) -> bool:
        """Whether its money adds to the call's."""
        return self.kind != "Signal"


class Calls:
    """The calls of one world, taken with the leads of one party after the other."""

    def __init__(self, world: World) -> None:
        self._end = world.midnight(world.months)
        self._newest = world.midnight(world.months - 1)
        self._parties = self._rows = 0
        self._slips = list(SLIPS)

    def of(self, leads: Sequence[Lead]) -> Iterator[Leg]:
        """Invoca's rows of the calls that these leads' person makes, and of one by somebody else."""
        if not leads:
            return
        phone = phone_key(leads[0])
        for made in (made for lead in leads for made in lead.transactions):
            call, at = made.first.call, made.first.happened - timedelta(minutes=5)
            if call and int(call[1:]) % 4 < 2 and at < self._end:  # of the others Invoca never hears
                yield self._leg(call, at, THEIRS, 4_200, 700, phone or NOBODYS_PHONE)
        number = self._parties
        self._parties += 1
        start = max(lead.received for lead in leads) + timedelta(hours=1, minutes=number)
        if phone and start < self._end:
            yield from self._story(number, start, phone)
        if number % 5 == 4 and start < self._end:
            yield self._leg(f"I{number}-0", start, OURS, 1_900, 800, NOBODYS_PHONE)

    def _story(self, number: int, start: datetime, phone: str) -> Iterator[Leg]:
        call = f"I{number}-1"
        campaign = UNLISTED if number % 16 == 8 else OURS
        leg = self._leg(call, start, campaign, 1_000 + 7 * number, 600 + number, phone)
        slip = number % 8 in (0, 5, 7) and start < self._newest - timedelta(days=31) and self._slips
        if slip:
            yield from self._slip(slip.pop(0), leg)
            return
        yield leg
        match number % 8:
            case 1:  # a chain
                yield (second := self._correction(leg, leg, 12, leg.payin - 200))
                yield self._correction(leg, second, 40, leg.payin - 100)
            case 2:  # a star
                yield self._correction(leg, leg, 12, leg.payin - 200)
                yield self._correction(leg, leg, 40, leg.payin - 100)
            case 3:
                yield self._leg(call, start, campaign, leg.payin // 3, 0, phone)
            case 4:
                yield replace(self._leg(call, start, campaign, 500, 0, phone), kind="Post Call Event")
            case 5:
                yield replace(self._leg(call, start, campaign, 9_900, 100, phone), kind="Signal")
            case 6:  # another payout
                yield replace(self._correction(leg, leg, 3, leg.payin), payout=leg.payout - 50)

    def _slip(self, slip: str, leg: Leg) -> Iterator[Leg]:
        """What goes wrong in the source: once each, before the newest month."""
        if slip == "dangling":
            yield replace(leg, corrects="T0", family="T0", corrected=leg.started)
        elif slip == "circle":
            later = self._correction(leg, leg, 25, leg.payin + 100)
            yield replace(leg, corrects=later.number, family=later.number, corrected=leg.started)
            yield replace(later, family=later.number)
        else:
            yield leg
            yield replace(
                self._leg(leg.call, leg.started, leg.campaign, leg.payin, 0, leg.phone), kind="Post Call Event"
            )

    def _correction(self, leg: Leg, corrects: Leg, days: int, payin: int) -> Leg:
        at = leg.started + timedelta(days=days)
        row = self._leg(leg.call, leg.started, leg.campaign, payin, leg.payout, leg.phone)
        return replace(row, family=leg.number, corrects=corrects.number, corrected=at, told=at.date())

    def _leg(self, call: str, started: datetime, campaign: str, payin: int, payout: int, phone: str) -> Leg:
        self._rows += 1
        number = f"T{self._rows}"
        return Leg(number, call, number, started, campaign, payin, payout, phone, started.date())


def phone_key(lead: Lead) -> str | None:
    """The lead's phone as national digits; None where it is no number."""
    site = lead.business.site
    return site.phone if site and lead.business.phone_text is None else None
