"""What boberdoo's files add up to, reckoned from the files alone, in whole cents and plain Python.

Belongs here: a second opinion, which imports nothing of the platform. Does not: what a test does with it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

_UNITS = {
    "standard": "leads",
    "cpa": "cpa_cpt",
    "cpt": "cpa_cpt",
    "warm_transfer": "warm_transfer",
    "drip": "drip",
    "lead_call": "lead_call",
    "call": "cbm",
}
_ABOUT_A_SALE = ("refund", "refund_reversal", "adjustment", "conversion", "chargeback")
_EVENTS = ("sale", *_ABOUT_A_SALE, "fee", "credit")
Record = dict[str, str]


@dataclass(frozen=True)
class Entry:
    """Cents that became known on a day."""

    month: date
    known_on: date
    unit: str
    partner: str
    src: str | None
    sale_month: date
    reason: str
    cents: int


def ledger(landing: Path) -> list[Entry]:
    """The entries of all transactions in the folder's files."""
    sources = _sources(landing / "boberdoo_leads")
    histories = _histories(landing / "boberdoo_transactions")
    last = {number: next(r for r in reversed(told) if r) for (_, number), (_, told) in histories.items()}
    found = []
    for (_, number), (days, told) in histories.items():
        for month in {_month(record) for record in told if record}:
            states = [record if record and _month(record) == month else None for record in told]
            sale_month = _sale_month(number, month, last)
            found += [
                Entry(month, day, *_unit_and_buyer(record), _src(record, sources, month), sale_month, reason, cents)
                for day, record, reason, cents in _booked(days, states)
            ]
    return found


def _histories(folder: Path) -> dict[tuple[str, str], tuple[list[date], list[Record | None]]]:
    """By export's month and transaction: what each export said of it, by the exports' dates; None: nothing."""
    exports: dict[str, dict[date, dict[str, Record]]] = defaultdict(dict)
    for path in folder.glob("*.csv"):
        named = re.search(r"_(\d{4}-\d{2})_as_of_(\d{4}-\d{2}-\d{2})", path.name)
        assert named
        with path.open(newline="") as stream:
            exports[named[1]][date.fromisoformat(named[2])] = {r["transaction_id"]: r for r in csv.DictReader(stream)}
    found = {}
    for slot, of_days in exports.items():
        days = sorted(of_days)
        for number in {number for records in of_days.values() for number in records}:
            found[slot, number] = (days, [of_days[day].get(number) for day in days])
    return found


def _booked(days: list[date], states: list[Record | None]) -> Iterator[tuple[date, Record, str, int]]:
    """The day, what is booked, why, and its cents."""
    before: Record | None = None
    was: int | None = None
    ever = False
    for day, now in zip(days, states, strict=True):
        worth = _cents(now) if now else None
        if now and before and worth is not None and was is not None and _attributes(now) == _attributes(before):
            if worth != was:
                yield day, now, "price_change", worth - was
        else:
            both = worth is not None and was is not None
            if now and worth is not None:
                first = "late_sale" if now["event"] == "sale" else now["event"]
                yield day, now, "reassigned" if both else "undone" if ever else first, worth
            if before and was is not None:
                yield day, before, "reassigned" if both else "undone", -was
        ever = ever or worth is not None
        before, was = now, worth


def _cents(record: Record) -> int | None:
    """None where it is no revenue."""
    if record["event"] not in _EVENTS or record["currency"] not in ("", "USD") or not _unit_and_buyer(record)[0]:
        return None
    try:
        amount = Decimal(record["amount"].replace("$", "").replace(",", ""))
    except InvalidOperation:
        return None
    cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return -abs(cents) if record["event"] == "refund" else cents


def _unit_and_buyer(record: Record) -> tuple[str, str]:
    unit = "account" if record["event"] in ("fee", "credit") else _UNITS.get(record["deal_type"], "")
    return unit, record["partner_id"]


def _attributes(record: Record) -> tuple[str, ...]:
    unit, partner = _unit_and_buyer(record)
    lead = "" if unit == "account" else record["lead_id"]
    return unit, partner, record["event"], lead, record["call_id"], record["filter_set_id"]


def _sale_month(number: str, own: date, last: dict[str, Record]) -> date:
    """Up the chain of parents, as each was told last, to a sale that came by then."""
    seen: set[str] = set()
    while number not in seen and number in last and _month(last[number]) <= own:
        seen.add(number)
        if last[number]["event"] == "sale":
            return own if len(seen) == 1 else _month(last[number])
        if last[number]["event"] not in _ABOUT_A_SALE:
            break
        number = last[number]["parent_transaction_id"]
    return own


def _sources(folder: Path) -> dict[str, tuple[date, str]]:
    """By lead: its month and source, as its newest record says."""
    found = {}
    for path in sorted(folder.glob("*.csv"), key=lambda path: path.name):
        with path.open(newline="") as stream:
            for record in csv.DictReader(stream):
                found[record["lead_id"]] = date.fromisoformat(record["received_at"][:7] + "-01"), record["src"]
    return found


def _src(record: Record, sources: dict[str, tuple[date, str]], month: date) -> str | None:
    if _unit_and_buyer(record)[0] in ("account", "cbm") or record["lead_id"] not in sources:
        return None
    received, src = sources[record["lead_id"]]
    return src if received <= month else None


def _month(record: Record) -> date:
    return date.fromisoformat(record["occurred_at"][:7] + "-01")


def close(month: date) -> date:
    """Day 3 of the next month."""
    return (month + timedelta(days=31)).replace(day=3)


def totals(entries: list[Entry], *names: str) -> dict[tuple[object, ...], int]:
    """Cents by these fields; what adds up to nothing is left out."""
    found: Counter[tuple[object, ...]] = Counter()
    for entry in entries:
        found[tuple(getattr(entry, name) for name in names)] += entry.cents
    return {key: cents for key, cents in found.items() if cents}
