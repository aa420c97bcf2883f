"""The platform's one phone standard: `phone(raw, region)` in SQL, `phone_python(raw, region)` in Python.

Belongs here: turning a phone as somebody typed it into a key to match on, a validity and an E.164 number.
Does not: which numbers exist (nanp.py), or deciding from a phone who is the same lead (rooms do that).

Both mean the same: what phonenumbers 9 makes of the text. phonenumbers reads some 15,000 numbers a second, so
the SQL decides plain North American shapes (10 digits, or 1 and 10 digits, with usual punctuation) from a
table of prefixes and hands only the rest to Python.

    select p.key as phone_key, p.e164 as phone_e164, p.is_valid as phone_is_valid
    from (select phone(phone_raw, 'US') as p from leads)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from leads_platform.contacts import nanp

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from phonenumbers import PhoneNumber

# Without a country code, fewer digits than this are a house number or an extension as likely as a phone.
_FEWEST_DIGITS = 7
# phonenumbers refuses longer text; kept out of the cache, which would hold on to it.
_LONGEST_TEXT = 250
# Distinct texts remembered, some 60 MB when full: a file's hard cases fit, and memory has an end.
_REMEMBERED = 2**17
_PYTHON_FUNCTION = "leads_platform_phone_python"


class PhoneParts(NamedTuple):
    """What a typed phone stands for. All four are None when nothing was typed (null or white space)."""

    key: str | None
    """To match on, valid or not: the national digits of a number of the region's own country code (in the
    NANP 10, without the leading 1), '+<country code><national digits>' of any other. Extensions are dropped.
    Text that phonenumbers can't read: its ASCII digits when there are 7 or more (in the NANP 11 that start
    with 1 lose it), else None."""
    e164: str | None
    """'+17025550110'; None unless valid."""
    is_valid: bool | None
    """A number of a pattern in use, by phonenumbers' is_valid_number; says nothing of who would answer."""
    region: str | None
    """ISO country of a valid number, '001' for numbers of no country; None unless valid (phonenumbers itself
    names a region for some invalid numbers)."""


_NOTHING = PhoneParts(None, None, None, None)


def phone_python(raw: str | None, region: str | None) -> PhoneParts:
    """Read one phone as typed by somebody in `region` (ISO country, upper case: 'US').

    An unknown region, or None, reads only numbers written with '+' and country code. Never raises.
    """
    import phonenumbers

    if raw is None or not raw.strip():
        return _NOTHING
    own_country_code = phonenumbers.country_code_for_region(region) if region else 0
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return PhoneParts(_digits_as_key(raw, own_country_code), None, False, None)
    national = phonenumbers.national_significant_number(number)
    international = f"+{number.country_code}{national}"
    key = _own_key(raw, number, national) if number.country_code == own_country_code else international
    number_region = phonenumbers.region_code_for_number(number)
    if number_region is None or not phonenumbers.is_valid_number_for_region(number, number_region):
        return PhoneParts(key, None, False, None)
    return PhoneParts(key, international, True, number_region)


def _own_key(raw: str, number: PhoneNumber, national: str) -> str:
    """The national digits, but for one correction that lets a placeholder keep one key.

    phonenumbers takes nothing off '123-456-7890' or '+1 123-456-7890', and both ones off '1-123-456-7890'.
    """
    from phonenumbers import normalize_digits_only

    if number.country_code == nanp.COUNTRY_CODE and len(national) == 9:
        digits = normalize_digits_only(raw).removesuffix(number.extension or "")
        if digits == f"11{national}":
            return f"1{national}"
    return national


def _digits_as_key(raw: str, own_country_code: int) -> str | None:
    digits = re.sub("[^0-9]", "", raw)
    if own_country_code == nanp.COUNTRY_CODE and len(digits) == 11 and digits[0] == "1":
        return digits[1:]
    return digits if len(digits) >= _FEWEST_DIGITS else None


def install_phones(con: DuckDBPyConnection) -> None:
    """Give a connection the scalar `phone(raw, region)`, the same as `phone_python` and far faster.

    It returns a struct(key varchar, e164 varchar, is_valid boolean, region varchar), never a null struct.
    Call it again as you like, once per connection or cursor (its macros are temporary), and not inside a
    transaction: a function made after `begin` is unseen until the transaction ends.
    """
    table = nanp.prefix_table()
    _create_python_function(con)
    con.execute(
        f"""
        set variable nanp_regions = {list(table.regions)};
        set variable nanp_page_of_npa = '{table.page_of_npa}';
        set variable nanp_pages = '{table.pages}';
        """
    )
    con.execute(_MACROS)


# All of this is punctuation to phonenumbers, and none of it can start an extension or a second number, as
# '/', '#', 'x', ',' and ';' can.
_BETWEEN = "[(). -]*"
_PLAIN_NANP_NUMBER = (
    rf"^{_BETWEEN}(?:\+?1{_BETWEEN})?"
    rf"([2-9][0-9]{{2}}){_BETWEEN}([0-9]{{3}}){_BETWEEN}([0-9]{{4}}){_BETWEEN}$"
)

# `list_transform([x], lambda y: ...)[1]` is "let y = x": a macro repeats its argument's text at every use,
# and DuckDB computes each use inside a `case` again. The look-up stays outside the lambda: in there DuckDB
# doesn't notice that the constants are ASCII and counts characters from their start (7 s a million, not 0.2).
# `coalesce` and `case` pass on only the rows still without an answer, so Python sees no others.
# DuckDB 2.0 computes parts of a `case` for rows that don't take them: nothing may raise, hence `try_cast`.
_MACROS = rf"""
    create or replace temp macro nanp_page(npa) as
        try_cast(substr(getvariable('nanp_page_of_npa'), 3 * npa - 599, 3) as integer);

    create or replace temp macro nanp_answer(npa, nxx) as
        substr(
            getvariable('nanp_pages'),
            2 * (
                1000 * nanp_page(try_cast(npa as usmallint)::integer)
                + try_cast(nxx as usmallint)::integer
            ) + 1,
            2
        );

    create or replace temp macro phone_of_answer(digits, answer) as
        case answer
            when '{nanp.UNDECIDED}' then null
            when '{nanp.INVALID}' then struct_pack(
                key := digits,
                e164 := null::varchar,
                is_valid := false,
                region := null::varchar
            )
            else struct_pack(
                key := digits,
                e164 := '+1' || digits,
                is_valid := true,
                region := answer
            )
        end;

    create or replace temp macro plain_nanp_phone(raw, region) as
        case
            when list_contains(getvariable('nanp_regions'), region)
                and length(raw) <= {_LONGEST_TEXT}
                and regexp_matches(raw, '{_PLAIN_NANP_NUMBER}')
            then list_transform(
                [struct_pack(
                    digits := regexp_replace(raw, '{_PLAIN_NANP_NUMBER}', '\1\2\3'),
                    answer := nanp_answer(
                        regexp_extract(raw, '{_PLAIN_NANP_NUMBER}', 1),
                        regexp_extract(raw, '{_PLAIN_NANP_NUMBER}', 2)
                    )
                )],
                lambda found: phone_of_answer(found.digits, found.answer)
            )[1]
        end;

    create or replace temp macro phone(raw, region) as
        case
            when raw is null or trim(raw::varchar) = '' then struct_pack(
                key := null::varchar,
                e164 := null::varchar,
                is_valid := null::boolean,
                region := null::varchar
            )
            else coalesce(
                plain_nanp_phone(raw::varchar, region),
                {_PYTHON_FUNCTION}(raw::varchar, region)
                    ::struct(key varchar, e164 varchar, is_valid boolean, region varchar)
            )
        end;
"""


def _create_python_function(con: DuckDBPyConnection) -> None:
    """Make `phone_python` callable in the whole database instance, unless it is already.

    It goes to the system catalog, so another connection may have made it. A cursor makes it in a transaction
    of its own: rolled back with the caller's, it would be gone while the connection refuses to make it again.
    It returns text, not a struct: DuckDB needs 16 microseconds to take a struct from Python, and 1 for text.
    """
    import duckdb
    from duckdb.func import FunctionNullHandling

    text = duckdb.sqltype("varchar")
    cursor = con.cursor()
    try:
        cursor.create_function(
            _PYTHON_FUNCTION,
            _phone_as_text,
            [text, text],
            text,
            null_handling=FunctionNullHandling.SPECIAL,  # a null region is an answerable question
        )
    except duckdb.CatalogException as error:
        if "already exists" not in str(error):
            raise
    finally:
        cursor.close()


def _phone_as_text(raw: str | None, region: str | None) -> str:
    """A struct in DuckDB's own notation; every part is digits, letters or '+', so nothing needs quoting."""
    if raw is not None and len(raw) > _LONGEST_TEXT:
        return _struct_text(phone_python(raw, region))
    return _remembered_struct_text(raw, region)


@lru_cache(maxsize=_REMEMBERED)
def _remembered_struct_text(raw: str | None, region: str | None) -> str:
    return _struct_text(phone_python(raw, region))


def _struct_text(parts: PhoneParts) -> str:
    fields = zip(parts._fields, parts, strict=True)
    return "{" + ", ".join(f"{name}: {'null' if value is None else value}" for name, value in fields) + "}"
