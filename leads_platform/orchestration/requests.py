"""Build requests: what the planner found stale, as files, for a sensor to turn into runs; and what checks refused.

Belongs here: planning at the end of a run that holds the lock, the request files, and the note of refused months.
Does not: the planner's rules (warehouse.planner), or asking Dagster for runs (build_sensor).

A month that a blocking check refused is not planned again until something it is made from changes: the file `refused`
keeps the fingerprint that was refused. Commands a person gives (`run`, `build`) try again regardless.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from leads_platform.arrivals.receive import read_state
from leads_platform.months import label, parse_month, ranges
from leads_platform.platform import Platform, Session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import plan_stale
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.catalogue import Catalogue
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask, Fingerprinter, Fingerprints, batches
from leads_platform.warehouse.sources import Sources


@dataclass(frozen=True)
class BuildRequest:
    """What was stale when `why` was said. `whole` is false when some tables must stop before a refused month."""

    why: str
    tasks: list[BuildTask]
    whole: bool = True
    names: tuple[str, ...] = field(default=())

    def to_json(self) -> str:
        tasks = [{"table": w.table, "first": label(w.first), "last": label(w.last)} for w in self.tasks]
        return json.dumps({"request": 1, "why": self.why, "whole": self.whole, "works": tasks}, indent=1)

    @classmethod
    def from_json(cls, text: str, name: str = "") -> BuildRequest:
        plain = json.loads(text)
        tasks = [BuildTask(w["table"], parse_month(w["first"]), parse_month(w["last"])) for w in plain["works"]]
        return cls(plain["why"], tasks, plain["whole"], (name,))


def folder(settings: Settings) -> Path:
    return settings.home / "requests"


def write_request(settings: Settings, request: BuildRequest) -> Path:
    """Hands a request to the sensor. Its name is never used again, so that no two requests share a run key."""
    place = folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{time.time_ns():020d}.json"
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(request.to_json())
    scratch.replace(path)
    return path


def pending(settings: Settings) -> list[BuildRequest]:
    """The requests not yet answered, oldest first."""
    found = []
    for path in sorted(folder(settings).glob("*.json")):
        try:
            found.append(BuildRequest.from_json(path.read_text(), path.name))
        except FileNotFoundError:  # answered between listing and reading
            continue
    return found


def drop(settings: Settings, names: Iterable[str]) -> None:
    """Takes answered requests away."""
    for name in names:
        (folder(settings) / name).unlink(missing_ok=True)


def merged(requests: list[BuildRequest]) -> BuildRequest:
    """One request for all: each table's months are those of every request."""
    tasks = {work: None for request in requests for work in request.tasks}
    return BuildRequest(
        "; ".join(dict.fromkeys(request.why for request in requests)),
        list(tasks),
        all(request.whole for request in requests),
        tuple(name for request in requests for name in request.names),
    )


def still_stale(platform: Platform, request: BuildRequest) -> BuildRequest:
    """The request without what has been built since it was written.

    Files that come in a burst are taken in one run after another, each of which finds stale what the build before it
    has only been asked for. Judged by the build state, which can only be behind.
    """
    settings = platform.settings
    built = read_build_state(settings.build_state, settings.warehouse).fingerprints
    should = Fingerprinter(platform.catalogue, read_state(settings, platform.contracts))
    tasks = [
        BuildTask(work.table, first, last)
        for work in request.tasks
        if work.table in platform.catalogue.tables
        for first, last in ranges(
            m for m in work.months if built.get((work.table, m)) != should.expected(work.table, m)
        )
    ]
    return replace(request, tasks=list(dict.fromkeys(tasks)))


def as_runs(catalogue: Catalogue, request: BuildRequest) -> list[list[BuildTask]]:
    """The runs that answer a request, each of works over one range.

    One run over the whole range when nothing is refused: building a fresh month again gives the same rows, and one
    run costs less than two. Around refused months each table keeps to the months it was planned for; so where one that
    looks ahead ends before others, as in months after its own what it reads may never have been built.
    """
    tasks = [work for work in request.tasks if work.table in catalogue.tables]
    if not tasks:
        return []
    first, last = min(work.first for work in tasks), max(work.last for work in tasks)
    ends = {address: max(work.last for work in tasks if work.table == address) for address in {w.table for w in tasks}}
    apart = any(end < last and catalogue.looks_ahead(address) for address, end in ends.items())
    if apart or not request.whole:
        order = {address: at for at, address in enumerate(catalogue.tables)}
        return batches(catalogue, sorted(tasks, key=lambda work: (order[work.table], work.first)))
    stale = {work.table for work in tasks}
    return [[BuildTask(address, first, last) for address in catalogue.tables if address in stale]]


def request_builds(session: Session, why: str, last: date | None = None) -> BuildRequest | None:
    """Plans all that is stale (to `last`, or the last month with data) and writes a request; None when all is fresh."""
    warehouse = session.warehouse
    blocked = refused_from(session.platform, warehouse.sources, warehouse.built())
    tasks = plan_stale(session.warehouse, last=last, blocked_from=blocked)
    if not tasks:
        return None
    request = BuildRequest(why, tasks, whole=not blocked)
    write_request(session.platform.settings, request)
    return request


# -- what checks refused ---------------------------------------------------------------------------------------


def note_outcome(session: Session, build: Build) -> None:
    """Remembers the months a blocking check refused, with the fingerprint they would have had; forgets built ones."""
    settings = session.platform.settings
    known = _refused(settings)
    entry = known.setdefault(build.table, {})
    for month in list(entry):
        if build.first <= parse_month(month) <= build.last:
            del entry[month]
    if not build.committed:
        expected = Fingerprinter(session.warehouse.catalogue, session.warehouse.sources)
        entry |= {label(month): expected.expected(build.table, month) for month in build.bad_months}
    path = folder(settings) / "refused"
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps({table: months for table, months in known.items() if months}, indent=1))
    scratch.replace(path)


def refused_from(platform: Platform, sources: Sources, built: Fingerprints) -> dict[str, date]:
    """For each table with a refused month that would be refused again: the first such month."""
    expected = Fingerprinter(platform.catalogue, sources)
    found: dict[str, date] = {}
    for table, months in _refused(platform.settings).items():
        if table not in platform.catalogue.tables:
            continue
        for text, refused in months.items():
            month = parse_month(text)
            now = expected.expected(table, month)
            if now == refused and built.get((table, month)) != now:
                found[table] = min(found.get(table, month), month)
    return found


def _refused(settings: Settings) -> dict[str, dict[str, str]]:
    path = folder(settings) / "refused"
    return json.loads(path.read_text()) if path.exists() else {}
