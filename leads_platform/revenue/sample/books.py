"""The ledger of the room's sample, in cents: what the market said as entries, in plain Python.

Belongs here: entries, closes, and a row of the ledger. Does not: what the market said (market), or reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any
from uuid import UUID

from leads_platform.months import add_months, month_of
from leads_platform.revenue.sample.files import LATE_CLOSE, Export, Exports, told_in
from leads_platform.revenue.sample.market import Lead, Market, Told, Transaction
from leads_platform.sample.population import parties
from leads_platform.sample.world import World

Row = dict[str, Any]
UNITS = {
    "standard": "leads",
    "cpa": "cpa_cpt",
    "cpt": "cpa_cpt",
    "warm_transfer": "warm_transfer",
    "drip": "drip",
    "lead_call": "lead_call",
    "call": "cbm",
}


@dataclass(slots=True)
class Entry:
    """An entry: what is booked, and what made it."""

    transaction: str
    version: int
    sign: str
    change: str
    told: Told
    cents: int
    sale_month: date
    src: str | None
    known: Export
    line: int | None

    @property
    def month(self) -> date:
        return month_of(self.told.happened.date())

    @property
    def unit(self) -> str:
        return _unit(self.told)

    @property
    def day(self) -> date:
        return self.known.day


class Books:
    """The entries of a world, and its months with their closes."""

    def __init__(self, world: World) -> None:
        self.exports = Exports(world)
        self.months = self.exports.months
        self.entries: list[Entry] = []
        self._lines: dict[Export, int] = defaultdict(lambda: 1)
        self.newest: list[Told] = []  # what the newest export of each month says
        self._sale_months: dict[str, date] = {}  # by transaction
        market = Market(world)
        for made in market.accounts():
            self._book(made, None)
        for party in parties(world):
            for lead in market.of(party):
                for made in lead.transactions:
                    self._book(made, lead)

    def close(self, month: date) -> date:
        if len(self.months) > LATE_CLOSE + 1 and month == self.months[LATE_CLOSE]:
            return add_months(month, 1).replace(day=8)
        return add_months(month, 1).replace(day=3)

    def _book(self, made: Transaction, lead: Lead | None) -> None:
        version, before, ever = 0, None, False
        sale_month = self._sale_month(made)
        for export, told in told_in(made, self.exports):
            line = None
            if told:
                self._lines[export] += 1
                line = self._lines[export]
            if told == before:
                continue
            version += 1
            for sign, change, of, cents in _booked(before, told, ever):
                if cents:
                    src = lead.src if lead and of.lead else None
                    entry = Entry(made.number, version, sign, change, of, cents, sale_month, src, export, line)
                    self.entries.append(entry)
            ever = ever or _counts(told)
            before = told
        if before:
            self.newest.append(before)

    def _sale_month(self, made: Transaction) -> date:
        """Parents are made before what is about them."""
        told = made.first
        own = month_of(told.happened.date())
        self._sale_months[made.number] = own if told.event == "sale" else self._sale_months.get(told.parent, own)
        return self._sale_months[made.number]


def _unit(told: Told) -> str:
    return "account" if told.event in ("fee", "credit") else UNITS[told.deal]


def _counts(told: Told | None) -> bool:
    return told is not None and told.cents is not None


def _booked(before: Told | None, now: Told | None, ever: bool) -> Iterator[tuple[str, str, Told, int]]:
    """Sign, change, what is booked, and its cents, where `now` is told after `before`."""

    def attributes(told: Told) -> tuple[object, ...]:
        return _unit(told), told.event, told.partner, told.lead, told.call, told.deal

    counted = before if before and before.cents is not None else None
    counts = now if now and now.cents is not None else None
    if counts and counted and attributes(counts) == attributes(counted):
        yield "+", "price_change", counts, (counts.cents or 0) - (counted.cents or 0)
        return
    if counts:
        yield "+", "reassigned" if counted else "undone" if ever else "first", counts, counts.cents or 0
    if counted:
        yield "-", "reassigned" if counts else "undone", counted, -(counted.cents or 0)


def money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def ledger_row(entry: Entry) -> Row:
    told = entry.told
    account = entry.unit == "account"
    key = "|".join(("boberdoo", str(entry.month), str(entry.month), entry.transaction, str(entry.version), entry.sign))
    return {
        "month": entry.month,
        "entry_id": UUID(md5(key.encode()).hexdigest()),
        "source_system": "boberdoo",
        "transaction_id": entry.transaction,
        "version": entry.version,
        "change": entry.change,
        "business_unit": entry.unit,
        "entry_kind": told.event,
        "amount": money(entry.cents),
        "payout": Decimal(0),
        "happened_at": told.happened,
        "recorded_at": told.happened + timedelta(minutes=1) if entry.line else None,
        "known_on": entry.day,
        "sale_month": entry.sale_month,
        "partner_id": told.partner,
        "campaign_id": None,
        "filter_set_id": None if account else f"F{told.partner}-{told.deal}",
        "src": entry.src,
        "lead_id": told.lead or None,
        "call_id": told.call or None,
        "reason": told.reason or None,
        "file_name": entry.known.name,
        "line": entry.line,
    }
