"""The platform put together: contracts and rooms make the catalogue, a session holds lock, archive and warehouse.

Belongs here: where contracts, rooms, arrivals and warehouse meet, without Dagster. Does not: what each of them does.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import duckdb

from leads_platform.actions.action import Action
from leads_platform.actions.history import History
from leads_platform.actions.ledger import refresh_actions
from leads_platform.arrivals.archive.ledger import known_receipts, refresh_ledger
from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged
from leads_platform.arrivals.archive.verify import Verifier, damage, missing_manifests
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.user_contracts import OutOfOrder, UserContracts, keep
from leads_platform.arrivals.receive import Arrivals
from leads_platform.attention import command
from leads_platform.changes import newest_with_data
from leads_platform.contracts_in_force import contracts_in_force, tables_of
from leads_platform.private import private_folder
from leads_platform.products.describe import describe
from leads_platform.products.full_copy import FULL
from leads_platform.products.make import Outcome, Place, make_products, read_by
from leads_platform.products.own import own_products
from leads_platform.products.product import Product
from leads_platform.products.state import Made, read_products
from leads_platform.products.whole_state import behind
from leads_platform.rooms import Rooms, find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import forget_build_state, write_build_state
from leads_platform.warehouse.catalogue import Catalogue
from leads_platform.warehouse.connection import CATALOG, open_warehouse, remove_warehouse
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.lock import WriterLock
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.removal import Leave, Removal
from leads_platform.warehouse.table import DeclarationError
from leads_platform.warehouse.write import Warehouse

__all__ = [
    "Platform",
    "Session",
    "begin_anew",
    "contract_folders",
    "how_to_agree",
    "load_platform",
    "open_session",
]


@dataclass(frozen=True)
class Platform:
    """What the code and the contracts declare, for one environment; knows nothing of what was received or built."""

    settings: Settings
    contracts: dict[str, FeedContract]
    catalogue: Catalogue
    user: UserContracts = field(default_factory=UserContracts)

    @property
    def rooms(self) -> Rooms:
        """The rooms there are."""
        return find_rooms(self.settings.rooms)

    @cached_property
    def products(self) -> dict[str, Product]:
        """What is made of tables, by name, in the order of making: the published copies, then the rooms' own."""
        rooms = self.rooms.products
        for name, product in rooms.items():
            for read in product.reads:
                if not read_by(read, self.catalogue):
                    near = get_close_matches(read, self.catalogue.tables, 1)
                    guess = f" (did you mean {near[0]}?)" if near else ""
                    raise DeclarationError(f"the product `{name}` reads {read}, which is no table{guess}")
        return {**own_products(self.catalogue.tables), **rooms}

    @property
    def actions(self) -> dict[str, Action]:
        """What can be done with rows of tables and not be unmade, by name. No run and no plan begins one."""
        return self.rooms.actions

    @property
    def out_of_order(self) -> tuple[OutOfOrder, ...]:
        """The user's contracts that can't be obeyed now; nothing of their feeds is taken in."""
        return self.user.out_of_order

    @property
    def stopped(self) -> frozenset[str]:
        """The feeds of contracts that are out of order."""
        return frozenset(entry.feed for entry in self.out_of_order)

    def taken_away(self) -> dict[str, str]:
        """Tables that a contract of the user's declared and none declares now: table to feed.

        Of a contract whose file was taken away, or broken without a copy that could stand in; or that names another
        feed, room or kind now.
        """
        found = {table: feed for tables in self._of_copies().values() for table, feed in tables.items()}
        for feed in self.stopped - set(self.contracts):
            found |= dict.fromkeys(self.rooms.made_for(feed), feed)
        return found

    def copies_needed(self, built: AbstractSet[str]) -> set[str]:
        """The names of the kept contracts by which alone it is known whose some of the built tables are."""
        return {name for name, tables in self._of_copies().items() if built & set(tables)}

    def _of_copies(self) -> dict[str, dict[str, str]]:
        """By the name of a kept file, the tables that follow from it and that nothing declares now: table to feed."""
        return {
            name: {
                table: contract.feed
                for contract in contracts
                if self.contracts.get(contract.feed) is not contract  # as it is kept, so it is in force
                for table in self._tables_of(contract)
                if table not in self.catalogue.tables
            }
            for name, contracts in self.user.kept.items()
        }

    def _tables_of(self, contract: FeedContract) -> set[str]:
        try:
            return {table.address for table in tables_of(contract)}
        except DeclarationError:  # the code of its kind fails today
            return {table for table in self.rooms.made_for(contract.feed) if table.startswith(f"{contract.room}.")}

    def folder_of(self, feed: str) -> Path:
        """Where a user's contract of the feed lies, or lay."""
        names = [entry.path.parent.name for entry in self.out_of_order if entry.feed == feed]
        names += [c.folder for contracts in self.user.kept.values() for c in contracts if c.feed == feed]
        return self.settings.feeds.parent / (names or ["feeds"])[0]


def load_platform(settings: Settings) -> Platform:
    """Reads the contracts (packaged and the user's own) and declares every table.

    A broken contract of the user's is in `out_of_order`. Raises ContractError or DeclarationError, in words, when what
    the platform itself brings does not fit.
    """
    found = contracts_in_force(settings)
    return Platform(settings, found.contracts, found.catalogue, found.user)


@dataclass
class Session:
    """An open session of the environment's one writer: lock held, archive and warehouse open.

    `publish`: whether the products that are stale are made at its end, and those that `anew` picks. `names` has where a
    person wants a product that can have several places. `step` hears which is being made; `products` is what became of
    each. `behind`: tables because of which nothing was published.
    """

    platform: Platform
    arrivals: Arrivals
    warehouse: Warehouse
    lock: WriterLock
    publish: bool = False
    anew: Callable[[Place], bool] = lambda place: False
    names: dict[str, str] = field(default_factory=dict)
    step: Callable[[str], None] = lambda text: None
    products: list[Outcome] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    newest: date | None = None  # the last month with data before this session's first build
    _ledger: int = field(default=-1)

    @property
    def refused(self) -> int:
        """How many builds were refused in this session."""
        return self.warehouse.refused

    @refused.setter
    def refused(self, count: int) -> None:
        self.warehouse.refused = count

    def build(self, table: str, first: date, last: date) -> Build:
        """Builds one table's months; see Warehouse.build."""
        self.sync_ledger()
        self.warehouse.refuse_unasked()
        if self.newest is None:
            self.newest = newest_with_data(self.platform, self.warehouse.rows())
        self.lock.progress(f"building {table} {first:%Y-%m} to {last:%Y-%m}")
        return self.warehouse.build(table, first, last)

    def check_whole(self) -> None:
        """Publishes nothing where some tables are ahead of others, or tables would go that nobody was asked about."""
        settings, catalogue = self.platform.settings, self.platform.catalogue
        refused = self.warehouse.con.execute(
            "select distinct table_name, month from warehouse.refused_builds"
        ).fetchall()
        published = read_products(settings.products).get(FULL, Made()).read
        self.behind = behind(catalogue, self.arrivals.state, self.warehouse.built(), refused, published)
        if self.warehouse.would_remove().needs_a_word:
            self.behind = self.behind or sorted(published)
        if self.behind:
            self.publish = False

    def tell_step(self, text: str) -> None:
        """Tells what goes on: those who wait for the lock, and who has opened the session."""
        self.lock.progress(text)
        self.step(text)

    def sync_ledger(self) -> None:
        """Brings `arrivals.*` to the manifests; does nothing when no receipt came since the last time."""
        receipts = len(self.arrivals.state.manifests)
        if receipts != self._ledger:
            if self._ledger < 0:  # what this session adds itself can't be missing
                missing_manifests(known_receipts(self.warehouse.con), self.arrivals.state.manifests)
            refresh_ledger(self.warehouse.con, self.arrivals.state, self.arrivals.archive)
            self._ledger = receipts

    @property
    def history(self) -> History:
        """The manifests of actions."""
        return History(self.platform.settings.archive)

    def sync_actions(self) -> None:
        """Brings `actions.*` to the manifests of actions."""
        refresh_actions(self.warehouse.con, self.history, self.platform.actions)


@contextlib.contextmanager
def open_session(
    platform: Platform,
    doing: str,
    *,
    run_id: str | None = None,
    wait: float = 600.0,
    agreed: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Session]:
    """Takes the lock, opens archive and warehouse; on leaving publishes, where `session.publish` was set.

    Set it when the work is whole: not after taking files in, nor between two runs that belong together, when some
    tables are ahead of others. What is published has passed its checks, as nothing else is ever committed.

    `agreed`: a person knows that built months or tables will go. Raises LockHeld, WarehouseUnusable or ArchiveDamaged,
    in words.
    """
    settings = platform.settings
    with WriterLock(settings.home, doing, wait=wait, say=say) as lock:
        _sweep(settings)
        private_folder(settings.archive)
        arrivals = Arrivals(settings, platform.contracts, platform.stopped)
        with open_warehouse(settings.warehouse, readable=[settings.archive], say=say) as con:
            verify = _verifying(arrivals)
            run, zone = run_id or uuid.uuid4().hex, settings.timezone.key
            leave = Leave(
                agreed, platform.taken_away(), set(platform.rooms.by_name), lambda going: how_to_agree(platform, going)
            )
            warehouse = Warehouse(con, platform.catalogue, arrivals.state, run, verify, leave, zone)
            session = Session(platform, arrivals, warehouse, lock)
            session.sync_ledger()
            session.sync_actions()
            _keep_contracts(platform, warehouse)
            try:
                yield session
                _roll_back(con)
                session.sync_ledger()
                if session.publish:
                    session.check_whole()
                if session.publish:
                    describe(con, platform.catalogue.tables, CATALOG)
                warehouse.checkpoint()
            finally:
                _roll_back(con)
                with contextlib.suppress(duckdb.Error):  # a broken connection has an error of its own to tell
                    write_build_state(con, settings.build_state, settings.warehouse)
                    _keep_contracts(platform, warehouse)  # of tables that were agreed to go, no copy is needed now
        if session.publish:
            session.products = make_products(
                platform.products,
                platform.catalogue.tables,
                settings.warehouse,
                settings.published.parent,
                settings.products,
                secret=settings.secret,
                say=say,
                step=session.tell_step,
                anew=session.anew,
                names=session.names,
            )


def _keep_contracts(platform: Platform, warehouse: Warehouse) -> None:
    """Keeps the contracts in order, except where a former text still tells whose tables stand."""
    built = {table for table, _ in warehouse.built()}
    keep(platform.settings.kept_contracts, platform.user, platform.copies_needed(built))


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """Ends a transaction that a signal left open, wherever it came: the note tells of committed months alone."""
    with contextlib.suppress(duckdb.Error):  # there is none, as a rule
        con.execute("rollback")


def how_to_agree(platform: Platform, going: Removal) -> str:
    """What to do where something built would go: the way back, and the command that agrees."""
    settings = platform.settings
    ways = ["set LEADS_PLATFORM_FIRST_MONTH back"] if going.of_first_month else []
    ways += [f"have LEADS_PLATFORM_ROOMS name the package of {room}" for room in sorted(going.of_rooms)]
    for feed in sorted(going.of_contracts):
        ways.append(
            f"{'mend' if feed in platform.stopped else 'put back'} the contract of {feed} in {platform.folder_of(feed)}"
        )
    return (
        "Nothing was dropped, built or published, and the archive keeps all files. "
        f"If it is a slip: {'; '.join(ways)}. If it is meant: {command(settings, 'run', '--yes')}"
    )


def _verifying(arrivals: Arrivals) -> Callable[[str, date, date], None]:
    """Holds a feed's records against their manifests before a table reads them. Damage ends the build in words."""
    verifier = Verifier(arrivals.archive)

    def verify(feed: str, first: date, last: date) -> None:
        try:
            verifier.records(arrivals.state.read_for(feed, first, last))
        except ArchiveDamaged as damaged:
            raise BuildError(str(damaged)) from None

    return verify


def contract_folders(settings: Settings) -> list[Path]:
    """Where contracts lie: the rooms' packaged ones, then the user's own, which replace those of the same feed."""
    rooms = find_rooms(settings.rooms)
    return [*rooms.contract_folders, settings.feeds, *(settings.feeds.parent / name for name in rooms.known.groups)]


def begin_anew(settings: Settings, say: Callable[[str], None] = lambda text: None) -> list[str]:
    """Removes the warehouse file, which is a function of the archive; the published copy stays.

    First looks at the whole archive: returns what is damaged in it, one sentence each. Both under one lock, which is
    waited for: of a file that another run is just taking in, the manifest is not there yet.
    """
    with WriterLock(settings.home, "rebuild", say=say) as lock:
        lock.progress("reading the archive")
        damaged = damage(Archive(settings.archive))
        forget_build_state(settings.build_state)
        remove_warehouse(settings.warehouse)
    return damaged


def _sweep(settings: Settings) -> None:
    """Removes what a crash left half-written beside the archive, which sweeps its own. Call with the lock held.

    All of it is written under this lock, so that none is at work. What is not has its own lock, and is swept there:
    the outbox, and Dagster's configuration (orchestration.instance).
    """
    spill = settings.warehouse.parent / "tmp"
    half = [*settings.home.glob("*.tmp"), *settings.published.parent.glob("*.new*"), *spill.glob("duckdb_temp_*")]
    for folder in (settings.published.parent, settings.kept_contracts, settings.home / "requests"):
        half += folder.glob("*.tmp")
    half += settings.kept_contracts.glob("*/*.tmp")
    half += [path for path in settings.dagster_home.glob("*.tmp") if not path.name.startswith("dagster.")]
    for path in half:
        path.unlink(missing_ok=True)
