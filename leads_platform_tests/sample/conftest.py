"""One generated sample for all tests of this room, its truth, and how to read its files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leads_platform.prospects.sample.calendar import NV, OK
from leads_platform.prospects.sample.truth import prospects_truth
from leads_platform.rooms import find_rooms
from leads_platform.sample import Sample, generate
from leads_platform_tests.sample_truth import Truth


@pytest.fixture(scope="package")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@pytest.fixture(scope="package")
def sample(landing: Path) -> Sample:
    return generate(landing, find_rooms().emitters)


@pytest.fixture(scope="package")
def truth(landing: Path, sample: Sample) -> Truth:
    return prospects_truth(sample.world, landing)


def records(path: Path) -> list[dict[str, str]]:
    """A file's records; one with a field too many has the key "too many"."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, restkey="too many"))


def source_id(feed: str, record: dict[str, str]) -> str:
    """The supplier's own number of a record."""
    if feed == OK:
        return record["Type License"].rsplit(" - ", 1)[1].strip()
    return record["Credential Number" if feed == NV else "Operation"].strip()
