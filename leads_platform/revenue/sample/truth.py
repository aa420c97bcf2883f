"""What a correct platform finds in the room's sample files: the rows of each fact and report, in plain Python.

Belongs here: what a report's number means. Does not: the entries (books), or any SQL. All rows are those of the end
state, all exports having arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from leads_platform.months import add_months, month_of
from leads_platform.revenue.sample.books import UNITS, Books, Entry, Row, ledger_row, money
from leads_platform.revenue.sample.call_files import SIGNALS
from leads_platform.revenue.sample.call_truth import call_truth, record_of
from leads_platform.revenue.sample.files import costs_of
from leads_platform.revenue.sample.market import Told
from leads_platform.sample.world import World

TABLES = {
    "leads": "fct_lead_transactions",
    "cpa_cpt": "fct_cpa_cpt_transactions",
    "warm_transfer": "fct_warm_transfer_transactions",
    "drip": "fct_drip_transactions",
    "lead_call": "fct_lead_call_transactions",
    "cbm": "fct_call_transactions",
    "account": "fct_account_transactions",
}
RECORDS = ("boberdoo", "invoca")
GROSS, RETURNED = ("sale",), ("refund", "refund_reversal")
ADJUSTED, CONVERSIONS = ("adjustment", "fee", "credit"), ("conversion", "chargeback")


def revenue_truth(world: World) -> dict[str, list[Row]]:
    """The rows of each table, by its name, as the world's files give them once all have arrived."""
    books = Books(world)
    rows = [ledger_row(entry) for entry in books.entries]
    found = {"fct_revenue_entries": rows, **call_truth(books.calls, books.entries, books.leads)}
    found |= {table: [row for row in rows if row["business_unit"] == unit] for unit, table in TABLES.items()}
    reports = (
        fct_source_costs, dim_month_closes, rep_revenue_monthly, rep_revenue_cohorts, rep_revenue_booked,
        rep_revenue_restatement, rep_returns_development, rep_buyer_statements, rep_revenue_reconciliation,
    )  # fmt: skip
    return found | {report.__name__: list(report(books)) for report in reports}


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], Any]) -> dict[Any, list[Entry]]:
    groups: dict[Any, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return groups


def _waterfall(entries: list[Entry]) -> Row:
    def cents(kinds: tuple[str, ...]) -> int:
        return sum(entry.cents for entry in entries if entry.told.event in kinds)

    return {
        "gross_sold": money(cents(GROSS)),
        "returned": money(-cents(RETURNED)),
        "adjusted": money(cents(ADJUSTED)),
        "conversions": money(cents(CONVERSIONS)),
        "net_sold": money(sum(entry.cents for entry in entries)),
        "payout": money(sum(entry.payout for entry in entries)),
    }


def fct_source_costs(books: Books) -> Iterator[Row]:
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
                        "amount": money(cents - (known or 0)),
                        "known_on": export.day,
                        "file_name": export.name,
                        "line": line,
                    }
                former[src, kind] = cents


def dim_month_closes(books: Books) -> Iterator[Row]:
    for month in books.months:
        default = add_months(month, 1).replace(day=3)
        closed = books.close(month)
        yield {"month": month, "closed_on": closed, "by": "default" if closed == default else "closes"}


def rep_revenue_monthly(books: Books) -> Iterator[Row]:
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
        for src, cost in ((src, money(cents)) for src, kind, cents in newest if kind == "media"):
            nothing = {"month": month, "business_unit": None, "src": src, "partner_id": None, **_waterfall([])}
            yield nothing | {"media_cost": cost, "margin": -cost}


def rep_revenue_cohorts(books: Books) -> Iterator[Row]:
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


def rep_revenue_booked(books: Books) -> Iterator[Row]:
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
                "current_period": money(current),
                "prior_period_adjustment": money(all_of_it - current),
                "booked": money(all_of_it),
            }


def rep_revenue_restatement(books: Books) -> Iterator[Row]:
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
                "amount": money(sum(entry.cents for entry in changed)),
                "reported": money(reported),
                "restated": money(total),
            }


def rep_returns_development(books: Books) -> Iterator[Row]:
    for month in books.months:
        known = [entry for entry in books.entries if entry.month <= month and entry.day < add_months(month, 1)]
        gross: dict[date, int] = defaultdict(int)
        returned: dict[tuple[date, int], int] = defaultdict(int)
        for entry in known:
            gross[entry.sale_month] += entry.cents if entry.told.event in GROSS else 0
            if entry.told.event in RETURNED:
                returned[entry.sale_month, _age(entry.sale_month, entry.month)] -= entry.cents
        ages = range(_age(min(gross), month) + 1)
        rates = [
            Fraction(
                sum(returned[sale, age] for sale in gross if age <= _age(sale, month)),
                sum(cents for sale, cents in gross.items() if age <= _age(sale, month)),
            )
            for age in ages
        ]
        for sale, cents in gross.items():
            lived = _age(sale, month)
            so_far = sum(returned[sale, age] for age in ages)
            expected = int(cents * sum(rates[lived + 1 :], Fraction(0)) + Fraction(1, 2))  # none is negative
            for age in ages:
                there = age <= lived
                yield {
                    "month": month,
                    "sale_month": sale,
                    "age_months": age,
                    "gross_sold": money(cents),
                    "returned": money(returned[sale, age]) if there else None,
                    "returned_share": sum(returned[sale, a] for a in range(age + 1)) / cents if there else None,
                    "return_rate": float(rates[age]),
                    "still_expected": money(expected),
                    "net_after_reserve": money(cents - so_far - expected),
                }


def _age(sale_month: date, month: date) -> int:
    return (month.year - sale_month.year) * 12 + month.month - sale_month.month


def rep_buyer_statements(books: Books) -> Iterator[Row]:
    kinds = {
        "sold": GROSS,
        "returned": RETURNED,
        "adjusted": ("adjustment",),
        "conversions": CONVERSIONS,
        "fees": ("fee",),
        "credits": ("credit",),
    }
    lines: dict[tuple[date, str | None], list[tuple[str, int]]] = defaultdict(list)
    for entry in books.entries:
        lines[entry.month, entry.partner].append((entry.told.event, entry.cents))
    for told in books.newest:
        if told.event == "payment":
            lines[month_of(told.happened.date()), told.partner].append(("payment", _paid(told)))
    for (month, partner), events in lines.items():
        sums = {name: sum(cents for event, cents in events if event in of) for name, of in kinds.items()}
        sums["returned"] *= -1
        yield (
            {"month": month, "partner_id": partner}
            | {name: money(cents) for name, cents in sums.items()}
            | {
                "net": money(sum(cents for event, cents in events if event != "payment")),
                "payments": money(sum(cents for event, cents in events if event == "payment")),
            }
        )


def _paid(told: Told) -> int:
    return int(told.amount.replace(",", "").replace(".", ""))


def rep_revenue_reconciliation(books: Books) -> Iterator[Row]:
    for month in books.months:
        newest = [told for told in books.newest if month_of(told.happened.date()) == month]
        total = money(sum(told.cents for told in newest if told.cents is not None))
        left_out = [told for told in newest if told.cents is None and told.event != "payment"]
        other = sum(told.currency != "USD" for told in left_out)
        unknown = sum(told.deal not in UNITS for told in left_out)
        yield {
            "month": month,
            "source_system": "boberdoo",
            "source_total": total,
            "ledger_total": total,
            "difference": Decimal(0),
            "payments": money(sum(_paid(told) for told in newest if told.event == "payment")),
            "other_currency_rows": other,
            "unreadable_rows": len(left_out) - other - unknown,
            "unknown_rows": unknown,
            "other_record": Decimal(0),
            "rolled_up": Decimal(0),
            "signals": Decimal(0),
            "unmatched": Decimal(0),
        }
        legs = [leg for legs in books.calls.calls().values() for leg in legs if month_of(leg.started.date()) == month]
        counted = {of: sum(leg.payin for leg in legs if leg.adds and record_of(leg) == of) for of in RECORDS}
        nothing = {"payments": Decimal(0), "other_currency_rows": 0, "unreadable_rows": 0, "unknown_rows": 0}
        yield {"month": month, "source_system": "invoca", "difference": Decimal(0), **nothing} | {
            "source_total": money(counted["invoca"]),
            "ledger_total": money(counted["invoca"]),
            "other_record": money(counted["boberdoo"]),
            "rolled_up": Decimal(0),
            "unmatched": Decimal(0),
            "signals": money(SIGNALS * sum(not leg.adds for leg in legs)),
        }
