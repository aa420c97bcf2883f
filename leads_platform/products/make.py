"""Making what is stale of the products, after the last build: each beside its place, checked, then renamed.

Belongs here: staleness, the order of the steps, and what is kept of each making. Does not: what a product is made of.
A product that fails leaves the former one standing and stops no other; the next session tries again.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb

from leads_platform.errors import fault_in_words, unforeseen
from leads_platform.products.product import Making, Product, ProductFailed
from leads_platform.products.state import Made, former_stands, read_products, write_products
from leads_platform.warehouse.catalogue import Catalogue
from leads_platform.warehouse.connection import note_of_copy, open_committed
from leads_platform.warehouse.errors import without_values
from leads_platform.warehouse.sql import address
from leads_platform.warehouse.table import Table
from leads_platform.warehouse.whole import is_as_left, leave, looks_as_left, sha256_of

# Relations that are no tables of a room: their content is their fingerprint.
_LEDGER_SCHEMAS = ("arrivals", "warehouse", "actions")

# Relation -> month (ISO; "" for a ledger) -> fingerprint.
Read = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Place:
    """One file of a product, or the one making of a product that writes none: its key in `products.json`."""

    name: str
    product: Product
    month: date | None = None

    @property
    def key(self) -> str:
        """`warehouse.duckdb`; of a month `page-2024-05.html`."""
        if self.month is None:
            return self.name
        stem, dot, suffix = self.name.partition(".")
        return f"{stem}-{self.month:%Y-%m}{dot}{suffix}"

    def of(self, read: Read) -> Read:
        """What of all there is it is made of."""
        wanted = {name: months for name, months in read.items() if any(fits(name, p) for p in self.product.reads)}
        if self.month is None:
            return wanted
        month = self.month.isoformat()
        return {name: {m: p for m, p in months.items() if m in ("", month)} for name, months in wanted.items()}

    def can_be_made(self, read: Read) -> bool:
        """Whether every table that it names is built; of a pattern there need be none."""
        if self.product.of_what_is_built:
            return any(fits(relation, pattern) for relation in read for pattern in self.product.reads)
        return all("*" in pattern or pattern.replace('"', "") in read for pattern in self.product.reads)


def fits(relation: str, pattern: str) -> bool:
    """Whether a relation is one that a pattern, written as in a select, stands for."""
    return fnmatchcase(relation, pattern.replace('"', ""))


def read_by(pattern: str, catalogue: Catalogue) -> list[str]:
    """The tables and ledgers a product's pattern stands for; a family of which there is no table yet is there, too."""
    ledgers = [f"{schema}." for schema in _LEDGER_SCHEMAS if pattern.startswith(f"{schema}.")]
    named = [address for address in catalogue.tables if fits(address, pattern)]
    families = [family for family in catalogue.families if family.replace('"', "") == pattern.replace('"', "")]
    return ledgers + named + families


def declared(product: Product) -> str:
    """Changes with the product's declaration and the module its code stands in."""
    module = sys.modules.get(product.make.__module__)
    code = inspect.getsource(module) if module else ""
    parts = [product.says, repr(product.reads), product.per, repr(product.private), product.version, code]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def places(products: Mapping[str, Product], months: Iterable[date]) -> list[Place]:
    """All that there is to be made of these products."""
    every = sorted(months)
    return [
        Place(name, product, month)
        for name, product in products.items()
        for month in (every if product.per == "month" else [None])
    ]


def is_stale(place: Place, made: Mapping[str, Made], read: Read, folder: Path, *, at_a_glance: bool = False) -> bool:
    """Whether declaration, what it is made of, or the file itself differ from what was made.

    `at_a_glance`: by the file's look alone, without reading it.
    """
    known, path = made.get(place.key), folder / place.key
    if known is None or not known.made_at or known.declaration != declared(place.product):
        return True
    if known.read != place.of(read):
        return True
    is_same = looks_as_left if at_a_glance else is_as_left
    return known.is_file and not (path.is_file() and is_same(path, note_of_copy(path)))


def versions(con: duckdb.DuckDBPyConnection) -> Read:
    """All relations of the warehouse that `con` reads, with the fingerprint of each of their months."""
    found: dict[str, dict[str, str]] = {}
    for name, month, fingerprint in con.execute(
        "select table_name, month::varchar, fingerprint from warehouse.builds order by all"
    ).fetchall():
        found.setdefault(name, {})[month] = fingerprint
    for schema, name in con.execute(
        f"select schema_name, table_name from duckdb_tables() where schema_name in {_LEDGER_SCHEMAS} "
        "and database_name = current_database() order by all"
    ).fetchall():
        ledger = f"{schema}.{name}"
        counted = con.execute(f"select count(*), bit_xor(hash(rows)) from {address(ledger)} as rows").fetchall()
        found[ledger] = {"": " ".join(map(str, counted[0]))}
    return found


@dataclass(frozen=True)
class Outcome:
    """What became of a stale product: `failed` says why it was not made, empty where it was; `former` what stood."""

    key: str
    failed: str
    former: str
    is_file: bool


def make_products(
    products: Mapping[str, Product],
    tables: Mapping[str, Table],
    warehouse: Path,
    folder: Path,
    state: Path,
    *,
    secret: Callable[[str], str] = lambda name: "",
    say: Callable[[str], None] = lambda text: None,
    step: Callable[[str], None] = lambda text: None,
    anew: Callable[[Place], bool] = lambda place: False,
    names: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """Makes what is stale, and what `anew` picks. Call with the lock held and the writer's connection closed.

    `secret` gives a setting's value by its name, `say` tells people, `step` tells what goes on. `names` has the name
    that a person gave a product's place now; it holds from then on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".source").unlink(missing_ok=True)  # of versions before December 2026, whose copy is replaced
    made, outcomes = read_products(state), []
    for name in products.keys() - made.keys():
        if (folder / name).is_file():  # not ours: perhaps that version's, which held everything under another's name
            (folder / name).chmod(0o600)
    with open_committed(warehouse, folder, say=say) as con:
        read = versions(con)
        months = {date.fromisoformat(month) for of_table in read.values() for month in of_table if month}
        wanted = [place for place in places(products, months) if not place.product.needs or secret(place.product.needs)]
        _forget(made, {place.key for place in wanted}, set(products), folder, state)
        for place in wanted:
            if not place.can_be_made(read):
                continue
            known, wants_anew = made.get(place.key, Made()), anew(place)
            current = not (wants_anew or _is_stale_or_unreadable(place, made, read, folder))
            if current and place.product.stands is None:
                continue
            name = (names or {}).get(place.name) or known.name
            step(f"{'Looking at' if current else 'Making'} {place.key}")
            making = Making(
                con,
                folder / f".{place.key}.new",
                None if wants_anew else _former(place, made, folder, say),
                place.month,
                _changed(made.get(place.key), place.of(read)),
                tables,
                secret(place.product.needs) if place.product.needs else "",
                say,
                name,
                _fingerprint(place.product, place.of(read)),
            )
            if current and _stands(place.product, making):
                now = replace(known, name=name, failed="", wrong={})
            else:
                known = known if known.made_at else replace(known, name=name)
                now = _make(place, making, known, place.of(read), folder / place.key)
                outcomes.append(Outcome(place.key, now.failed, former_stands(known), now.is_file))
            if now != made.get(place.key):
                made[place.key] = now
                write_products(state, made)
    return outcomes


def _is_stale_or_unreadable(place: Place, made: Mapping[str, Made], read: Read, folder: Path) -> bool:
    try:
        return is_stale(place, made, read, folder)
    except OSError:  # of one file or its note: no reason to leave the other products out
        return True


def _fingerprint(product: Product, read: Read) -> str:
    return hashlib.sha256(json.dumps([declared(product), read], sort_keys=True).encode()).hexdigest()[:32]


def _stands(product: Product, making: Making) -> bool:
    """Whether what is no file is still where it was made. Where that can't be seen, making it tells why."""
    try:
        return product.stands is not None and product.stands(making)
    except Exception:  # as in _make
        return False


def _make(place: Place, making: Making, known: Made, read: Read, path: Path) -> Made:
    """Makes one; returns what is known of it now. What fails leaves the former file and what is known of it."""
    begun, product = time.time(), place.product
    making.scratch.unlink(missing_ok=True)
    try:
        counts = dict(product.make(making))
        wrong = {check.name: found for check in product.must if (found := list(check.wrong(making)))}
        if wrong:
            first = next(iter(wrong.values()))[0]
            return replace(known, failed=f"{', '.join(wrong)}: {first}", failed_at=begun, wrong=wrong)
        is_file = making.scratch.exists()
        if is_file:
            _settle(making.scratch, path, private=product.private)
    except Exception as error:  # a slip in a room's product keeps no other from being made
        return replace(known, failed=_in_words(error).rstrip("."), failed_at=begun, wrong={})
    finally:
        making.scratch.unlink(missing_ok=True)
    seconds = round(time.time() - begun, 2)
    return Made(declared(product), is_file, read, counts, seconds, begun, name=making.name)


def _in_words(error: Exception) -> str:
    """Why a product could not be made, without a value of any record."""
    if isinstance(error, ProductFailed):
        return str(error)
    if isinstance(error, OSError):
        return fault_in_words(error) or unforeseen(error)
    if isinstance(error, duckdb.Error):
        return fault_in_words(error) or without_values(error)
    return unforeseen(error)


def _settle(scratch: Path, path: Path, *, private: bool) -> None:
    """Puts a finished file into its place: on the disk first, with its rights, then by rename."""
    scratch.chmod(0o600 if private else 0o644)
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    digest = sha256_of(scratch)  # of a large one, too: it is read again once a day
    note_of_copy(path).unlink(missing_ok=True)  # killed before the new note is written, it is made again
    scratch.replace(path)
    leave(path, note_of_copy(path), read=True, sha256=digest)


def _former(place: Place, made: Mapping[str, Made], folder: Path, say: Callable[[str], None]) -> Path | None:
    """The standing file, if it is what was made."""
    path, known = folder / place.key, made.get(place.key)
    if known is None or not known.is_file or not path.is_file():
        return None
    try:
        if is_as_left(path, note_of_copy(path)):  # of other code or columns: made without it
            return path if known.declaration == declared(place.product) else None
    except OSError:  # it can't be read, which is as bad as damaged
        pass
    say(f"{path} was not what had been published: damaged, or something wrote to it. It is made anew.")
    return None


def _changed(known: Made | None, read: Read) -> dict[str, list[date]]:
    """The months of each table whose fingerprint is another than at the last making, gone ones too."""
    found: dict[str, list[date]] = {}
    for name, months in read.items():
        before = known.read.get(name, {}) if known and known.made_at else {}
        differ = {month for month in {*months, *before} if month and months.get(month) != before.get(month)}
        if differ:
            found[name] = [date.fromisoformat(month) for month in sorted(differ)]
    return found


def _forget(made: dict[str, Made], wanted: set[str], names: set[str], folder: Path, state: Path) -> None:
    """Takes away what is known of products that are no more, and the files of months that are no more."""
    gone = set(made) - wanted - names
    for key in gone:
        del made[key]
        for path in (folder / key, note_of_copy(folder / key)):
            path.unlink(missing_ok=True)
    if gone:
        write_products(state, made)
