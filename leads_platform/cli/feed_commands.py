"""Commands on feed contracts: propose one, and their schema.

Belongs here: arguments, the order of steps, exit codes. Does not: proposing (arrivals.contracts.propose).
"""

from __future__ import annotations

import json
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
@in_words
def feed_new(file: Path, name: str | None, out: Path | None) -> int:
    """Propose a contract from a sample FILE, to be looked over and put into DATA/feeds/."""
    from leads_platform.arrivals.contracts.propose import propose_contract

    text = propose_contract(file, _known(), name)
    if out is None:
        terminal.raw(text)
        return 0
    if out.exists():
        raise click.UsageError(f"{out} is there already; choose another name or move it away")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    terminal.say(f"Wrote {out}. Look it over, then try it: leads-platform check {file} --feed {out.stem}")
    return 0


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
