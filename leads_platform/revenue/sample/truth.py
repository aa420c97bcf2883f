"""What a correct platform finds in the room's sample files: the rows of each fact and report, in cents until the end.

Belongs here: reckoning them from what the market said, in plain Python. Does not: what it said (market), or any SQL.
All rows are those of the end state, all exports having arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any
from uuid import UUID

from leads_platform.months import add_months, month_of
from leads_platform.revenue.sample.call_files import FEED, CallExports
from leads_platform.revenue.sample.call_truth import Booked, CallBooks, call_truth, partner_of
from leads_platform.revenue.sample.calls import Calls, Leg
from leads_platform.revenue.sample.files import LATE_CLOSE, Export, Exports, costs_of, told_in
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
TABLES = {
    "leads": "fct_lead_transactions",
    "cpa_cpt": "fct_cpa_cpt_transactions",
    "warm_transfer": "fct_warm_transfer_transactions",
    "drip": "fct_drip_transactions",
    "lead_call": "fct_lead_call_transactions",
    "cbm": "fct_call_transactions",
    "account": "fct_account_transactions",
}
GROSS, RETURNED = ("sale",), ("refund", "refund_reversal")
ADJUSTED, CONVERSIONS = ("adjustment", "fee", "credit"), ("conversion", "chargeback")


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
    payout: int = 0
    call: Leg | None = None  # Invoca's row that it is booked by

    @property
    def partner(self) -> str | None:
        return self.told.partner or None

    @property
    def month(self) -> date:
        return month_of(self.told.happened.date())

    @property
    def unit(self) -> str:
        return _unit(self.told)

    @property
    def day(self) -> date:
        return self.known.day


def revenue_truth(world: World) -> dict[str, list[Row]]:
    """The rows of each table, by its name, as the world's files give them once all have arrived."""
    books = _Books(world)
    rows = [_row(entry) for entry in books.entries]
    found = {"fct_revenue_entries": rows, **call_truth(books.calls.calls(), books.entries, books.leads)}
    found |= {table: [row for row in rows if row["business_unit"] == unit] for unit, table in TABLES.items()}
    reports = (fct_source_costs, dim_month_closes, rep_revenue_monthly, rep_revenue_cohorts, rep_revenue_booked)
    return found | {report.__name__: list(report(books)) for report in (*reports, rep_revenue_restatement)}


class _Books:
    """The entries of a world, and its months with their closes."""

    def __init__(self, world: World) -> None:
        self.exports = Exports(world)
        self.months = self.exports.months
        self.entries: list[Entry] = []
        self._lines: dict[Export, int] = defaultdict(lambda: 1)
        self._sale_months: dict[str, date] = {}  # by transaction
        market = Market(world)
        for made in market.accounts():
            self._book(made, None)
        calls, legs = Calls(world), []
        self.leads: list[Lead] = []
        for party in parties(world):
            leads = market.of(party)
            self.leads += leads
            if leads:
                legs += calls.of(leads)
            for lead in leads:
                for made in lead.transactions:
                    self._book(made, lead)
        self.calls = CallBooks(legs, CallExports(world))
        self.entries += map(_of_call, self.calls.booked())

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

    def _sale_month(self, made: Transaction) -> date:
        """Parents are made before what is about them."""
        told = made.first
        own = month_of(told.happened.date())
        self._sale_months[made.number] = own if told.event in GROSS else self._sale_months.get(told.parent, own)
        return self._sale_months[made.number]


def _of_call(made: Booked) -> Entry:
    leg, partner = made.leg, partner_of(made.leg)
    told = Told(partner or "", "call", "sale", made.cents, leg.started, call=leg.call)
    export, month = Export(FEED, None, made.day), month_of(leg.started.date())
    return Entry(
        leg.number, made.version, "+", made.change, told, made.cents, month, None, export, made.line, made.payout, leg
    )


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


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _row(entry: Entry) -> Row:
    told = entry.told
    leg, recorded = entry.call, told.happened + timedelta(minutes=1) if entry.line else None
    of_it = ("invoca", leg.family) if leg else ("boberdoo", str(entry.month), entry.transaction)
    key = "|".join((of_it[0], str(entry.month), *of_it[1:], str(entry.version), entry.sign))
    return {
        "month": entry.month,
        "entry_id": UUID(md5(key.encode()).hexdigest()),
        "source_system": of_it[0],
        "transaction_id": entry.transaction,
        "version": entry.version,
        "change": entry.change,
        "business_unit": entry.unit,
        "entry_kind": told.event,
        "amount": _money(entry.cents),
        "payout": _money(entry.payout),
        "happened_at": told.happened,
        "recorded_at": leg.corrected if leg else recorded,
        "known_on": entry.day,
        "sale_month": entry.sale_month,
        "partner_id": entry.partner,
        "campaign_id": leg.campaign if leg else None,
        "filter_set_id": None if leg or entry.unit == "account" else f"F{told.partner}-{told.deal}",
        "src": entry.src,
        "lead_id": told.lead or None,
        "call_id": told.call or None,
        "reason": told.reason or None,
        "file_name": entry.known.name,
        "line": entry.line,
    }


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], Any]) -> dict[Any, list[Entry]]:
    groups: dict[Any, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return groups


def _waterfall(entries: list[Entry]) -> Row:
    def cents(kinds: tuple[str, ...]) -> int:
        return sum(entry.cents for entry in entries if entry.told.event in kinds)

    return {
        "gross_sold": _money(cents(GROSS)),
        "returned": _money(-cents(RETURNED)),
        "adjusted": _money(cents(ADJUSTED)),
        "conversions": _money(cents(CONVERSIONS)),
        "net_sold": _money(sum(entry.cents for entry in entries)),
        "payout": _money(sum(entry.payout for entry in entries)),
    }


def fct_source_costs(books: _Books) -> Iterator[Row]:
    for index, month in enumerate(books.months):
        former: dict[tuple[str, str], int] = {}
        for export in books.exports.costs(month):
            for line, (src, kind, cents) in enumerate(costs_of(export, index), start=2):
                known = former.get((src, kind))
                if cents != known:
                    yield {
                        "month": month,
                        "src": src,
                        "kind": kind,
                        "version": 1 if known is None else 2,
                        "change": "first" if known is None else "price_change",
                        "amount": _money(cents - (known or 0)),
                        "known_on": export.day,
                        "file_name": export.name,
                        "line": line,
                    }
                former[src, kind] = cents


def dim_month_closes(books: _Books) -> Iterator[Row]:
    for month in books.months:
        default = add_months(month, 1).replace(day=3)
        closed = books.close(month)
        yield {"month": month, "closed_on": closed, "by": "default" if closed == default else "closes"}


def rep_revenue_monthly(books: _Books) -> Iterator[Row]:
    for (month, unit, src, partner), entries in _grouped(
        books.entries, lambda e: (e.month, e.unit, e.src, e.partner)
    ).items():
        sums = _waterfall(entries)
        yield {"month": month, "business_unit": unit, "src": src, "partner_id": partner, **sums} | {
            "media_cost": Decimal(0),
            "margin": sums["net_sold"] - sums["payout"],
        }
    for index, month in enumerate(books.months):
        newest = costs_of(books.exports.costs(month)[-1], index)
        for src, cost in ((src, _money(cents)) for src, kind, cents in newest if kind == "media"):
            nothing = {"month": month, "business_unit": None, "src": src, "partner_id": None, **_waterfall([])}
            yield nothing | {"media_cost": cost, "margin": -cost}


def rep_revenue_cohorts(books: _Books) -> Iterator[Row]:
    for month in books.months:
        end = add_months(month, 1)
        known = [entry for entry in books.entries if entry.month <= month and entry.day < end]
        for (sale_month, unit, src, partner), entries in _grouped(
            known, lambda e: (e.sale_month, e.unit, e.src, e.partner)
        ).items():
            sums = _waterfall(entries)
            yield {"month": month, "sale_month": sale_month, "business_unit": unit, "src": src} | {
                "partner_id": partner,
                **sums,
                "margin": sums["net_sold"] - sums["payout"],
            }


def rep_revenue_booked(books: _Books) -> Iterator[Row]:
    def booked(entry: Entry) -> date:
        month = entry.month
        while books.close(month) < entry.day:
            month = add_months(month, 1)
        return month

    for (month, unit, partner), entries in _grouped(books.entries, lambda e: (booked(e), e.unit, e.partner)).items():
        if month in books.months:
            current = sum(entry.cents for entry in entries if entry.month == month)
            all_of_it = sum(entry.cents for entry in entries)
            yield {
                "month": month,
                "business_unit": unit,
                "partner_id": partner,
                "current_period": _money(current),
                "prior_period_adjustment": _money(all_of_it - current),
                "booked": _money(all_of_it),
            }


def rep_revenue_restatement(books: _Books) -> Iterator[Row]:
    def reason(entry: Entry) -> str:
        if entry.change != "first":
            return entry.change
        return "late_sale" if entry.told.event == "sale" else entry.told.event

    for (month, unit, partner), entries in _grouped(books.entries, lambda e: (e.month, e.unit, e.partner)).items():
        late = [entry for entry in entries if entry.day > books.close(month)]
        total = sum(entry.cents for entry in entries)
        reported = total - sum(entry.cents for entry in late)
        for name, changed in (_grouped(late, reason) or {"unchanged": []}).items():
            yield {
                "month": month,
                "business_unit": unit,
                "partner_id": partner,
                "reason": name,
                "amount": _money(sum(entry.cents for entry in changed)),
                "reported": _money(reported),
                "restated": _money(total),
            }
