"""Money as it is written, read by hand: what each shape is worth, and what is no amount."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from leads_platform.values.money import install_money


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        install_money(con)
        yield con


def read(con: duckdb.DuckDBPyConnection, style: str, *written: str | None) -> list[Decimal | None]:
    con.execute("create or replace temp table typed as select unnest($1::varchar[]) as cell", [list(written)])
    return [amount for (amount,) in con.execute(f"select money(cell, '{style}') from typed").fetchall()]


US = {
    "$1,234.50": "1234.50",
    "$1,200.50": "1200.50",
    "1200": "1200",
    "(38.00)": "-38",
    "($1,234.50)": "-1234.50",
    "$(5)": "-5",
    "-$5": "-5",
    "$-5": "-5",
    "38.00-": "-38",
    "$38.00 -": "-38",
    "\u2212 5": "-5",
    "+7": "7",
    "USD 12": "12",
    "12 usd": "12",
    "$12.00 USD": "12",
    "CA$ 5": "5",
    "1,234,567": "1234567",
    "1.234": "1.234",
    ".5": "0.5",
    "5.": "5",
    "5,000.-": "5000",
    "CHF 5.\u2013": "5",
    "5.--": "5",
    "($5.-)": "-5",
    "\u00a0$ 0 \t": "0",
    "12345678901234.5678": "12345678901234.5678",
}
EU = {
    "1.234,50 €": "1234.50",
    "€ 1.234,50": "1234.50",
    "1 234,50": "1234.50",
    "1\u202f234\u202f567,8 EUR": "1234567.8",
    "1.234": "1234",
    "1,234": "1.234",
    "(38,00)": "-38",
    "38,00-": "-38",
    "1.200,- €": "1200",
    "€ 5,-": "5",
    "-5,--": "-5",
    "-5 €": "-5",
    "1200": "1200",
}
# One separator too few, too many or of the other style; two signs; no number; not a currency; more than 14 digits.
NO_US = ["1.234,50", "1,5", "12,34", "1,23,456.00", "1 234", "1.2.3", "--5", "(-5)", "-5-", "(5", "5 %", "1e5"]
NO_US += ["TBD 12", "N/A", "$", "-", "12 apples", "١٢", "123456789012345", "", "  ", None]
# What people and machines put into cells that are to hold an amount.
NO_US += [
    "1,234,56",
    "1,,234",
    "$$5",
    "5 $ 5",
    "1/2",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "\uff11\uff12",
    "( )",
    "()",
    "+",
    ".",
]
NO_US += [
    "1\n2",
    "5\x005",
    "5); drop table x",
    "=1+1",
    "#N/A",
    "5 000 000",
    "1.2-3",
    "9" * 400,
    "USD",
    "- -5",
    "5 USDX",
]
NO_EU = ["1,234.50", "1.5", "1200.50", "1.23", "1.234.56", "1 2345", "1,2,3", "abc €"]


def test_each_shape_is_worth_what_it_says(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, 3: money as text was read as null, so that a deal kept the value of before."""
    assert read(con, "us", *US) == [Decimal(amount) for amount in US.values()]
    assert read(con, "eu", *EU) == [Decimal(amount) for amount in EU.values()]


def test_what_could_be_two_amounts_or_none_is_null(con: duckdb.DuckDBPyConnection) -> None:
    """Found in use, 3: only what can't be read is null; `1,5` is neither 15 nor 1.5 to a US reader."""
    assert read(con, "us", *NO_US) == [None] * len(NO_US)
    assert read(con, "eu", *NO_EU) == [None] * len(NO_EU)


def test_amounts_are_exact_and_finer_ones_are_rounded_half_away_from_zero(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select typeof(money('1', 'us'))").fetchall() == [("DECIMAL(18,4)",)]
    assert read(con, "us", "0.1", "0.00005", "-0.00005", "1.23449") == [
        Decimal("0.1"),
        Decimal("0.0001"),
        Decimal("-0.0001"),
        Decimal("1.2345"),
    ]
    assert sum(filter(None, read(con, "us", *["0.1"] * 10))) == 1


def test_another_style_is_an_error(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="knows the styles us and eu"):
        con.execute("select money('1', 'uk')").fetchall()
