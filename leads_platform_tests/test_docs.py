"""What the docs name exists: settings, commands, links, tables, files, make's targets, keys of the status."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from leads_platform.cli.commands import commands
from leads_platform.cli.status import read_status
from leads_platform.environment import KNOWN
from leads_platform.platform import load_platform
from leads_platform.products.describe import is_as_of, view_of
from leads_platform.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Made up by the two pages that add a supplier and a table.
EXAMPLES = ("ut_licensing", "rep_leads_by_state")


def test_every_setting_is_in_the_table_of_settings() -> None:
    operations = next(page for page in DOCS if page.name == "operations.md").read_text(encoding="utf-8")
    settings = "".join(re.findall(r"^\| (`LEADS_PLATFORM_.*?) \|", operations, re.MULTILINE))
    assert {name for name in KNOWN if f"`{name}`" not in settings} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for line in re.findall(
        r"(?:^|`|/bin/)leads-platform ((?:--debug )?[a-z][^`\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE
    ):
        command: click.Command = commands
        words = line.removeprefix("--debug ").split("  #")[0].split()
        while words and isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, f"leads-platform {line}"
            command = found
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, f"leads-platform {line}"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        other = page.parent / target if target else page
        assert other.exists(), target
        if other.suffix != ".md":
            continue
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, anchor


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_table_and_file_exists(page: Path, settings: Settings) -> None:
    """Found in use, 16: docs that name what is not there."""
    text = page.read_text(encoding="utf-8")
    platform = load_platform(settings)
    named = set(re.findall(r"(?<![\w/])(?:prospects|funnel)\.[a-z][a-z0-9_]+\b(?!\*)", text))
    views = {view_of(name) for name, table in platform.catalogue.tables.items() if is_as_of(table)}
    known = views.union(platform.catalogue.tables)
    assert {name for name in named - known if not any(made in name for made in EXAMPLES)} == set()
    paths = set(
        re.findall(r"`((?:leads_platform|leads_platform_tests|docs|data)/[\w/.-]+\.(?:py|yaml|txt|json))`", text)
    )
    assert {path for path in paths if not (ROOT / path).exists() and not any(m in path for m in EXAMPLES)} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_target_of_make_and_option_of_the_bench_exists(page: Path) -> None:
    """Found in use, 16: a claim without a test gets one."""
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    bench = (ROOT / "leads_platform_tests" / "bench" / "__main__.py").read_text(encoding="utf-8")
    bench += (ROOT / "leads_platform_tests" / "bench" / "sizes.py").read_text(encoding="utf-8")
    for line in re.findall(r'ARGS="([^"]*)"', text):
        assert all(word in bench for word in re.findall(r"--[a-z-]+", line)), line


def test_the_keys_that_a_monitor_reads_are_there(settings: Settings) -> None:
    """Found in use, 16: operations.md names keys of `status --json`."""
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"useful keys are(.*?)\.\n", operations, re.DOTALL)
    keys = re.findall(r"`(\w+)`", listed)
    assert len(keys) == 15
    assert set(keys) <= set(read_status(load_platform(settings)).to_json())
