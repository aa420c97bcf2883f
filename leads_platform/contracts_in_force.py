"""Which contracts are in force, and all tables that follow: the packaged ones, the user's own, and what stands in.

Belongs here: holding the user's contracts against the packaged ones and the rooms' tables. Does not: reading them
(arrivals.contracts), or what a session does with them (platform).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from leads_platform.arrivals.archive.sources import relations_of
from leads_platform.arrivals.base_table import RECORD_TIMES, base_table
from leads_platform.arrivals.contracts.kinds import KindFails
from leads_platform.arrivals.contracts.load import FeedContract, about_feed, load_contracts
from leads_platform.arrivals.contracts.user_contracts import Problem, UserContracts, read_user_contracts
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.standards import standards
from leads_platform.warehouse.catalogue import Catalogue
from leads_platform.warehouse.table import DeclarationError, Table


@dataclass(frozen=True)
class InForce:
    """The contracts that declare tables, the catalogue of all tables, and what the user's folder holds."""

    contracts: dict[str, FeedContract]
    catalogue: Catalogue
    user: UserContracts


def contracts_in_force(settings: Settings) -> InForce:
    """Reads all contracts and declares every table. A broken contract of the user's puts its own feed out of order.

    Raises ContractError or DeclarationError when what the platform itself brings does not fit.
    """
    rooms = find_rooms(settings.rooms)
    packaged = load_contracts(rooms.contract_folders, rooms.known)
    # Before copies were kept, what was built is all there is to know that contracts were in force.
    upgraded = settings.warehouse.exists() and not settings.kept_contracts.exists()
    user = read_user_contracts(settings.feeds, settings.kept_contracts, packaged, rooms.known, upgraded=upgraded)
    unfit = _unfit(user.good, packaged, rooms.tables)
    if not unfit:
        try:
            return _declared(settings, packaged, user)
        except DeclarationError:
            unfit = _undeclarable(settings, packaged, user)
    user = read_user_contracts(
        settings.feeds, settings.kept_contracts, packaged, rooms.known, unfit=unfit, upgraded=upgraded
    )
    return _declared(settings, packaged, _without(user, _misfits(settings, packaged, user.stand_ins), packaged))


def tables_of(contract: FeedContract) -> list[Table]:
    """The tables that follow from a contract alone. Raises DeclarationError, KindFails where the kind's code does."""
    try:
        of_group = contract.group.more_tables(contract) if contract.group else ()
        return [base_table(contract), *contract.more_tables(), *of_group]
    except DeclarationError:
        raise
    except Exception as error:
        kind = contract.folder if contract.group else contract.kind
        raise KindFails(kind, contract.room, error) from error


def _declared(settings: Settings, packaged: Mapping[str, FeedContract], user: UserContracts) -> InForce:
    own = {**user.stand_ins, **user.good}
    groups = {(contract.folder, contract.group.name) for contract in own.values() if contract.group}
    left = {  # a group of the user's replaces one of the platform's whole, whatever feeds each makes
        feed: contract
        for feed, contract in packaged.items()
        if contract.group is None or (contract.folder, contract.group.name) not in groups
    }
    contracts = dict(sorted({**left, **own}.items()))
    return InForce(contracts, _catalogue(settings, contracts.values()), user)


def _catalogue(settings: Settings, contracts: Iterable[FeedContract]) -> Catalogue:
    """The tables of the rooms and of these contracts, all reckoning in the platform's time zone."""
    listed, zone = list(contracts), settings.timezone.key
    for contract in listed:
        contract._platform_zone = zone
    rooms = find_rooms(settings.rooms)
    tables = [*rooms.tables, *(table for contract in listed for table in tables_of(contract))]
    owned = [replace(table, owner=rooms.owner(table)) for table in tables]
    feeds = [name for contract in listed for name in relations_of(contract)]
    return Catalogue(owned, feeds, standards(zone), rooms.families)


def _unfit(
    good: Mapping[str, FeedContract], packaged: Mapping[str, FeedContract], tables: Iterable[Table]
) -> dict[Path, Problem]:
    """Contracts that replace a packaged one and lack what the rooms' tables read of it: their builds would fail."""
    found: dict[Path, Problem] = {}
    for feed, contract in good.items():
        if feed in packaged and contract.path is not None and (said := _lacks(contract, packaged[feed], tables)):
            found[contract.path] = about_feed(contract, f"replaces {packaged[feed].label} of the platform, but {said}")
    return found


def _lacks(contract: FeedContract, packaged: FeedContract, tables: Iterable[Table]) -> str | None:
    for name in ("room", "kind"):
        if getattr(contract, name) != (must := getattr(packaged, name)):
            return f"its {name} is `{getattr(contract, name)}`; it must be `{must}`, as the platform's tables read it"
    base = f"{packaged.room}.{packaged.base_table}"
    columns = {*(column.name for column in contract.columns), *contract.constants}
    gone = [column.name for column in packaged.columns if column.name not in columns]
    times = [column.name for column in RECORD_TIMES] if packaged.month.column and not contract.month.column else []
    gone += times
    for table in tables if gone else ():
        read = set(re.findall(r"\w+", table.select)) if base in table.reads else set()
        if lost := [name for name in gone if name in read]:
            names = ", ".join(f"`{name}`" for name in lost if name not in times)
            if not names:
                return f"its month comes from no column; {table.address} reads each record's time: write `from: column`"
            return f"lacks {names}, which {table.address} reads; declare it: where a file lacks it, it is null"
    return None


def _undeclarable(settings: Settings, packaged: Mapping[str, FeedContract], user: UserContracts) -> dict[Path, Problem]:
    """Contracts with which the tables can't be declared, each by itself beside what stands without the user's own."""
    unfit_copies = _misfits(settings, packaged, user.stand_ins)
    base = {**packaged, **{feed: copy for feed, copy in user.stand_ins.items() if feed not in unfit_copies}}
    found: dict[Path, Problem] = {}
    for feed, error in _misfits(settings, base, user.good).items():
        contract = user.good[feed]
        if contract.path is not None:
            said = str(error) if isinstance(error, KindFails) else f"does not fit the platform's tables: {error}"
            found[contract.path] = about_feed(contract, said)
    return found


def _misfits(
    settings: Settings, base: Mapping[str, FeedContract], added: Mapping[str, FeedContract]
) -> dict[str, DeclarationError]:
    """The contracts that can't be declared, those of each file by themselves beside `base`, and why."""
    files: dict[Path | str, dict[str, FeedContract]] = {}
    for feed, contract in added.items():
        files.setdefault(contract.path or feed, {})[feed] = contract
    found: dict[str, DeclarationError] = {}
    for contracts in files.values():
        try:
            _catalogue(settings, {**base, **contracts}.values())
        except DeclarationError as error:
            found |= dict.fromkeys(contracts, error)
    return found


def _without(user: UserContracts, copies: Collection[str], packaged: Collection[str]) -> UserContracts:
    """Without the copies of these feeds: code that fails over a contract fails over its last good text, too."""
    return replace(
        user,
        stand_ins={feed: copy for feed, copy in user.stand_ins.items() if feed not in copies},
        out_of_order=tuple(
            replace(entry, stands="the packaged contract" if entry.feed in packaged else "nothing")
            if entry.feed in copies
            else entry
            for entry in user.out_of_order
        ),
    )
