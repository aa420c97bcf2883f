"""One generated sample for all tests of this room, and how to read its files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leads_platform.sample import generate
from leads_platform.sample.truth import Truth

NV, OK, TX, SF = "nv_licensing", "ok_licensing", "tx_licensing", "salesforce_leads"
MONTHS = ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]


@pytest.fixture(scope="package")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@pytest.fixture(scope="package")
def truth(landing: Path) -> Truth:
    return generate(landing)


def records(path: Path) -> list[dict[str, str]]:
    """A file's records; one with a field too many has the key "too many"."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, restkey="too many"))


def source_id(feed: str, record: dict[str, str]) -> str:
    """The supplier's own number of a record."""
    if feed == OK:
        return record["Type License"].rsplit(" - ", 1)[1]
    return record["Credential Number" if feed == NV else "Operation"]
