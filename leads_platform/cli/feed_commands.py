"""Commands on feed contracts: propose one, and their schema.

Belongs here: arguments, the order of steps, exit codes. Does not: proposing (arrivals.contracts.propose).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leads_platform.cli import output as terminal
from leads_platform.cli.steps import in_words
from leads_platform.settings import Settings

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.load import Known


@click.group()
def feed() -> None:
    """Feed contracts."""


@feed.command("new")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The feed's name; default: from the file's name.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write it; default: standard output.")
@click.option(
    "--constant",
    "constants",
    multiple=True,
    metavar="NAME=VALUE",
    help="A column the file lacks, as state=FL; repeatable.",
)
@click.option(
    "--phone-region", metavar="CC", help="Where phones without a country's code are dialled; default: as seen."
)
@click.option(
    "--dates", type=click.Choice(["day-first", "month-first"]), help="For dates that could be read either way."
)
@in_words
def feed_new(
    file: Path,
    name: str | None,
    out: Path | None,
    constants: tuple[str, ...],
    phone_region: str | None,
    dates: str | None,
) -> int:
    """Propose a contract from a sample FILE, to be looked over and put into DATA/feeds/."""
    from leads_platform.arrivals.contracts.propose import propose_contract
    from leads_platform.arrivals.contracts.propose_columns import Choices

    choices = Choices(_constants(constants), _region(phone_region), dates == "day-first" if dates else None)
    text = propose_contract(file, _known(), name, choices, _there())
    if out is None:
        terminal.raw(text)
        return 0
    if out.exists():
        raise click.UsageError(f"{out} is there already; choose another name or move it away")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    for note in (line for line in text.splitlines() if line.startswith("# check: ")):
        terminal.say(note.removeprefix("# check: "))
    (feed,) = re.findall("(?m)^feed: (.*)$", text)
    terminal.say(f"Wrote {out}. Look it over, then try it: leads-platform check {file} --feed {feed}")
    return 0


def _constants(said: tuple[str, ...]) -> dict[str, str]:
    from leads_platform.arrivals.contracts.agreement import RESERVED_COLUMNS

    found = {}
    for one in said:
        name, _, value = one.partition("=")
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or not value.strip():
            raise click.UsageError(f"--constant {one} is not NAME=VALUE; write it as state=FL")
        if name in RESERVED_COLUMNS:
            raise click.UsageError(f"--constant: {name} is a column the platform adds itself; choose another name")
        found[name] = value
    return found


def _region(code: str | None) -> str:
    if code is not None and not re.fullmatch("[A-Z]{2}", code):
        raise click.UsageError(f"--phone-region {code} is not a country's two capital letters: US, CA, GB")
    return code or ""


def _there() -> dict[str, str]:
    """The feeds that there are, and where the contract of each stands."""
    from leads_platform.platform import load_platform

    settings = Settings.from_env()
    packaged = "comes with the platform"
    return {
        feed: str(contract.path) if contract.path and contract.path.is_relative_to(settings.feeds) else packaged
        for feed, contract in load_platform(settings).contracts.items()
    }


@feed.command("schema")
@click.option("--of", "folder", help="Of the files of this folder, such as brokers; default: of feeds.")
@in_words
def feed_schema(folder: str | None) -> int:
    """The JSON schema of a feed contract, or of a file that makes several feeds, for editors."""
    from leads_platform.arrivals.contracts.group import group_json_schema
    from leads_platform.arrivals.contracts.load import contract_json_schema

    known = _known()
    if folder not in (None, "feeds", *known.groups):
        raise click.UsageError(
            f"no room reads files of a folder {folder}; known are {', '.join(['feeds', *known.groups])}"
        )
    group = known.groups.get(folder or "")
    terminal.raw(json.dumps(group_json_schema(group[1]) if group else contract_json_schema(known), indent=1))
    return 0


def _known() -> Known:
    """The rooms and kinds that a contract may name."""
    from leads_platform.rooms import find_rooms

    return find_rooms(Settings.from_env().rooms).known
