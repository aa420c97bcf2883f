"""Entries out of versions: what is booked when a source changes its mind, counted by hand."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from leads_platform.revenue.entries import entries

# month, key, version, counts, partner, amount, payout
Version = tuple[str, str, int, bool, str | None, str | None, str]
Entry = tuple[str, int, str, str, str | None, Decimal, Decimal]


def booked(*versions: Version) -> list[Entry]:
    """Key, version, sign, change, partner, amount and payout of each entry, in that order."""
    con = duckdb.connect()
    con.execute(
        "create table told (month date, id varchar, version bigint, counts boolean, partner varchar, "
        "amount decimal(18,4), payout decimal(18,4), known_on date)"
    )
    con.executemany(
        "insert into told select ?, ?, ?, ?, ?, ?::decimal(18,4), ?::decimal(18,4), date '2024-05-01' + ?::int",
        [(*version, version[2]) for version in versions],
    )
    made = entries("select * from told", key=("id",), attributes=("partner",), told=("known_on",))
    return con.execute(
        f"select id, version, sign, change, partner, amount, payout from ({made}) order by all"
    ).fetchall()


def cents(amount: str) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.0001"))


def test_a_first_version_is_its_amount() -> None:
    assert booked(("2024-05-01", "a", 1, True, "301", "38.00", "6.00")) == [
        ("a", 1, "+", "first", "301", cents("38.00"), cents("6.00"))
    ]


def test_a_price_change_is_the_difference() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, "301", "22.00", "6.00"),
        ("2024-05-01", "a", 2, True, "301", "20.00", "6.00"),
        ("2024-05-01", "a", 3, True, "301", "25.50", "5.00"),
    )
    assert [(entry[1], entry[3], *entry[5:]) for entry in found] == [
        (1, "first", cents("22.00"), cents("6.00")),
        (2, "price_change", cents("-2.00"), cents("0.00")),
        (3, "price_change", cents("5.50"), cents("-1.00")),
    ]


def test_what_vanished_comes_back_and_what_reappears_undoes_that() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, "301", "40.00", "0"),
        ("2024-05-01", "a", 2, False, None, None, "0"),
        ("2024-05-01", "a", 3, True, "302", "41.00", "0"),
    )
    assert [entry[1:6] for entry in found] == [
        (1, "+", "first", "301", cents("40.00")),
        (2, "-", "undone", "301", cents("-40.00")),
        (3, "+", "undone", "302", cents("41.00")),
    ]


def test_another_partner_takes_all_back_and_books_all_anew() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, None, "40.00", "1.00"),
        ("2024-05-01", "a", 2, True, "302", "40.00", "1.00"),
    )
    assert [entry[1:] for entry in found] == [
        (1, "+", "first", None, cents("40.00"), cents("1.00")),
        (2, "+", "reassigned", "302", cents("40.00"), cents("1.00")),
        (2, "-", "reassigned", None, cents("-40.00"), cents("-1.00")),
    ]


def test_no_partner_twice_is_the_same_partner() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, None, "40.00", "0"),
        ("2024-05-01", "a", 2, True, None, "41.00", "0"),
    )
    assert [(entry[3], entry[5]) for entry in found] == [("first", cents("40.00")), ("price_change", cents("1.00"))]


def test_what_never_counted_is_no_entry_and_what_counts_later_is_a_first_one() -> None:
    found = booked(
        ("2024-05-01", "a", 1, False, "301", "40.00", "0"),
        ("2024-05-01", "a", 2, True, "301", "40.00", "0"),
        ("2024-05-01", "b", 1, False, "301", "40.00", "0"),
    )
    assert [entry[:6] for entry in found] == [("a", 2, "+", "first", "301", cents("40.00"))]


def test_no_amount_is_no_entry() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, "301", "0.00", "0"),
        ("2024-05-01", "a", 2, True, "302", "0.00", "0"),
        ("2024-05-01", "b", 1, True, "301", "0.00", "2.00"),
        ("2024-05-01", "c", 1, True, "301", "9.00", "0"),
        ("2024-05-01", "c", 2, True, "301", "9.00", "0"),
    )
    assert [(entry[0], entry[1], entry[6]) for entry in found] == [("b", 1, cents("2.00")), ("c", 1, cents("0"))]


def test_months_and_keys_are_reckoned_each_by_itself() -> None:
    found = booked(
        ("2024-05-01", "a", 1, True, "301", "9.00", "0"),
        ("2024-06-01", "a", 1, True, "301", "7.00", "0"),
        ("2024-06-01", "b", 1, True, "301", "5.00", "0"),
    )
    assert sorted((entry[0], entry[3], entry[5]) for entry in found) == [
        ("a", "first", cents("7.00")),
        ("a", "first", cents("9.00")),
        ("b", "first", cents("5.00")),
    ]


def test_an_entry_says_what_is_booked_and_when_that_was_known() -> None:
    con = duckdb.connect()
    con.execute(
        "create table told as select * from (values "
        "(date '2024-05-01', 'a', 1, true, '301', 9.00, 'sold', date '2024-05-03'), "
        "(date '2024-05-01', 'a', 2, false, null, null, null, date '2024-06-20')) "
        "as told(month, id, version, counts, partner, amount, reason, known_on)"
    )
    made = entries(
        "select * from told",
        key=("id",),
        attributes=("partner",),
        described=("reason",),
        told=("known_on",),
        amounts=("amount",),
        changed="correction",
    )
    assert con.execute(f"select amount, reason, known_on::varchar from ({made}) order by known_on").fetchall() == [
        (Decimal("9.00"), "sold", "2024-05-03"),
        (Decimal("-9.00"), "sold", "2024-06-20"),
    ]


def test_a_difference_is_called_as_the_system_calls_it() -> None:
    con = duckdb.connect()
    con.execute(
        "create table told as select date '2024-05-01' as month, 'a' as id, n as version, true as counts, "
        "(42 - 6 * (n - 1))::decimal(18,4) as amount from range(1, 3) as numbers(n)"
    )
    made = entries("select * from told", key=("id",), attributes=(), told=(), amounts=("amount",), changed="correction")
    assert con.execute(f"select change, amount from ({made}) order by version").fetchall() == [
        ("first", cents("42.00")),
        ("correction", cents("-6.00")),
    ]
