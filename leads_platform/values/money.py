"""Money as people and systems write it, as exact decimals.

Belongs here: the shapes of an amount, and the SQL function `money()`. Does not: which currency an amount is in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTION = "money"

# ISO 4217's active currencies. Not any three letters: "TBD 12" is no amount.
_CODES = (
    "AED|AFN|ALL|AMD|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|"
    "CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|"
    "IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|"
    "MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|"
    "RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|"
    "UYU|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
_CURRENCY = rf"(?:(?:US|CA|C|AU|A|NZ|HK|S)?\$|[€£¥₹]|(?i:{_CODES}))"
# What \s leaves out: the no-break spaces of web pages and of French thousands.
_BLANK = r"[\s\x{00A0}\x{2007}\x{202F}]"
_NUMBERS = {
    "us": r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+",
    "eu": rf"(?:\d{{1,3}}(?:\.\d{{3}})+|\d{{1,3}}(?:{_BLANK}\d{{3}})+|\d+)(?:,\d*)?|,\d+",
}


def _amount(style: str) -> str:
    number = f"(?:{_NUMBERS[style]})"
    return f"^(?:[-+]?{_BLANK}*{number}|{number}{_BLANK}*-|\\({_BLANK}*{number}{_BLANK}*\\))$"


# `list_transform([x], lambda y: ...)[1]` is "let y = x", as in contacts' macros. Each step takes something off.
_MACRO = rf"""
    create or replace temp macro money(written, style) as
        [replace(regexp_replace(written, '^{_BLANK}+|{_BLANK}+$', '', 'g'), chr(8722), '-')] -- the minus of typography
            .list_transform(lambda t: regexp_replace(t, '^([-+(]?){_BLANK}*{_CURRENCY}{_BLANK}*', '\1'))
            .list_transform(lambda t: regexp_replace(t, '{_BLANK}*{_CURRENCY}{_BLANK}*([-)]?)$', '\1'))
            -- 5,- has no cents
            .list_transform(lambda t: regexp_replace(t, '([.,])[-\x{{2013}}\x{{2014}}]{{1,2}}(\)?)$', '\1\2'))
            .list_transform(lambda t: struct_pack(
                sign := case when regexp_matches(t, '[-(]') then '-' else '' end,
                digits := case style
                    when 'us' then
                        case when regexp_matches(t, '{_amount("us")}') then regexp_replace(t, '[^0-9.]', '', 'g') end
                    when 'eu' then
                        case when regexp_matches(t, '{_amount("eu")}')
                            then replace(regexp_replace(t, '[^0-9,]', '', 'g'), ',', '.')
                        end
                    else error('money() knows the styles us and eu')
                end
            ))
            .list_transform(lambda t: try_cast(t.sign || t.digits as decimal(18, 4)))[1];
"""


def install_money(con: DuckDBPyConnection) -> None:
    """Gives a connection `money(written, style)`: a decimal(18,4), null where the text is empty or no amount.

    `style` is 'us' (1,234.50) or 'eu' (1.234,50 or 1 234,50). A currency's sign or code may stand before, after or
    both; which one is not told. Brackets, a minus before or after, mean less than nothing; a dash in place of the cents
    (`5,-`) that there are none. Digits stand in groups of three or in none: `1,5` is no amount in 'us', as it would be
    15 or 1.5. What is finer than four places is rounded, half away from zero. Not in a transaction, as all functions.
    """
    con.execute(_MACRO)
