"""The rooms there are: those of the platform, and those of packages that LEADS_PLATFORM_ROOMS names.

Belongs here: finding them, and what they give together. Does not: what a room says of itself (room). A package with a
module `room` that holds a `Room` named `room` is a room; its name is the package's last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import leads_platform
from leads_platform.arrivals.contracts.load import Known
from leads_platform.environment import SettingsError
from leads_platform.room import Headline, Room
from leads_platform.warehouse.catalogue import tables_in
from leads_platform.warehouse.table import Column, Table


@dataclass(frozen=True)
class Rooms:
    """All rooms by name, in their order, and the package of each."""

    by_name: Mapping[str, Room]
    packages: Mapping[str, str]

    @cached_property
    def known(self) -> Known:
        """What a contract may name: the rooms and their kinds."""
        kinds = {kind: model for room in self.by_name.values() for kind, model in room.kinds.items()}
        return Known({name: room.owner for name, room in self.by_name.items()}, kinds)

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
            for model in room.kinds.values()
            for pattern, columns in model.families.items()
        }

    @property
    def headlines(self) -> list[Headline]:
        """What a run ends with, in order."""
        return [headline for room in self.by_name.values() for headline in room.headlines]

    @property
    def contract_folders(self) -> list[Path]:
        """Where the rooms' own contracts lie; not every room has any."""
        return [Path(str(files(package))) / "feeds" for package in self.packages.values()]

    def owner(self, table: Table) -> str:
        """Who owns the table: whom it names, else its room."""
        return table.owner or self.by_name[table.room].owner


def find_rooms(more: Iterable[str] = ()) -> Rooms:
    """The platform's rooms and those of the packages `more`. Raises SettingsError for one that is none."""
    return _found(tuple(more))


@cache
def _found(more: tuple[str, ...]) -> Rooms:
    inside = [f"leads_platform.{module.name}" for module in iter_modules(leads_platform.__path__) if module.ispkg]
    packages = [package for package in inside if find_spec(f"{package}.room")]
    found: dict[str, tuple[str, Room]] = {}
    for package in [*packages, *more]:
        name = package.rsplit(".", 1)[-1]
        if name in found:
            raise SettingsError(
                f"LEADS_PLATFORM_ROOMS names {package}, but {found[name][0]} is the room `{name}`; rename one"
            )
        found[name] = (package, _declared_in(package))
    ordered = sorted(found, key=lambda name: (found[name][1].order, name))
    return Rooms({name: found[name][1] for name in ordered}, {name: found[name][0] for name in ordered})


def _declared_in(package: str) -> Room:
    try:
        room = import_module(f"{package}.room").room
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"LEADS_PLATFORM_ROOMS names {package}, but there is no module {error.name}; a room is a package on "
            "Python's path with a module `room` (docs/add-a-room.md)"
        ) from None
    except AttributeError:
        raise SettingsError(
            f"LEADS_PLATFORM_ROOMS names {package}, whose module `room` declares no `room = Room(...)`"
        ) from None
    if not isinstance(room, Room):
        raise SettingsError(f"{package}.room.room is {type(room).__name__}, not a leads_platform.room.Room")
    return room
