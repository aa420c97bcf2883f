"""The `Table` declaration: what a row is, its grain, columns, audits and one select.

Belongs here: what an author writes, and what follows from it without a database (names, reads, declaration hash).
Does not: how it is written (write), when it is stale (planner), or anything of Dagster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from leads_platform.warehouse import sql
from leads_platform.warehouse.places import line_of

ColumnType = str
Layer = Literal["base", "stg", "int", "dim", "fct", "rep"]
Ahead = int | Literal["all"]
"""How many months after its own a month reads; all: to the last one with data."""
_MOST_AHEAD = 120  # ten years: who needs more reads all


class DeclarationError(Exception):
    """A table is declared in a way that can't be built; the text names the table and the mend."""


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type and its meaning in a sentence; `pii` marks personal data."""

    name: str
    type: ColumnType
    says: str
    pii: bool = False


MONTH = Column("month", "date", "Partition: the month that a row belongs to, or as of whose end it holds")


def with_month(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns, with `month` first where it is not declared: a table declares it to say more of it."""
    return columns if any(column.name == MONTH.name for column in columns) else (MONTH, *columns)


def pick(columns: tuple[Column, ...], *names: str) -> tuple[Column, ...]:
    """Those of another table's columns that this one carries on, in the order of `names`: they mean the same here."""
    by_name = {column.name: column for column in columns}
    if missing := [name for name in names if name not in by_name]:
        raise DeclarationError(f"pick: no column {', '.join(missing)} among {', '.join(by_name)}")
    return tuple(by_name[name] for name in names)


@dataclass(frozen=True)
class Audit:
    """A question whose answer is the bad rows, each with its `month`; no rows means it passed.

    `select` reads the table under audit as `this`, limited to the months being built. `max_share` is the share of the
    month's rows (0 to 1) that may be bad before the check fails. `condition`, where given, is all there is to the
    select: rows of `this` for which it holds. Kept as evidence, where the select gives them, are a row's `line`,
    `named_id` (a number, as a deal's id), `expected` and `found`, and those of the table's own columns that are not
    `pii`; of whole rows the line alone, else the key. `history` and `ahead` are as in `Table`.
    """

    name: str
    says: str
    select: str
    max_share: float = 0.0
    history: tuple[str, ...] = ()
    condition: str = ""
    ahead: Mapping[str, Ahead] = field(default_factory=dict, hash=False)

    @classmethod
    def of_rows(cls, name: str, says: str, condition: str, max_share: float = 0.0) -> Audit:
        """Rows for which `condition`, of their own columns alone, holds are bad."""
        return cls(name, says, f"select * from this where {condition}", max_share, condition=condition)

    def text(self) -> str:
        ahead = f" ahead {sorted(self.ahead.items())}" if self.ahead else ""
        return f"{self.name} {self.max_share} {sql.normal(self.select)} {self.history}{ahead}"


@dataclass(frozen=True)
class Table:
    """One table of the platform, written once a month by the write path.

    `must` audits block (a bad month never replaces a good one); `should` audits warn. Every table read in `select` is
    read for the months being built; those named in `history` are read for all months up to the last one, those in
    `ahead` for so many months more, or all that have data: `{"shop.base_returns": 2, "arrivals.rates": "all"}`. A
    `cumulative` table is built month by month and may read itself, which gives all months before `$month`. Every table
    has the column `month`, which only a table that says more of it declares. Columns of the grain that are `nullable`
    may be null, which is then a value of the key like any other: one row may have it.
    """

    says: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    select: str
    nullable: tuple[str, ...] = ()
    must: tuple[Audit, ...] = ()
    should: tuple[Audit, ...] = ()
    history: tuple[str, ...] = ()
    ahead: Mapping[str, Ahead] = field(default_factory=dict, hash=False)
    cumulative: bool = False
    owner: str = ""  # empty: the room's
    contract_hash: str = ""
    feed: str | None = None
    room: str = ""
    name: str = ""
    source: str = ""  # the file it is declared in; empty for one made from a contract
    _reads: tuple[str, ...] = field(default=(), repr=False)

    def named(self, room: str, name: str, source: str = "") -> Table:
        """This table under its address; checks what can be checked without the other tables.

        Raises DeclarationError, which names the file `source` and the line, where there is one.
        """
        try:
            return self._checked(room, name, source)
        except DeclarationError as error:
            place = line_of(source, str(error))
            raise DeclarationError(f"{place}: {error}" if place else str(error)) from None

    def _checked(self, room: str, name: str, source: str) -> Table:
        reads = tuple(self._relations(f"{room}.{name}"))
        columns = with_month(self.columns)
        table = replace(self, room=room, name=name, source=source, columns=columns, _reads=reads)
        names = [column.name for column in columns]
        if any(column.name == MONTH.name and column.type.lower() != MONTH.type for column in columns):
            raise DeclarationError(f"{table.address}: its column `month` is the partition, of type date")
        if len(set(names)) != len(names):
            raise DeclarationError(f"{table.address}: a column is declared twice")
        table._check_grain(names)
        for read in self.history:
            if read not in reads:
                raise DeclarationError(f"{table.address}: history names {read}, which the select does not read")
        table._check_ahead(table.address, self.ahead, reads)
        for audit, _ in table.audits:
            table._check_ahead(f"{table.address}, {audit.name}", audit.ahead, sql.relations(audit.select))
        if table.address in reads and not self.cumulative:
            raise DeclarationError(f"{table.address} reads itself; only a cumulative table can (cumulative=True)")
        if not self.cumulative and sql.CUMULATIVE_WORD.search(self.select):
            raise DeclarationError(f"{table.address}: only a cumulative table knows $month and $previous_month")
        audits = [audit.name for audit, _ in self.audits]
        for audit in audits:
            if audits.count(audit) > 1:
                raise DeclarationError(f"{table.address}: two audits are named {audit}; name one of them otherwise")
        return table

    def _check_grain(self, names: list[str]) -> None:
        if not self.grain:
            raise DeclarationError(f"{self.address}: no grain; a table of one row a month has the grain month")
        for column in self.grain:
            if column not in names:
                raise DeclarationError(f"{self.address}: the grain names {column}, which is not a column")
        for column in self.nullable:
            if column not in self.grain or column == MONTH.name:
                raise DeclarationError(f"{self.address}: nullable names {column}, which is no column of its grain")

    def _check_ahead(self, where: str, ahead: Mapping[str, Ahead], reads: Iterable[str]) -> None:
        for read, months in ahead.items():
            if read not in reads:
                raise DeclarationError(f"{where}: ahead names {read}, which the select does not read")
            if read == self.address:
                raise DeclarationError(f"{where}: ahead names the table itself, whose later months are built after it")
            if months != "all" and not (type(months) is int and 1 <= months <= _MOST_AHEAD):
                raise DeclarationError(
                    f'{where}: ahead says {months!r} of {read}; write 1 to {_MOST_AHEAD} months, or "all"'
                )

    @property
    def address(self) -> str:
        """`room.table`, its name in DuckDB, in Dagster's asset key and of its file."""
        return f"{self.room}.{self.name}"

    @property
    def layer(self) -> str:
        prefix = self.name.split("_", 1)[0]
        return prefix if prefix in ("base", "stg", "int", "dim", "fct", "rep") else "rep"

    @property
    def reads(self) -> tuple[str, ...]:
        """What the select reads, as written: `room.table`, `room.pattern_*` or `arrivals.feed`; never itself."""
        return tuple(read for read in self._reads if read != self.address)

    @property
    def audits(self) -> tuple[tuple[Audit, bool], ...]:
        """Every audit with whether it blocks: those every table has, then its own."""
        own = tuple((audit, True) for audit in self.must) + tuple((audit, False) for audit in self.should)
        return (
            (schema_contract(), True),
            (grain_is_unique(self.grain), True),
            (keys_are_not_null(("month", *(key for key in self.grain if key not in self.nullable))), True),
            *own,
        )

    @property
    def pii(self) -> bool:
        return any(column.pii for column in self.columns)

    def _relations(self, address: str) -> list[str]:
        """What the select reads, itself included; looks at the audits' texts, too."""
        try:
            for audit, _ in self.audits:
                sql.relations(audit.select)
            return sql.relations(self.select)
        except ValueError as error:
            raise DeclarationError(f"{address}: {error}") from None

    def uses(self, functions: Iterable[str]) -> list[str]:
        """Which of these functions its select and audits call."""
        texts = [self.select, *(audit.select for audit, _ in self.audits if audit.select)]
        called = frozenset().union(*(sql.called(text) for text in texts))
        return sorted(called.intersection(functions))

    def declaration_hash(self, standards: dict[str, str]) -> str:
        """Changes with what the table says: its select, columns, grain, audits, contract, or a standard it uses.

        `standards` maps a cleaning function's name (`phone`) to its version, so that a new rule rebuilds its users.
        """
        used = [f"{name}={standards[name]}" for name in self.uses(standards)]
        parts = [
            sql.normal(self.select),
            repr([(column.name, column.type) for column in self.columns]),
            repr(self.grain),
            repr([(audit.text(), blocking) for audit, blocking in self.audits]),
            repr(self.history),
            *([f"ahead {sorted(self.ahead.items())}"] if self.ahead else []),
            repr(self.cumulative),
            self.contract_hash,
            *used,
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


SCHEMA_CONTRACT = "schema_contract"


def schema_contract() -> Audit:
    """The select's columns and types are the declared ones; the write path answers it, as no select can."""
    return Audit(SCHEMA_CONTRACT, "The select gives the declared columns with the declared types.", "")


def grain_is_unique(grain: tuple[str, ...]) -> Audit:
    columns = ", ".join(sql.identifier(column) for column in grain)
    return Audit(
        "grain_is_unique",
        f"No two rows of a month share ({', '.join(grain)}).",
        f"select month, {columns} from this group by month, {columns} having count(*) > 1",
    )


def keys_are_not_null(columns: tuple[str, ...]) -> Audit:
    condition = " or ".join(f"{sql.identifier(column)} is null" for column in columns)
    return Audit.of_rows("keys_are_not_null", f"{', '.join(columns)} always have a value.", condition)
