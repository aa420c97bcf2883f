"""DAGSTER_HOME: the packaged `dagster.yaml` rendered for an environment, and the instance that lives there.

Belongs here: preparing and opening it. Does not: what is run on it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from dagster import DagsterInstance

from leads_platform.settings import Settings


def prepare_dagster_home(settings: Settings) -> Path:
    """Writes `dagster.yaml` where it is missing or of an older version; returns DAGSTER_HOME."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    template = files("leads_platform.orchestration").joinpath("dagster.yaml.template").read_text()
    text = template.replace("{home}", str(home))
    path = home / "dagster.yaml"
    if not path.exists() or path.read_text() != text:
        scratch = path.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(text)
        scratch.replace(path)
    return home


@contextlib.contextmanager
def kept_open(settings: Settings, run_id: str) -> Iterator[None]:
    """Keeps the instance's SQLite files open while a run writes its events.

    Dagster opens and closes each file for each event, and whoever closes one last writes its log back and removes it:
    a third of a run's time. Held open here, by connections that lock nothing, the logs stay until the run ends. Where
    that can't be done, the run is slower and no worse.
    """
    history = settings.dagster_home / "storage" / "history"
    files = (history / "runs.db", history / "runs" / "index.db", history / "runs" / f"{run_id}.db")
    with contextlib.ExitStack() as stack:
        for path in files if files[1].exists() else ():
            with contextlib.suppress(sqlite3.Error):
                con = stack.enter_context(contextlib.closing(sqlite3.connect(path, timeout=5, isolation_level=None)))
                con.execute("pragma journal_mode = wal")  # as Dagster sets it
                con.execute("select count(*) from sqlite_master").fetchall()  # opens the log
        yield


def open_instance(settings: Settings) -> DagsterInstance:
    """The environment's persistent instance, the one its UI shows. Use it as a context manager."""
    return DagsterInstance.from_config(str(prepare_dagster_home(settings)))
