"""Hashes of what stands: each table's rows by month, and each contract. What changes one says so, by name.

Belongs here: the pins (`pins.json`) and how they are taken. Does not: which environments they are taken of (the tests
that build these anyway).

A pin is not a truth: it says that a change of structure left every row as it was. An order that changes a table's rows
pins that table anew, by name, in that commit: `python -m leads_platform_tests.pins <environment> <data root>`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import ask

_FILE = Path(__file__).with_suffix(".json")
_BUILDS = """
    select table_name, month::varchar, row_count, content_hash
    from warehouse.builds
    where row_count > 0
    order by all
"""


def tables_of(settings: Settings) -> dict[str, str]:
    """A hash of each table's months, with their rows and content, as published."""
    lines: dict[str, list[str]] = {}
    for table, *month in ask(settings, _BUILDS):
        lines.setdefault(table, []).append(" ".join(map(str, month)))
    return {table: hashlib.sha256("\n".join(found).encode()).hexdigest()[:16] for table, found in lines.items()}


def contracts_of(settings: Settings) -> dict[str, str]:
    """The hash of each packaged contract, which staging and reading again depend on."""
    return {feed: contract.hash()[:16] for feed, contract in load_platform(settings).contracts.items()}


def pinned(name: str) -> dict[str, str]:
    """The pins of one environment: `sample`, `leads` and `pipedrive` (the reference data), or of the `contracts`."""
    return json.loads(_FILE.read_text())[name]


if __name__ == "__main__":
    name, data = sys.argv[1:]
    now = {name: tables_of(environment(Path(data))), "contracts": contracts_of(environment(Path(data)))}
    pins = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    _FILE.write_text(json.dumps(pins | now, indent=1, sort_keys=True) + "\n")
