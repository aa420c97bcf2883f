"""What a feed contract can say: the pydantic models behind feeds/*.yaml.

Belongs here: the fields, their meaning and defaults. Does not: what must agree between them (agreement.py), reading
YAML and naming lines (load.py), or obeying a contract (file_reading.py, slots, tables).
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WrapSerializer,
    model_validator,
)

from leads_platform.arrivals.contracts.agreement import CrossErrors, Loc, disagreements, of_kind
from leads_platform.arrivals.contracts.deliveries import DELIVERIES, Delivery
from leads_platform.arrivals.contracts.formats import type_by_ending
from leads_platform.arrivals.contracts.limits import is_owner, limits

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.group import FeedGroup
    from leads_platform.arrivals.contracts.propose_columns import Guess, Suggestion
    from leads_platform.warehouse.table import Column as TableColumn
    from leads_platform.warehouse.table import Table

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Model(BaseModel):
    """Unknown fields are errors: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _OneOrMany:
    """In the JSON schema: an item, or a list of them."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


def _listed(value: object) -> object:
    """What stands alone as a list of one."""
    return (value,) if isinstance(value, (str, Mapping, Model)) else value


def _one_alone(many: tuple[object, ...], dump: SerializerFunctionWrapHandler) -> object:
    """One is told by itself, so that the hash of a contract of before there could be several is what it was."""
    told = dump(many)
    return told[0] if len(told) == 1 else told


class Column(Model):
    """One column of the feed: what the warehouse calls it and what suppliers call it."""

    name: Name = Field(description="Name in base_ and stg_ tables, snake_case")
    header: str = Field(
        default="",
        description="The supplier's header; case and spacing don't matter. Only JSON Lines can do without: there the "
        "key is the column's name, else the header or an alias",
    )
    aliases: tuple[str, ...] = Field(default=(), description="Other headers it has been delivered under")
    path: Annotated[tuple[str, ...], BeforeValidator(_listed), _OneOrMany()] = Field(
        default=(),
        description="jsonl: where in the object the value stands, key by key, such as additional.message.id; a key "
        'that holds a dot in double quotes: additional."message.id". Of a list the first that is there and not null '
        "counts. None: a key of the object itself, by name, header or alias",
    )
    required: bool = Field(
        default=False,
        description="A file whose header lacks it is refused whole; does not mean that values are not null",
    )
    may_be_missing: bool = Field(
        default=False,
        description="Files may lack it though earlier ones had it; else a check warns. Not for required columns",
    )
    type: Literal["text", "integer", "decimal", "money", "boolean", "date", "timestamp"] = Field(
        default="text",
        description="What staging casts it to; arrival reads everything as text. money is exact, to four places",
    )
    formats: tuple[str, ...] = Field(
        default=(),
        description="strptime formats of a date or timestamp, tried in order; none means ISO 8601, with an offset or "
        "without; %z at a format's end is an offset of any shape: Z, +00, -0700, -07:00; epoch_ms and epoch_s are "
        "milliseconds (12 or 13 digits) and seconds (9 or 10) since 1970 in UTC",
    )
    pii: bool = Field(default=False, description="Personal data: never in messages, logs or metadata")
    description: str = Field(default="", description="What it means; shown in Dagster and in the docs")

    @property
    def title(self) -> str:
        """What people are told it is called in a file."""
        return self.header or " | ".join(self.path) or self.name

    def titles(self, type: str) -> tuple[str, ...]:
        """What it may be called in a file of this type, the likeliest first. Of paths: all of them as one title."""
        if type == "jsonl":
            own = (self.name, self.header, *self.aliases)
            return (" | ".join(self.path),) if self.path else tuple(title for title in own if title)
        return (self.header, *self.aliases)


class MonthRule(Model):
    """Where a record's business month comes from."""

    from_: Literal["name", "column"] = Field(
        default="name",
        alias="from",
        description="name: YYYY-MM in the file's name; column: each record's own date. A snapshot's `name` may stand "
        "beside a column: the name says which list the file replaces, the column gives each record's month",
    )
    pattern: str | None = Field(
        default=None,
        description="How the file's name writes the month instead (from: name), such as %B %Y for Leads May 2024.xlsx: "
        "%B and %b are English names, %m, %Y, %y and %d numbers; case is ignored, a blank is any of blank _ - .",
    )
    column: str | None = Field(default=None, description="The column that holds each record's date")
    formats: tuple[str, ...] = Field(
        default=(),
        description="Its strptime formats, epoch_ms or epoch_s; none: the column's own",
    )
    prefer: str | None = Field(
        default=None, description="A column whose date counts instead, where the file has it and the cell is filled"
    )
    timezone: str | None = Field(
        default=None,
        description="Zone in which months and `record_local_at` are reckoned, such as Europe/Berlin; times without an "
        "offset are of `source_timezone`, else UTC. None: times of no zone are taken as they stand, others are "
        "placed by the platform's zone (LEADS_PLATFORM_TIMEZONE)",
    )
    undated: Literal["quarantined", "file"] = Field(
        default="quarantined",
        description="What becomes of a record without a date that can be read. file: it is of the month of the day in "
        "the name of the file that told it first, and the column may be lacking",
    )


class Format(Model):
    """The file's dialect. Nothing is sniffed: what is not as stated here is refused or quarantined."""

    type: Literal["csv", "xlsx", "parquet", "jsonl"] = Field(
        default="csv",
        description="After unwrapping: .gz and a .zip of one file are unwrapped for any type. jsonl: one JSON object "
        "a line",
    )
    delimiter: str = Field(default=",", description="csv: one character between fields")
    quote: str | None = Field(default='"', description="csv: one character around fields; null for none")
    encoding: str = Field(default="utf-8", description="csv, jsonl: for example utf-8, cp1252, latin-1, utf-16")
    sheet: str | None = Field(default=None, description="xlsx: the sheet's name; none: the only one with cells")
    header_row: int | None = Field(
        default=None,
        ge=1,
        description="csv and xlsx: the line or row of the column titles; what is above it is not read. None: the first "
        "that holds anything",
    )


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
    others: ClassVar[tuple[str, ...]] = ()
    """Name patterns of those it generates with columns of each contract's own."""

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
    dated: Literal["optional", "required"] = Field(
        default="optional",
        description="required: a file is refused that does not say on which day its content was known, by "
        "as_of_YYYY-MM-DD or one YYYY-MM-DD in its name, or by `version_from`",
    )
    never_empty: tuple[str, ...] = Field(
        default=(), description="Columns in which an empty value never replaces a known one; needs `key`"
    )
    serves: Literal["dated", "newest"] = Field(
        default="dated",
        description="reference. dated: each month reads the newest file dated in or before it; newest: all months read "
        "the newest file",
    )
    formats: Annotated[tuple[Format, ...], BeforeValidator(_listed), WrapSerializer(_one_alone), _OneOrMany()] = Field(
        default=(Format(),),
        alias="format",
        min_length=1,
        description="A list where files come in several types: then a file's ending says which (.csv, .jsonl or "
        ".ndjson, .xlsx, .parquet, each also with .gz or .zip behind it)",
    )
    money: Literal["us", "eu"] = Field(
        default="us", description="How columns of type money are written: us 1,234.50, eu 1.234,50 or 1 234,50"
    )
    source_timezone: str | None = Field(
        default=None,
        description="Zone of the times that the supplier writes without an offset, such as America/Chicago. Of an hour "
        "that its clock shows twice the first reading is taken, in one that it skips the reading by the offset before; "
        "both are told. None: such times stay as they stand",
    )
    constants: Mapping[Name, Annotated[str, Field(min_length=1)]] = Field(
        default={}, description="Columns that the supplier does not send: name -> the value in every record"
    )
    entity_kind: Literal["site", "person"] | None = Field(
        default=None,
        description="What a record stands for; records are matched within a kind. None: what the kind of contract "
        "says, as a list of leads holds sites, or neither",
    )
    key: tuple[str, ...] = Field(default=(), description="The supplier's own key, by column names")
    columns: tuple[Column, ...] = Field(min_length=1)
    phone_region: str = Field(default="US", pattern=r"^[A-Z]{2}$", description="Where a bare number is dialled")
    min_valid_phone_share: float = Field(default=0.9, ge=0, le=1, description="Below it a check warns")

    _path: Path | None = PrivateAttr(default=None)
    _feed_line: int = PrivateAttr(default=1)
    _platform_zone: str = PrivateAttr(default="UTC")
    _group: FeedGroup | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _agree(self, info: ValidationInfo) -> FeedContract:
        problems = list(disagreements(self))
        if not (info.context or {}).get("was_in_force"):
            problems += [*limits(self), *of_kind(self.own_limits)]
        if problems:
            raise CrossErrors(problems)
        return self

    @property
    def format(self) -> Format:
        """The format of its files: the only one, of `for_file` that file's."""
        return self.formats[0]

    def type_of(self, file_name: str) -> str:
        """The type of a file of that name; empty where there are several and the name does not say which."""
        if len(self.formats) == 1:
            return self.format.type
        ending = type_by_ending(file_name)
        return ending if any(one.type == ending for one in self.formats) else ""

    def for_file(self, file_name: str) -> FeedContract:
        """The contract as it speaks of a file of that name: with one format. Raises KeyError where none can be told."""
        if len(self.formats) == 1:
            return self
        named = {one.type: one for one in self.formats}
        return self.model_copy(update={"formats": (named[self.type_of(file_name)],)})

    @property
    def path(self) -> Path | None:
        """The YAML file it was read from, if any."""
        return self._path

    @property
    def zone(self) -> str:
        """The time zone in which an instant's month and day are reckoned: the contract's own, else the platform's."""
        return self.month.timezone or self._platform_zone

    @property
    def group(self) -> FeedGroup | None:
        """What made it, where that is a file of several feeds."""
        return self._group

    @property
    def folder(self) -> str:
        """The name of the folder of such files: `feeds`, or that of its group."""
        return self._path.parent.name if self._group is not None and self._path else "feeds"

    @property
    def label(self) -> str:
        """How messages name its file: `feeds/nv_licensing.yaml`."""
        return f"{self.folder}/{self._path.name if self._path else f'{self.feed}.yaml'}"

    @property
    def known_owner(self) -> str:
        """The owner as Dagster takes it, else empty: a contract of before it was asked for may hold another."""
        return self.owner if is_owner(self.owner) else ""

    @property
    def entity(self) -> str:
        """What a record stands for: site, person, or empty where it is neither."""
        return self.entity_kind or ""

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
    def names_the_list(self) -> bool:
        """Whether a file's name says which list it replaces, while each record has a month of its own."""
        return self.month.from_ == "name" and self.month.column is not None

    @property
    def needed(self) -> frozenset[str]:
        """Columns without which a file is refused: required ones, key, month and version columns."""
        own = {column.name for column in self.columns if column.required}
        dating = self.month.column if self.month.undated == "quarantined" else None
        others = {name for name in (dating, self.version_from) if name is not None}
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
