"""Each blocking check of the room finds an error that was planted, and nothing in what is right; and the warnings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from leads_platform.dictionary import packaged
from leads_platform_tests.rows import bad_rows_of, rows_of

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)
Rows = list[dict[str, Any]]

SETTINGS = {"currency": "USD"}
ENTRY = {
    "entry_id": "00000000-0000-0000-0000-000000000001",
    "source_system": "boberdoo",
    "transaction_id": "T1",
    "version": 1,
    "change": "first",
    "business_unit": "leads",
    "entry_kind": "sale",
    "amount": 38,
    "payout": 0,
    "happened_at": "2024-05-04 10:00:00",
    "known_on": "2024-05-31",
    "sale_month": MAY,
    "partner_id": "301",
}
RECORD = {
    "transaction_id": "T1",
    "partner_id": " 301",
    "deal_type": "Standard",
    "event": "sale",
    "amount": "$38.00",
    "currency": "usd",
    "line": 2,
}
VERSION = {"slot_month": MAY, "transaction_id": "T1", "version": 1, "amount": 38, "is_last_told": True}
COST = {"src": "web", "kind": "media", "version": 1, "change": "first", "amount": 10, "known_on": "2024-05-31"}
SUMS = dict.fromkeys(("gross_sold", "returned", "adjusted", "conversions", "net_sold", "payout", "media_cost"), 0)
CLOSE = {"closed_on": "2024-06-03", "by": "default"}


def wrong(address: str, audit: str, row: dict[str, Any], error: dict[str, Any], **reads: Rows) -> Rows:
    """What the audit finds where the row has the error; it must find nothing where it has none."""
    name = address.split(".")[1]
    assert bad_rows_of(address, audit, MAY, **{name: [row]}, **reads) == []
    return bad_rows_of(address, audit, MAY, **{name: [row | error]}, **reads)


LEDGER = {"base_boberdoo_transactions": [RECORD], "dim_revenue_settings": [SETTINGS]}


@pytest.mark.parametrize(
    ("address", "audit", "row", "error", "reads"),
    [
        ("fct_revenue_entries", "boberdoo_is_in_the_ledger", ENTRY, {"amount": 37.99}, LEDGER),
        ("fct_revenue_entries", "boberdoo_is_in_the_ledger", ENTRY, {"partner_id": "302"}, LEDGER),
        ("fct_revenue_entries", "boberdoo_is_in_the_ledger", ENTRY, {"source_system": "other"}, LEDGER),
        ("fct_revenue_entries", "amounts_are_whole_cents", ENTRY, {"amount": 38.005}, {}),
        ("fct_revenue_entries", "amounts_are_whole_cents", ENTRY, {"payout": 0.0001}, {}),
        ("fct_revenue_entries", "entries_lie_in_their_month", ENTRY, {"happened_at": "2024-06-01 00:00:00"}, {}),
        ("fct_revenue_entries", "accepted_values_business_unit", ENTRY, {"business_unit": "standard"}, {}),
        ("fct_revenue_entries", "accepted_values_entry_kind", ENTRY, {"entry_kind": "payment"}, {}),
        ("fct_revenue_entries", "accepted_values_change", ENTRY, {"change": "late"}, {}),
        (
            "int_boberdoo_entries",
            "transactions_add_up_to_their_newest_version",
            ENTRY,
            {"amount": 40},
            {"stg_boberdoo_transactions": [VERSION]},
        ),
        (
            "int_boberdoo_entries",
            "transactions_add_up_to_their_newest_version",
            ENTRY,
            {"transaction_id": "T2"},
            {"stg_boberdoo_transactions": [VERSION]},
        ),
        (
            "fct_source_costs",
            "costs_are_those_of_the_newest_delivery",
            COST,
            {"amount": 10.01},
            {
                "base_source_costs": [{"src": "web", "kind": "media", "amount": "10.00", "line": 2}],
                "dim_revenue_settings": [SETTINGS],
            },
        ),
        (
            "rep_revenue_monthly",
            "revenue_is_the_ledger_s",
            SUMS | {"business_unit": "leads", "partner_id": "301", "net_sold": 38},
            {"net_sold": 37.99},
            {"fct_revenue_entries": [ENTRY]},
        ),
        (
            "rep_revenue_monthly",
            "costs_are_those_of_media",
            SUMS | {"src": "web", "media_cost": 10},
            {"media_cost": 0},
            {"fct_source_costs": [COST, COST | {"kind": "vendor"}]},
        ),
        (
            "rep_revenue_cohorts",
            "cohorts_are_all_months_so_far",
            {"sale_month": MAY, "business_unit": "leads", "net_sold": 38, "payout": 0},
            {"net_sold": 50},
            {"fct_revenue_entries": [ENTRY, ENTRY | {"amount": 12, "known_on": "2024-06-01"}]},
        ),
        (
            "rep_revenue_booked",
            "books_hold_each_entry_once",
            {"business_unit": "leads", "booked": 38},
            {"booked": 50},
            {
                "fct_revenue_entries": [ENTRY, ENTRY | {"amount": 12, "known_on": "2024-06-04"}],
                "dim_month_closes": [CLOSE],
            },
        ),
        (
            "rep_revenue_restatement",
            "reported_and_reasons_are_restated",
            {"business_unit": "leads", "partner_id": "301", "amount": 0, "reported": 38, "restated": 38},
            {"reported": 37},
            {"fct_revenue_entries": [ENTRY]},
        ),
        (
            "rep_revenue_restatement",
            "reported_and_reasons_are_restated",
            {"business_unit": "leads", "partner_id": "301", "amount": 0, "reported": 38, "restated": 38},
            {"partner_id": "302"},
            {"fct_revenue_entries": [ENTRY]},
        ),
        (
            "int_cohort_returns",
            "cohorts_are_those_of_the_report",
            {"sale_month": MAY, "age_months": 0, "gross_sold": 38, "returned": 5},
            {"returned": None},
            {"rep_revenue_cohorts": [{"sale_month": MAY, "gross_sold": 38, "returned": 5}]},
        ),
        (
            "rep_buyer_statements",
            "statements_are_the_ledger_s",
            {"partner_id": "301", "net": 38},
            {"net": 37.99},
            {"rep_revenue_monthly": [SUMS | {"partner_id": "301", "net_sold": 38}, SUMS | {"src": "web"}]},
        ),
        (
            "rep_revenue_reconciliation",
            "ledger_is_the_source_s",
            {"source_system": "boberdoo", "difference": 0},
            {"difference": -0.01},
            {},
        ),
    ],
)
def test_a_blocking_check_finds_what_is_wrong(
    address: str, audit: str, row: dict[str, Any], error: dict[str, Any], reads: dict[str, Rows]
) -> None:
    assert wrong(f"revenue.{address}", audit, row, error, **reads)


def test_a_month_s_whole_loss_is_found_too() -> None:
    """A report that has no row of the month at all."""
    entries = {"fct_revenue_entries": [ENTRY]}
    for report, audit in (
        ("rep_revenue_cohorts", "cohorts_are_all_months_so_far"),
        ("rep_revenue_restatement", "reported_and_reasons_are_restated"),
        ("rep_revenue_monthly", "revenue_is_the_ledger_s"),
    ):
        assert bad_rows_of(f"revenue.{report}", audit, MAY, **entries), report
    assert bad_rows_of(
        "revenue.rep_revenue_booked", "books_hold_each_entry_once", MAY, **entries, dim_month_closes=[CLOSE]
    )
    assert bad_rows_of("revenue.fct_revenue_entries", "boberdoo_is_in_the_ledger", MAY, **LEDGER)


def test_no_money_is_a_double_in_any_room() -> None:
    """Rates, shares, means and durations may be; of what is called as money is, nothing is a double."""
    money = ("amount", "payout", "revenue", "cost", "margin", "sold", "returned", "adjusted", "conversions", "price")
    money += ("reported", "restated", "booked", "current_period", "prior_period_adjustment", "value", "net", "fees")
    may_be = ("rate", "share", "days", "velocity", "conversion", "weight", "mean_")
    doubles = {
        f"{address}.{column.name}"
        for address, table in packaged().catalogue.tables.items()
        for column in table.columns
        if column.type.lower() in ("double", "float", "real") and any(word in column.name for word in money)
        if not any(word in column.name for word in may_be)
    }
    assert doubles == set()


def slips(audit: str, table: str, **reads: Rows) -> list[int]:
    """The lines that a warning names."""
    return sorted(row["line"] for row in bad_rows_of(f"revenue.{table}", audit, MAY, **reads))


def test_what_a_source_slipped_in_is_told_with_its_line() -> None:
    told = [
        {"line": 2, "event": "refund", "amount": "38.00"},
        {"line": 3, "event": "Refund ", "amount": "-38.00"},
        {"line": 4, "event": "sale", "amount": "12,50", "recorded_at": "yesterday"},
        {"line": 5, "event": "sale", "amount": "38.005"},
    ]
    table = "stg_boberdoo_transactions"
    assert slips("refunds_are_negative", table, base_boberdoo_transactions=told) == [2]
    assert slips("values_are_readable", table, base_boberdoo_transactions=told) == [4]
    versions = [
        {"line": 2, "not_counted": "unknown"},
        {"line": 3, "not_counted": "other_currency", "amount": 9},
        {"line": 4, "not_counted": "unreadable"},
        {"line": 5, "amount": 38.005},
        {"line": 6, "not_counted": "payment", "amount": 500},
        {"line": 7, "amount": 38},
    ]
    mended = [row | {"is_last_told": False, "line": 10 + row["line"]} for row in versions]
    versions = [*(row | {"is_last_told": True} for row in versions), *mended]
    for audit, line in (
        ("events_and_deals_are_known", 2),
        ("currency_is_ours", 3),
        ("amounts_are_given", 4),
        ("amounts_are_whole_cents", 5),
    ):
        assert slips(audit, table, stg_boberdoo_transactions=versions) == [line]


def test_a_refund_of_more_than_its_sale_or_of_none_is_told() -> None:
    told = [
        {"transaction_id": "R1", "entry_kind": "refund", "sale_transaction_id": "T1", "amount": -30, "line": 2},
        {"transaction_id": "R2", "entry_kind": "refund", "sale_transaction_id": "T2", "amount": -40, "line": 3},
        {"transaction_id": "R3", "entry_kind": "refund_reversal", "sale_transaction_id": "T2", "amount": 5, "line": 4},
        {"transaction_id": "R4", "entry_kind": "refund", "amount": -9, "line": 5},
        {"transaction_id": "A1", "entry_kind": "adjustment", "amount": -1, "line": 6},
    ]
    sales = [VERSION | {"transaction_id": given, "entry_kind": "sale", "amount": 35} for given in ("T1", "T2")]
    reads = {"int_boberdoo_parents": told, "stg_boberdoo_transactions": sales}
    assert slips("refunds_are_within_their_sale", "int_boberdoo_parents", **reads) == []
    more = {"transaction_id": "R5", "entry_kind": "refund", "sale_transaction_id": "T1", "amount": -5.01, "line": 7}
    reads["int_boberdoo_parents"] = [*told, more]
    assert slips("refunds_are_within_their_sale", "int_boberdoo_parents", **reads) == [2, 7]
    assert slips("sales_are_known", "int_boberdoo_parents", **reads) == [5]


def test_settings_and_closes_that_say_nothing_are_told() -> None:
    names = [("currency", "EUR"), ("invoca_rollup_since", "soon"), ("colour", "red"), ("invoca_rollup_since", "")]
    told = [{"line": line, "name": name, "value": value} for line, (name, value) in enumerate(names, start=2)]
    assert slips("settings_are_known", "dim_revenue_settings", base_revenue_settings=told) == [3, 4]
    closes = [("2024-05", "2024-06-05"), ("May", "2024-06-05"), ("2024-04-01", "?")]
    lines = [{"line": line, "closed_month": m, "closed_on": day} for line, (m, day) in enumerate(closes, start=2)]
    assert slips("closes_are_readable", "dim_month_closes", base_closes=lines) == [3, 4]
    assert rows_of("revenue.dim_month_closes", MAY, base_closes=lines) == [
        {"month": MAY, "closed_on": date(2024, 6, 5), "by": "closes"}
    ]
    assert rows_of("revenue.dim_month_closes", JUNE, base_closes=lines) == [
        {"month": JUNE, "closed_on": date(2024, 7, 3), "by": "default"}
    ]
    (settings,) = rows_of("revenue.dim_revenue_settings", MAY, base_revenue_settings=told)
    assert (settings["currency"], settings["invoca_rollup_since"]) == ("EUR", None)
    (settings,) = rows_of("revenue.dim_revenue_settings", MAY)
    assert settings["currency"] == "USD"


def test_what_is_no_revenue_is_counted_beside_it_and_a_cent_that_is_missing_shows() -> None:
    told = [
        RECORD,
        RECORD | {"event": "Refund", "amount": "8.00"},
        RECORD | {"event": "payment", "deal_type": None, "amount": "500.00"},
        RECORD | {"currency": "EUR"},
        RECORD | {"event": "fee", "amount": "many"},
        RECORD | {"deal_type": "exclusive"},
        RECORD | {"event": None},
        RECORD | {"deal_type": "call", "call_id": " C1 ", "amount": "7.00"},
    ]
    entries = [ENTRY, ENTRY | {"entry_kind": "refund", "amount": "-8.01"}]
    (row,) = rows_of(
        "revenue.rep_revenue_reconciliation",
        MAY,
        base_boberdoo_transactions=told,
        dim_revenue_settings=[SETTINGS],
        fct_revenue_entries=entries,
        int_call_records=[{"call_id": "C1", "known_on": "2024-05-21", "is_invocas": True}],
    )
    totals, others = ("30.00", "29.99", "-0.01", "500.00"), ("7.00", "0.00", "0.00")
    assert list(row.values())[2:] == [*map(Decimal, totals), 1, 1, 2, *map(Decimal, others), Decimal(0)]


def test_cents_are_rounded_half_away_at_the_entry() -> None:
    versions = [
        VERSION | {"transaction_id": given, "amount": amount, "business_unit": "leads", "entry_kind": "sale"}
        for given, amount in (("T1", "1.005"), ("T2", "-1.005"), ("T3", "0.004"))
    ]
    found = rows_of("revenue.int_boberdoo_entries", MAY, stg_boberdoo_transactions=versions)
    assert {row["transaction_id"]: row["amount"] for row in found} == {"T1": Decimal("1.01"), "T2": Decimal("-1.01")}


def test_a_transaction_of_two_exports_and_a_lead_that_never_came_are_told() -> None:
    told = [
        {"transaction_id": "T1", "file_sha256": "a", "line": 2},
        {"transaction_id": "T2", "file_sha256": "a", "line": 3},
        {"transaction_id": "T1", "file_sha256": "b", "line": 9, "month": date(2024, 4, 1)},
        {"transaction_id": "T2", "file_sha256": "c", "line": 9, "month": JUNE},
    ]
    one = "transactions_stand_in_one_export"
    assert slips(one, "int_boberdoo_parents", base_boberdoo_transactions=told) == [2]
    entries = [ENTRY | {"lead_id": lead, "line": n} for n, lead in enumerate(("L1", "L2", "L3", None), start=2)]
    leads = [{"lead_id": "L1", "month": date(2024, 4, 1)}, {"lead_id": "L2"}, {"lead_id": "L3", "month": JUNE}]
    assert slips("leads_are_known", "int_boberdoo_entries", int_boberdoo_entries=entries, stg_boberdoo_leads=leads) == [
        4
    ]
