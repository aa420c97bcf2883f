"""The sales list of the sample, held against the generator's truth and the delivered files, in plain Python."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from leads_platform.acting import act
from leads_platform.months import add_months, label, parse_month
from leads_platform.platform import load_platform
from leads_platform.sample import Truth, generate
from leads_platform.sample.truth import SiteTruth
from leads_platform.settings import Settings
from leads_platform_tests.actions.data_loader import load
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import run

# The North American plan: neither area nor exchange begins with 0 or 1, and no area has 9 as its second digit.
DIALLED = re.compile(r"[2-9][0-8]\d[2-9]\d{6}")
EMAIL = {"ok_licensing": "Email", "tx_licensing": "Email Address"}
ALL = ("moved", "new_phone", "without_contact")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Truth]:
    settings = environment(tmp_path_factory.mktemp("sample") / "data")
    truth = generate(settings.landing, months=4, scale=0.3)
    run(settings)
    return settings, truth


def emails(settings: Settings, truth: Truth, month: str) -> dict[tuple[str, str], str]:
    """The e-mail of each licence, as the month's files in force state it last."""
    found = {}
    for file in truth.files.values():
        if file.month == month and file.effective and file.feed in EMAIL:
            with (settings.landing / file.path).open(encoding="utf-8", newline="") as stream:
                for record in csv.DictReader(stream):
                    number = re.search(r"K\d+", record.get("Type License") or "")
                    licence = number[0] if number else record.get("Operation")
                    found[file.feed, licence] = (record[EMAIL[file.feed]] or "").strip()
    return found


def expected(settings: Settings, truth: Truth, month: str) -> dict[str, tuple[str, bool]]:
    """Each net-new site of the month: what it is, and whether anybody can be reached there."""
    sites = truth.sites or {}
    before = label(add_months(parse_month(month), -1))
    places: dict[tuple[str, str], list[SiteTruth]] = {}
    for site in sites.values():
        for supplier, held in site.held.items():
            for licence in site.source_ids[supplier] if before in held else ():
                places.setdefault((supplier, licence), []).append(site)
    of_licence = emails(settings, truth, month)
    found = {}
    for identity, site in sites.items():
        if not site.net_new or site.first_month != month:
            continue
        licences = {(supplier, licence) for supplier in site.net_new for licence in site.source_ids[supplier]}
        former = [place for licence in licences for place in places.get(licence, ()) if place is not site]
        moved = any(place.address != site.address for place in former)
        kind = "moved" if moved else "new phone" if former else "new licence"
        reached = bool(DIALLED.fullmatch(site.phone or "")) or any(of_licence.get(licence) for licence in licences)
        found[identity] = (kind, reached)
    return found


def given_out(path: Path, truth: Truth, month: str) -> dict[str, str]:
    """The sites in a file, by supplier and licence, with what each is said to be."""
    by_licence = {
        (supplier, licence): identity
        for identity, site in (truth.sites or {}).items()
        if site.first_month == month and site.net_new
        for supplier in site.net_new
        for licence in site.source_ids[supplier]
    }
    rows = load(path)
    found = {by_licence[row["LeadSource"], row["License_Number__c"]]: row["Kind"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_the_list_is_what_the_truth_says_and_comes_once(world: tuple[Settings, Truth]) -> None:
    settings, truth = world
    platform = load_platform(settings)
    seen: Counter[tuple[str, bool]] = Counter()
    for month in truth.months:
        wanted = expected(settings, truth, month)
        seen.update(wanted.values())
        assert len(wanted) == truth.month_truths[month].net_new
        usual = act(platform, "new-leads", month=parse_month(month)).outcome
        assert usual.file is not None
        assert given_out(usual.file, truth, month) == {
            identity: kind for identity, (kind, reached) in wanted.items() if kind == "new licence" and reached
        }
        assert act(platform, "new-leads", month=parse_month(month)).outcome.number == 0, "twice: nothing new"
        rest = act(platform, "new-leads", month=parse_month(month), include=ALL).outcome
        left = {i: kind for i, (kind, reached) in wanted.items() if not (kind == "new licence" and reached)}
        told = given_out(rest.file, truth, month) if rest.file else {}
        # A licence that moved and has another phone is both; the truth calls it moved.
        assert {identity: kind.removesuffix(", new phone") for identity, kind in told.items()} == left
    assert {kind for kind, _ in seen} == {"new licence", "moved", "new phone"}, "a phenomenon never happens"
    assert seen["new licence", False] and seen["moved", True]
