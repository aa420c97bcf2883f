"""What a correct platform finds in the sample's calls: their entries, what each is worth, and whose leads they are.

Belongs here: reckoning them from what Invoca told, in plain Python and cents. Does not: boberdoo's entries (truth).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from leads_platform.months import add_months, month_of
from leads_platform.revenue.sample.call_files import CONNECTED, DURATION, CallExports
from leads_platform.revenue.sample.calls import CAMPAIGNS, Leg, phone_key
from leads_platform.revenue.sample.market import Lead, Told

Row = dict[str, Any]
POLICIES = ("equal", "first", "last", "price")


class Money(Protocol):
    """What of an entry of the ledger matters for calls."""

    told: Told
    cents: int
    payout: int
    leg: Leg | None

    @property
    def month(self) -> date: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Booked:
    """A change of what a family of Invoca's rows is worth: by which row, of which export and line."""

    leg: Leg
    version: int
    change: str
    cents: int
    payout: int
    day: date
    line: int


class CallBooks:
    """The calls of a world, of which the rows have come that some export told."""

    def __init__(self, legs: Sequence[Leg], exports: CallExports) -> None:
        lines: dict[date, int] = defaultdict(lambda: 1)
        self._families: dict[str, list[tuple[date, int, Leg]]] = defaultdict(list)
        for leg in legs:
            if (day := exports.tells(leg)) is not None:
                lines[day] += 1
                self._families[leg.family].append((day, lines[day], leg))

    def booked(self) -> Iterator[Booked]:
        """The entries, day by day: the last of a family counts, by the time of its correction, then as it was told."""
        for rows in self._families.values():
            worth, ever = (0, 0), False
            for version, day in enumerate(sorted({day for day, _, _ in rows}), start=1):
                told, line, leg = _last(row for row in rows if row[0] <= day)
                now = (leg.payin if record_of(leg) == "invoca" else 0, leg.payout) if leg.adds else (0, 0)
                if now != worth:
                    change = "correction" if ever else "first"
                    cents, payout = now[0] - worth[0], now[1] - worth[1]
                    yield Booked(leg, version, change, cents, payout, told, line)
                worth, ever = now, ever or leg.adds

    def calls(self) -> dict[str, list[Leg]]:
        """The rows of each call that count by now."""
        found: dict[str, list[Leg]] = defaultdict(list)
        for rows in self._families.values():
            leg = _last(rows)[2]
            found[leg.call].append(leg)
        return found


def _last(rows: Iterable[tuple[date, int, Leg]]) -> tuple[date, int, Leg]:
    return max(rows, key=lambda row: (row[2].corrected or datetime.min, row[0], row[1]))


def partner_of(leg: Leg) -> str | None:
    return CAMPAIGNS[leg.campaign][2] if leg.campaign in CAMPAIGNS else None


def record_of(leg: Leg) -> str:
    return CAMPAIGNS[leg.campaign][1] if leg.campaign in CAMPAIGNS else "boberdoo"


def call_truth(books: CallBooks, entries: Sequence[Money], leads: Sequence[Lead]) -> dict[str, list[Row]]:
    """The rows of the tables of calls, by name."""
    worth = list(_calls(books.calls(), [entry for entry in entries if entry.unit == "cbm"]))
    return {
        "fct_calls": [{name: _written(name, value) for name, value in row.items()} for row in worth],
        "fct_call_revenue_allocations": list(_allocations(worth, entries, leads)),
        "rep_call_revenue_reconciliation": list(_reconciliation(worth)),
    }


MONEY = ("payin", "boberdoo_amount", "revenue", "payout", "revenue_before", "payout_before")


def _written(name: str, value: object) -> object:
    return Decimal(str(value)) / 100 if name in MONEY else value


def _calls(calls: dict[str, list[Leg]], entries: Sequence[Money]) -> Iterator[Row]:
    """fct_calls, in cents."""
    started = {call: month_of(rows[0].started.date()) for call, rows in calls.items()}
    keys = {(month, call) for call, month in started.items()} | {(e.month, e.told.call or None) for e in entries}
    for month, call in sorted(keys, key=str):
        of_it = [entry for entry in entries if entry.told.call == (call or "")]
        here = [entry for entry in of_it if entry.month == month]
        before = [entry for entry in of_it if entry.month < month and call]
        legs = calls.get(call or "", []) if started.get(call or "", month) <= month else []
        own = [leg for leg in legs if started[leg.call] == month]
        talks = [leg for leg in legs if leg.kind == "Call"]
        yield {
            "month": month,
            "call_id": call,
            "started_in": started[legs[0].call] if legs else None,
            "started_at": legs[0].started if legs else None,
            "phone_key": legs[0].phone if legs else None,
            "duration": DURATION * len(talks) if talks else None,
            "connect_duration": CONNECTED * len(talks) if talks else None,
            "campaign_id": legs[0].campaign if legs else None,
            "partner_id": partner_of(legs[0]) if legs else None,
            "system_of_record": record_of(legs[0]) if legs else "boberdoo",
            "legs": len([leg for leg in own if leg.kind == "Call"]),
            "payin": sum(leg.payin for leg in own if leg.adds),
            "boberdoo_amount": sum(entry.cents for entry in here if entry.leg is None),
            "revenue": sum(entry.cents for entry in here),
            "payout": sum(entry.payout for entry in here),
            "revenue_before": sum(entry.cents for entry in before),
            "payout_before": sum(entry.payout for entry in before),
        }


def _allocations(calls: Iterable[Row], entries: Sequence[Money], leads: Sequence[Lead]) -> Iterator[Row]:
    by_phone: dict[str | None, list[Lead]] = defaultdict(list)
    for lead in leads:
        by_phone[phone_key(lead)].append(lead)
    for call in calls:
        if not (call["revenue"] or call["payout"]):
            continue
        start, of_it = call["started_at"], []
        if start:
            first, last = start - timedelta(days=30), start + timedelta(minutes=5)
            of_it = [lead for lead in by_phone[call["phone_key"]] if first <= lead.received <= last]
            of_it.sort(key=lambda lead: (lead.received, lead.number))
        prices = [_price(lead, entries, call["started_in"]) for lead in of_it]
        shared = {
            what: _shared(call[f"{what}_before"] + call[what], call[f"{what}_before"], prices)
            for what in ("revenue", "payout")
        }
        for number, lead in enumerate(of_it or [None]):
            row: Row = {"month": call["month"], "call_id": call["call_id"]}
            row |= {"lead_id": lead.number if lead else None, "src": lead.src if lead else None}
            for what, shares in shared.items():
                row |= {f"{what}_{policy}": Decimal(shares[policy][number]) / 100 for policy in POLICIES}
            yield row


def _price(lead: Lead, entries: Sequence[Money], started_in: date) -> int:
    """What the lead was sold for, by what happened up to the month after the call's start."""
    sales = [
        entry.cents
        for entry in entries
        if entry.told.lead == lead.number and entry.told.event == "sale" and entry.unit != "cbm"
        if add_months(started_in, -2) <= entry.month <= add_months(started_in, 1)
    ]
    return max(sum(sales), 0)


def _shared(after: int, before: int, prices: Sequence[int]) -> dict[str, list[int]]:
    """By policy, the leads' cents of `after`, less those of `before`; all of it where there is no lead."""
    count = len(prices) or 1
    weights = {
        "equal": [1] * count,
        "first": [1] + [0] * (count - 1),
        "last": [0] * (count - 1) + [1],
        "price": list(prices) if sum(prices) else [1] * count,
    }
    return {
        policy: [new - old for new, old in zip(_split(after, by), _split(before, by), strict=True)]
        for policy, by in weights.items()
    }


def _split(cents: int, weights: Sequence[int]) -> list[int]:
    """By largest remainder; of equal ones the first."""
    whole = [divmod(abs(cents) * weight, sum(weights)) for weight in weights]
    left = abs(cents) - sum(share for share, _ in whole)
    favoured = sorted(range(len(whole)), key=lambda number: -whole[number][1])[:left]
    return [(share + (number in favoured)) * (-1 if cents < 0 else 1) for number, (share, _) in enumerate(whole)]


def _reconciliation(calls: Iterable[Row]) -> Iterator[Row]:
    groups: dict[tuple[date, str | None], list[Row]] = defaultdict(list)
    for call in calls:
        groups[call["month"], call["campaign_id"]].append(call)
    for (month, campaign), of_it in groups.items():
        payin, theirs = (sum(call[name] for call in of_it) for name in ("payin", "boberdoo_amount"))
        yield {
            "month": month,
            "campaign_id": campaign,
            "system_of_record": of_it[0]["system_of_record"],
            "calls": sum(call["started_in"] == month for call in of_it),
            "payin": Decimal(payin) / 100,
            "boberdoo_amount": Decimal(theirs) / 100,
            "difference": Decimal(payin - theirs) / 100,
            "only_invoca": sum(bool(call["payin"]) and not call["boberdoo_amount"] for call in of_it),
            "only_boberdoo": sum(bool(call["boberdoo_amount"]) and not call["started_in"] for call in of_it),
            "revenue": Decimal(sum(call["revenue"] for call in of_it)) / 100,
        }
