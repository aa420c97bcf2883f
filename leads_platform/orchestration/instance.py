"""DAGSTER_HOME: the packaged `dagster.yaml` rendered for an environment, and the instance that lives there.

Belongs here: preparing and opening it. Does not: what is run on it.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from dagster import DagsterInstance
from filelock import FileLock

from leads_platform.settings import Settings

# Longer than the first opening takes on a slow disk.
_PATIENCE = 120.0


def prepare_dagster_home(settings: Settings) -> Path:
    """Writes `dagster.yaml` where it is missing or of an older version, and makes the storage; returns DAGSTER_HOME.

    One at a time: Dagster looks whether its tables are there and then makes them, and two that do so at once fail.
    """
    home = settings.dagster_home
    template = files("leads_platform.orchestration").joinpath("dagster.yaml.template").read_text()
    text = template.replace("{home}", str(home))
    path = home / "dagster.yaml"
    made = home / "storage" / ".made"  # beside what it speaks of, to go with it

    def is_ready() -> bool:
        return made.exists() and path.exists() and path.read_text() == text

    if is_ready():
        return home
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "preparing.lock", timeout=_PATIENCE):
        if not is_ready():
            for left in home.glob("dagster.*.tmp"):  # of a process that was killed here; this lock is ours
                left.unlink()
            scratch = path.with_suffix(f".{os.getpid()}.tmp")
            scratch.write_text(text)
            scratch.replace(path)
            with DagsterInstance.from_config(str(home)):
                made.touch()
    return home


def open_instance(settings: Settings) -> DagsterInstance:
    """The environment's persistent instance, the one its UI shows. Use it as a context manager."""
    return DagsterInstance.from_config(str(prepare_dagster_home(settings)))
