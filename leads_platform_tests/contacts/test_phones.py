"""The phone standard by worked examples, in SQL and in Python, and how the SQL sits in DuckDB."""

# ruff: noqa: RUF001  # look-alike digits and dashes are the point

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from leads_platform.contacts import phones
from leads_platform.contacts.phones import PhoneParts, install_phones, phone_python

NOTHING_TYPED = PhoneParts(None, None, None, None)

SAME_NUMBER_WRITTEN_DIFFERENTLY = [
    "702-555-0110",
    "(702) 555-0110",
    "+1 702 555 0110",
    "1.702.555.0110",
    "1-702-555-0110",
    "7025550110",
    "17025550110",
    "+17025550110",
    "  702 555 0110  ",
    "(702)555-0110",
    "(+1) 702-555-0110",
    "Tel: 702-555-0110",
    "tel:+1-702-555-0110",
    "011 1 702 555 0110",
    "７０２-５５５-０１１０",  # full-width digits
    "٧٠٢٥٥٥٠١١٠",  # Arabic digits
    "702–555–0110",  # en dashes
    "702-555-0110/x12",  # '/x' starts a second number, which is dropped
]

EXTENSION_STYLES = [
    " ext 5",
    " ext. 5",
    " ext: 5",
    "ext5",
    " extn 5",
    " extn. 5",
    " extension 5",
    " extensión 5",
    ", ext 5",
    " EXT 5",
    " x5",
    " x 5",
    "x5",
    " X5",
    "x.5",
    " #5",
    " # 5",
    "#5",
    " - 5#",
    ";ext=5",
    " int 5",
    " anexo 5",
    " доб. 5",
    ",,5",
    " ~5",
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        install_phones(connection)
        yield connection


def in_sql(con: duckdb.DuckDBPyConnection, raw: str | None, region: str | None = "US") -> PhoneParts:
    """What SQL makes of one phone."""
    [(parts,)] = con.execute("select phone($raw, $region)", {"raw": raw, "region": region}).fetchall()
    return PhoneParts(**parts)


# Worked examples


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("702-555-0110", "US", PhoneParts("7025550110", "+17025550110", True, "US")),
        ("416-555-0110", "US", PhoneParts("4165550110", "+14165550110", True, "CA")),
        ("787 555 0110", "US", PhoneParts("7875550110", "+17875550110", True, "PR")),
        ("800-555-0110", "US", PhoneParts("8005550110", "+18005550110", True, "US")),
        # Placeholders name nobody's line and still tell rows apart.
        ("1234567890", "US", PhoneParts("1234567890", None, False, None)),
        ("999-999-9999", "US", PhoneParts("9999999999", None, False, None)),
        ("0123456789", "US", PhoneParts("0123456789", None, False, None)),
        # An exchange can't start with 0 or 1; area code 555 isn't one.
        ("702-155-0110", "US", PhoneParts("7021550110", None, False, None)),
        ("555-555-0110", "US", PhoneParts("5555550110", None, False, None)),
        # phonenumbers names a region for this invalid Puerto Rican number; we name none.
        ("787-155-0110", "US", PhoneParts("7871550110", None, False, None)),
        # Seven digits: only Canada's 310 numbers are whole.
        ("555-0110", "US", PhoneParts("5550110", None, False, None)),
        ("310-1234", "US", PhoneParts("3101234", "+13101234", True, "CA")),
        # Vanity letters: 3569377 spells FLOWERS.
        ("1-800-FLOWERS", "US", PhoneParts("8003569377", "+18003569377", True, "US")),
        # The seventh digit decides: in Barbados 246-521 goes on with 0, 1, 3, 4, 6, 7 or 9.
        ("246-521-0100", "US", PhoneParts("2465210100", "+12465210100", True, "BB")),
        ("246-521-2100", "US", PhoneParts("2465212100", None, False, None)),
        # Other countries' numbers keep their country code, whoever's home it is.
        ("+44 20 7946 0958", "US", PhoneParts("+442079460958", "+442079460958", True, "GB")),
        ("020 7946 0958", "GB", PhoneParts("2079460958", "+442079460958", True, "GB")),
        ("+1 702 555 0110", "GB", PhoneParts("+17025550110", "+17025550110", True, "US")),
        ("06 1234 5678", "IT", PhoneParts("0612345678", "+390612345678", True, "IT")),  # keeps its zero
        ("+800 1234 5678", "US", PhoneParts("+80012345678", "+80012345678", True, "001")),
        # Unreadable text: its digits from seven on.
        ("see www.example.com", "US", PhoneParts(None, None, False, None)),
        ("7025550110 or 7025550111 or more", "US", PhoneParts("70255501107025550111", None, False, None)),
        ("7" * 251, "US", PhoneParts("7" * 251, None, False, None)),
        # A region nobody knows reads only international numbers.
        ("702-555-0110", "XX", PhoneParts("7025550110", None, False, None)),
        ("+1 702-555-0110", None, PhoneParts("+17025550110", "+17025550110", True, "US")),
        (None, "US", NOTHING_TYPED),
        ("", "US", NOTHING_TYPED),
        ("   ", "US", NOTHING_TYPED),
        ("\t\u00a0\n", "US", NOTHING_TYPED),
    ],
)
def test_worked_example(
    con: duckdb.DuckDBPyConnection, raw: str | None, region: str | None, expected: PhoneParts
) -> None:
    assert phone_python(raw, region) == expected
    assert in_sql(con, raw, region) == expected


def test_one_number_has_one_key_however_it_is_written(con: duckdb.DuckDBPyConnection) -> None:
    expected = PhoneParts("7025550110", "+17025550110", True, "US")
    written = SAME_NUMBER_WRITTEN_DIFFERENTLY + [f"702-555-0110{style}" for style in EXTENSION_STYLES]
    assert {raw: parts for raw in written if (parts := in_sql(con, raw)) != expected} == {}


def test_an_invalid_number_has_one_key_however_it_is_written(con: duckdb.DuckDBPyConnection) -> None:
    written = ["1234567890", "123-456-7890", "(123) 456-7890", "123 456 7890 x1", "+1 123 456 7890"]
    written += ["11234567890", "1-123-456-7890", "1 123 456 7890 x12", "１１２３４５６７８９０"]
    assert {in_sql(con, raw).key for raw in written} == {"1234567890"}


# How it sits in DuckDB


def test_composes_in_a_select_with_filters_and_groups(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        """
        with leads as (
            select * from (values
                (1, '702-555-0110'),
                (2, '+1 (702) 555-0110'),
                (3, '702.555.0110 x7'),
                (4, '999-999-9999'),
                (5, null)
            ) as leads (id, phone)
        ),
        keyed as (
            select
                id,
                phone(phone, 'US') as p
            from leads
        )
        select
            p.key,
            list(id order by id)
        from keyed
        where p.is_valid
        group by p.key
        """
    ).fetchall()
    assert rows == [("7025550110", [1, 2, 3])]


def test_reads_a_number_column(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select phone(7025550110, 'US').e164").fetchall() == [("+17025550110",)]


def test_only_what_sql_leaves_open_reaches_python(con: duckdb.DuckDBPyConnection) -> None:
    """One text with an extension and one that no six digits decide; no nulls, no plain numbers."""
    phones._remembered_struct_text.cache_clear()
    con.execute(
        """
        with typed as (
            select printf('(%d) %03d-%04d', 200 + i % 800, i % 1000, i % 7000) as raw
            from range(20000) as numbers (i)
            where (200 + i % 800, i % 1000) not in ((246, 521), (246, 522), (876, 606))
            union all select unnest(['246-521-1234', '702-555-0110 x5', '702-555-0110 x5', null, ' '])
        )
        select count(phone(raw, 'US').key) from typed
        """
    ).fetchall()
    seen = phones._remembered_struct_text.cache_info()
    assert (seen.misses, seen.hits) == (2, 1)


def test_installing_again_and_on_cursors_and_after_a_rollback() -> None:
    with duckdb.connect() as con:
        install_phones(con)
        install_phones(con)
        cursor = con.cursor()
        install_phones(cursor)
        assert cursor.execute("select phone('7025550110 x5', 'US').key").fetchall() == [("7025550110",)]
        cursor.close()
        con.begin()
        install_phones(con)
        con.rollback()
        install_phones(con)
        assert con.execute("select phone('7025550110 x5', 'US').key").fetchall() == [("7025550110",)]


def test_works_on_a_hardened_connection() -> None:
    with duckdb.connect() as con:
        con.execute("set enable_external_access = false; set lock_configuration = true")
        install_phones(con)
        assert con.execute("select phone('7025550110', 'US').key").fetchall() == [("7025550110",)]
