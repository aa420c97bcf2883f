"""What a sample's columns hold and mean, guessed with care. For proposing a contract only.

Belongs here: types by what all values bear out, personal data, a key by its title. Does not: what a room
makes of them (its contract kinds), how the file is written (propose_dialect.py), or the proposal's text (propose.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leads_platform.arrivals.base_table import FILE_COLUMNS
from leads_platform.arrivals.contracts import propose_words as words
from leads_platform.arrivals.contracts.agreement import RESERVED_COLUMNS
from leads_platform.arrivals.reading.loading import identifier, literal
from leads_platform.contacts.phones import phone_python
from leads_platform.values.money import install_money

_TAKEN = RESERVED_COLUMNS | {column.name for column in FILE_COLUMNS}
LOOK_AT = 100_000  # records; a second or two, and a person looks over the rest
_FEW_TWICE = 0.6  # share of the records (0 to 1) that must have a key of their own for it to be one
_MOST = 0.8  # share of a column's values (0 to 1) that must look like something for the column to be it

# (how a value is written, the strptime formats it may be in). More than one format that fits all values: ambiguous.
_D = r"\d{1,2}"
_DATES = (
    (rf"\d{{4}}-{_D}-{_D}", ("%Y-%m-%d",)),
    (rf"\d{{4}}/{_D}/{_D}", ("%Y/%m/%d",)),
    *(
        (rf"{_D}{s}{_D}{s}\d{{4}}", (f"%m{t}%d{t}%Y", f"%d{t}%m{t}%Y"))
        for s, t in (("/", "/"), ("-", "-"), (r"\.", "."))
    ),
    *(
        (rf"{_D}{s}{_D}{s}\d{{2}}", (f"%m{t}%d{t}%y", f"%d{t}%m{t}%y"))
        for s, t in (("/", "/"), ("-", "-"), (r"\.", "."))
    ),
    *((rf"{_D}{s}[A-Za-z]{{3}}{s}\d{{4}}", (f"%d{s}%b{s}%Y",)) for s in "- "),
    (rf"[A-Za-z]{{3}} {_D}, \d{{4}}", ("%b %d, %Y",)),
    (rf"[A-Za-z]{{4,}} {_D}, \d{{4}}", ("%B %d, %Y",)),
)
_TIMES = (
    ("", ""),
    (r" \d{1,2}:\d{2}", " %H:%M"),
    (r" \d{1,2}:\d{2}:\d{2}", " %H:%M:%S"),
    (r"T\d{2}:\d{2}:\d{2}", "T%H:%M:%S"),
    (r" \d{1,2}:\d{2}:\d{2}\.\d{1,6}", " %H:%M:%S.%f"),
    (r" \d{1,2}:\d{2} [AaPp][Mm]", " %I:%M %p"),
    (r" \d{1,2}:\d{2}:\d{2} [AaPp][Mm]", " %I:%M:%S %p"),
)
_SHAPES = {
    "integer": r"-?(0|[1-9]\d{0,8})",
    "fraction": r"-?(0|[1-9]\d{0,14})\.\d+",
    "boolean": r"(?i)y|n|yes|no|true|false",
    "long_code": r"[A-Za-z]{0,6}[-_]?\d[0-9A-Za-z_-]{3,}",
    "code": r"[A-Za-z]{0,6}[-_]?\d[0-9A-Za-z_-]*",
    "phone": "|".join(
        (
            r"(\+?1[-. ]?)?(\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}",
            r"(\+|00)[1-9][\d ()/.-]{6,}\d",  # with a country's code
            r"\(0\d{1,5}\)[ -]?\d[\d -]{3,}\d|0\d{2,5}[ /-]+\d[\d -]{3,}\d",  # 030 1234567, 0221/123456
            r"0\d([ .-]\d{2}){4}",  # 01 23 45 67 89
            r"\d{3}([ .-]\d{3}){2}|\d{2}[ .]\d{3}([ .]\d{2}){2}",  # 912 345 678, 91 234 56 78
        )
    ),
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "one_cell": r"(?s).*[, ]\s*[A-Za-z]{2}\.?,?\s+\d{5}(-\d{4})?",
    "lines": r"(?s).*\S\s*[\r\n]\s*\S.*",
}

_NANP = frozenset(COUNTRY_CODE_TO_REGION_CODE[1])  # the regions behind +1
_REGION_TRIED = 200  # phones; enough to tell a country
_LETTERS = str.maketrans({"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"})


@dataclass
class Guess:
    """One column of the sample: its name and title, how many values look like what, and what follows from that.

    `money`: the style in which amounts are written; `region`: the country in which its phones are dialled. `constant`:
    it is no column of the file, but a value of all records that a person gave.
    """

    name: str
    header: str
    filled: int
    distinct: int
    shapes: dict[str, int]
    type: str = "text"
    formats: tuple[str, ...] = ()
    pii: bool = False
    required: bool = False
    money: str = ""
    region: str = ""
    constant: str = ""
    notes: list[str] = field(default_factory=list)

    def all(self, shape: str) -> bool:
        return self.filled > 0 and self.shapes[shape] == self.filled

    def mostly(self, shape: str) -> bool:
        return self.filled > 0 and self.shapes[shape] >= _MOST * self.filled

    def is_called(self, pattern: str) -> bool:
        return re.search(pattern, self.name) is not None


@dataclass
class Suggestion:
    """What a sample would be as a contract of some kind: the contract's lines behind `columns`, and before them.

    `missing`: these parts of one were not found; then there are no lines. `without`: what the records are not then.
    """

    kind: str
    room: str
    called: str
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    without: str = ""


@dataclass(frozen=True)
class Choices:
    """What a person says of a sample beforehand, as nothing in it proves it.

    `constants`: columns that the file lacks -> their value. `region`: where phones are dialled. `day_first`: how dates
    are written that could be read either way.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    day_first: bool | None = None


NO_CHOICES = Choices()


def given(choices: Choices) -> list[Guess]:
    """The constants, as columns with one value."""
    none = dict.fromkeys(_SHAPES, 0)
    return [Guess(name, "", 1, 1, none, constant=value) for name, value in choices.constants.items()]


def look(records: Path, headers: list[str], choices: Choices) -> list[Guess]:
    """Counts what each column's values look like, over the sample's first `LOOK_AT` records."""
    con = duckdb.connect()
    try:
        con.execute("set enable_progress_bar = false")  # it would write over the proposal
        con.execute(f"create table records as from read_parquet({literal(str(records))}) limit {LOOK_AT}")
        install_money(con)
        names = column_names(headers)
        counted = [_counted(con, name, header) for name, header in zip(names, headers, strict=True)]
        for guess in counted:
            _typed(con, guess, choices)
        phones = [guess for guess in counted if guess.mostly("phone") or guess.is_called(words.PHONE)]
        region = choices.region or _region(con, phones, words.regions_of(names))
        _settle_money(counted, words.money_of(region, names))
        for guess in phones:
            guess.region = region
        return counted
    finally:
        con.close()


_MOST_WORDS = 40  # of a column with more values these are no words that a person would list


def listed_words(records: Path, guess: Guess) -> list[str]:
    """The different values of a column that has few; none of one that has many."""
    if not 0 < guess.distinct <= _MOST_WORDS:
        return []
    cell, source = f"trim({identifier(guess.header)})", f"read_parquet({literal(str(records))})"
    con = duckdb.connect()
    try:
        found = con.execute(f"select distinct {cell} as word from {source} where {cell} <> '' order by word").fetchall()
        return [word for (word,) in found]
    finally:
        con.close()


def _region(con: duckdb.DuckDBPyConnection, phones: list[Guess], regions: list[str]) -> str:
    """The country in which most of the columns' numbers are valid; empty where they are in none."""
    values = " union ".join(f"from {_values(guess.header)}" for guess in phones)
    select = f"select value from ({values}) order by value limit {_REGION_TRIED}"
    tried = con.execute(select).fetchall() if phones else []
    found = {region: [phone_python(value, region).region for (value,) in tried] for region in regions}
    valid = {region: sum(one == region for one in found[region]) for region in regions}
    canadian, valid["US"] = valid["CA"], sum(one in _NANP for one in found["US"])  # dialled there as at home
    best = max(regions, key=lambda region: valid[region])  # the first of equals
    if best == "US" and 2 * canadian > valid["US"]:
        best = "CA"
    return best if 2 * valid[best] > len(tried) else ""


def _values(header: str) -> str:
    cell = identifier(header)
    return f"(select trim({cell}) as value from records where trim({cell}) <> '')"


def _counted(con: duckdb.DuckDBPyConnection, name: str, header: str) -> Guess:
    counts = ", ".join(
        f"count(*) filter (where regexp_full_match(value, {literal(shape)}))" for shape in _SHAPES.values()
    )
    filled, distinct, *found = con.execute(
        f"select count(*), count(distinct value), {counts} from {_values(header)}"
    ).fetchall()[0]
    return Guess(name, header, filled, distinct, dict(zip(_SHAPES, found, strict=True)))


def _typed(con: duckdb.DuckDBPyConnection, guess: Guess, choices: Choices) -> None:
    """Gives the column a type where every value bears it out, and marks personal data, rather too often."""
    person = guess.is_called(words.PERSON) or (guess.is_called(words.NAME) and not guess.is_called(words.NAME_OF_THING))
    guess.pii = person and not guess.is_called(words.NOT_OF_PERSON)
    guess.pii |= guess.shapes["email"] + guess.shapes["phone"] > guess.filled / 2
    if not guess.filled:
        guess.notes.append("empty in the sample")
    elif guess.all("boolean"):
        guess.type = "boolean"
    elif guess.is_called(rf"{words.ID}|{words.PHONE}|{words.PLACE_CODE}") or guess.mostly("phone"):
        pass  # leading zeros, and what nobody adds up, stay text
    elif guess.is_called(words.AMOUNT) and (style := _money(con, guess)):
        guess.type, guess.money = "money", style
    elif guess.all("integer"):
        guess.type = "integer"
    elif guess.shapes["fraction"] and guess.shapes["integer"] + guess.shapes["fraction"] == guess.filled:
        guess.type = "decimal"
    else:
        _dated(con, guess, choices)


def _money(con: duckdb.DuckDBPyConnection, guess: Guess) -> str:
    """The style in which every value is an amount, empty where there is none: `either` where both mean the same."""
    us, eu, differ = con.execute(
        "select count(money(value, 'us')), count(money(value, 'eu')), "
        "count(*) filter (where money(value, 'us') <> money(value, 'eu')) "
        f"from {_values(guess.header)}"
    ).fetchall()[0]
    if us == eu == guess.filled:
        return "unsure" if differ else "either"
    return "us" if us == guess.filled else "eu" if eu == guess.filled else ""


def _settle_money(guesses: list[Guess], usual: str) -> None:
    """What could be of both styles is of the one that other columns prove, else of the `usual` one; that is told."""
    proven = next((guess.money for guess in guesses if guess.money in ("us", "eu")), usual)
    for guess in guesses:
        if guess.money == "unsure":
            guess.notes.append(f"amounts that both styles read, taken as {proven}; money: us or eu says which")
        if guess.money in ("unsure", "either"):
            guess.money = proven


def _dated(con: duckdb.DuckDBPyConnection, guess: Guess, choices: Choices) -> None:
    values = _values(guess.header)
    sample = con.execute(f"select value from {values} limit 1").fetchall()[0][0]
    for shape, days in _DATES:
        for time_shape, time in _TIMES:
            if not re.fullmatch(shape + time_shape, sample):
                continue
            formats = [day + time for day in days]
            parsed = ", ".join(f"count(try_strptime(value, {literal(text)}))" for text in formats)
            alike, *counts = con.execute(
                f"select count(*) filter (where regexp_full_match(value, {literal(shape + time_shape)})), {parsed} "
                f"from {values}"
            ).fetchall()[0]
            fit = [text for text, count in zip(formats, counts, strict=True) if alike == count == guess.filled]
            kind = "timestamp" if time else "date"
            if len(fit) == 2 and choices.day_first is not None:
                fit = [text for text in fit if text.startswith("%d") == choices.day_first]
            if len(fit) == 1:
                guess.type, guess.formats = kind, (fit[0],)
            elif fit:
                either = " or ".join(f'["{text}"]' for text in fit)
                guess.notes.append(f"day or month first? Then type: {kind}, formats: {either}")
            return


def key_of(guesses: list[Guess], total: int) -> list[Guess]:
    """The first column with a value of its own in every record that looks like a number somebody gave.

    Else the first so titled that has one in most records: lists hold licences twice.
    """
    likely = [
        guess
        for guess in guesses
        if guess.filled == total
        and guess.type in ("text", "integer")
        and not guess.is_called(words.NO_ID)
        and not guess.mostly("phone")
        and (guess.is_called(words.ID) or guess.all("long_code"))
    ]
    # In a short sample even kinds and names can differ in every record.
    unique = sorted((g for g in likely if g.distinct == total), key=lambda guess: guess.is_called(words.SELDOM_ID))
    often = [
        guess
        for guess in likely
        if guess.is_called(words.ID) and not guess.is_called(words.SELDOM_ID) and guess.distinct > _FEW_TWICE * total
    ]
    for guess in unique or often:
        guess.type = "text"
        if not unique:
            guess.notes.append("taken for the key, though some records share it")
        return [guess]
    return []


def snake(text: str) -> str:
    """A name as contracts want it: `Address1` -> address_1, `Téléphone` -> telephone, `Straße` -> strasse.

    May be empty.
    """
    text = text.translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain).lower()
    plain = re.sub(r"(?<=[a-z]{2})(?=\d+$)", "_", plain)
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:60].strip("_")


def column_names(headers: list[str]) -> list[str]:
    """A name of its own for each title, none of those the platform adds itself."""
    names: list[str] = []
    for index, header in enumerate(headers, start=1):
        name = snake(header) or f"column_{index}"
        name = f"{name[:50]}_delivered" if name in _TAKEN else name
        unique, count = name, 2
        while unique in names:
            unique, count = f"{name[:55]}_{count}", count + 1
        names.append(unique)
    return names


def scalar(text: str) -> str:
    """A text as YAML, in quotes where YAML might read something else."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _/().&'-]*[A-Za-z0-9_.)]|[A-Za-z]", text)
    if plain and text.lower() not in ("true", "false", "null", "yes", "no", "y", "n", "on", "off"):
        return text
    kept = (ch if ch.isprintable() and ch not in '"\\' else f"\\U{ord(ch):08x}" for ch in text)
    return f'"{"".join(kept)}"'
