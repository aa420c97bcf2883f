"""SQL says of hostile text, and of every prefix of North America, exactly what phonenumbers says."""

# ruff: noqa: RUF001  # look-alike digits and dashes are the point

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from itertools import chain

import duckdb
import phonenumbers
import pytest

from leads_platform.contacts import phones
from leads_platform.contacts.phones import PhoneParts, install_phones, phone_python

Typed = tuple[str, str | None]  # what somebody typed, and where

# fmt: off
SEPARATORS = ["", "", "", "-", "-", " ", ".", "/", " - ", "--", ") ", "(", "*", ",", ";", "+", "\t", "\n"]
EXOTIC = [
    "\u00a0", "\u200b", "\u2060", "\ufeff", "–", "—", "－", "（", "）", "～", "·", "\x00", "²", "Ⅷ", "①", "५",
    "٣", "۷", "９", "é", "ß", "İ", "ﬁ", "😀", "x", "X", "#", "ext", "'", '"', "\\", "{", "}",
]
BEFORE = [
    "", "", "", "", "", "1", "1-", "+1", "+1 ", "+ 1", "＋1", "001", "011", "0111", "0", "00", "(", "tel:",
    "Tel. ", "+44 ", "+39 0", "+52 1 ", "+800", "+7", "+", "++1", "#", "*67", "N/A ", "1+", "(1)", "(+1)",
]
AFTER = [
    "", "", "", "", " ", ".", ")", "-", "/x12", " / 7025550111", " or 702-555-0111", " (cell)", " home", "\n",
    "x", "#", ";phone-context=+1", ";phone-context=example.com", ";phone-context=", ";isub=12", ";ext=",
    ",,,", " " * 300, "9" * 15, "0",
]
EXTENSIONS = [
    " ext 5", " ext. 5", "ext5", " extn. 12", " extension 5", " extensión 5", ", ext 5", " x5", "x 5", " X5",
    "x.5", " #5", "#5", " - 5#", ";ext=5", " int 5", " anexo 5", " доб. 5", ",,5", " ~5", " EXT: 123456789",
]
AREA_CODES = [
    "702", "702", "212", "416", "787", "246", "876", "800", "900", "310", "264", "523", "600", "555", "999",
]
# fmt: on
DIGIT_ALPHABETS = ["0123456789"] * 12 + ["０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९"]
REGIONS = ["US"] * 12 + ["CA", "PR", "BB", "AG", "DO", "GB", "IT", "MX", "AR", "DE", "XX", "us", "001", None]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        install_phones(connection)
        yield connection


def in_sql(con: duckdb.DuckDBPyConnection, typed: Iterable[Typed]) -> list[PhoneParts]:
    """What SQL makes of each (raw, region), in order."""
    raws, regions = zip(*typed, strict=True)
    rows = con.execute(
        """
        with typed as (
            select
                unnest($raws::varchar[]) as raw,
                unnest($regions::varchar[]) as region,
                unnest(range(len($raws))) as position
        ),
        parsed as (
            select
                position,
                phone(raw, region) as p
            from typed
        )
        select
            p.key,
            p.e164,
            p.is_valid,
            p.region
        from parsed
        order by position
        """,
        {"raws": list(raws), "regions": list(regions)},
    ).fetchall()
    return [PhoneParts(*row) for row in rows]


def by_phonenumbers(raw: str, region: str | None) -> PhoneParts:
    """The standard told once more, from phonenumbers' public functions alone."""
    nanp = set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
    if raw.strip() == "":
        return PhoneParts(None, None, None, None)
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        digits = "".join(c for c in raw if c in "0123456789")
        if len(digits) == 11 and digits[0] == "1" and region in nanp:
            digits = digits[1:]
        return PhoneParts(digits if len(digits) >= 7 else None, None, False, None)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert number.country_code is not None
    at_home = region in set(phonenumbers.region_codes_for_country_code(number.country_code)) - {"001"}
    key = e164.removeprefix(f"+{number.country_code}") if at_home else e164
    typed = "".join(str(int(c)) for c in raw if c.isdecimal())
    if at_home and len(key) == 9 and typed == "11" + key + (number.extension or ""):
        key = typed[1:11]  # our one correction: '1-123-456-7890' keeps its second 1
    if not phonenumbers.is_valid_number(number):
        return PhoneParts(key, None, False, None)
    return PhoneParts(key, e164, True, phonenumbers.region_code_for_number(number))


def hostile_texts(count: int, seed: int) -> Iterator[Typed]:
    """Phones as nobody should type them, of every kind docs/hazards.md names, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        kind = chance.random()
        if kind < 0.04:
            length = chance.choice([0, 1, 3, 8, 20, 249, 250, 251, 400])
            letters = "0123456789+-() .x#A" + "".join(EXOTIC)
            text = "".join(chance.choice(letters) for _ in range(length))
        else:
            length = chance.choice([10] * 12 + [2, 3, 6, 7, 7, 8, 9, 11, 12, 15, 17])
            digits = [str(chance.randrange(10)) for _ in range(length)]
            if chance.random() < 0.8:
                digits[:3] = chance.choice(AREA_CODES)
            if chance.random() < 0.03:
                digits[-4:] = "FLOW"
            glue = chance.choice([SEPARATORS, ["", "-"], ["", " ", "(", ")", ".", "-"], [""], [""], [""]])
            text = "".join(chain.from_iterable((digit, chance.choice(glue)) for digit in digits))
            text = text.translate(str.maketrans("0123456789", chance.choice(DIGIT_ALPHABETS)))
            after = chance.choice(chance.choice([AFTER, EXTENSIONS, [""]]))
            text = chance.choice(chance.choice([BEFORE, [""]])) + text + after
        while text and chance.random() < 0.1:
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(EXOTIC) + text[at + chance.choice([0, 1]) :]
        yield text, chance.choice(REGIONS)


def plain_texts(count: int, seed: int) -> Iterator[Typed]:
    """Storms of the punctuation that SQL itself decides on, valid and invalid prefixes alike."""
    chance = random.Random(seed)
    for _ in range(count):
        before = chance.choice(["", "", "", "", "1", "1", "+1", "+1", "+", "0", "2"])
        area = chance.choice([*AREA_CODES, str(chance.randrange(100, 1000))])
        parts = [before, area, f"{chance.randrange(1000):03}", f"{chance.randrange(10_000):04}"]
        if chance.random() < 0.2:
            parts = list("".join(parts))
        between = chance.choice(
            [("",), ("", "", "-", "."), ("", " ", "(", ")", "-", ".", "- ", " ) ("), (" " * 30, "")]
        )
        text = "".join(chance.choice(between) + part for part in parts) + chance.choice(between)
        yield text, chance.choice(REGIONS)


def differences(
    con: duckdb.DuckDBPyConnection, typed: Iterable[Typed]
) -> list[tuple[str, str | None, PhoneParts, PhoneParts]]:
    """Each text that SQL reads in its own way, with SQL's reading and phonenumbers'."""
    typed = list(typed)
    parsed = in_sql(con, typed)
    return [
        (raw, region, got, wanted)
        for (raw, region), got in zip(typed, parsed, strict=True)
        if got != (wanted := by_phonenumbers(raw, region))
    ]


def numbers_of(prefixes: Iterable[int]) -> Iterator[Typed]:
    """One number of each NPA-NXX, with last four digits that differ from prefix to prefix."""
    return ((f"{prefix}{prefix * 7919 % 10_000:04}", "US") for prefix in prefixes)


def undecided_prefixes_and_neighbours() -> list[int]:
    return [246_520, 246_521, 246_522, 246_523, 876_605, 876_606, 876_607]


def test_hostile_text_reads_as_phonenumbers_reads_it(con: duckdb.DuckDBPyConnection) -> None:
    assert differences(con, chain(hostile_texts(2_500, seed=1), plain_texts(500, seed=1))) == []


def test_hostile_text_is_hostile() -> None:
    """Else the comparison above compares nothing: both ways of deciding, and all answers, must occur."""
    hostile = [phone_python(raw, region) for raw, region in hostile_texts(2_500, seed=1)]
    assert sum(parts.is_valid is True for parts in hostile) > 250
    assert sum(parts.is_valid is False for parts in hostile) > 250
    assert len({parts.region for parts in hostile}) > 10
    plain = re.compile(phones._PLAIN_NANP_NUMBER)
    decided_in_sql = [phone_python(raw, "US") for raw, _ in plain_texts(500, seed=1) if plain.search(raw)]
    assert sum(parts.is_valid is True for parts in decided_in_sql) > 50
    assert sum(parts.is_valid is False for parts in decided_in_sql) > 50


def test_prefixes_are_valid_where_phonenumbers_says_so(con: duckdb.DuckDBPyConnection) -> None:
    some = random.Random(2).sample(range(200_000, 1_000_000), 2_000)
    assert differences(con, numbers_of([*some, *undecided_prefixes_and_neighbours()])) == []


def test_every_number_of_an_undecided_prefix_is_asked(con: duckdb.DuckDBPyConnection) -> None:
    prefixes = (246_521, 246_522, 876_606)
    numbers = [(f"{prefix}{line:04}", "US") for prefix in prefixes for line in range(0, 10_000, 97)]
    assert differences(con, numbers) == []
    assert {parts.is_valid for parts in in_sql(con, numbers)} == {True, False}


@pytest.mark.long
def test_all_800_000_prefixes_are_valid_where_phonenumbers_says_so(con: duckdb.DuckDBPyConnection) -> None:
    assert differences(con, numbers_of(range(200_000, 1_000_000))) == []


@pytest.mark.long
def test_200_000_hostile_texts_read_as_phonenumbers_reads_them(con: duckdb.DuckDBPyConnection) -> None:
    assert differences(con, chain(hostile_texts(160_000, seed=3), plain_texts(40_000, seed=3))) == []
