"""The rooms there are: those of the platform, and those of packages that LEADS_PLATFORM_ROOMS names.

Belongs here: finding them, and what they give together. Does not: what a room says of itself (room). A package with a
module `room` that holds a `Room` named `room` is a room; its name is the package's last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import leads_platform
from leads_platform.actions.action import Action
from leads_platform.actions.history import NAME
from leads_platform.arrivals.contracts.group import FeedGroup
from leads_platform.arrivals.contracts.limits import is_owner
from leads_platform.arrivals.contracts.load import PLAIN, FeedContract, Known
from leads_platform.environment import SettingsError
from leads_platform.products.own import OWN
from leads_platform.products.product import Product
from leads_platform.room import Headline, Room
from leads_platform.warehouse.catalogue import tables_in
from leads_platform.warehouse.places import of_error
from leads_platform.warehouse.table import Column, DeclarationError, Table

if TYPE_CHECKING:
    from leads_platform.sample.emitter import Emitter
    from leads_platform.sample.world import World

_NAMES = "LEADS_PLATFORM_ROOMS names"
_TAKEN = (
    "actions",
    "arrivals",
    "warehouse",
    "main",
    "temp",
    "system",
    "information_schema",
    "pg_catalog",
)  # schemas of their own


@dataclass(frozen=True)
class Rooms:
    """All rooms by name, in their order, and the package of each."""

    by_name: Mapping[str, Room]
    packages: Mapping[str, str]

    @cached_property
    def known(self) -> Known:
        """What a contract may name: the rooms and their kinds."""
        kinds = {kind: model for room in self.by_name.values() for kind, model in room.kinds.items()}
        of_kinds = {kind: name for name, room in self.by_name.items() for kind in room.kinds}
        groups = {folder: (name, group) for name, room in self.by_name.items() for folder, group in room.groups.items()}
        return Known({name: room.owner for name, room in self.by_name.items()}, kinds, of_kinds, groups)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The hand-written tables of all rooms; they depend on code alone. Raises DeclarationError."""
        return tuple(table for package in self.packages.values() for table in tables_in(package))

    @cached_property
    def families(self) -> dict[str, tuple[Column, ...]]:
        """Patterns of the tables that contracts generate, such as `prospects."stg_leads_*"`, with their columns."""
        return {
            f"{name}.{pattern}": columns
            for name, room in self.by_name.items()
            for model in (*room.kinds.values(), *room.groups.values())
            for pattern, columns in model.families.items()
        }

    @cached_property
    def generated(self) -> set[str]:
        """Patterns of all tables that contracts of any kind make, base tables too, without the room."""
        kinds = [FeedContract, *self.known.kinds.values()]
        return {pattern for model in kinds for pattern in (f"{model.base_prefix}*", *model.families, *model.others)}

    def made_for(self, feed: str) -> set[str]:
        """Every table that contracts of any kind may make of a feed of this name, without a look at the contract."""
        found = {f"{room}.{pattern.replace('*', feed)}" for room in self.by_name for pattern in self.generated}
        for room, group in self.known.groups.values():
            if (name := group.named_in(feed)) is not None:
                found |= {f"{room}.{pattern.replace('*', name)}" for pattern in group.families}
        return found

    @property
    def headlines(self) -> list[Headline]:
        """What a run ends with, in order."""
        return [headline for room in self.by_name.values() for headline in room.headlines]

    @property
    def emitters(self) -> list[Callable[[World], Emitter]]:
        """What makes the rooms' parts of the sample; not every room has one."""
        return [room.sample for room in self.by_name.values() if room.sample]

    @property
    def products(self) -> dict[str, Product]:
        """What the rooms make of tables, by name."""
        return {name: product for room in self.by_name.values() for name, product in room.products.items()}

    @property
    def actions(self) -> dict[str, Action]:
        """What the rooms can do with their tables' rows, by name."""
        return {name: action for room in self.by_name.values() for name, action in room.actions.items()}

    @property
    def contract_folders(self) -> list[Path]:
        """Where the rooms' own contracts lie, and groups of them; not every room has any."""
        return [
            Path(place) / folder
            for name, package in self.packages.items()
            for place in import_module(package).__path__  # one, also of a package without `__init__.py`
            for folder in ("feeds", *self.by_name[name].groups)
        ]

    def owner(self, table: Table) -> str:
        """Who owns the table: whom it names, else its room."""
        return table.owner or self.by_name[table.room].owner


def find_rooms(more: Iterable[str] = ()) -> Rooms:
    """The platform's rooms and those of the packages `more`. Raises SettingsError for one that is none."""
    return _found(tuple(more))


@cache
def _found(more: tuple[str, ...]) -> Rooms:
    # By its file: asking Python's finder would load each package only to learn that it is no room.
    beside = sorted(path.parent.name for folder in leads_platform.__path__ for path in Path(folder).glob("*/room.py"))
    packages = [f"leads_platform.{name}" for name in beside]
    found: dict[str, tuple[str, Room]] = {}
    givers = {PLAIN: "the platform"}
    makers: dict[str, str] = dict.fromkeys(OWN, "the platform")
    doers: dict[str, str] = {}
    for package in dict.fromkeys([*packages, *more]):
        name = package.rsplit(".", 1)[-1]
        if name in found:
            raise SettingsError(f"{_NAMES} {package}, but {found[name][0]} is the room `{name}` already; rename one")
        if not package.replace(".", "_").isidentifier() or name in _TAKEN:
            raise SettingsError(f"{_NAMES} {package}, but no room can be called `{name}`; name the package otherwise")
        found[name] = (package, _declared_in(package))
        for kind, model in found[name][1].kinds.items():
            if kind in givers:
                raise DeclarationError(f"{package} and {givers[kind]} give a kind of contract `{kind}`; rename one")
            declared = model.model_fields["kind"]
            if get_args(declared.annotation) != (kind,) or not declared.is_required():
                said = f"{model.__name__} must say `kind: Literal[{kind!r}]`, without a default"
                raise DeclarationError(f"{package}: {said}")
            givers[kind] = package
        for product in found[name][1].products:
            if product in makers:
                raise DeclarationError(f"{package} and {makers[product]} make a product `{product}`; rename one")
            makers[product] = package
        for action in found[name][1].actions:
            if action in doers:
                raise DeclarationError(f"{package} and {doers[action]} have an action `{action}`; rename one")
            if not NAME.fullmatch(action):
                raise DeclarationError(f"{package}: no action can be called `{action}`; write it as `new-leads`")
            doers[action] = package
    _check_groups({package: room.groups for package, room in found.values()})
    _check_headlines({package: room.headlines for package, room in found.values()})
    ordered = sorted(found, key=lambda name: (found[name][1].order, name))
    return Rooms({name: found[name][1] for name in ordered}, {name: found[name][0] for name in ordered})


def _check_groups(by_package: Mapping[str, Mapping[str, type[FeedGroup]]]) -> None:
    """Each folder of groups is one room's, and no other of the data root. Raises DeclarationError."""
    takers: dict[str, str] = dict.fromkeys(("feeds", "landing", "contracts"), "the platform")
    for package, groups in by_package.items():
        for folder in groups:
            if not folder.isidentifier():
                raise DeclarationError(
                    f"{package}: no folder of groups can be called `{folder}`; write it as `brokers`"
                )
            if folder in takers:
                raise DeclarationError(f"{package} and {takers[folder]} have a folder `{folder}`; name one otherwise")
            takers[folder] = package


def _check_headlines(by_package: Mapping[str, tuple[Headline, ...]]) -> None:
    """Each number whose change is announced has a name of its own. Raises DeclarationError."""
    named: dict[str, str] = {}
    for package, headlines in by_package.items():
        for headline in headlines:
            if (headline.numbers is None) != (not headline.counts.strip()):
                lacks = "`counts`: what its numbers are" if headline.numbers else "`numbers`: what it counts, by month"
                raise DeclarationError(f"{package}: the headline on {headline.table} lacks {lacks}")
            if headline.counts and headline.counts in named:
                said = f"{package} and {named[headline.counts]} have a headline that counts `{headline.counts}`"
                raise DeclarationError(f"{said}; name one otherwise")
            named[headline.counts] = package


def _declared_in(package: str) -> Room:
    try:
        module = import_module(f"{package}.room")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{package}.room.".startswith(f"{error.name}."):
            raise SettingsError(
                f"{_NAMES} {package}, but there is no module {error.name}; a room is a package on Python's path with a "
                "module `room` (docs/add-a-room.md)"
            ) from None
        said = error.msg if isinstance(error, SyntaxError) else str(error)  # code's own words: no record is near
        place = of_error(error, package.rsplit(".", 1)[-1])
        raise DeclarationError(
            f"{place}: {type(error).__name__}: {said}. Nothing can be done until it is mended."
        ) from error
    room = getattr(module, "room", None)
    if not isinstance(room, Room):
        raise DeclarationError(f"{package}.room declares no `room = Room(...)` (docs/add-a-room.md)")
    if not is_owner(room.owner):
        raise DeclarationError(f"{package}.room: `{room.owner}` owns nothing: write `team:name` or an e-mail address")
    return room
