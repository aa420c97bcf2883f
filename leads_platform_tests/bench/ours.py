"""What is measured: the platform's own code, as its commands call it.

Belongs here: one function a task, each run in a process of its own; it times only what its name says. Does not: what
it is compared with (raw), or telling about it (cases).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from leads_platform.arrivals.landing import look
from leads_platform.arrivals.receive import Arrivals
from leads_platform.contacts.addresses import install_addresses
from leads_platform.contacts.phones import install_phones
from leads_platform.platform import Platform, Session, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.sql import literal
from leads_platform_tests.bench import data
from leads_platform_tests.bench.clock import Clock, Parts
from leads_platform_tests.bench.progress import doing

PROSPECTS = "prospects.dim_prospective_leads"


def settings_at(folder: Path, first_month: str = f"{data.FIRST_MONTH:%Y-%m}") -> Settings:
    """An environment of its own, on a clock that has passed all of the benchmark's months."""
    told = {
        "LEADS_PLATFORM_DATA": str(folder),
        "LEADS_PLATFORM_FIRST_MONTH": first_month,
        "LEADS_PLATFORM_NOW": "2026-07-15T12:00:00",
    }
    return Settings.from_env(told)


def arrival(work: Path, file: str, rows: int) -> dict:
    """`Arrivals.receive`: copy, fingerprint, count, read, account, archive, manifest."""
    settings = settings_at(work)
    _deliver(settings, file, 0)
    platform = load_platform(settings)
    settings.archive.mkdir(parents=True)
    arrivals = Arrivals(settings, platform.contracts)
    [landed] = look(settings.landing, platform.contracts)
    clock = Clock()
    manifest = arrivals.receive(landed)
    taken = clock.lap()
    if manifest is None or manifest.loaded != rows:
        raise AssertionError(f"{rows} rows were delivered: {manifest.message if manifest else arrivals.problems}")
    return {"seconds": [taken]}


def chain(work: Path, file: str) -> dict:
    """A session that takes the file in, builds to the list of prospects, and publishes."""
    settings = settings_at(work)
    _deliver(settings, file, 0)
    clock = Clock()
    parts = _take_in_and_build(load_platform(settings), {PROSPECTS})
    taken = clock.lap()
    return {"seconds": [taken], "parts": parts, **_shape(settings)}


def months(work: Path, files: list[str]) -> dict:
    """All months taken in and built together, every table. `work` is kept for the months after."""
    settings = settings_at(work)
    for index, file in enumerate(files):
        _deliver(settings, file, index)
    platform = load_platform(settings)
    clock = Clock()
    parts = _take_in_and_build(platform)
    taken = clock.lap()
    _clear_landing(settings)
    return {"seconds": [taken], "parts": parts, **_shape(settings)}


def month(work: Path, file: str, index: int) -> dict:
    """Month number `index` after `months`, by itself: taken in and built, every table."""
    settings = settings_at(work)
    _deliver(settings, file, index)
    clock = Clock()
    parts = _take_in_and_build(load_platform(settings))
    taken = clock.lap()
    _clear_landing(settings)
    return {"seconds": [taken], "parts": parts, **_shape(settings)}


def salesforce(work: Path, file: str, leads: int) -> dict:
    """One Salesforce export taken in and built, every table."""
    settings = settings_at(work)
    path = settings.landing / "salesforce_leads" / f"salesforce_leads_{data.FIRST_MONTH:%Y-%m}-31.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(file, path)
    clock = Clock()
    parts = _take_in_and_build(load_platform(settings))
    taken = clock.lap()
    with open_published(settings.published) as con:
        [[held]] = con.execute("select count(*) from prospects.dim_salesforce_leads").fetchall()
    if held != leads:
        raise AssertionError(f"{leads} leads were delivered, the dimension has {held}")
    return {"seconds": [taken], "parts": parts}


def phones(work: Path, file: str) -> dict:
    """The SQL standard over typed phones."""
    con = duckdb.connect()
    install_phones(con)
    con.execute(f"create table typed as from {literal(file)}")
    clock = Clock()
    con.execute("create table read as select phone(phone, 'US') as parts from typed").fetchall()
    return {"seconds": [clock.lap()]}


def phonenumbers_alone(work: Path, file: str, rows: int) -> dict:
    """phonenumbers in a plain loop over the first `rows`: number, validity, E.164 and region."""
    import phonenumbers as library

    con = duckdb.connect()
    typed = [phone for (phone,) in con.execute(f"select phone from {literal(file)} limit {rows}").fetchall()]
    library.is_valid_number(library.parse("7025550110", "US"))  # its metadata is loaded at the first number
    clock = Clock()
    for text in typed:
        try:
            number = library.parse(text, "US")
        except library.NumberParseException:
            continue
        if library.is_valid_number(number):
            library.format_number(number, library.PhoneNumberFormat.E164)
            library.region_code_for_number(number)
    return {"seconds": [clock.lap()]}


def addresses(work: Path, file: str, expression: str) -> dict:
    """An expression over addresses, into a table; the platform's macros are installed."""
    con = duckdb.connect()
    install_addresses(con)
    con.execute(f"create table written as from {literal(file)}")
    clock = Clock()
    con.execute(f"create table read as select {expression} as parts from written").fetchall()
    return {"seconds": [clock.lap()]}


def make_sample(work: Path, landing: str, months: int) -> dict:
    """The task of making the sample data's files."""
    from leads_platform.rooms import find_rooms
    from leads_platform.sample import generate

    generate(Path(landing), find_rooms().emitters, months=months, scale=1)
    return {"seconds": []}


def sample(work: Path, landing: str, dagster: bool) -> dict:
    """The sample data built, directly or through Dagster in this process, with files taken in before."""
    settings = settings_at(work, "2024-01")
    shutil.copytree(landing, settings.landing)
    platform = load_platform(settings)
    with open_session(platform, "bench") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        _all_taken_in(session)
    built: list[int] = []
    if not dagster:
        clock = Clock()
        with open_session(platform, "bench") as session:
            failed = build_stale(session.warehouse, on_build=lambda build: built.append(len(build.rows)))
            session.publish = True
        taken = clock.lap()
    else:
        try:
            from leads_platform.orchestration.instance import open_instance
            from leads_platform.orchestration.run import build_through_dagster
        except ImportError as error:
            return {"seconds": [], "left_out": f"Dagster's way can't be imported: {error}"}
        with open_instance(settings) as instance:
            clock = Clock()
            failed = build_through_dagster(
                platform, on_build=lambda build: built.append(len(build.rows)), instance=instance
            )
            taken = clock.lap()
    if failed:
        raise AssertionError(f"the sample did not build: {failed}")
    return {"seconds": [taken], "tables": len(built), "table_months": sum(built)}


def funnel_arrival(work: Path, landing: str) -> dict:
    """Pipedrive's six exports taken in, nothing built. `work` is kept for the programs that build."""
    settings = settings_at(work)
    shutil.copytree(landing, settings.landing)
    platform = load_platform(settings)
    clock = Clock()
    with open_session(platform, "bench") as session:
        manifests = session.arrivals.take_in(session.arrivals.waiting())
        _all_taken_in(session)
    taken = clock.lap()
    refused = [manifest.message for manifest in manifests if manifest.verdict != "accepted"]
    if refused:
        raise AssertionError(f"the exports were not accepted: {refused}")
    return {"seconds": [taken], "records": sum(manifest.loaded for manifest in manifests)}


def funnel_months(work: Path, landing: str, months: int) -> dict:
    """The exports taken in and every table of the room built, `months` of them. `work` is kept for those after."""
    settings = settings_at(work)
    shutil.copytree(landing, settings.landing, dirs_exist_ok=True)
    platform = load_platform(settings)
    clock = Clock()
    parts = _take_in_and_build(platform, {name for name in platform.catalogue.tables if name.startswith("funnel.")})
    taken = clock.lap()
    shutil.rmtree(settings.landing)  # it is in the archive
    with open_published(settings.published) as con:
        [[built]] = con.execute("select count(distinct month) from funnel.rep_sales_funnel_monthly").fetchall()
    if built != months:
        raise AssertionError(f"{months} months were to be built, the report has {built}")
    return {"seconds": [taken], "parts": parts}


def _all_taken_in(session: Session) -> None:
    """Raises when a file is refused, held or not read at all: what is measured then is something else."""
    told = [*session.arrivals.failures, *session.arrivals.problems]
    if told or session.arrivals.waiting():
        raise AssertionError("; ".join(told) or "files are still waiting")


def _deliver(settings: Settings, file: str, index: int) -> None:
    """The file into landing, by a link: the benchmark's disk holds it once."""
    path = settings.landing / data.FEED / data.file_name(index)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(file, path)


def _clear_landing(settings: Settings) -> None:
    """What has been taken in is in the archive; without this link the file's bytes go when the bench drops it."""
    for path in (settings.landing / data.FEED).iterdir():
        path.unlink()


def _take_in_and_build(platform: Platform, select: set[str] | None = None) -> dict[str, tuple[float, float]]:
    """What `leads-platform run --direct` does. Returns where wall and processor seconds went.

    Fails when a table does.
    """
    told: list[str] = []
    parts = Parts()
    with open_session(platform, "bench") as session:
        parts.lap("open")
        waiting = session.arrivals.waiting()
        doing(f"taking in 1 of {len(waiting)}")
        taken_in = iter(range(2, len(waiting) + 1))
        session.arrivals.take_in(
            waiting, lambda manifest: doing(f"taking in {next(taken_in, len(waiting))} of {len(waiting)}")
        )
        parts.lap("arrival")
        _all_taken_in(session)
        session.sync_ledger()

        def on_build(build: Build) -> None:
            told.extend([] if build.committed else [build.words()])
            parts.lap(build.table)

        failed = build_stale(
            session.warehouse,
            select=select,
            on_build=on_build,
            on_start=lambda work: doing(f"building {work.table}"),
        )
        session.publish = True
        doing("publishing")
    parts.lap("close and publish")
    if failed:
        raise AssertionError("\n".join(told))
    return parts.seconds


def _shape(settings: Settings) -> dict:
    """Rows and columns of the tables that hold any row."""
    with open_published(settings.published) as con:
        tables = con.execute(
            "select table_name, column_count from duckdb_tables() where schema_name = 'prospects'"
        ).fetchall()
        counted = {
            name: [con.execute(f"select count(*) from prospects.{name}").fetchall()[0][0], columns]
            for name, columns in tables
        }
        latest = con.execute(
            f"select count(*) from {PROSPECTS} where month = (select max(month) from {PROSPECTS})"
        ).fetchall()[0][0]
    size = round(settings.warehouse.stat().st_size / 1e6)
    return {"tables": {name: shape for name, shape in counted.items() if shape[0]}, "leads": latest, "file_mb": size}
