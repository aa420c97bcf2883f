"""What the docs name exists: settings, commands, links."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from leads_platform.cli import commands
from leads_platform.environment import KNOWN

DOCS = sorted((Path(__file__).parent.parent / "docs").glob("*.md"))


def test_every_setting_is_in_the_table_of_settings() -> None:
    operations = next(page for page in DOCS if page.name == "operations.md").read_text(encoding="utf-8")
    settings = "".join(re.findall(r"^\| (`LEADS_PLATFORM_.*?) \|", operations, re.MULTILINE))
    assert {name for name in KNOWN if f"`{name}`" not in settings} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for line in re.findall(r"(?:^|`)leads-platform ([a-z][^`\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE):
        command: click.Command = commands
        words = line.split()
        while words and isinstance(command, click.Group):
            assert words[0] in command.commands, f"leads-platform {line}"
            command = command.commands[words.pop(0)]
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
