"""A small environment with files waiting, commands run on it from outside, and what must hold after any crash.

Belongs here: what several of the tests of faults share. Does not: which faults there are (crash_process), or tests.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.arrivals.archive.store import Archive
from leads_platform.arrivals.archive.verify import damage
from leads_platform.cli.status import read_status
from leads_platform.platform import Session, load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.sample import generate
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.faults.crash_process import command_line
from leads_platform_tests.faults.small import SMALL
from leads_platform_tests.few_rooms import only
from leads_platform_tests.forked import Forked
from leads_platform_tests.helpers import drop

ROOT = Path(__file__).parents[2]
NOW = "2024-07-15T12:00:00"
Months = dict[tuple[str, str], tuple[int, str]]  # rows and content hash by table and month


@dataclass
class Scene:
    """An environment below `data`, of the small room alone; or of the whole platform, where `rooms` are none."""

    data: Path
    rooms: tuple[str, ...] = SMALL

    @cached_property
    def settings(self) -> Settings:
        return environment(self.data)

    def environ(self) -> dict[str, str]:
        told = {name: value for name, value in os.environ.items() if not name.startswith(("LEADS_", "DAGSTER_"))}
        told.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**told, "LEADS_PLATFORM_DATA": str(self.data), "LEADS_PLATFORM_NOW": NOW, "PYTHONPATH": str(ROOT)}

    def start(self, *command: str, fault: tuple[str, ...] = ("none",)) -> Forked:
        """The command line as a process of its own."""
        return Forked(command_line, fault, command, self.rooms, env=self.environ(), folder=self.data)

    def call(self, *command: str, fault: tuple[str, ...] = ("none",)) -> tuple[int, str, str]:
        """Runs it to its end: exit code, output, complaints. No traceback is ever shown."""
        code, out, err = self.start(*command, fault=fault).ended()
        assert "Traceback" not in out + err, err
        return code, out, err

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session in this process."""
        with only(*self.rooms), open_session(load_platform(self.settings), "test") as session:
            yield session

    def status(self) -> dict[str, Any]:
        """What `leads-platform status --json` tells."""
        with only(*self.rooms):
            return read_status(load_platform(self.settings)).to_json()

    def waits(self) -> bool:
        """Whether some file is not in the archive yet."""
        return bool(self.status()["waiting_files"])

    def content_hash(self) -> str:
        return self.status()["content_hash"]

    def finishes(self, content_hash: str, *command: str) -> None:
        """The next run goes on without a hand, and ends where an undisturbed one does, with nothing left over."""
        code, out, err = self.call(*(command or ("run", "--direct")))
        assert code == 0, out + err
        told = self.status()
        assert told["content_hash"] == content_hash
        assert not told["stale"] and not told["waiting_files"]
        assert leftovers(self.settings) == []
        assert damage(Archive(self.settings.archive)) == []
        if command and "--direct" not in command:
            assert shown_months(self.settings) == built_months(self.settings)


def small_scene(data: Path, months: int = 2) -> Scene:
    """Lists of some months and their calls waiting in landing."""
    scene = Scene(data)
    for month in range(1, months + 1):
        leads = [f"{n},Person {n} of {month}" for n in range(month, 3000)]
        drop(scene.settings, "lists", f"lists_2024-0{month}.csv", "Number,Person", leads)
        calls = [f"{month}-{n},2024-0{month}-{n % 28 + 1:02d}" for n in range(200)]
        drop(scene.settings, "calls", f"calls {month}.csv", "Number,Called on", calls)
    return scene


def whole_scene(data: Path, months: int = 1) -> Scene:
    """The sample's files of all feeds waiting in landing, for the whole platform."""
    generate(data / "landing", find_rooms().emitters, months=months, scale=0.3)
    return Scene(data, rooms=())


def copied(scene: Scene, data: Path) -> Scene:
    """The same environment in another folder."""
    shutil.copytree(scene.data, data)
    return Scene(data, scene.rooms)


@dataclass
class Undisturbed:
    """Files waiting, the same after a run that nobody disturbed, and what that came to."""

    waiting: Scene
    run: Scene
    seconds: float
    content_hash: str
    months: Months


def undisturbed(waiting: Scene, folder: Path) -> Undisturbed:
    """Runs on a copy."""
    scene = copied(waiting, folder / "run")
    began = time.monotonic()
    code, out, err = scene.call("run", "--direct")
    seconds = time.monotonic() - began
    assert code == 0, out + err
    return Undisturbed(
        waiting, scene, seconds, scene.content_hash(), months_in(scene.settings.warehouse, folder / "copy")
    )


def built_months(settings: Settings) -> set[tuple[str, str]]:
    """Table and month of all that the published copy holds."""
    with closing(duckdb.connect(settings.published, read_only=True)) as con:
        rows = con.execute("select table_name, month::varchar from warehouse.builds").fetchall()
    return {(table, month) for table, month in rows}


def shown_months(settings: Settings) -> set[tuple[str, str]]:
    """Table and month of all that Dagster's UI shows as materialised: its index, read by SQLite alone."""
    with closing(sqlite3.connect(settings.dagster_home / "storage" / "history" / "runs" / "index.db")) as con:
        rows = con.execute(
            "select asset_key, partition from event_logs "
            "where dagster_event_type = 'ASSET_MATERIALIZATION' and partition is not null"
        ).fetchall()
    return {(".".join(json.loads(key)), month) for key, month in rows if json.loads(key)[0] != "arrivals"}


def leftovers(settings: Settings) -> list[str]:
    """Scratch files and folders of work in progress."""
    found = [path for pattern in ("*.tmp", "*.new", "*.wal*", "duckdb_temp_*") for path in settings.home.rglob(pattern)]
    found += (settings.archive / ".work").glob("*")
    return sorted(str(path.relative_to(settings.home)) for path in found)


def months_in(warehouse: Path, scratch: Path) -> Months:
    """What a copy of the file and its log holds, by DuckDB alone: rows and a hash of them, by table and month.

    Asserts that the ledger in the same file tells of just these months and numbers of rows.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for path in warehouse.parent.glob(warehouse.name + "*"):
        shutil.copy(path, scratch / path.name)
    con = duckdb.connect()
    try:
        con.execute(f"attach '{scratch / warehouse.name}' as w")
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = 'w' and schema_name not in ('warehouse', 'arrivals', 'actions')"
        ).fetchall()
        found: Months = {}
        for (table,) in tables:
            for month, rows, content in con.execute(
                f"select month::varchar, count(*), sum(hash(t)::hugeint)::varchar from w.{table} as t group by month"
            ).fetchall():
                found[table, month] = (rows, content)
        ledger = "select 1 from duckdb_tables() where database_name = 'w' and table_name = 'builds'"
        told = []
        if con.execute(ledger).fetchall():  # killed while the file was made, it has no ledger yet, and no rows
            told = con.execute(
                "select table_name, month::varchar, row_count from w.warehouse.builds where row_count > 0"
            ).fetchall()
    finally:
        con.close()
    assert {(table, month): rows for table, month, rows in told} == {at: rows for at, (rows, _) in found.items()}
    assert len(told) == len(found), "a month is in the ledger twice"
    return found


def sound(scene: Scene, whole: Months, before: Months, scratch: Path) -> Months:
    """What must hold after a kill: whole months, new or as they were, nothing lost. Returns what stands."""
    settings = scene.settings
    now: Months = {}
    if settings.warehouse.exists():
        now = months_in(settings.warehouse, scratch)
        for at, content in now.items():
            assert content in (whole.get(at), before.get(at)), f"{at} is neither the old nor the new"
        assert set(before) <= set(now), "a month that stood is gone"
    archive = Archive(settings.archive)
    for manifest in archive.manifests():  # raises for one that can't be read
        if manifest.loaded:
            assert archive.records(manifest.feed, manifest.receipt).exists()
    lost = [words for words in damage(archive) if "has no manifest" not in words]
    assert lost == []
    if settings.published.exists():
        published = months_in(settings.published, scratch)
        assert all(content in (whole.get(at), before.get(at)) for at, content in published.items())
    return now
