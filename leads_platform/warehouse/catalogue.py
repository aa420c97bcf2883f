"""All tables of the platform: found in the rooms, checked against each other, in the order they build.

Belongs here: which tables there are and which reads which. Does not: what a room's tables are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules

from leads_platform.months import add_months
from leads_platform.warehouse import sql
from leads_platform.warehouse.places import line_of, of_error
from leads_platform.warehouse.table import Ahead, Column, DeclarationError, Table, with_month

ARRIVALS = "arrivals."
# A room reads these layers of another room and no others.
SHARED_LAYERS = ("dim", "fct")


def tables_in(room_package: str) -> list[Table]:
    """The tables of a room: one file each, named as the table. A module without a table of its name is a helper."""
    room = room_package.rsplit(".", 1)[-1]
    package = import_module(room_package)
    found = []
    for module in iter_modules(package.__path__):
        try:
            made = import_module(f"{room_package}.{module.name}")
            table = getattr(made, module.name, None)
            if isinstance(table, Table):
                found.append(table.named(room, module.name, made.__file__ or ""))
        except DeclarationError:
            raise
        except Exception as error:  # whatever a slip of the pen raises; a table's file holds no record of anybody
            said = error.msg if isinstance(error, SyntaxError) else str(error)
            raise DeclarationError(
                f"{of_error(error, room)}: {type(error).__name__}: {said}. No table can be built until it is mended."
            ) from error
    return found


@dataclass(frozen=True)
class Reach:
    """Which months beside its own a month reads of an input: all before it (`history`), and some after it (`ahead`)."""

    history: bool = False
    ahead: Ahead = 0

    def with_(self, other: Reach) -> Reach:
        """What two statements read together."""
        ahead = "all" if "all" in (self.ahead, other.ahead) else max(int(self.ahead), int(other.ahead))
        return Reach(self.history or other.history, ahead)

    def last(self, month: date, horizon: date | None) -> date:
        """The last month that is read for `month`; `horizon` is the last one with data, after which none is read."""
        if not self.ahead or horizon is None or horizon <= month:
            return month
        return horizon if self.ahead == "all" else min(add_months(month, self.ahead), horizon)

    def first_reader(self, month: date) -> date:
        """The first month that reads `month` of the input: that one, or as many before it."""
        if self.ahead == "all":
            return date.min
        return add_months(month, -self.ahead) if self.ahead else month


class Catalogue:
    """The tables by address, in build order, with who reads whom. Raises DeclarationError when they do not fit.

    `standards` gives the version of each cleaning function; `called` are those each table calls. `families` are
    patterns that contracts make tables for, with these tables' columns: where none is made yet, a pattern is empty.
    """

    def __init__(
        self,
        tables: Iterable[Table],
        feeds: Iterable[str],
        standards: dict[str, str],
        families: Mapping[str, tuple[Column, ...]] | None = None,
    ) -> None:
        self.families = {pattern: with_month(columns) for pattern, columns in (families or {}).items()}
        named = {}
        for table in tables:
            if table.address in named:
                raise DeclarationError(f"{table.address} is declared twice")
            named[table.address] = table
            self._belongs(table)
        self.feeds = frozenset(feeds)
        self._inputs = {address: self._expanded(table, named) for address, table in named.items()}
        try:
            order = list(TopologicalSorter({a: set(self._in(a, named)) for a in sorted(named)}).static_order())
        except CycleError as error:
            raise DeclarationError(f"tables read each other in a circle: {' -> '.join(error.args[1])}") from error
        self.tables = {address: named[address] for address in order}
        self.called = {a: frozenset(table.uses(standards)) for a, table in self.tables.items()}
        self.declarations = {a: table.declaration_hash(standards) for a, table in self.tables.items()}

    def _belongs(self, table: Table) -> None:
        """A table of a family has the family's columns: readers of the pattern are bound to these."""
        own = {(column.name, column.type) for column in table.columns}
        for pattern, columns in self.families.items():
            family = {(column.name, column.type) for column in columns}
            if fnmatchcase(table.address, pattern) and own != family:
                odd = ", ".join(sorted({name for name, _ in own ^ family}))
                raise DeclarationError(f"{table.address} has not the columns that the family {pattern} states: {odd}")

    def _expanded(self, table: Table, named: dict[str, Table]) -> dict[str, Reach]:
        """The addresses a table reads, audits included, each with which of its months."""
        inputs: dict[str, Reach] = {}
        texts = [(table.reads, table.history, table.ahead)]
        texts += [(sql.relations(a.select), a.history, a.ahead) for a, _ in table.audits if a.select]
        for reads, history, ahead in texts:
            for read in reads:
                reach = Reach(read in history, ahead.get(read, 0))
                for address in self._read_by(table, read, named) if read != table.address else ():
                    inputs[address] = inputs.get(address, Reach()).with_(reach)
        for address in inputs:
            other = named.get(address)
            if other and other.room != table.room and other.layer not in SHARED_LAYERS:
                raise DeclarationError(
                    f"{table.address} reads {address}: a room reads another room's dim_ and fct_ tables only"
                )
        return inputs

    def _read_by(self, table: Table, read: str, named: dict[str, Table]) -> list[str]:
        try:
            return self.matching(read, named)
        except DeclarationError as error:
            near = get_close_matches(read, [*named, *(f"{ARRIVALS}{feed}" for feed in self.feeds)], 1)
            guess = f" (did you mean {near[0]}?)" if near else ""
            place = line_of(table.source, read)
            raise DeclarationError(f"{place or table.address}: {error}{guess}") from None

    def matching(self, read: str, named: dict[str, Table] | None = None) -> list[str]:
        """The addresses that a relation as written stands for: itself, or all that a `*` pattern matches.

        None for the pattern of a family of which no contract makes a table yet.
        """
        named = self.tables if named is None else named
        if read.startswith(ARRIVALS):
            name = read[len(ARRIVALS) :]
            if name not in self.feeds and read != "arrivals.files":
                feed = name.removesuffix("_versions")
                if feed != name and feed in self.feeds:
                    said = f"the contract of {feed} has no `key`, by which versions of a record are told"
                    raise DeclarationError(f"{read} is read, but {said}")
                raise DeclarationError(f"{read} is read, but there is no feed of that name")
            return [read]
        if read in named:
            return [read]
        found = [address for address in sorted(named) if fnmatchcase(address, read)] if "*" in read else []
        if not found and read not in self.families:
            raise DeclarationError(f"{read} is read, but there is no such table")
        return found

    @staticmethod
    def _is_table(address: str) -> bool:
        return not address.startswith(ARRIVALS)

    def _in(self, address: str, named: dict[str, Table]) -> list[str]:
        return [read for read in self._inputs[address] if read in named]

    def inputs(self, address: str) -> dict[str, Reach]:
        """What a table reads (tables and `arrivals.<feed>`), with which of its months."""
        return self._inputs[address]

    def looks_ahead(self, address: str) -> bool:
        """Whether a month of the table reads months after it."""
        return any(reach.ahead for reach in self._inputs[address].values())

    def held_up(self, address: str, bad: Mapping[str, date]) -> date | None:
        """The table's first month that a bad one stands in the way of: its own, or one of what it reads.

        `bad` gives the first bad month of each table that has one.
        """
        own = [bad[address]] if address in bad else []
        own += [reach.first_reader(bad[read]) for read, reach in self._inputs[address].items() if read in bad]
        return min(own, default=None)

    def upstream(self, address: str) -> list[str]:
        """The tables this table reads."""
        return [read for read in self._inputs[address] if self._is_table(read)]
