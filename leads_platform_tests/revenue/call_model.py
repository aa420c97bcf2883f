"""What Invoca's and boberdoo's files of calls are worth as known on a day, from the files alone, in whole cents.

Belongs here: a second opinion, which imports nothing of the platform and books nothing: it looks at each day anew. Does
not: what a test does with it.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

OURS = {"K1": "401"}  # campaigns whose word is Invoca's, with their buyer
THEIRS = {"K2": "402"}
Record = dict[str, str]
Worth = dict[tuple[date, str], tuple[int, int]]


def worth(landing: Path, day: date) -> Worth:
    """By month and buyer, revenue and payout of calls as known on the day; what is nothing is left out."""
    revenue: Counter[tuple[date, str]] = Counter()
    payout: Counter[tuple[date, str]] = Counter()
    since: dict[str, date] = {}  # calls that are Invoca's, with the first month in which they start
    for leg in _counting(landing / "invoca_transactions", day):
        month, campaign = _month(leg), leg["advertiser_campaign_id"]
        key = month, (OURS | THEIRS)[campaign]
        payout[key] += _cents(leg["affiliate_payout_localized"])
        if campaign in OURS:
            revenue[key] += _cents(leg["advertiser_payin_localized"])
            call = leg["complete_call_id"]
            since[call] = min(month, since.get(call, month))
    for month, row in _exported(landing / "boberdoo_transactions", day):
        if not (row["call_id"] in since and since[row["call_id"]] <= month):
            revenue[month, row["partner_id"]] += _cents(row["amount"])
    keys = revenue.keys() | payout.keys()
    return {key: (revenue[key], payout[key]) for key in keys if revenue[key] or payout[key]}


def _counting(folder: Path, day: date) -> list[Record]:
    """The last row of each family of corrections."""
    newest: dict[str, Record] = {}
    first: dict[str, tuple[date, int]] = {}
    for told in sorted(folder.glob("*.csv"), key=_day):
        if _day(told) <= day:
            with told.open(newline="") as stream:
                for line, record in enumerate(csv.DictReader(stream)):
                    first.setdefault(record["transaction_id"], (_day(told), line))
                    newest[record["transaction_id"]] = record
    family = {number: number for number in newest}
    for number, record in newest.items():
        other = record["corrects_transaction_id"] or number
        old, new = family[number], family.setdefault(other, other)
        family = {name: new if group == old else group for name, group in family.items()}
    last: dict[str, Record] = {}
    for number in sorted(newest, key=lambda number: (newest[number]["corrected_at"], first[number])):
        last[family[number]] = newest[number]
    return list(last.values())


def _exported(folder: Path, day: date) -> list[tuple[date, Record]]:
    """The rows of each month's newest export, with the month."""
    newest = {}
    for path in sorted(folder.glob("*.csv"), key=_day):
        if _day(path) <= day:
            newest[path.name.split("_as_of_")[0][-7:]] = path
    found = []
    for month, path in newest.items():
        with path.open(newline="") as stream:
            found += [(date.fromisoformat(f"{month}-01"), record) for record in csv.DictReader(stream)]
    return found


def _day(path: Path) -> date:
    return date.fromisoformat(path.stem[-10:])


def _month(leg: Record) -> date:
    return datetime.fromtimestamp(int(leg["start_time_utc"]) / 1_000, UTC).date().replace(day=1)


def _cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part or 0)
