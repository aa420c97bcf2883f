"""What a feed contract can say: the pydantic models behind feeds/*.yaml.

Belongs here: the fields, their meaning and defaults, and what must agree between them. Does not: reading YAML
and naming lines (load.py), or obeying a contract (file_reading.py, slots, tables).
"""

from __future__ import annotations

import codecs
import fnmatch
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from leads_platform.arrivals.contracts.deliveries import DELIVERIES, Delivery
from leads_platform.arrivals.contracts.limits import is_owner, limits
from leads_platform.values.times import EPOCH_MS

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.propose_columns import Guess, Suggestion
    from leads_platform.warehouse.table import Column as TableColumn
    from leads_platform.warehouse.table import Table

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
_NAME = r"^[a-z][a-z0-9_]*$"
_DATE_DIRECTIVES = frozenset("aAbBdmyYHIpMSfzZjn%-gxX")
# DuckDB's regular expressions are RE2, which has neither look-around nor back-references.
_NOT_IN_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!])|(?<!\\)(?:\\\\)*\\[1-9]")

Name = Annotated[str, Field(pattern=_NAME, max_length=60)]


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


class Model(BaseModel):
    """Unknown fields are errors: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Column(Model):
    """One column of the feed: what the warehouse calls it and what suppliers call it."""

    name: Name = Field(description="Name in base_ and stg_ tables, snake_case")
    header: str = Field(min_length=1, description="The supplier's header; case and spacing don't matter")
    aliases: tuple[str, ...] = Field(default=(), description="Other headers it has been delivered under")
    required: bool = Field(
        default=False,
        description="A file whose header lacks it is refused whole; does not mean that values are not null",
    )
    may_be_missing: bool = Field(
        default=False,
        description="Files may lack it though earlier ones had it; else a check warns. Not for required columns",
    )
    type: Literal["text", "integer", "decimal", "boolean", "date", "timestamp"] = Field(
        default="text", description="What staging casts it to; arrival reads everything as text"
    )
    formats: tuple[str, ...] = Field(
        default=(),
        description="strptime formats of a date or timestamp, tried in order; none means ISO 8601, with an offset or "
        "without; %z at a format's end is an offset of any shape: Z, +00, -0700, -07:00",
    )
    pii: bool = Field(default=False, description="Personal data: never in messages, logs or metadata")
    description: str = Field(default="", description="What it means; shown in Dagster and in the docs")


class MonthRule(Model):
    """Where a record's business month comes from."""

    from_: Literal["name", "column"] = Field(
        default="name",
        alias="from",
        description="name: YYYY-MM in the file's name; column: each record's own date",
    )
    column: str | None = Field(default=None, description="The column that holds the date (from: column)")
    formats: tuple[str, ...] = Field(
        default=(),
        description="Its strptime formats, or epoch_ms for milliseconds since 1970 in UTC; none: the column's own",
    )
    prefer: str | None = Field(
        default=None, description="A column whose date counts instead, where the file has it and the cell is filled"
    )
    timezone: str | None = Field(
        default=None,
        description="Zone in which months and `record_local_at` are reckoned, such as Europe/Berlin, times being UTC "
        "where they have no offset; none: times without an offset are taken as they stand, others are placed by the "
        "platform's zone (LEADS_PLATFORM_TIMEZONE)",
    )


class Format(Model):
    """The file's dialect. Nothing is sniffed: what is not as stated here is refused or quarantined."""

    type: Literal["csv", "xlsx", "parquet"] = Field(
        default="csv", description="After unwrapping: .gz and a .zip of one file are unwrapped for any type"
    )
    delimiter: str = Field(default=",", description="csv: one character between fields")
    quote: str | None = Field(default='"', description="csv: one character around fields; null for none")
    encoding: str = Field(default="utf-8", description="csv: for example utf-8, cp1252, latin-1, utf-16")
    sheet: str | None = Field(default=None, description="xlsx: the sheet's name; none: the only one with cells")


class FeedContract(Model):
    """One feed: who sends it, how its files look, what its columns mean. See docs for a worked example.

    A *kind* of contract is a subclass that a room gives (`Room.kinds`), with fields, rules and tables of its own. It
    states `kind: Literal[...]`, without a default, so that the kind is a part of the hash.

    What is said of phones is said by any kind, though not each makes a use of it: phones are a standard of all rooms
    (contacts), contracts of every kind state their region, and those go on being readable.
    """

    sections: ClassVar[Mapping[str, type[Model]]] = {"columns": Column, "month": MonthRule, "format": Format}
    """The fields that are mappings of their own, for words about a misspelt one."""
    base_prefix: ClassVar[str] = "base_"
    """Of its base table's name; the feed's name follows."""
    families: ClassVar[Mapping[str, tuple[TableColumn, ...]]] = {}
    """Name patterns of the tables that the kind generates, such as `stg_leads_*`, and the columns they all have."""

    feed: Name = Field(description="The feed's name, also its folder in landing/")
    room: Name = Field(description="The business room that owns its tables")
    kind: str = Field(default="plain", description="plain: a base_ table only; rooms have kinds with more tables")
    title: str = Field(min_length=1, description="What people call it")
    description: str = ""
    owner: str = Field(default="", description="team:name or an e-mail address, as Dagster's owners")
    delivery: Literal["snapshot", "events", "extract", "reference"] = Field(
        description="snapshot: a full list each month; events: one sender's keyed records with their own time, "
        "in no sub-folders; extract: the whole history each time; reference: a small look-up"
    )
    files: tuple[str, ...] = Field(
        default=("*.csv", "*.csv.gz", "*.zip"), min_length=1, description="Name patterns, case ignored"
    )
    month: MonthRule = MonthRule()
    parts: Literal["one", "many"] = Field(default="one", description="many: a month's list comes in several files")
    part_pattern: str = Field(
        default=r"part[ _-]?(\d+)", description="parts: many; regular expression with one group, on the name"
    )
    shrink_limit: float = Field(
        default=0.5, ge=0, le=1, description="A re-issue that loses more than this share of records is held"
    )
    fresh_within_days: int | None = Field(
        default=None, ge=1, description="A feed that has delivered nothing new for longer is told as late"
    )
    version_from: str | None = Field(
        default=None, description="Column whose maximum is the version when the name has no YYYY-MM-DD"
    )
    format: Format = Format()
    key: tuple[str, ...] = Field(default=(), description="The supplier's own key, by column names")
    columns: tuple[Column, ...] = Field(min_length=1)
    phone_region: str = Field(default="US", pattern=r"^[A-Z]{2}$", description="Where a bare number is dialled")
    min_valid_phone_share: float = Field(default=0.9, ge=0, le=1, description="Below it a check warns")

    _path: Path | None = PrivateAttr(default=None)
    _feed_line: int = PrivateAttr(default=1)
    _platform_zone: str = PrivateAttr(default="UTC")

    @model_validator(mode="after")
    def _agree(self, info: ValidationInfo) -> FeedContract:
        problems = list(_problems(self))
        if not (info.context or {}).get("was_in_force"):
            problems += [*limits(self), *_of_kind(self.own_limits)]
        if problems:
            raise CrossErrors(problems)
        return self

    @property
    def path(self) -> Path | None:
        """The YAML file it was read from, if any."""
        return self._path

    @property
    def zone(self) -> str:
        """The time zone in which an instant's month and day are reckoned: the contract's own, else the platform's."""
        return self.month.timezone or self._platform_zone

    @property
    def label(self) -> str:
        """How messages name its file: `feeds/nv_licensing.yaml`."""
        return f"feeds/{self._path.name}" if self._path else f"feeds/{self.feed}.yaml"

    @property
    def known_owner(self) -> str:
        """The owner as Dagster takes it, else empty: a contract of before it was asked for may hold another."""
        return self.owner if is_owner(self.owner) else ""

    @property
    def base_table(self) -> str:
        """Table of the records as they came, without the room."""
        return f"{self.base_prefix}{self.feed}"

    def own_problems(self) -> Iterator[tuple[Loc, str]]:
        """What is wrong by the rules of the kind: where, and what to do."""
        yield from ()

    def own_limits(self) -> Iterator[tuple[Loc, str]]:
        """What of the kind would be refused later (contracts.limits); a contract that was in force is not asked."""
        yield from ()

    def more_tables(self) -> tuple[Table, ...]:
        """The tables that follow from the contract beside its base table."""
        return ()

    def phone_columns(self) -> tuple[str, ...]:
        """The columns that hold the phone by which a record is matched; `check` looks at their values."""
        return ()

    @classmethod
    def suggest(cls, guesses: Sequence[Guess], key: list[Guess]) -> Suggestion | None:
        """What a sample's columns would be as a contract of this kind; None where it is none. May complete `key`."""
        return None

    @property
    def delivered(self) -> Delivery:
        """What its kind of delivery demands."""
        return DELIVERIES[self.delivery]

    def column(self, name: str) -> Column:
        """The declared column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def needed(self) -> frozenset[str]:
        """Columns without which a file is refused: required ones, key, month and version columns."""
        own = {column.name for column in self.columns if column.required}
        others = {name for name in (self.month.column, self.version_from) if name is not None}
        return frozenset(own | others | set(self.key))

    def accepts(self, file_name: str) -> bool:
        """Whether the name fits one of `files`; case and unicode form don't matter."""
        folded = unicodedata.normalize("NFC", file_name).casefold()
        return any(fnmatch.fnmatchcase(folded, pattern.casefold()) for pattern in self.files)

    def month_formats(self) -> tuple[str, ...]:
        """The formats of the month's column; empty means ISO 8601."""
        if self.month.column is None:
            return ()
        return self.month.formats or self.column(self.month.column).formats

    def month_columns(self) -> tuple[str, ...]:
        """The columns that can give a record's month, the one that counts first."""
        return tuple(name for name in (self.month.prefer, self.month.column) if name is not None)

    def hash(self) -> str:
        """SHA-256 of what it says; comments, order of fields and stated defaults don't change it."""
        said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def fold_header(text: str) -> str:
    """What two headers must share to be one: letters without case, runs of space as one, no edges.

    >>> fold_header("  Credential   number ")
    'credential number'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    yield from _column_problems(contract)
    yield from _format_problems(contract)
    yield from _month_problems(contract)
    yield from _of_kind(contract.own_problems)
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
    if (problem := regex_problem(contract.part_pattern)) is not None:
        yield ("part_pattern",), problem


def _of_kind(rule: Callable[[], Iterator[tuple[Loc, str]]]) -> list[tuple[Loc, str]]:
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
        said: list[tuple[Loc, str]] = [(("columns", index, "header"), column.header)]
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


def _date_problems(loc: Loc, formats: tuple[str, ...]) -> Iterator[tuple[Loc, str]]:
    for index, text in enumerate(formats):
        directives = re.findall(r"%(-?.?)", text)
        unknown = [d for d in directives if d.lstrip("-") not in _DATE_DIRECTIVES or d in ("", "-")]
        if not directives or unknown:
            yield (*loc, index), f"`{text}` is not a date format; write it like %m/%d/%Y"


def _format_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    dialect = contract.format
    for field, value in (("delimiter", dialect.delimiter), ("quote", dialect.quote)):
        if value is None and field == "quote":
            continue
        if value is None or len(value) != 1 or not value.isascii() or value in "\r\n\0":
            yield ("format", field), "must be one ASCII character, not a line break"
        elif value.isalnum() or value == " ":
            yield ("format", field), f"`{value}` occurs inside values; it can't separate or enclose them"
    if dialect.delimiter == dialect.quote:
        yield ("format", "quote"), "is the same character as the delimiter"
    try:
        if not codecs.lookup(dialect.encoding)._is_text_encoding:
            yield ("format", "encoding"), f"`{dialect.encoding}` is not a text encoding"
    except (LookupError, ValueError):
        yield (
            ("format", "encoding"),
            (f"`{dialect.encoding}` is not an encoding Python knows; try utf-8, cp1252, latin-1 or utf-16"),
        )
    if dialect.sheet is not None and dialect.type != "xlsx":
        yield ("format", "sheet"), f"only xlsx has sheets; the type is {dialect.type}"


def _month_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    names = {column.name for column in contract.columns}
    rule = contract.month
    if rule.from_ == "name":
        if rule.column is not None or rule.formats or rule.prefer or rule.timezone:
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
    if rule.column is None:
        yield ("month", "column"), "is missing: which column holds the record's date?"
    elif rule.column not in names:
        yield ("month", "column"), unknown_column(rule.column, names)
    if rule.prefer is not None and (rule.prefer not in names or rule.prefer == rule.column):
        said = "is the column itself" if rule.prefer == rule.column else unknown_column(rule.prefer, names)
        yield ("month", "prefer"), said
    if rule.timezone is not None and rule.timezone not in available_timezones():
        yield ("month", "timezone"), f"`{rule.timezone}` is no time zone; write one such as Europe/Berlin or UTC"
    written = tuple(text for text in rule.formats if text != EPOCH_MS)
    if EPOCH_MS in rule.formats and written:
        yield ("month", "formats"), f"`{EPOCH_MS}` stands alone: a column holds numbers or dates"
    yield from _date_problems(("month", "formats"), written)


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
