"""What is measured: the platform's own code, as its commands call it.

Belongs here: one function a task, each run in a process of its own; it times only what its name says. Does not: what
it is compared with (raw), or telling about it (cases).
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from leads_platform.arrivals.landing import look
from leads_platform.arrivals.receive import Arrivals
from leads_platform.contacts.addresses import install_addresses
from leads_platform.contacts.phones import install_phones
from leads_platform.engine import Platform, load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.connection import open_published
from leads_platform.warehouse.direct import build_stale
from leads_platform_tests.bench import data
from leads_platform_tests.bench.clock import Clock

PROSPECTS = "prospects.dim_prospective_leads"


def settings_at(folder: Path, first_month: str = f"{data.FIRST_MONTH:%Y-%m}") -> Settings:
    """An environment of its own, on a clock that has passed all of the benchmark's months."""
    told = {
        "LEADS_PLATFORM_DATA": str(folder),
        "LEADS_PLATFORM_FIRST_MONTH": first_month,
        "LEADS_PLATFORM_NOW": "2026-07-15T12:00:00",
    }
    return Settings.from_env(told)


def generate(work: Path, file: str, rows: int, index: int) -> dict:
    """A lead file; not a case."""
    data.write_lead_file(Path(file), rows, index)
    return {"seconds": []}


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


def months(work: Path, files: list[str], more: int) -> dict:
    """All months taken in and built together, all tables; then `more` months, each for itself."""
    settings = settings_at(work)
    first = len(files) - more
    for index, file in enumerate(files[:first]):
        _deliver(settings, file, index)
    platform = load_platform(settings)
    clock = Clock()
    parts = {"all": _take_in_and_build(platform)}
    every = clock.lap()
    seconds = []
    for index, file in enumerate(files[first:], first):
        _deliver(settings, file, index)
        clock = Clock()
        parts[data.file_name(index)] = _take_in_and_build(platform)
        seconds.append(clock.lap())
    return {"seconds": seconds, "all": every, "parts": parts, **_shape(settings)}


def phones(work: Path, rows: int) -> dict:
    """The SQL standard over typed phones."""
    con = duckdb.connect()
    install_phones(con)
    con.execute(f"create table typed as {data.phones(0, rows)}")
    clock = Clock()
    con.execute("create table read as select phone(phone, 'US') as parts from typed").fetchall()
    return {"seconds": [clock.lap()]}


def phonenumbers_alone(work: Path, rows: int) -> dict:
    """phonenumbers in a plain loop: number, validity, E.164 and region."""
    import phonenumbers as library

    con = duckdb.connect()
    typed = [phone for _, phone in con.execute(data.phones(0, rows)).fetchall()]
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


def addresses(work: Path, rows: int, expression: str) -> dict:
    """An expression over addresses, into a table; the platform's macros are installed."""
    con = duckdb.connect()
    install_addresses(con)
    con.execute(f"create table written as {data.addresses(0, rows)}")
    clock = Clock()
    con.execute(f"create table read as select {expression} as parts from written").fetchall()
    return {"seconds": [clock.lap()]}


def sample(work: Path, dagster: bool) -> dict:
    """The sample data built, directly or through Dagster in this process, with files taken in before."""
    from leads_platform.sample import generate as generate_sample

    settings = settings_at(work, "2024-01")
    generate_sample(settings.landing, months=6, scale=1)
    platform = load_platform(settings)
    with open_session(platform, "bench") as session:
        session.arrivals.take_in(session.arrivals.waiting())
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


def _deliver(settings: Settings, file: str, index: int) -> None:
    """The file into landing, by a link: the benchmark's disk holds it once."""
    path = settings.landing / data.FEED / data.file_name(index)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(file, path)


def _take_in_and_build(platform: Platform, select: set[str] | None = None) -> dict[str, tuple[float, float]]:
    """What `leads-platform run --direct` does. Returns where wall and processor seconds went.

    Fails when a table does.
    """
    told: list[str] = []
    parts: dict[str, tuple[float, float]] = {}
    clock = Clock()

    def lap(name: str) -> None:
        wall, cpu = clock.lap()
        before = parts.get(name, (0.0, 0.0))
        parts[name] = (round(before[0] + wall, 3), round(before[1] + cpu, 3))

    with open_session(platform, "bench") as session:
        lap("open")
        session.arrivals.take_in(session.arrivals.waiting())
        lap("arrival")
        session.sync_ledger()

        def on_build(build) -> None:
            told.extend([] if build.committed else [build.words()])
            lap(build.table)

        failed = build_stale(session.warehouse, select=select, on_build=on_build)
        session.publish = True
    lap("close and publish")
    if failed:
        raise AssertionError("\n".join(told))
    return parts


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
    size = settings.warehouse.stat().st_size // 2**20
    return {"tables": {name: shape for name, shape in counted.items() if shape[0]}, "leads": latest, "file_mb": size}
