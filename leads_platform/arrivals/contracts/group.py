"""Feeds made by another YAML: a file of a room's own, such as `brokers/acme.yaml`, from which several contracts follow.

Belongs here: `FeedGroup`, which a room's model of such a file extends, and what each section of it says as a contract.
Does not: reading YAML and naming lines (load), the folders (user_contracts), or what any room writes into such a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import WithJsonSchema

from leads_platform.arrivals.contracts.agreement import Loc
from leads_platform.arrivals.contracts.model import FeedContract, Model

if TYPE_CHECKING:
    from leads_platform.warehouse.table import Column as TableColumn
    from leads_platform.warehouse.table import Table

_SECTION = "A section of a group: a feed's contract"
Section = Annotated[dict[str, Any], WithJsonSchema({"title": _SECTION})]
"""A mapping in the YAML that says a feed's contract, without `feed` and `room`: it is read as one, line by line."""
GIVEN = ("feed", "room")
"""What a section does not say itself: the group gives it."""


@dataclass(frozen=True)
class Trial:
    """What a room says of a file before it is taken in.

    `table` and all it reads are worked out as if the file were in; `select` is asked then, of rows whose `file_name` is
    $file, and `words` makes sentences of its rows.
    """

    table: str
    select: str
    words: Callable[[list[Any]], list[str]]


class FeedGroup(Model):
    """One YAML that makes several feeds. A room's subclass states its fields; those of the type `Section` are feeds.

    All feeds of a file are in order or out of order together. What the room needs of the file when tables are built
    stands in the selects of `more_tables`, so that another word in it makes these tables stale, and no others.
    """

    named_by: ClassVar[str]
    """The field that names the group, such as `broker`; it is of the type `Name`."""
    feeds: ClassVar[Mapping[str, str]]
    """By section, the name of its feed, which is its landing folder, too: `{"sales": "broker_sales_*"}`."""
    families: ClassVar[Mapping[str, tuple[TableColumn, ...]]] = {}
    """Name patterns of the tables that groups make, `*` being the group's name, and the columns they all have."""
    sections: ClassVar[Mapping[str, type[Model]]] = {}
    """The fields that are mappings of their own and no feeds, for words about a misspelt one."""

    @property
    def name(self) -> str:
        """What `*` stands for."""
        return getattr(self, self.named_by)

    def own_problems(self, contracts: Mapping[str, FeedContract]) -> Iterator[tuple[Loc, str]]:
        """What is wrong by the rules of the room: where in the file, and what to do. `contracts` are by section."""
        yield from ()

    def fills(self, section: str) -> Mapping[str, Any]:
        """What a section's contract says where the section itself does not: its `title` and `owner`, or its `month`."""
        return {}

    def more_tables(self, contract: FeedContract) -> tuple[Table, ...]:
        """The tables that follow from one of its feeds, beside the base table and those of the contract's kind."""
        return ()

    def trial(self, section: str) -> Trial | None:
        """What a file of the section would come to; None where the room has no more to say than its contract."""
        return None

    @classmethod
    def propose(cls, name: str, files: Mapping[str, Path]) -> str:
        """A first YAML of that name from a sample file for each section. Raises ContractError."""
        raise NotImplementedError

    @classmethod
    def proposes(cls) -> bool:
        """Whether the room has a `propose` of its own."""
        return any("propose" in vars(own) for own in cls.__mro__ if own is not FeedGroup)

    def contracts(self, room: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each section that is there, and what its contract says."""
        for section, pattern in self.feeds.items():
            if (said := getattr(self, section)) is not None:
                own = {"feed": pattern.replace("*", self.name), "room": room}
                yield section, {**self.fills(section), **said, **own}

    @classmethod
    def feed_names(cls, name: str) -> dict[str, str]:
        """The feeds of a group of that name, by section."""
        return {section: pattern.replace("*", name) for section, pattern in cls.feeds.items()}

    @classmethod
    def named_in(cls, feed: str) -> str | None:
        """The name of the group that makes a feed of this name, if one may."""
        for pattern in cls.feeds.values():
            before, after = pattern.split("*")
            if feed.startswith(before) and feed.endswith(after) and len(feed) > len(before) + len(after):
                return feed[len(before) : len(feed) - len(after)]
        return None


def group_json_schema(model: type[FeedGroup]) -> dict[str, Any]:
    """JSON schema of a group's file, for editors: its sections as contracts without what the group gives."""
    feed = FeedContract.model_json_schema(by_alias=True)
    left = {name: said for name, said in feed["properties"].items() if name not in GIVEN}
    # What a group fills in is its code's, and may depend on the file: what it never can is asked for.
    section = {"type": "object", "additionalProperties": False, "properties": left, "required": ["columns"]}
    schema = model.model_json_schema(by_alias=True)
    schema["$defs"] = {**schema.get("$defs", {}), **feed["$defs"], "FeedSection": section}
    found = _with_sections(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _with_sections(said: Any) -> Any:
    if isinstance(said, dict):
        if said.get("title") == _SECTION:
            return {"$ref": "#/$defs/FeedSection"}
        return {name: _with_sections(value) for name, value in said.items()}
    return [_with_sections(value) for value in said] if isinstance(said, list) else said
