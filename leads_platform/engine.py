"""The platform put together: contracts and rooms make the catalogue, a session holds lock, archive and warehouse.

Belongs here: where contracts, rooms, arrivals and warehouse meet, without Dagster. Does not: what each of them does.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import duckdb

from leads_platform.arrivals.archive import ArchiveDamaged
from leads_platform.arrivals.base_table import base_table
from leads_platform.arrivals.contract import FeedContract, load_contracts
from leads_platform.arrivals.ledger import known_receipts, refresh_ledger
from leads_platform.arrivals.receive import Arrivals
from leads_platform.arrivals.verify import Verifier, missing_manifests
from leads_platform.prospects.supplier_staging import stg_leads_table
from leads_platform.settings import Settings
from leads_platform.standards import standards
from leads_platform.warehouse.catalogue import Catalogue, tables_in
from leads_platform.warehouse.connection import open_warehouse, remove_warehouse
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.lock import WriterLock
from leads_platform.warehouse.note import write_note
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.publish import is_outdated, publish
from leads_platform.warehouse.table import Table
from leads_platform.warehouse.write import Warehouse

ROOMS = ("prospects", "funnel")


@dataclass(frozen=True)
class Platform:
    """What the code and the contracts declare, for one environment; knows nothing of what was received or built."""

    settings: Settings
    contracts: dict[str, FeedContract]
    catalogue: Catalogue


def load_platform(settings: Settings) -> Platform:
    """Reads the contracts (packaged and the user's own) and declares every table.

    Raises ContractError or DeclarationError, in words, when something does not fit.
    """
    contracts = load_contracts(contract_folders(settings), rooms=ROOMS)
    tables = [*_room_tables()]
    for contract in contracts.values():
        tables.append(base_table(contract))
        if contract.kind == "lead_list":
            tables.append(stg_leads_table(contract))
    feeds = [name for feed in contracts for name in (feed, f"{feed}_counts")]
    return Platform(settings, contracts, Catalogue(tables, feeds, standards()))


@dataclass
class Session:
    """An open session of the environment's one writer: lock held, archive and warehouse open."""

    platform: Platform
    arrivals: Arrivals
    warehouse: Warehouse
    lock: WriterLock
    publish: bool = False
    _ledger: int = field(default=-1)

    @property
    def refused(self) -> int:
        """How many builds were refused in this session."""
        return self.warehouse.refused

    @refused.setter
    def refused(self, count: int) -> None:
        self.warehouse.refused = count

    def build(
        self, table: str, first: date, last: date, progress: Callable[[date], None] = lambda month: None
    ) -> Build:
        """Builds one table's months; see Warehouse.build."""
        self.sync_ledger()
        self.lock.progress(f"building {table} {first:%Y-%m} to {last:%Y-%m}")
        return self.warehouse.build(table, first, last, progress)

    def sync_ledger(self) -> None:
        """Brings `arrivals.*` to the manifests; does nothing when no receipt came since the last time."""
        receipts = len(self.arrivals.state.manifests)
        if receipts != self._ledger:
            if self._ledger < 0:  # what this session adds itself can't be missing
                missing_manifests(known_receipts(self.warehouse.con), self.arrivals.state.manifests)
            refresh_ledger(self.warehouse.con, self.arrivals.state, self.arrivals.archive)
            self._ledger = receipts


@contextlib.contextmanager
def open_session(
    platform: Platform,
    doing: str,
    *,
    run_id: str | None = None,
    wait: float = 600.0,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Session]:
    """Takes the lock, opens archive and warehouse; on leaving publishes, where `session.publish` was set.

    Set it when the work is whole: not after taking files in, nor between two runs that belong together, when some
    tables are ahead of others. What is published has passed its checks, as nothing else is ever committed.

    Raises LockHeld, WarehouseUnusable or ArchiveDamaged, in words.
    """
    settings = platform.settings
    with WriterLock(settings.home, doing, wait=wait, say=say) as lock:
        _sweep(settings)
        arrivals = Arrivals(settings, platform.contracts)
        settings.archive.mkdir(parents=True, exist_ok=True)
        with open_warehouse(settings.warehouse, readable=[settings.archive], say=say) as con:
            verify = _verifying(arrivals)
            warehouse = Warehouse(con, platform.catalogue, arrivals.state, run_id or uuid.uuid4().hex, verify)
            session = Session(platform, arrivals, warehouse, lock)
            session.sync_ledger()
            try:
                yield session
                session.sync_ledger()
                warehouse.checkpoint()
            finally:
                with contextlib.suppress(duckdb.Error):  # a broken connection has an error of its own to tell
                    write_note(con, settings.ledger_note, settings.warehouse)
        if session.publish and is_outdated(settings.published, settings.warehouse):
            publish(settings.warehouse, settings.published)


def _verifying(arrivals: Arrivals) -> Callable[[str, date, date], None]:
    """Holds a feed's records against their manifests before a table reads them. Damage ends the build in words."""
    verifier = Verifier(arrivals.archive)

    def verify(feed: str, first: date, last: date) -> None:
        if feed in arrivals.state.by_feed:
            try:
                verifier.months(arrivals.state.by_feed[feed], first, last)
            except ArchiveDamaged as damaged:
                raise BuildError(str(damaged)) from None

    return verify


def contract_folders(settings: Settings) -> list[Path]:
    """Where contracts lie: the rooms' packaged ones, then the user's own, which replace those of the same feed."""
    return [*(Path(str(files(f"leads_platform.{room}"))) / "feeds" for room in ROOMS), settings.feeds]


@cache
def _room_tables() -> tuple[Table, ...]:
    """The hand-written tables of all rooms; declared once per process, as they depend on code alone."""
    for room in ROOMS:
        import_module(f"leads_platform.{room}")
    return tuple(table for room in ROOMS for table in tables_in(f"leads_platform.{room}"))


def drop_warehouse(settings: Settings, say: Callable[[str], None] = lambda text: None) -> None:
    """Removes the warehouse file, which is a function of the archive; the published copy stays. Waits for the lock."""
    with WriterLock(settings.home, "rebuild", say=say):
        settings.ledger_note.unlink(missing_ok=True)
        remove_warehouse(settings.warehouse)


def _sweep(settings: Settings) -> None:
    """Removes what a crash left half-written beside the archive, which sweeps its own. Call with the lock held.

    Sensors, which hold no lock, write some of these by rename too: what is younger than a minute may be theirs.
    """
    spill = settings.warehouse.parent / "tmp"
    half = [*settings.home.glob("*.tmp"), *settings.published.parent.glob("*.new"), *spill.glob("duckdb_temp_*")]
    half += settings.published.parent.glob("*.tmp")
    shared = [*settings.dagster_home.glob("*.tmp"), *(settings.home / "requests").glob("*.tmp")]
    old = time.time() - 60
    for path in half + [path for path in shared if path.stat().st_mtime < old]:
        path.unlink(missing_ok=True)
