"""How far Dagster was told of receipts and builds: `reported.json` in DAGSTER_HOME.

Belongs here: reading and writing that note. Does not: finding what Dagster has not heard of (event_reconciliation).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from leads_platform.settings import Settings


def note_reported(settings: Settings, receipts: Iterable[int] = (), published: dict | None = None) -> None:
    """Notes receipts that Dagster knows, and up to which state of the published copy it was told."""
    reported = read_reported(settings)
    known = sorted({*reported["receipts"], *receipts})
    low = reported["receipt"]
    while known and known[0] <= low + 1:  # receipts are counted without gaps
        low = max(low, known.pop(0))
    reported |= {"receipt": low, "receipts": known, **(published or {})}
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    path = settings.dagster_home / "reported.json"
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(reported))
    scratch.replace(path)


def note_forgotten(settings: Settings, run_id: str) -> None:
    """Notes that a run will be deleted from Dagster: what it built is known, and not to be told anew."""
    reported = read_reported(settings)
    note_reported(settings, published={"run_ids": sorted({*reported["run_ids"], run_id})})


def read_reported(settings: Settings) -> dict:
    """What was noted; where nothing was yet, that Dagster knows of nothing."""
    path = settings.dagster_home / "reported.json"
    empty = {"receipt": 0, "receipts": [], "published": 0, "run_ids": [], "dead_run_ids": []}
    return empty | json.loads(path.read_text()) if path.exists() else empty
