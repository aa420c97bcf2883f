"""A new supplier is one YAML file and no code: the example of docs/add-a-supplier.md, end to end."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from leads_platform.arrivals import load_contract
from leads_platform.cli.commands import commands
from leads_platform.prospects.lead_list import LeadList
from leads_platform.settings import Settings
from leads_platform_tests.helpers import ask, run
from leads_platform_tests.known import KNOWN

PAGE = Path(__file__).parents[2] / "docs" / "add-a-supplier.md"
MAY = date(2024, 5, 1)


def block(kind: str) -> str:
    """The page's one code block of a kind."""
    (text,) = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return text


@pytest.fixture
def utah(settings: Settings) -> Settings:
    """An environment with the page's contract in feeds/ and its sample in landing/; nothing else."""
    folder = settings.landing / "ut_licensing"
    folder.mkdir()
    (folder / "utah_2024-05.csv").write_text(block("csv"), encoding="utf-8")
    settings.feeds.mkdir()
    (settings.feeds / "ut_licensing.yaml").write_text(block("yaml"), encoding="utf-8")
    return settings


def test_one_yaml_file_makes_a_supplier(utah: Settings) -> None:
    run(utah, rooms=["prospects"])
    assert ask(
        utah,
        "select month, line, license_number, telephone from prospects.base_leads_ut_licensing order by line",
    ) == [
        (MAY, 2, "UT-0107", "(801) 555-0143"),
        (MAY, 3, "UT-0112", "435-555-0178"),
        (MAY, 4, "UT-0107", "801-555-0143"),
    ]
    # Lines 2 and 4 are one lead: 412 East 300 South is 412 E 300 S, and the later line counts.
    assert ask(
        utah,
        "select source_id, company_name, street, postal_code, phone_key, license_expires_on, capacity, records_in_file "
        "from prospects.stg_leads_ut_licensing order by source_id",
    ) == [
        ("UT-0107", "Little Aspen Preschool", "412 East 300 South", "84606", "8015550143", date(2026, 6, 30), 52, 2),
        ("UT-0112", "Blue Heron Kids", "77 Canyon Rd", "84321", "4355550178", date(2024, 11, 15), 20, 1),
    ]
    assert ask(
        utah,
        "select company_name, sources, first_received_from_file_name, in_latest_file, was_net_new "
        "from prospects.dim_prospective_leads order by company_name",
    ) == [
        ("Blue Heron Kids", ["ut_licensing"], "utah_2024-05.csv", True, True),
        ("Little Aspen Preschool", ["ut_licensing"], "utah_2024-05.csv", True, True),
    ]
    assert ask(
        utah,
        "select source_name, files, leads_in_files, net_new_leads from prospects.rep_net_new_leads order by all",
    ) == [("all suppliers", 1, 2, 2), ("ut_licensing", 1, 2, 2)]


def test_the_page_says_truly_what_is_proposed(utah: Settings, tmp_path: Path) -> None:
    """The finished contract is the proposal, with descriptions and an alias."""
    sample = utah.landing / "ut_licensing" / "utah_2024-05.csv"
    target = tmp_path / "proposed.yaml"
    answer = CliRunner().invoke(commands, ["feed", "new", str(sample), "--name", "ut_licensing", "--out", str(target)])
    assert answer.exit_code == 0, answer.output
    proposed, finished = load_contract(target, KNOWN), load_contract(utah.feeds / "ut_licensing.yaml", KNOWN)
    assert "taken for the key, though some records share it" in target.read_text()
    assert proposed.key == finished.key
    assert isinstance(proposed, LeadList) and isinstance(finished, LeadList)
    assert proposed.leads == finished.leads
    assert proposed.format == finished.format
    bare = {"description": "", "aliases": ()}
    assert [column.model_copy(update=bare) for column in proposed.columns] == [
        column.model_copy(update=bare) for column in finished.columns
    ]


def test_the_page_s_check_accepts_the_sample(utah: Settings) -> None:
    answer = CliRunner().invoke(
        commands,
        ["check", str(utah.landing / "ut_licensing" / "utah_2024-05.csv"), "--feed", "ut_licensing", "--json"],
        env={"LEADS_PLATFORM_DATA": str(utah.data)},
    )
    assert answer.exit_code == 0, answer.output
    assert '"verdict": "accepted"' in answer.output
