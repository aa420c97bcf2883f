"""The platform's one address standard, in SQL: a matching key, state and postal codes, one cell split.

Belongs here: what makes two written addresses the same place. Does not: tables of words (`usps`), or whether
the same place is the same lead (rooms decide that).

    select
        address_key(street, city, state, postal_code) as address_key,
        split_address(address, 'NV').city as city
    from leads

`address_key(street, city, state, postal_code)`: varchar to join on, never to show, after USPS Publication
    28: 150 N WILLOW ST|89027, or 150 N WILLOW ST|MESQUITE NV without a postal code. One text for "150 N.
    Willow Street" and "150 NORTH WILLOW ST", for "Suite 104", "STE 104" and "#104". With a postal code
    the city has no say: suppliers name one place LAS VEGAS, N LAS VEGAS and NORTH LAS VEGAS. Null when
    the street is no place (nothing, one word, no letter, "confidential", a box without number), or
    without both a postal code and a city in a known state. It prefers to keep apart: a direction before a
    street's name and one after it, other units, the same address with and without its unit, "MAIN ST" and
    "MAIN", are different keys.
`address_key_abroad(street, city, postal_code, country)`: the same for a country without states. The street is written
    down by the same rules, and a German street's ending in one way (Hauptstraße, Hauptstr.); the place is the country
    (`DE`) and the postal code of any shape, else the city: HAUPTSTR 5|DE 80331.
`state_code(state)`: two letters of a state, territory or province from its name or abbreviation; null if
    unknown.
`postal_code5(postal_code)`: five digits, or a Canadian code as A2N 2Z6; null for anything else, so also
    for four digits (a spreadsheet's lost zero). Only `address_key` puts that zero back, in states where
    all codes have one.
`split_address(cell, state)`: struct(street, city, state, postal_code), each as written. `state` is the
    row's own, or null; it is used when the cell names none. A city is the longest known place at the end
    of the text, else what follows the last comma, else the last street suffix. Without one, all text
    stays in `street`. A country's name at the end is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leads_platform.contacts import usps

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Tables of words are lists of small buckets, a word's bucket found by its hash: 1 us an address, where a
# map (searched from its start) takes 5, a long `case` 12, and a join can't be part of an expression.
_WORD_BUCKETS = 256
_PLACE_BUCKETS = 4096
# Of a place and its state, ` LAS VEGAS NV`.
_LAST_WORD = "[^ ]+ [^ ]+$"

# States whose ZIP codes all begin with 0.
_ZERO_STATES = "('CT', 'MA', 'ME', 'NH', 'NJ', 'RI', 'VT')"

# Signs and letters beyond ASCII that `strip_accents` and `upper` leave, and what they are written for. All
# other signs beyond ASCII count as letters: naming letters as \p{L} would cost every statement 4 ms a
# pattern.
_LETTERS_FROM, _LETTERS_TO = "ØŁĐÞ", "OLDT"
_APOSTROPHES = "\u2019\u2018\u02bc\u00b4"
_DASHES = "\u2013\u2014\u2015\u2010\u2011"
_BLANKS = "•·…“”„«»°№\u00a0\u2007\u2009\u202f\u3000"
_SIGNS_FROM = _LETTERS_FROM + _APOSTROPHES + _DASHES + _BLANKS
_SIGNS_TO = _LETTERS_TO + "'" * len(_APOSTROPHES) + "-" * len(_DASHES) + " " * len(_BLANKS)
_SIGNS_LONGER = (("ß", "SS"), ("ẞ", "SS"), ("Æ", "AE"), ("Œ", "OE"), ("½", " 1/2 "), ("ª", ""), ("º", ""))

# A word of an address: 104-106, 1/2 and 39.2 are one each, # and & are words, all other signs part them.
_WORD = r"\d+(?:[-/.]\d[0-9A-Z]*)+|[0-9A-Z\x{80}-\x{10FFFF}]+|[#&]"
_LETTER = r"[A-Z\x{80}-\x{10FFFF}]"

# Roads with numbers, and boxes (Publication 28, 24, 28 and appendix F), on words already in their short
# form. Texas' farm and ranch roads are written in most ways.
_NUMBERED_RULES = (
    (r"\b(F|U|C|S) (M|S|R) (HWY|RTE|RD|\d)", r"\1\2 \3"),
    (r"\b(HWY|RTE|BOX|FM|RM|CR|SR|SH) (?:# |NO )+(\d)", r"\1 \2"),
    (r"\b(?:P O|PO|POST OFC) (?:BOX|DRAWER)\b|\bPOB(?:OX)?\b|^BOX\b", "PO BOX"),
    (r"\b(?:COUNTY|CO|CNTY) (?:RD|RTE) (\d)", r"CR \1"),
    (r"\bFARM (?:TO )?(?:MARKET|MKT)\b", "FM"),
    (r"\bRNCH (?:TO (?:MARKET|MKT) )?RD (\d)", r"RM \1"),
    (r"\b(?:INTERSTATE(?: HWY)?|IH) ?(\d)", r"I \1"),
    (r"\bUS (?:HWY|RTE) (\d)", r"US \1"),
    (r"\b(?:STATE|ST) HWY (\d)", r"SH \1"),
    (r"\bSTATE (?:RD|RTE) (\d)", r"SR \1"),
    (r"\b(FM|RM|CR|SR|SH|US|I|HWY|RTE)(\d+[A-Z]?)\b", r"\1 \2"),
    (r"\b(FM|RM|CR) (?:RD )?(\d+[A-Z]?)(?: RD)?\b", r"\1 \2"),
    (r"\b(?:RURAL (?:RTE|RD)|RFD(?: RTE)?|R R|RTE|RD) (\d+[A-Z]?) (?:PO )?BOX\b", r"RR \1 BOX"),
)

# Halves of a direction, endings of numbers, and units: the unit goes last and loses its designator.
_JOINED_RULES = (
    (r"^ONE ", "1 "),
    (r"\b([NS]) ([EW])\b", r"\1\2"),
    (r"\b(\d+)(?:ST|ND|RD|TH)\b", r"\1"),
    (r"\b(\d+) FL\b", r"FL \1"),
    (r"# (?:# |NO )+", "# "),
    (r"^# (\S+) (\d.*)$", r"\2 # \1"),
    (r"# (?:([A-Z]) (\d+)|(\d+) ([A-Z]))$", r"# \1\2\3\4"),
    (r" ?# ?", " "),
)

# Where one of these rules may apply; most addresses have none, and their time.
_SEVERAL_WORDS = (
    r"\b(?:P O|PO|POB|POBOX|BOX|HWY|RTE|COUNTY|CO|FARM|STATE|INTERSTATE|RURAL|RFD|RNCH (?:TO|RD))\b"
    r"|\b(?:F M|U S|C R|S R|R R|FM RD|RM RD)\b|\b(?:FM|RM|CR|SR|SH|US|IH|I) ?\d"
    r"|#|\d(?:ST|ND|RD|TH)\b|\b[NS] [EW]\b|\d FL\b|^ONE "
)

# What some write instead of an address; only asked of streets without a digit.
_NO_PLACE = (
    r"\b(?:UNKNOWN|CONFIDENTIAL|WITHHELD|AVAILABLE|APPLICABLE|NONE|DELIVERY|REQUEST|ADDRESS)\b"
    r"|\b(?:ON FILE|N A|PO BOX)\b"
)

_ZIP = r"\d{5}(?:-?\d{4})?|[a-z]\d[a-z][ -]?\d[a-z]\d"
_COUNTRY = r"USA?|U\.S\.(?:A\.)?|United States(?: of America)?|Canada"
_STREET_ENDS = (
    "ST|STREET|AVE|AVENUE|BLVD|BOULEVARD|RD|ROAD|DR|DRIVE|LN|LANE|CT|COURT|CIR|CIRCLE|PL|PLACE|WAY|PKWY|PARKWAY"
    "|TER|TERR|TERRACE|TRL|TRAIL|HWY|HIGHWAY|LOOP|SQ|SQUARE|PLZ|PLAZA|PIKE|TPKE|XING|CV|COVE|ALY|ALLEY"
)
_UNIT_STARTS = "STE|SUITE|APT|APARTMENT|UNIT|BLDG|BUILDING|FL|FLOOR|RM|ROOM|LOT|SPC|SPACE|TRLR|REAR|FRONT"


def install_addresses(con: DuckDBPyConnection) -> None:
    """Makes the macros above known to this connection, in its temp schema: no database file is written to.

    Macros and their tables of words last as long as the connection; a cursor is another one. Takes some
    100 ms, and next to nothing where they are installed already.
    """
    if con.sql("select getvariable('address_installed') is not null").fetchall() == [(True,)]:
        return
    con.execute(_set_words("address_words", usps.words()))
    con.execute(_set_states())
    con.execute(_set_places(usps.places()))
    keys = (_address_words(), _STATE_CODE, _POSTAL_CODE5, _address_key(), _address_key_abroad())
    for macro in (*keys, _places_like(), _is_known_place(), _known_places(), _split_address()):
        con.execute("create or replace temp macro " + macro)
    con.execute("set variable address_installed = true")


def _text(value: str) -> str:
    """A varchar literal. Not a bound value: a process's first bound value imports pandas (0.6 s)."""
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    """Any number of texts without a line break, as a list that parses quickly."""
    return f"string_split({_text(chr(10).join(values))}, chr(10))"


def _set_words(variable: str, table: dict[str, str]) -> str:
    """`getvariable(variable)[bucket][word]` is a word's short form, or null."""
    return f"""
        set variable {variable} = (
            with words as (
                select
                    unnest({_texts(table)}) as word,
                    unnest({_texts(table.values())}) as short
            ),
            buckets as (
                select
                    hash(word) % {_WORD_BUCKETS} as bucket,
                    map_from_entries(list((word, short))) as entries
                from words
                group by bucket
            )
            select list(entries order by bucket)
            from range({_WORD_BUCKETS}) as all_buckets(bucket)
            left join buckets using (bucket)
        )
    """


def _set_states() -> str:
    table = usps.states()
    return f"set variable address_states = map({_texts(table)}, {_texts(table.values())})"


def _set_places(places: list[str]) -> str:
    """`getvariable('address_places')[bucket]` holds places as one text, the longest first: | LAS VEGAS NV| WACO TX|.

    A place's bucket is found by the hash of its last word and its state, so that one bucket has all places that a
    text can end with.
    """
    return f"""
        set variable address_places = (
            with places as (
                select ' ' || place[4:] || ' ' || place[:2] as place
                from (select unnest({_texts(places)}) as place)
            ),
            buckets as (
                select
                    hash(regexp_extract(place, '{_LAST_WORD}')) % {_PLACE_BUCKETS} as bucket,
                    '|' || string_agg(place, '|' order by length(place) desc, place) || '|' as places
                from places
                group by bucket
            )
            select list(coalesce(places, '|') order by bucket)
            from range({_PLACE_BUCKETS}) as all_buckets(bucket)
            left join buckets using (bucket)
        )
    """


# Two habits of the macros below. `list_transform([value], lambda x: ...)[1]` is how SQL says "let x be
# value": a macro's argument is put in as text, so one used twice would be computed twice. And arguments are
# used only outside of lambdas: inside, a column of the caller that is named like the lambda's own would be
# hidden.


def _address_words() -> str:
    """Of each text in a list its words in short form, one space between; '' for none, null for null."""
    unaccented = f"translate(upper(strip_accents(t)), {_text(_SIGNS_FROM)}, {_text(_SIGNS_TO)})"
    for sign, letters in _SIGNS_LONGER:
        unaccented = f"replace({unaccented}, '{sign}', '{letters}')"
    rewritten = "t"
    for pattern, replacement in _NUMBERED_RULES + _JOINED_RULES:
        rewritten = f"regexp_replace({rewritten}, {_text(pattern)}, {_text(replacement)}, 'g')"
    return f"""
        address_words(texts) as
            list_transform(texts, lambda t:
                replace(case when strlen(t) = length(t) then upper(t) else {unaccented} end, '''', '')
            ).list_transform(lambda t:
                array_to_string(
                    list_transform(
                        regexp_extract_all(t, {_text(_WORD)}),
                        lambda w: coalesce(
                            getvariable('address_words')[(hash(w) % {_WORD_BUCKETS} + 1)::bigint][w], w
                        )
                    ),
                    ' '
                )
            ).list_transform(lambda t:
                case when regexp_matches(t, {_text(_SEVERAL_WORDS)}) then trim({rewritten}) else t end
            )
    """


_STATE_CODE = r"""
    state_code(written) as
        getvariable('address_states')[
            trim(
                replace(upper(strip_accents(written::varchar)), '.', '')
                    .regexp_replace('[\s,]+', ' ', 'g')
                    .regexp_replace('^ ?(?:US|CA)-', '')
            )
        ]
"""

_POSTAL_CODE5 = r"""
    postal_code5(written) as
        coalesce(
            nullif(
                nullif(regexp_extract(written::varchar, '^\s*(\d{5})(?:[\s-]*\d{4}|\.0+|-)?\s*$', 1), ''),
                '00000'
            ),
            nullif(
                regexp_replace(
                    upper(regexp_extract(
                        written::varchar,
                        '(?i)^\s*([ABCEGHJ-NPR-TVXY]\d[ABCEGHJ-NPR-TV-Z][ -]?\d[ABCEGHJ-NPR-TV-Z]\d)\s*$',
                        1
                    )),
                    '^(...)[ -]?(...)$',
                    '\1 \2'
                ),
                ''
            )
        )
"""


# Of a struct `a` whose first words are the street's.
_IS_PLACE = (
    f"contains(a.words[1], ' ') and regexp_matches(a.words[1], {_text(_LETTER)}) "
    rf"and (regexp_matches(a.words[1], '\d') or not regexp_matches(a.words[1], {_text(_NO_PLACE)}))"
)


def _address_key() -> str:
    return rf"""
        address_key(street, city, state, postal_code) as
            list_transform(
                [struct_pack(
                    words := address_words(
                        case
                            when postal_code5(postal_code) is null then [street::varchar, city::varchar]
                            else [street::varchar]
                        end
                    ),
                    state := state::varchar,
                    written_code := postal_code::varchar,
                    code := postal_code5(postal_code)
                )],
                lambda a:
                    case
                        when {_IS_PLACE}
                            then a.words[1] || '|' || coalesce(
                                a.code,
                                case
                                    when regexp_matches(a.written_code, '^\s*\d{{4}}\s*$')
                                        and state_code(a.state) in {_ZERO_STATES}
                                        then '0' || trim(a.written_code)
                                end,
                                nullif(a.words[2], '') || ' ' || state_code(a.state)
                            )
                    end
            )[1]
    """


def _address_key_abroad() -> str:
    return rf"""
        address_key_abroad(street, city, postal_code, country) as
            list_transform(
                [struct_pack(
                    words := address_words([street::varchar, city::varchar]),
                    code := upper(regexp_replace(postal_code::varchar, '[^0-9A-Za-z]', '', 'g')),
                    country := upper(country::varchar)
                )],
                lambda a:
                    case
                        when {_IS_PLACE}
                            then regexp_replace(a.words[1], 'STRASSE\b', 'STR').regexp_replace('\bSTR\b', 'ST')
                                || '|' || a.country || ' '
                                || coalesce(nullif(a.code, ''), nullif(a.words[2], ''))
                    end
            )[1]
    """


def _places_like() -> str:
    """The bucket of ` LAS VEGAS NV`: places that end alike, and some others, as one text."""
    return f"""
        places_like(text) as
            getvariable('address_places')[
                (hash(regexp_extract(text, '{_LAST_WORD}')) % {_PLACE_BUCKETS} + 1)::bigint
            ]
    """


def _is_known_place() -> str:
    """Is this text, as written, the name of a place of the state (two letters) that the gazetteer knows?"""
    return r"""
        is_known_place(written, code) as
            list_transform(
                [' ' || upper(
                    regexp_replace(
                        regexp_replace(strip_accents(written), '[.''\x{2019}]', '', 'g'),
                        '[\s-]+', ' ', 'g'
                    )
                ) || ' ' || code],
                lambda p: contains(places_like(p), '|' || p || '|')
            )[1]
    """


def _known_places() -> str:
    """The known places of the state that a text of at most five words ends with, as written, the longest first.

    Words of letters, digits and full stops with one space between, as nearly all are, are compared with the places
    of one bucket, which takes 2 us. Of all others, five endings are looked up one by one, which takes 10.
    """
    endings = ", ".join(rf"regexp_extract(t.written, '(?:[^\s,]+\s+){{{more}}}[^\s,]+$')" for more in (4, 3, 2, 1, 0))
    return rf"""
        known_places(written, code) as
            list_transform([struct_pack(written := written, code := code)], lambda t:
                case
                    when regexp_matches(t.written, '^[0-9A-Za-z](?:[0-9A-Za-z.]| [0-9A-Za-z])*$')
                        then list_transform(
                            [' ' || replace(upper(t.written), '.', '') || ' ' || t.code],
                            lambda u: list_filter(
                                string_split(places_like(u), '|'),
                                lambda p: suffix(u, p) and p <> ''
                            )
                        )[1].list_transform(
                            -- as many words as the place has; its text begins with a space and ends with its state
                            lambda p: array_to_string(
                                string_split(t.written, ' ')[2 - len(string_split(p, ' ')):], ' '
                            )
                        )
                    else list_filter([{endings}], lambda c: c <> '' and is_known_place(c, t.code))
                end
            )[1]
    """


def _split_address() -> str:
    states = "|".join(name.replace(" ", r"\s+") for name in usps.states() if name != "WASHINGTON DC")
    # Patterns that only end somewhere, and name no groups: DuckDB reads them from the end, ten times as fast as
    # one pattern for the whole cell.
    country = rf"(?:[\s,]+(?:{_COUNTRY}))?[\s,.]*$"
    end = rf"(?:[\s,]+(?:(?:{states})[\s,.]+(?:{_ZIP})|{_ZIP}|{states}))?{country}"
    after_comma = r"(?s)^.*\S\s*,\s*((?:[^,\d#\s]+\s+)*[^,\d#\s]+)$"
    after_suffix = (
        rf"(?is)^.*\s(?:{_STREET_ENDS})\.?(?:\s+[NSEW][EW]?\.?)?"
        rf"(?:,?\s+(?:{_UNIT_STARTS}|#)\.?\s*\S+)?[\s,]+([^\d,#]+)$"
    )
    return rf"""
        split_address(cell, state) as
            list_transform(
                [struct_pack(
                    cell := regexp_replace(cell::varchar, '^[\s,]+|[\s,]+$', '', 'g'),
                    given := nullif(trim(state::varchar), '')
                )],
                -- `, NV 89027, USA`
                lambda a: struct_insert(a, tail := regexp_extract(a.cell, {_text(end)}, 0, 'is'))
            ).list_transform(lambda a: struct_insert(
                a,
                -- `, NV 89027`
                place := left(a.tail, length(a.tail) - length(regexp_extract(a.tail, {_text(country)}, 0, 'is')))
            )).list_transform(lambda a: struct_insert(
                a,
                gap := regexp_extract(a.place, '^[\s,]+'),
                code := regexp_extract(a.place, '(?:{_ZIP})$', 0, 'i')
            )).list_transform(lambda a: struct_insert(
                a,
                state := regexp_replace(
                    a.place[length(a.gap) + 1:length(a.place) - length(a.code)], '[\s,.]+$', ''
                )
            )).list_transform(lambda a: struct_insert(
                a,
                -- without a postal code, last letters are a state after a comma, or if they are the row's
                -- own: "12 WILLOW CT" of Nevada is not in Connecticut
                ended := case
                    when a.place = '' then false
                    when a.code <> '' or contains(a.gap, ',') then true
                    else coalesce(state_code(a.state) = state_code(a.given), false)
                end
            )).list_transform(lambda a: struct_pack(
                cell := a.cell,
                ended := a.ended,
                head := case when a.ended then left(a.cell, length(a.cell) - length(a.tail)) else a.cell end,
                state := case when a.ended then coalesce(nullif(a.state, ''), a.given) else a.given end,
                code := case when a.ended then nullif(a.code, '') end
            )).list_transform(lambda e: struct_insert(
                e,
                city := coalesce(
                    list_filter(
                        known_places(
                            regexp_extract(e.head, '(?:[^\s,]+\s+){{0,4}}[^\s,]+$'),
                            state_code(e.state)
                        ),
                        -- a house number alone is no street
                        lambda c: not regexp_matches(left(e.head, length(e.head) - length(c)), '^\d\S*[\s,]*$')
                    )[1],
                    case
                        when e.ended
                            then coalesce(
                                nullif(regexp_replace(
                                    regexp_extract(e.head, {_text(after_comma)}, 1),
                                    '(?is)^(?:{_UNIT_STARTS})\b.*$',
                                    ''
                                ), ''),
                                nullif(regexp_extract(e.head, {_text(after_suffix)}, 1), '')
                            )
                    end
                )
            )).list_transform(lambda s: struct_pack(
                street := nullif(
                    case
                        when s.city is null then s.cell
                        else regexp_replace(left(s.head, length(s.head) - length(s.city)), '[\s,]+$', '')
                    end,
                    ''
                ),
                city := s.city,
                state := s.state,
                postal_code := s.code
            ))[1]
    """
