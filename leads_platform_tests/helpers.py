"""Small steps that tests of several rooms take: drop a file, take it in, build, ask the published copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.platform import Platform, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.standards import standards
from leads_platform.warehouse import Catalogue
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.outcome import Build

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Gives the rows of a query."""
NV_HEADER = (
    "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,County,Phone,"
    "First Issue Date,Primary Contact Name,Primary Contact Role"
)
TX_HEADER = (
    "Operation,Agency Number,Operation Name,Address,City,State,Zip,County,Phone,Type,Status,Issue Date,Capacity,"
    "Email Address,Facility ID,Monitoring Frequency,Infant,Toddler,Preschool,School"
)
SALESFORCE_HEADER = (
    "id,is_deleted,last_name,first_name,title,company,street,city,state,postal_code,country,phone,mobile_phone,email,"
    "website,lead_source,status,is_converted,created_date,last_modified_date,last_activity_date,last_viewed_date,"
    "last_referenced_date,email_bounced_reason,email_bounced_date,outreach_stage_c,current_enrollment_c,capacity_c,"
    "lead_source_last_updated_c,brightwheel_school_uuid_c"
)
_clock = iter(range(1_700_000_000, 1_800_000_000))


def nv(number: str, phone: str, address: str, *, name: str = "ACORN HOUSE", expires: str = "12/31/30") -> str:
    """One record of Nevada's list; `address` is one cell, as "12 OAK ST RENO, NV 89501"."""
    return f'{name},CENTER,{number},Active,{expires},N,"{address}",NV,CLARK,{phone},1/1/20,ANN LEE,Owner'


def tx(number: str, phone: str, street: str, city: str, state: str, postal_code: str) -> str:
    """One record of Texas's list."""
    return (
        f"{number},,Birch House,{street},{city},{state},{postal_code},BEXAR,{phone},Licensed Center,Full Permit,"
        "1/2/20,40,,,,Y,Y,Y,Y"
    )


def salesforce(
    number: str, phone: str, mobile: str = "", *, created: str = "2023-01-01 8:00:00", deleted: str = "FALSE"
) -> str:
    """One lead of a Salesforce export."""
    return (
        f"{number},{deleted},Doe,Jo,,Cedar House,,,Nevada,,,{phone},{mobile},jo@example.org,,Web,Working,FALSE,"
        f"{created},2024-01-01 00:00:00,,,,,,Working,,,,"
    )


def drop(settings: Settings, feed: str, name: str, header: str, records: Iterable[str]) -> Path:
    """Puts a file into landing; each file is a second younger than the one before."""
    path = settings.landing / feed / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *records]) + "\n")
    moment = next(_clock)
    os.utime(path, (moment, moment))
    return path


def take_in(settings: Settings) -> list[Manifest]:
    """Takes in what is in landing, without waiting for it to settle."""
    with open_session(load_platform(settings), "test") as session:
        return session.arrivals.take_in(session.arrivals.waiting())


def load_rooms(settings: Settings, *rooms: str) -> Platform:
    """The platform with these rooms alone, their contracts and tables; with all rooms when none is named."""
    platform = load_platform(settings)
    if not rooms:
        return platform
    contracts = {feed: contract for feed, contract in platform.contracts.items() if contract.room in rooms}
    tables = [table for table in platform.catalogue.tables.values() if table.room in rooms]
    known = standards(settings.timezone.key)
    catalogue = Catalogue(tables, platform.catalogue.feeds, known, platform.rooms.families)
    return replace(platform, contracts=contracts, catalogue=catalogue)


def run(
    settings: Settings,
    on_build: Callable[[Build], None] = lambda build: None,
    *,
    agreed: bool = False,
    rooms: Collection[str] = (),
    tables: Collection[str] | None = None,
) -> Platform:
    """What `leads-platform run --direct` does (`agreed`: with --yes), without the printing. Fails when a table does.

    With `rooms` there are no others; with `tables` these are built, and what they read.
    """
    platform = load_rooms(settings, *rooms)
    with open_session(platform, "test", agreed=agreed) as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.sync_ledger()
        words: list[str] = []

        def told(build: Build) -> None:
            on_build(build)
            words.extend([] if build.committed else [build.words()])

        failed = build_stale(session.warehouse, select=tables, on_build=told)
        session.publish = True
    assert not failed, words
    return platform


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of the published copy."""
    with open_published(settings.published) as con:
        return con.execute(query).fetchall()


@contextmanager
def asking(settings: Settings) -> Iterator[Ask]:
    """Many questions to one published copy: opening it takes longer than an answer."""
    with open_published(settings.published) as con:
        yield lambda query: con.execute(query).fetchall()


def content_hash(settings: Settings, platform: Platform) -> str:
    """One hash of all rows of all tables."""
    return read_build_state(settings.build_state, settings.warehouse).content_hash(platform.catalogue.tables)
