"""Commands on files that make several feeds, such as `leads-platform broker`: propose one, and try a file.

Belongs here: arguments, the order of steps, exit codes. Does not: what such a file says (a room's `FeedGroup`), or
working a trial out (trial). Each of the rooms' groups is a command of this kind, called as the field that names it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leads_platform.cli import output as terminal
from leads_platform.cli.steps import in_words
from leads_platform.settings import Settings

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.group import FeedGroup

_SAMPLE = click.Path(exists=True, dir_okay=False, path_type=Path)


def group_names() -> list[str]:
    """The names of these commands."""
    return sorted(model.named_by for _, model in _groups().values())


def group_command(name: str) -> click.Group | None:
    """The commands of the group of that name; None where no room has one."""
    found = next(((folder, model) for folder, (_, model) in _groups().items() if model.named_by == name), None)
    return _commands(*found) if found else None


def _groups() -> dict[str, tuple[str, type[FeedGroup]]]:
    from leads_platform.rooms import find_rooms

    return dict(find_rooms(Settings.from_env().rooms).known.groups)


def _commands(folder: str, model: type[FeedGroup]) -> click.Group:
    first, *others = model.feeds

    @in_words
    def new(file: Path, out: Path | None, **said: object) -> int:
        if not model.proposes():
            raise click.UsageError(f"no YAML of {folder}/ can be proposed from a sample; write it by hand")
        name = str(said[model.named_by] or re.sub("[^a-z].*", "", file.name.lower()) or "new")
        samples = {first: file} | {other: path for other in others if isinstance(path := said[other], Path)}
        text = model.propose(name, samples)
        if out is None:
            terminal.raw(text)
            return 0
        if out.exists():
            raise click.UsageError(f"{out} is there already; choose another name or move it away")
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        trying = f"leads-platform {model.named_by} check {file} --{model.named_by} {name}"
        terminal.say(f"Wrote {out}. Look it over; when it lies in DATA/{folder}/, try it: {trying}")
        return 0

    @in_words
    def check(file: Path, **said: object) -> int:
        from leads_platform.arrivals.check import check_file
        from leads_platform.platform import load_platform
        from leads_platform.trial import tried

        name = str(said[model.named_by])
        section = next((other for other in others if said[other]), first)
        feed = model.feed_names(name)[section]
        settings = Settings.from_env()
        platform = load_platform(settings)
        if broken := [entry.words() for entry in platform.out_of_order if entry.feed == feed]:
            terminal.complain("\n".join(broken))
            return 1
        contract = platform.contracts.get(feed)
        if contract is None or contract.group is None:
            there = sorted({c.group.name for c in platform.contracts.values() if c.group and c.folder == folder})
            known = ", ".join(there) or "none"
            raise click.UsageError(f"no {model.named_by} {name} has {section}; in DATA/{folder}/ there are: {known}")
        answer = check_file(file, contract, current_month=settings.current_month(), contracts=platform.contracts)
        terminal.findings(answer, contract)
        if answer["verdict"] == "refused":
            return 1
        if (trial := contract.group.trial(section)) is not None:
            for line in trial.words(tried(platform, contract, trial, file)):
                terminal.say(line)
        return 0

    argument = click.Argument(["file"], type=_SAMPLE)
    named = click.Option([f"--{model.named_by}"], required=True, help=f"The {model.named_by}'s name.")
    may_be_named = click.Option([f"--{model.named_by}"], help="Its name; default: the first word of the file's name.")
    return click.Group(
        model.named_by,
        commands=[
            click.Command(
                "new",
                callback=new,
                help=f"Propose a YAML from a sample FILE of {first}, to be looked over and put into DATA/{folder}/.",
                params=[
                    argument,
                    may_be_named,
                    *(click.Option([f"--{other}"], type=_SAMPLE, help=f"A sample of {other}.") for other in others),
                    click.Option(
                        ["--out"], type=click.Path(path_type=Path), help="Where to write it; else it is shown."
                    ),
                ],
            ),
            click.Command(
                "check",
                callback=check,
                help="Dry run: what FILE would come to. Nothing is taken in.",
                params=[
                    argument,
                    named,
                    *(click.Option([f"--{other}"], is_flag=True, help=f"FILE holds {other}.") for other in others),
                ],
            ),
        ],
        help=f"Files of DATA/{folder}/.",
    )
