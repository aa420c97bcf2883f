"""What a person is asked before it happens, on a terminal; without one it is refused, with the command to paste.

Belongs here: a data root or a first month that may be the wrong one, and built months or tables that would go. Does
not: finding out what would go (warehouse.removal).
"""

from __future__ import annotations

import shlex
import sys

import click

from leads_platform.arrivals.receive import read_state
from leads_platform.cli import output as terminal
from leads_platform.platform import Platform, how_to_agree
from leads_platform.settings import Settings, SettingsError
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.removal import Removal, WouldRemove, removal


def needs_landing(settings: Settings, *, ask: bool = False) -> Settings:
    """The settings, if the data root holds a landing folder or a person wants one made. Raises SettingsError."""
    if settings.landing.is_dir():
        return settings
    path = shlex.quote(str(settings.landing))
    if ask and _somebody_is_there():
        terminal.say(f"{settings.data} holds no landing/ folder: it may not be the data root (LEADS_PLATFORM_DATA).")
        if click.confirm(f"Make {path} and begin there?"):
            settings.landing.mkdir(parents=True)
            return settings
    raise SettingsError(
        f"{settings.data} holds no landing/ folder, so it may not be the data root. If it is not, set "
        f"LEADS_PLATFORM_DATA to the folder that holds landing/. If it is: mkdir -p {path}"
    )


def going(platform: Platform) -> Removal:
    """What the next plan would remove, as far as the build state tells. Needs no lock."""
    settings = platform.settings
    note = read_build_state(settings.build_state, settings.warehouse)
    state = read_state(settings, platform.contracts)
    return removal(platform.catalogue.tables, platform.taken_away(), state, note.rows, platform.rooms.by_name)


def agreed(platform: Platform, yes: bool) -> bool:
    """Whether what a person must be asked about may go. Raises WouldRemove where that is not agreed.

    The plan asks the warehouse itself again: after a crash the note may be older.
    """
    found = going(platform)
    if yes or not found.needs_a_word:
        return yes
    if _somebody_is_there():
        terminal.complain(found.words())
        if click.confirm("Remove these rows from the warehouse and the published copy?"):
            return True
    raise WouldRemove(f"{found.words()}\n{how_to_agree(platform, found)}")


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
