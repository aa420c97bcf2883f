"""DAGSTER_HOME: the packaged `dagster.yaml` rendered for an environment, and the instance that lives there.

Belongs here: preparing and opening it. Does not: what is run on it.
"""

from __future__ import annotations

import os
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


def open_instance(settings: Settings) -> DagsterInstance:
    """The environment's persistent instance, the one its UI shows. Use it as a context manager."""
    return DagsterInstance.from_config(str(prepare_dagster_home(settings)))
