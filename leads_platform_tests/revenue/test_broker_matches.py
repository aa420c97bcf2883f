"""Brokers' rows and the sales that they are about, day by day: a few versions in, matches and entries out, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from leads_platform_tests.helpers import Ask
from leads_platform_tests.revenue.brokers import SINGLE, ZENITH, write
from leads_platform_tests.rows import contracts_of, worked_out

MARCH, MAY, JUNE, JULY = date(2024, 3, 1), date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
PHONE = "7025550101"
Row = dict[str, Any]


def month_of(day: str) -> date:
    return date.fromisoformat(day[:10]).replace(day=1)


def sale(given: str, at: str, known: str, partner: str = "318", **more: Any) -> Row:
    """A version of boberdoo's: unless it is said otherwise the first, a sale of the lead `L-<id>`."""
    row = {"month": month_of(at), "slot_month": month_of(at), "transaction_id": given, "version": 1}
    row |= {"entry_kind": "sale", "business_unit": "cpa_cpt", "partner_id": partner, "lead_id": f"L-{given}"}
    return row | {"amount": "0.01", "happened_at": at, "known_on": known, "is_last_told": True} | more


def lead(given: str, known: str = "2024-04-01", phone: str = PHONE) -> Row:
    return {"month": MAY, "lead_id": given, "version": 1, "is_newest": True, "phone_key": phone, "known_on": known}


def row(reference: str, on: str, known: str, paid: str | None = "145.00", number: int = 1, **more: Any) -> Row:
    """A version of a row of the broker's sales, which has the phone unless it is said otherwise."""
    place = {"month": month_of(on), "known_on": known, "file_name": f"{known}.csv", "line": 2, "version_number": number}
    return place | {"record_local_at": on, "ref": reference, "sold": on, "paid": paid, "phone": PHONE} | more


def note(given: str, reference: str | None, outcome: str, on: str, known: str, **more: Any) -> Row:
    place = {"month": month_of(on), "known_on": known, "file_name": f"{known}.csv", "line": 2, "version_number": 1}
    return place | {"record_local_at": on, "note": given, "ref": reference, "outcome": outcome, "since": on} | more


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("brokers")
    write(folder, ZENITH, many(ZENITH, "apex"), SINGLE)
    write(
        folder,
        SINGLE.replace("broker: single", "broker: close")
        .replace("match:", "pick: nearest\nmatch:")
        .replace("[330]", "[340]"),
    )
    return folder


def many(text: str, name: str) -> str:
    """Another broker like this one, of partner 320, any number of whose rows may be about one sale."""
    text = text.replace("broker: zenith", f"broker: {name}").replace("[318]", "[320]")
    return text.replace("price:", "conversions_per_sale: many\nprice:")


@contextmanager
def matched(
    data: Path, sales: list[Row], leads: list[Row], last: date = JULY, also: tuple[str, ...] = (), **told: list[Row]
) -> Iterator[Ask]:
    settings = [{"month": month, "currency": "USD"} for month in (MARCH, MAY, JUNE, JULY)]
    given = {"stg_boberdoo_transactions": sales, "stg_boberdoo_leads": leads, "dim_revenue_settings": settings}
    wanted = [f"revenue.{table}" for table in ("int_broker_matches", "int_broker_entries", *also)]
    with contracts_of(data), worked_out(wanted, MARCH, last, **given, **told) as ask:
        yield ask


MATCHES = """
    select reference, sale_transaction_id, candidates, reason from revenue.int_broker_matches order by broker, reference
"""
ENTRIES = """
    select known_on::varchar, transaction_id, change, amount::double from revenue.int_broker_entries
    order by known_on, transaction_id, amount
"""

# 7.5: A and B were sold to this broker, C to another.
SALES_OF_7_5 = [
    sale("A", "2024-05-04 10:00:00", "2024-05-31"),
    sale("B", "2024-06-01 10:00:00", "2024-06-02"),
    sale("C", "2024-06-05 10:00:00", "2024-06-06", partner="999"),
]
LEADS_OF_7_5 = [lead("L-A"), lead("L-B"), lead("L-C")]
ROWS_OF_7_5 = {"Z-77": "2024-06-10", "Z-78": "2024-06-12", "Z-79": "2024-06-19"}


@pytest.mark.parametrize("days", [*permutations(("2024-06-20", "2024-06-21", "2024-06-22"))])
def test_7_5_a_row_by_phone_with_two_candidates_in_any_order_of_files(data: Path, days: tuple[str, ...]) -> None:
    told = [row(name, on, known) for (name, on), known in zip(ROWS_OF_7_5.items(), days, strict=True)]
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, broker_sales_zenith_versions=told) as ask:
        assert ask(MATCHES) == [
            ("Z-77", "B", 2, None),
            ("Z-78", None, 2, "sale_already_converted"),  # it chooses B again, and no other
            ("Z-79", None, 1, "sale_already_converted"),  # A is 46 days old
        ]
        assert ask("select candidate_ids from revenue.int_broker_matches where reference = 'Z-78'") == [(["A", "B"],)]
        assert ask("select month, sum(amount)::double from revenue.int_broker_entries group by month") == [(JUNE, 145)]


def test_7_5_with_many_all_of_the_broker_s_rows_are_taken(data: Path) -> None:
    told = [row(name, on, "2024-06-20") for name, on in ROWS_OF_7_5.items()]
    sales = [each | ({"partner_id": "320"} if each["partner_id"] == "318" else {}) for each in SALES_OF_7_5]
    with matched(data, sales, LEADS_OF_7_5, broker_sales_apex_versions=told) as ask:
        assert [(name, found, reason) for name, found, _, reason in ask(MATCHES)] == [
            (name, "B", None) for name in ROWS_OF_7_5
        ]


def test_a_claim_lost_to_an_earlier_one_that_came_later_is_taken_back_on_that_day(data: Path) -> None:
    told = [row("Z-78", "2024-06-12", "2024-06-13"), row("Z-77", "2024-06-10", "2024-06-25", paid="99.00")]
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, broker_sales_zenith_versions=told) as ask:
        assert ask(ENTRIES) == [
            ("2024-06-13", "Z-78", "first", 145),
            ("2024-06-25", "Z-77", "first", 99),
            ("2024-06-25", "Z-78", "reassigned", -145),
        ]


def test_a_sale_told_later_is_matched_then_and_one_undone_takes_its_conversion_back(data: Path) -> None:
    """By the lead's id: B is told on 06-20, after the row; undone on 06-25; A, which the phone finds, is next."""
    gone = sale("B", "2024-06-01 10:00:00", "2024-06-25", version=2, not_counted="gone", entry_kind=None, lead_id=None)
    sales = [SALES_OF_7_5[0], sale("B", "2024-06-01 10:00:00", "2024-06-20"), gone]
    by_id = row("Z-77", "2024-06-10", "2024-06-11", lead="L-B", phone=None)
    by_phone = row("Z-90", "2024-06-11", "2024-06-12", paid="10.00")
    with matched(data, sales, LEADS_OF_7_5, broker_sales_zenith_versions=[by_id, by_phone]) as ask:
        assert ask(ENTRIES) == [
            ("2024-06-12", "Z-90", "first", 10),  # A: the only one known
            ("2024-06-20", "Z-77", "first", 145),
            ("2024-06-20", "Z-90", "reassigned", -10),  # B is nearer, and Z-77's
            ("2024-06-25", "Z-77", "undone", -145),
            ("2024-06-25", "Z-90", "undone", 10),  # A again
        ]
        assert ask(MATCHES) == [("Z-77", None, 0, "no_candidate"), ("Z-90", "A", 1, None)]


@pytest.mark.parametrize(
    ("on", "sale_id"),
    [("2024-05-20", "A"), ("2024-05-21", "B"), ("2024-05-31", "B"), ("2024-03-19", "none"), ("2024-03-20", "A")],
)
def test_nearest_alone_looks_ahead_also_into_the_next_months(data: Path, on: str, sale_id: str) -> None:
    """A of 05-04 is 16 days before 05-20, B of 06-06 17 after it, with a lead of June; A is 46 days after 03-19."""
    sales = [
        sale("A", "2024-05-04 10:00:00", "2024-05-31", partner="340"),
        sale("B", "2024-06-06 10:00:00", "2024-06-07", partner="340"),
    ]
    leads = [lead("L-A"), lead("L-B") | {"month": JUNE}]
    told = [row("N1", on, "2024-07-01")]
    with matched(data, sales, leads, broker_sales_close_versions=told) as ask:
        ((_, found, *_),) = ask(MATCHES)
        assert (found or "none") == sale_id


def test_each_reason_for_no_sale(data: Path) -> None:
    sales = [sale("A", "2024-05-04 10:00:00", "2024-05-31"), sale("C", "2024-06-05 10:00:00", "2024-06-06", "999")]
    leads = [lead("L-A"), lead("L-C", phone="7025550102")]
    told = [
        row("1", "2024-06-18", "2024-06-30", phone="(702) 555-0101"),  # 45 days after A
        row("2", "2024-06-19", "2024-06-30"),
        row("3", "2024-06-19", "2024-06-30", phone="7025550102"),
        row("4", "2024-06-19", "2024-06-30", phone="7025550103"),
        row("5", "2024-06-19", "2024-06-30", phone=None),
        row("6", "2024-05-03", "2024-06-30", lead="L-A"),  # before the sale
    ]
    with matched(data, sales, leads, broker_sales_zenith_versions=told) as ask:
        assert ask(MATCHES) == [
            ("1", "A", 1, None),
            ("2", None, 0, "outside_window"),
            ("3", None, 0, "sold_to_another"),
            ("4", None, 0, "no_candidate"),
            ("5", None, 0, "no_key"),
            ("6", None, 0, "outside_window"),
        ]


def test_a_row_changed_moved_and_gone(data: Path) -> None:
    """145.00, then 150.00, then sold in July: back in June on that day, and booked anew."""
    told = [
        row("Z-77", "2024-06-10", "2024-06-11"),
        row("Z-77", "2024-06-10", "2024-06-20", paid="150.00", number=2),
        row("Z-77", "2024-06-10", "2024-07-20", number=3, is_gone=True, paid=None, phone=None),
        row("Z-77", "2024-07-02", "2024-07-20", paid="150.00"),
    ]
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, broker_sales_zenith_versions=told) as ask:
        found = ask(
            "select month, known_on::varchar, change, amount::double from revenue.int_broker_entries "
            "order by known_on, month"
        )
        assert found == [
            (JUNE, "2024-06-11", "first", 145),
            (JUNE, "2024-06-20", "price_change", 5),
            (JUNE, "2024-07-20", "undone", -150),
            (JULY, "2024-07-20", "first", 150),
        ]


def conversion(given: str, at: str, known: str, amount: str, **more: Any) -> Row:
    """boberdoo's own conversion of a sale, with what it is about."""
    return sale(given, at, known, entry_kind="conversion", amount=amount, **more)


@pytest.mark.parametrize(
    ("on", "lost", "reason"),
    [("2024-06-09 09:00:00", 0, "sale_already_converted"), ("2024-06-11 09:00:00", -99, None)],
)
def test_a_sale_converts_once_over_boberdoo_and_brokers(data: Path, on: str, lost: int, reason: str | None) -> None:
    """The earlier counts: boberdoo's of 06-09 before the broker's of 06-10, that before boberdoo's of 06-11."""
    sales = [*SALES_OF_7_5, conversion("K", on, "2024-06-15", "99.00", lead_id="L-B")]
    parents = {"month": JUNE, "slot_month": JUNE, "transaction_id": "K", "entry_kind": "conversion"}
    parents |= {"sale_transaction_id": "B", "sale_month": JUNE}
    told = [row("Z-77", "2024-06-10", "2024-06-12")]
    with matched(data, sales, LEADS_OF_7_5, broker_sales_zenith_versions=told, int_boberdoo_parents=[parents]) as ask:
        assert [found[3] for found in ask(MATCHES)] == [reason]
        own = "select source_system, sum(amount)::double from revenue.int_broker_entries group by 1 order by 1"
        assert ask(own) == ([("boberdoo", lost), ("zenith", 145)] if lost else [("zenith", 0)])


def test_a_chargeback_counts_once_and_the_sale_may_convert_again(data: Path) -> None:
    """Z-77 is cancelled on 07-01, told twice; Z-78 sold before that and waits in vain, Z-90 sold after has the sale."""
    rows = [row(name, on, "2024-07-05") for name, on in {**ROWS_OF_7_5, "Z-90": "2024-07-03"}.items()]
    told = [
        note("n1", "Z-77", "Cancelled", "2024-07-01", "2024-07-06"),
        note("n2", "Z-77", "cancelled ", "2024-07-02", "2024-07-07"),
        note("n3", "Z-78", "Cancelled", "2024-07-02", "2024-07-08", phone=PHONE),  # not of another row's conversion
    ]
    reads: dict[str, Any] = {"broker_sales_zenith_versions": rows, "broker_dispositions_zenith_versions": told}
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, **reads) as ask:
        assert [(name, found) for name, found, *_ in ask(MATCHES)] == [
            ("Z-77", "B"),
            ("Z-78", None),
            ("Z-79", None),
            ("Z-90", "B"),
        ]
        assert ask("select month, known_on::varchar, transaction_id, entry_kind, amount::double "
                   "from revenue.int_broker_entries order by known_on, transaction_id") == [
            (JUNE, "2024-07-05", "Z-77", "conversion", 145),
            (JULY, "2024-07-06", "Z-77", "chargeback", -145),
            (JULY, "2024-07-06", "Z-90", "conversion", 145),
        ]  # fmt: skip


def test_a_chargeback_without_a_reference_is_of_the_sale_that_it_finds(data: Path) -> None:
    told = [note("n1", None, "Cancelled", "2024-06-15", "2024-06-16", phone="702 555 0101")]
    rows = [row("Z-77", "2024-06-10", "2024-06-11")]
    reads: dict[str, Any] = {"broker_sales_zenith_versions": rows, "broker_dispositions_zenith_versions": told}
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, **reads) as ask:
        assert ask(
            "select known_on::varchar, entry_kind, amount::double from revenue.int_broker_entries order by 1"
        ) == [
            ("2024-06-11", "conversion", 145),
            ("2024-06-16", "chargeback", -145),
        ]


def test_a_range_gives_what_its_months_by_themselves_give(data: Path) -> None:
    """Two months' rows contend for B; what July's rows and statuses say can't change June's."""
    rows = [row("Z-77", "2024-06-10", "2024-07-12"), row("Z-90", "2024-07-03", "2024-07-05")]
    told = [note("n1", "Z-77", "Cancelled", "2024-07-01", "2024-07-20")]
    reads: dict[str, Any] = {"broker_sales_zenith_versions": rows, "broker_dispositions_zenith_versions": told}
    every = "select * from revenue.int_broker_claims where month = '2024-06-01' order by all"
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, **reads) as ask:
        together = ask(every)
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, last=JUNE, **reads) as ask:
        assert ask(every) == together
    assert len(together) == 1


DISPOSITIONS = ("fct_dispositions", "dim_lead_dispositions", "rep_broker_performance", "rep_unmatched_broker_rows")


def test_dispositions_follow_their_row_or_else_the_rules(data: Path) -> None:
    """Z-77 has B; Z-78 lost it. n1 follows Z-77 without a window; n2 finds B by phone; n3 has a word of its own."""
    rows = [row("Z-77", "2024-06-10", "2024-06-11"), row("Z-78", "2024-06-12", "2024-06-13", paid="99.00")]
    told = [
        note("n1", "Z-77", "Bound", "2024-07-31", "2024-07-31"),
        note("n2", "Z-78", "No Answer", "2024-06-20", "2024-07-02", phone=PHONE),
        note("n3", None, "Cancelled", "2024-06-30", "2024-07-03", phone="702-555-0109"),
    ]
    reads: dict[str, Any] = {"broker_sales_zenith_versions": rows, "broker_dispositions_zenith_versions": told}
    with matched(data, SALES_OF_7_5, LEADS_OF_7_5, also=DISPOSITIONS, **reads) as ask:
        found = ask("""
            select month, disposition_id, status, raw_status, rule, sale_transaction_id, lead_id, reason
            from revenue.fct_dispositions order by disposition_id
        """)
        assert found == [
            (JULY, "n1", "sold", "Bound", "reference", "B", "L-B", None),
            (JUNE, "n2", None, "No Answer", "phone", "B", "L-B", None),
            (JUNE, "n3", "cancelled", "Cancelled", None, None, None, "no_candidate"),
        ]
        newest = "select month, lead_id, broker, raw_status from revenue.dim_lead_dispositions order by month"
        assert ask(newest) == [(JUNE, "L-B", "zenith", "No Answer"), (JULY, "L-B", "zenith", "Bound")]
        waits = (
            "select month, reference, age_days, amount::double, reason from revenue.rep_unmatched_broker_rows "
            "order by month"
        )
        lost = "sale_already_converted"
        assert ask(waits) == [(JUNE, "Z-78", 17, 99, lost), (JULY, "Z-78", 48, 99, lost)]
        figures = """
            select month, sales, rows, matched, conversion_rate, unmatched_amount::double, net_conversions::double,
                dispositions
            from revenue.rep_broker_performance where broker = 'zenith' and month >= '2024-05-01' order by month
        """
        assert ask(figures) == [
            (MAY, 1, 0, 0, 0.0, 0, 0, 0),
            (JUNE, 1, 2, 1, 1.0, 99, 145, 2),
            (JULY, 0, 0, 0, None, 0, 0, 1),
        ]


def test_a_status_in_the_file_of_sales_is_a_disposition_and_may_take_the_conversion_back(data: Path) -> None:
    """Of a broker with one file: bound in June, told as cancelled in July, and reinstated after all."""
    rows = [
        row("A1", "2024-06-10", "2024-06-11", state="Bound", since="2024-06-10"),
        row("A1", "2024-06-10", "2024-07-05", number=2, state="Cancelled", since="2024-07-03"),
        row("A1", "2024-06-10", "2024-07-20", number=3, state="Bound", since="2024-07-19"),
    ]
    sales = [sale("S", "2024-06-01 10:00:00", "2024-06-02", partner="330")]
    reads: dict[str, Any] = {"broker_sales_single_versions": rows}
    with matched(data, sales, [lead("L-S")], also=DISPOSITIONS, **reads) as ask:
        entries = "select month, known_on::varchar, entry_kind, change, amount::double from revenue.int_broker_entries "
        assert ask(entries + "order by known_on") == [
            (JUNE, "2024-06-11", "conversion", "first", 145),
            (JULY, "2024-07-05", "chargeback", "first", -145),
            (JULY, "2024-07-20", "chargeback", "undone", 145),
        ]
        told = "select month, disposition_id, status, rule, sale_transaction_id from revenue.fct_dispositions"
        assert ask(told) == [(JULY, "sale A1", "sold", "reference", "S")]
