"""What a business room says of itself; everything else finds it in this declaration.

Belongs here: `Room` and what it holds. Does not: finding the rooms (rooms), or any room's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from leads_platform.actions.action import Action
from leads_platform.arrivals.contracts.group import FeedGroup
from leads_platform.arrivals.contracts.model import FeedContract
from leads_platform.products.product import Product

if TYPE_CHECKING:
    from leads_platform.sample.emitter import Emitter
    from leads_platform.sample.world import World


@dataclass(frozen=True)
class Report:
    """A table for a person; `title` states the newest number in it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


@dataclass(frozen=True)
class Headline:
    """A report that `run` prints at its end: what `select` gives of the published copy, made into words.

    `select` reads `table`, and is not asked where there is no such table yet. `report` gets the rows and the running
    month; None means that there is nothing to show yet, which is told as `missing` where other headlines have data.
    `numbers`, of the same rows, is one number a month whose change in months that had ended is announced as `counts`.
    """

    table: str
    select: str
    report: Callable[[list[Any], date], Report | None]
    missing: str = ""
    counts: str = ""
    numbers: Callable[[list[Any]], dict[date, int]] | None = None


@dataclass(frozen=True)
class Room:
    """A room of business: one package, one schema in DuckDB, one file a table.

    `owner` owns its tables that name no other, as `team:name` or an e-mail address. `kinds` are the kinds of contract
    it gives, by the word that a contract writes. `groups` are its models of YAMLs that make several feeds, by the name
    of the folder in which they lie: in its package, and below the data root. `products` are files it makes of tables,
    by their name in the folder of published files. `actions` are what a person may have done with its tables' rows, by
    name. `sample` makes the writer of what its systems hold of the sample's world; it imports what it needs when it is
    called. `order` is where its headlines stand among those of other rooms.
    """

    says: str
    owner: str
    kinds: Mapping[str, type[FeedContract]] = field(default_factory=dict)
    groups: Mapping[str, type[FeedGroup]] = field(default_factory=dict)
    headlines: tuple[Headline, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    sample: Callable[[World], Emitter] | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)
    order: int = 100
