"""What must agree between the fields of a contract, and the words for what does not.

Belongs here: rules over several fields, or over one that pydantic can't state. Does not: the fields and their meaning
(model), or what would be refused later (limits).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from leads_platform.arrivals.contracts.formats import column_problems, format_problems, parts_of
from leads_platform.arrivals.contracts.month_pattern import pattern_problem
from leads_platform.values.times import EPOCHS

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.model import FeedContract, Format, MonthRule

Loc = tuple[str | int, ...]

# What the platform adds to every base table; a feed's own column of that name would be shadowed.
RESERVED_COLUMNS = frozenset(
    {
        "month",
        "record_month",
        "record_at",
        "record_local_at",
        "record_is_instant",
        "file_name",
        "file_date",
        "file_sha256",
        "part",
        "line",
        "rank",
    }
)
_DATE_DIRECTIVES = frozenset("aAbBdmyYHIpMSfzZjn%-gxX")
# DuckDB's regular expressions are RE2, which has neither look-around nor back-references.
_NOT_IN_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!])|(?<!\\)(?:\\\\)*\\[1-9]")


class CrossErrors(ValueError):
    """Fields that are right by themselves but don't agree; each problem carries where it is."""

    def __init__(self, problems: list[tuple[Loc, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(message for _, message in problems))


class KindError(Exception):
    """A rule of a kind has failed over a contract."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


def fold_header(text: str) -> str:
    """What two headers must share to be one: letters without case, runs of space as one, no edges.

    >>> fold_header("  Credential   number ")
    'credential number'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def disagreements(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    """What does not agree, with where it stands and what to do."""
    yield from _column_problems(contract)
    yield from column_problems(contract)
    yield from _format_problems(contract)
    yield from format_problems(contract)
    yield from _month_problems(contract)
    yield from _zone_problems(("source_timezone",), contract.source_timezone)
    yield from of_kind(contract.own_problems)
    names = {column.name for column in contract.columns}
    for index, name in enumerate(contract.key):
        if name not in names:
            yield ("key", index), unknown_column(name, names)
    if len(set(contract.key)) < len(contract.key):
        yield ("key",), "names a column twice"
    if contract.delivered.is_partial and not contract.key:
        yield ("delivery",), "events need a `key`: the later version of a record wins by it"
    if contract.version_from is not None and contract.version_from not in names:
        yield ("version_from",), unknown_column(contract.version_from, names)
    yield from _version_problems(contract, names)
    if (problem := regex_problem(contract.part_pattern)) is not None:
        yield ("part_pattern",), problem


def _version_problems(contract: FeedContract, names: set[str]) -> Iterator[tuple[Loc, str]]:
    for index, name in enumerate(contract.never_empty):
        if name not in names:
            yield ("never_empty", index), unknown_column(name, names)
        elif name in contract.key:
            yield ("never_empty", index), f"`{name}` is part of the key: without it a record is another one"
    if contract.never_empty and not contract.key:
        yield ("never_empty",), "needs a `key`: it tells which value was known before"
    if contract.serves == "newest" and not contract.delivered.serves_all:
        yield ("serves",), f"is only said of a reference; the delivery is {contract.delivery}"


def of_kind(rule: Callable[[], Iterator[tuple[Loc, str]]]) -> list[tuple[Loc, str]]:
    """What a rule of the kind finds. pydantic would take its ValueError for one of its own."""
    try:
        return list(rule())
    except Exception as error:
        raise KindError(error) from error


def _column_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    names: set[str] = set()
    headers: dict[str, str] = {}
    for index, column in enumerate(contract.columns):
        if column.name in names:
            yield ("columns", index, "name"), f"`{column.name}` is declared twice; names must differ"
        names.add(column.name)
        if column.name in RESERVED_COLUMNS:
            yield (
                ("columns", index, "name"),
                (f"`{column.name}` is a column the platform adds itself; choose another name"),
            )
        said: list[tuple[Loc, str]] = [(("columns", index, "header"), column.header)] if column.header else []
        said += [(("columns", index, "aliases", n), alias) for n, alias in enumerate(column.aliases)]
        for loc, header in said:
            folded = fold_header(header)
            if not folded:
                yield loc, "is empty; give the supplier's column title"
            elif folded in headers:
                yield (
                    loc,
                    f"`{header}` already stands for `{headers[folded]}`; a header can mean one column only",
                )
            headers.setdefault(folded, column.name)
        if column.formats and column.type not in ("date", "timestamp"):
            yield (
                ("columns", index, "formats"),
                f"only a date or timestamp has formats; the type is {column.type}",
            )
        yield from _date_problems(("columns", index, "formats"), column.formats)
    yield from _constant_problems(contract, names, headers)


def _constant_problems(contract: FeedContract, names: set[str], headers: dict[str, str]) -> Iterator[tuple[Loc, str]]:
    keys = [part for column in contract.columns for path in column.path for part in parts_of(path) if part == path]
    sent = {fold_header(title.replace("_", " ")) for title in (*names, *headers, *keys)}
    for name, value in contract.constants.items():
        if fold_header(name.replace("_", " ")) in sent:
            yield ("constants", name), "is a column that the file sends; take it out of `constants` or of `columns`"
        elif name in RESERVED_COLUMNS:
            yield ("constants", name), "is a column the platform adds itself; choose another name"
        elif not value.strip():
            yield ("constants", name), "is blank; give the value, or take it out"


def _date_problems(loc: Loc, formats: tuple[str, ...]) -> Iterator[tuple[Loc, str]]:
    numbers = [text for text in formats if text in EPOCHS]
    if numbers and len(numbers) < len(formats):
        yield loc, f"`{numbers[0]}` stands alone: a column holds numbers or dates"
    for index, text in enumerate(formats):
        if text in EPOCHS:
            continue
        directives = re.findall(r"%(-?.?)", text)
        unknown = [d for d in directives if d.lstrip("-") not in _DATE_DIRECTIVES or d in ("", "-")]
        if not directives or unknown:
            yield (*loc, index), f"`{text}` is not a date format; write it like %m/%d/%Y"


def _format_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    for index, dialect in enumerate(contract.formats):
        at: Loc = ("format", index) if len(contract.formats) > 1 else ("format",)
        for field, said in _dialect_problems(dialect):
            yield (*at, field), said


def _dialect_problems(dialect: Format) -> Iterator[tuple[str, str]]:
    for field, value in (("delimiter", dialect.delimiter), ("quote", dialect.quote)):
        if value is None and field == "quote":
            continue
        if value is None or len(value) != 1 or not value.isascii() or value in "\r\n\0":
            yield field, "must be one ASCII character, not a line break"
        elif value.isalnum() or value == " ":
            yield field, f"`{value}` occurs inside values; it can't separate or enclose them"
    if dialect.delimiter == dialect.quote:
        yield "quote", "is the same character as the delimiter"
    try:
        if not codecs.lookup(dialect.encoding)._is_text_encoding:
            yield "encoding", f"`{dialect.encoding}` is not a text encoding"
    except (LookupError, ValueError):
        yield (
            "encoding",
            f"`{dialect.encoding}` is not an encoding Python knows; try utf-8, cp1252, latin-1 or utf-16",
        )
    if dialect.sheet is not None and dialect.type != "xlsx":
        yield "sheet", f"only xlsx has sheets; the type is {dialect.type}"
    if dialect.header_row is not None and dialect.type not in ("csv", "xlsx"):
        yield "header_row", f"only csv and xlsx have lines above a header; the type is {dialect.type}"


def _month_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    names = {column.name for column in contract.columns}
    rule = contract.month
    if rule.pattern is not None and (problem := pattern_problem(rule.pattern)):
        yield ("month", "pattern"), problem
    elif rule.pattern is not None and rule.from_ == "column":
        yield ("month", "pattern"), "is of the file's name, yet the month comes from a column; leave one out"
    if rule.from_ == "name" and not (contract.names_the_list and contract.delivered.is_monthly and _states_from(rule)):
        if rule.column is not None or rule.formats or rule.prefer or rule.timezone or rule.undated == "file":
            yield ("month", "from"), "is `name`, yet what belongs to a column is given; write `from: column`"
        if contract.delivered.dates_records:
            yield (
                ("month", "from"),
                (
                    f"must be `column` for {contract.delivery}: each record has its own month; "
                    "write month: {from: column, column: ...}"
                ),
            )
        return
    if rule.undated == "file" and contract.dated != "required":
        yield ("month", "undated"), "is `file`, so each file must have a day; write `dated: required`"
    if rule.column is None:
        yield ("month", "column"), "is missing: which column holds the record's date?"
    elif rule.column not in names:
        yield ("month", "column"), unknown_column(rule.column, names)
    if rule.prefer is not None and (rule.prefer not in names or rule.prefer == rule.column):
        said = "is the column itself" if rule.prefer == rule.column else unknown_column(rule.prefer, names)
        yield ("month", "prefer"), said
    yield from _zone_problems(("month", "timezone"), rule.timezone)
    yield from _date_problems(("month", "formats"), rule.formats)


def _zone_problems(loc: Loc, zone: str | None) -> Iterator[tuple[Loc, str]]:
    if zone is not None and zone not in available_timezones():
        yield loc, f"`{zone}` is no time zone; write one such as Europe/Berlin or UTC"


def _states_from(rule: MonthRule) -> bool:
    """Whether `from` is written there: a column alone is more likely a slip than a snapshot with two months."""
    return "from_" in rule.model_fields_set


def regex_problem(pattern: str) -> str | None:
    """What is wrong with a regular expression of one group; None if nothing is."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        return f"is not a regular expression: {error}"
    if groups != 1:
        return f"must have exactly one group in brackets, it has {groups}"
    if _NOT_IN_RE2.search(pattern):
        return "uses look-around or a back-reference, which DuckDB's regular expressions (RE2) don't have"
    return None


def unknown_column(name: str, names: set[str]) -> str:
    """The sentence on a column that is not declared."""
    return did_you_mean(f"`{name}` is not one of the columns", name, sorted(names))


def did_you_mean(said: str, word: str, known: tuple[str, ...] | list[str]) -> str:
    """The sentence with the known word most like this one, else with all of them."""
    from difflib import get_close_matches  # imported where it is needed: only wrong contracts do

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"{said}; did you mean `{close[0]}`?" if close else f"{said}; known are {', '.join(known)}"
