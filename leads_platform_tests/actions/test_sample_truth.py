"""The sales list of the sample, held against the generator's truth, by a reader as strict as Data Loader."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leads_platform.acting import act
from leads_platform.platform import load_platform
from leads_platform.prospects.sample.truth import prospects_truth
from leads_platform.sample import Sample
from leads_platform.settings import Settings
from leads_platform_tests.actions.data_loader import load
from leads_platform_tests.conftest import environment

ALL = ("moved", "new_phone", "without_contact")
Row = dict[str, Any]
Lead = tuple[str, str]
pytestmark = pytest.mark.slow


@pytest.fixture
def own(built_sample: tuple[Settings, Sample], tmp_path: Path) -> Settings:
    """A copy of the built sample to export from."""
    settings = environment(tmp_path / "data")
    shutil.copytree(built_sample[0].data, settings.data, dirs_exist_ok=True)
    return settings


def kind(row: Row) -> str:
    """What a net-new lead is, by the truth."""
    known = [word for word, is_so in (("moved", row["has_moved"]), ("new phone", row["has_new_phone"])) if is_so]
    return ", ".join(known) or "new licence"


def given_out(path: Path | None) -> dict[Lead, str]:
    """The leads in a file, by supplier and licence, with what each is said to be."""
    rows = load(path) if path else []
    found = {(row["LeadSource"], row["License_Number__c"]): row["Kind"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_the_list_is_what_the_truth_says_and_comes_once(own: Settings, built_sample: tuple[Settings, Sample]) -> None:
    told = prospects_truth(built_sample[1].world, own.landing)["rep_new_leads"]
    platform = load_platform(own)
    seen: Counter[str] = Counter()
    for month in (date(2024, 1, 1), date(2024, 5, 1), date(2024, 6, 1)):
        rows = [row for row in told if row["month"] == month]
        wanted = {(row["source_name"], row["source_id"]): kind(row) for row in rows}
        seen.update(wanted.values())
        usual = {
            (row["source_name"], row["source_id"])
            for row in rows
            if row["is_new_licence"] and not row["without_contact"]
        }
        outcome = act(platform, "new-leads", month=month).outcome
        assert given_out(outcome.file) == {lead: wanted[lead] for lead in usual}
        assert act(platform, "new-leads", month=month).outcome.number == 0, "twice: nothing new"
        rest = act(platform, "new-leads", month=month, include=ALL).outcome
        assert given_out(rest.file) == {lead: word for lead, word in wanted.items() if lead not in usual}
    assert {"new licence", "moved", "new phone"} <= set(seen), "a phenomenon never happens"
