"""Corrections of calls, day by day: the worked examples 7.2 and 7.7 and what they leave open, counted by hand."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

from leads_platform_tests.revenue.calls import Row, campaign, gone, leg, same_month_by_month
from leads_platform_tests.rows import worked_out

MONTHS = [date(2024, month, 1) for month in (4, 5, 6, 7)]
MAY, JUNE = MONTHS[1], MONTHS[2]


def booked(*told: Row, settings: Row | None = None, columns: str = "") -> list[tuple[Any, ...]]:
    """Month, day, amount, change and transaction of each entry; the tables are the same built month by month."""
    with worked_out(
        ["revenue.int_invoca_entries"],
        MONTHS[0],
        MONTHS[-1],
        invoca_transactions_versions=told,
        dim_campaigns=[{"month": month, **campaign(name, "invoca")} for month in MONTHS for name in ("K1", "K2")],
        dim_revenue_settings=[{"month": month, "currency": "USD", **(settings or {})} for month in MONTHS],
    ) as ask:
        for name in ("int_invoca_families", "int_invoca_corrections", "int_invoca_legs", "int_invoca_entries"):
            same_month_by_month(f"revenue.{name}", MONTHS, ask)
        return ask(
            f"select month, known_on::varchar, amount, change, transaction_id, {columns} "
            "from revenue.int_invoca_entries order by known_on, month, amount"
        )


def amounts(*told: Row, settings: Row | None = None) -> list[tuple[str, Decimal]]:
    return [(day, amount) for _, day, amount, *_ in booked(*told, settings=settings)]


def usd(amount: str) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.0001"))


FIRST = leg("T1", "2024-05-05", "42.00", start="2024-05-04 15:00:00")
SECOND = leg("T2", "2024-05-10", "36.00", start="2024-05-04 15:00:00", corrects="T1", at="2024-05-10T08:00:00")


def third(corrects: str) -> Row:
    return leg("T3", "2024-06-05", "40.00", start="2024-05-04 15:00:00", corrects=corrects, at="2024-06-05T08:00:00")


def test_7_2_a_chain_and_a_star_of_three_corrections() -> None:
    for corrects in ("T2", "T1"):
        assert booked(FIRST, SECOND, third(corrects)) == [
            (MAY, "2024-05-05", usd("42.00"), "first", "T1"),
            (MAY, "2024-05-10", usd("-6.00"), "correction", "T2"),
            (MAY, "2024-06-05", usd("4.00"), "correction", "T3"),
        ]


def test_7_2_what_never_came_is_corrected_by_a_row_that_counts_as_itself() -> None:
    assert booked(leg("T9", "2024-05-10", "12.00", corrects="T8", at="2024-05-10T08:00:00")) == [
        (MAY, "2024-05-10", usd("12.00"), "first", "T9")
    ]


def test_7_2_two_that_correct_each_other_count_once() -> None:
    circle = (
        leg("T5", "2024-05-10", "31.00", corrects="T6", at="2024-05-10T08:00:00"),
        leg("T6", "2024-05-12", "33.00", corrects="T5", at="2024-05-12T08:00:00"),
    )
    assert booked(*circle) == [
        (MAY, "2024-05-10", usd("31.00"), "first", "T5"),
        (MAY, "2024-05-12", usd("2.00"), "correction", "T6"),
    ]


def test_two_that_correct_one_missing_row_are_one_family() -> None:
    told = (
        leg("T2", "2024-05-10", "36.00", corrects="T1", at="2024-05-10T08:00:00"),
        leg("T3", "2024-05-12", "40.00", corrects="T1", at="2024-05-09T08:00:00"),
    )
    assert amounts(*told) == [("2024-05-10", usd("36.00"))]  # the latest corrected_at, whatever came last
    late = (*told, leg("T1", "2024-05-20", "42.00"))
    assert amounts(*late) == [("2024-05-10", usd("36.00"))]


def test_a_row_in_the_middle_that_comes_last_joins_what_counted_apart() -> None:
    assert booked(
        leg("T1", "2024-05-10", "31.00"),
        leg("T3", "2024-05-11", "33.00", corrects="T2", at="2024-05-11T08:00:00"),
        leg("T2", "2024-05-12", "32.00", corrects="T1", at="2024-05-10T08:00:00"),
    ) == [
        (MAY, "2024-05-10", usd("31.00"), "first", "T1"),
        (MAY, "2024-05-11", usd("33.00"), "first", "T3"),
        (MAY, "2024-05-12", usd("-33.00"), "undone", "T3"),
        (MAY, "2024-05-12", usd("2.00"), "correction", "T3"),
    ]


def test_corrections_of_one_moment_count_in_the_order_of_the_feed() -> None:
    at = "2024-05-10T08:00:00"
    assert amounts(
        leg("T1", "2024-05-05", "42.00"),
        leg("T9", "2024-05-10", "39.00", corrects="T1", at=at, line=3),
        leg("T2", "2024-05-10", "38.00", corrects="T1", at=at, line=4),
        leg("T0", "2024-05-12", "37.00", corrects="T1", at=at, line=2),
    ) == [("2024-05-05", usd("42.00")), ("2024-05-10", usd("-4.00")), ("2024-05-12", usd("-1.00"))]


def test_told_again_later_keeps_its_place_in_the_feed() -> None:
    at = "2024-05-10T08:00:00"
    assert amounts(
        leg("T1", "2024-05-05", "42.00"),
        leg("T2", "2024-05-10", "38.00", corrects="T1", at=at, line=3),
        leg("T3", "2024-05-11", "37.00", corrects="T1", at=at),
        leg("T2", "2024-05-20", "30.00", corrects="T1", at=at, version_number=2),
    ) == [("2024-05-05", usd("42.00")), ("2024-05-10", usd("-4.00")), ("2024-05-11", usd("-1.00"))]


def test_a_link_taken_away_parts_the_family() -> None:
    assert amounts(
        leg("T1", "2024-05-05", "42.00"),
        leg("T2", "2024-05-10", "36.00", corrects="T1", at="2024-05-10T08:00:00"),
        leg("T2", "2024-05-20", "36.00", version_number=2),
    ) == [
        ("2024-05-05", usd("42.00")),
        ("2024-05-10", usd("-6.00")),
        ("2024-05-20", usd("6.00")),
        ("2024-05-20", usd("36.00")),
    ]


def test_what_corrects_itself_counts_once() -> None:
    assert amounts(leg("T1", "2024-05-05", "42.00", corrects="T1")) == [("2024-05-05", usd("42.00"))]


def test_a_correction_into_the_next_month_takes_all_back_and_books_all_anew() -> None:
    assert booked(
        leg("T1", "2024-05-31", "42.00", start="2024-05-31 23:59:00"),
        leg("T2", "2024-06-03", "36.00", start="2024-06-01 00:01:00", corrects="T1", at="2024-06-03T08:00:00"),
    ) == [
        (MAY, "2024-05-31", usd("42.00"), "first", "T1"),
        (MAY, "2024-06-03", usd("-42.00"), "reassigned", "T1"),
        (JUNE, "2024-06-03", usd("36.00"), "reassigned", "T2"),
    ]


def test_a_call_whose_start_is_told_anew_in_another_month_moves_there() -> None:
    assert booked(
        leg("T1", "2024-06-02", "42.00", start="2024-06-01 00:01:00"),
        gone("T1", "2024-06-05", "2024-06-01", 2),
        leg("T1", "2024-06-05", "42.00", start="2024-05-31 23:59:00"),
    ) == [
        (JUNE, "2024-06-02", usd("42.00"), "first", "T1"),
        (MAY, "2024-06-05", usd("42.00"), "reassigned", "T1"),
        (JUNE, "2024-06-05", usd("-42.00"), "reassigned", "T1"),
    ]


def test_a_transaction_told_again_is_corrected_by_the_difference() -> None:
    assert booked(leg("T1", "2024-05-05", "42.00"), leg("T1", "2024-05-09", "41.00", version_number=2)) == [
        (MAY, "2024-05-05", usd("42.00"), "first", "T1"),
        (MAY, "2024-05-09", usd("-1.00"), "correction", "T1"),
    ]


def test_another_campaign_is_reassigned() -> None:
    assert booked(FIRST, leg("T2", "2024-05-10", "42.00", corrects="T1", at="2024-05-10T08:00:00", campaign="K2")) == [
        (MAY, "2024-05-05", usd("42.00"), "first", "T1"),
        (MAY, "2024-05-10", usd("-42.00"), "reassigned", "T1"),
        (MAY, "2024-05-10", usd("42.00"), "reassigned", "T2"),
    ]


def test_7_7_two_legs_add_up_and_so_does_an_event_of_5() -> None:
    legs = leg("T1", "2024-05-05", "30.00"), leg("T2", "2024-05-05", "12.00", line=3)
    assert amounts(*legs) == [("2024-05-05", usd("12.00")), ("2024-05-05", usd("30.00"))]
    event = leg("T2", "2024-05-05", "5.00", type="Post Call Event", line=3)
    assert amounts(FIRST, event) == [("2024-05-05", usd("5.00")), ("2024-05-05", usd("42.00"))]


def test_7_7_an_event_that_repeats_the_total_adds_nothing_where_the_account_rolls_up() -> None:
    told = FIRST, leg("T2", "2024-05-05", "42.00", type="Post Call Event", line=3, start="2024-05-04 15:00:00")
    assert amounts(*told, settings={"invoca_rollup_since": date(2024, 5, 4)}) == [("2024-05-05", usd("42.00"))]
    assert sum(amount for _, amount in amounts(*told, settings={"invoca_rollup_since": date(2024, 5, 5)})) == 84
    assert sum(amount for _, amount in amounts(*told)) == 84


def test_signals_only_inform() -> None:
    signal = leg("T2", "2024-05-05", "9.00", type="Signal", revenue="100.00", payout="3.00", line=3)
    assert amounts(FIRST, signal, leg("T4", "2024-05-05", "7.00", type="Voicemail", line=4)) == [
        ("2024-05-05", usd("42.00"))
    ]
    assert amounts(FIRST, leg("T2", "2024-05-06", "9.00", type="Reported Conversion", line=3)) == [
        ("2024-05-05", usd("42.00")),
        ("2024-05-06", usd("9.00")),
    ]


def test_each_day_counts_what_was_known_on_it() -> None:
    """Random families, also over the month's edge, against a reckoning in Python that takes each day by itself."""
    chance = random.Random(15)
    told = {f"C{number}": family(f"C{number}", chance) for number in range(60)}
    found = booked(*(row for rows in told.values() for row in rows), columns="call_id")
    for call, rows in told.items():
        for day in (date(2024, 6, day) for day in range(1, 10)):
            by_month = {
                month: sum((e[2] for e in found if e[5] == call and e[0] == month and e[1] <= f"{day}"), Decimal())
                for month in (MAY, JUNE)
            }
            assert by_month == counting([row for row in rows if str(row["known_on"]) <= f"{day}"]), f"{call}, {day}"


def family(call: str, chance: random.Random) -> list[Row]:
    """Six transactions of a call, of which most correct another one, themselves, or one that never comes."""
    names = [f"{call}-{number}" for number in range(6)]
    rows = []
    for number, name in enumerate(names):
        linked = {"corrects": chance.choice([*names, f"{call}-missing"])} if chance.random() < 0.7 else {}
        at = {"at": f"2024-06-{chance.randint(1, 4):02}T08:00:00"} if linked else {}
        start = chance.choice(["2024-05-31 23:59:00", "2024-06-01 00:01:00"])
        day = f"2024-06-{chance.randint(1, 9):02}"
        rows.append(leg(name, day, f"{10 + number}.00", call=call, start=start, line=number, **linked, **at))
    return rows


def counting(known: list[Row]) -> dict[date, Decimal]:
    """By month, the amounts of the last of each family among these rows."""
    family = {str(row["transaction_id"]): str(row["transaction_id"]) for row in known}
    for row in known:
        one, other = str(row["transaction_id"]), str(row.get("corrects_transaction_id", row["transaction_id"]))
        old, new = family[one], family.setdefault(other, other)
        family = {name: new if group == old else group for name, group in family.items()}
    last: dict[str, Row] = {}
    for row in sorted(known, key=lambda row: (str(row.get("corrected_at", "")), row["known_on"], row["line"])):
        last[family[str(row["transaction_id"])]] = row
    totals = {MAY: Decimal(), JUNE: Decimal()}
    for row in last.values():
        totals[row["month"]] += Decimal(str(row["advertiser_payin_localized"]))  # type: ignore[index]
    return totals
