"""The `Product` declaration: something made of tables that can be thrown away and made again.

Belongs here: what an author writes. Does not: when a product is made, or where it goes (make).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from duckdb import DuckDBPyConnection

from leads_platform.warehouse.table import Table


class ProductFailed(Exception):
    """A product can't be made; the text says why and what to do, without a value of any record."""


@dataclass(frozen=True)
class Making:
    """What a product is made with.

    `con` reads the warehouse as it was committed last, and can attach other files. `scratch` is where the product is to
    be written: a file that is not there yet. `former` is the product as it stands, where it is still what was made.
    `changed` holds the months of each table read whose fingerprint differs from that of the last making; a ledger has
    no months. `tables` are all declared ones. `secret` is the value of the setting that the product needs. `name` is
    where a person wants it, where it can have several places, as a schema; "" for the usual one. `fingerprint` changes
    with the declaration and all that is read: noted beside what was made, it tells in `stands` that it is still there.
    """

    con: DuckDBPyConnection
    scratch: Path
    former: Path | None
    month: date | None
    changed: Mapping[str, list[date]]
    tables: Mapping[str, Table]
    secret: str = field(default="", repr=False)
    say: Callable[[str], None] = lambda text: None
    name: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Check:
    """To a product what an audit is to rows: `wrong` gives what is wrong with what was made, a sentence each."""

    name: str
    says: str
    wrong: Callable[[Making], Iterable[str]]


@dataclass(frozen=True)
class Product:
    """A function of tables.

    `reads` names relations as a select does, patterns too: tables, and the ledgers `arrivals.*` and `warehouse.*`.
    `make` writes `Making.scratch`, which the engine checks and then renames to its place; it returns counts for people
    (`rows`). Where something else than a file is made, as in a database, it is made in one transaction, and nothing is
    written. It raises ProductFailed, in words. `per` month: one file for each month. `must`: a product that fails one
    never takes the place of the former. `needs`: a setting without which there is no such product. `private`: a file
    for its owner alone. `of_what_is_built`: made although a table that it names is not built. `version` is any text
    that makes the product anew when it changes, beside its code. `stands`
    tells of what is no file whether it is still where it was made; at a file the engine looks itself.
    """

    says: str
    reads: tuple[str, ...]
    make: Callable[[Making], Mapping[str, int]]
    per: Literal["month", "whole"] = "whole"
    must: tuple[Check, ...] = ()
    needs: str = ""
    private: bool = False
    of_what_is_built: bool = False
    version: str = ""
    stands: Callable[[Making], bool] | None = None
