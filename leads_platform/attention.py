"""What waits for a person, and what was loaded in part: one item a file, with what is the matter and what to paste.

Belongs here: gathering it from the archive's state, the same for the terminal, `status`, notices and checks. Does not:
printing or sending it, or deciding what is refused or held (arrivals).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from leads_platform.arrivals.archive.naming import full_name, printed
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.standing import stands_now
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.decisions import Action, files_for, refused
from leads_platform.arrivals.landing import unreadable
from leads_platform.arrivals.receive import waiting
from leads_platform.months import label
from leads_platform.settings import DEFAULT_FIRST_MONTH, Settings

Kind = Literal["refused", "held", "unreadable", "partly loaded"]


@dataclass(frozen=True)
class Attention:
    """A file that waits for a person, that can't be read, or of which some records could not be loaded.

    `message` says what is the matter and how to mend it; it holds no personal data. `commands` settle it, each ready
    to be pasted from any folder.
    """

    kind: Kind
    feed: str
    file_name: str
    sha256: str
    month: str | None
    message: str
    commands: tuple[str, ...]
    actions: tuple[str, ...] = ()  # what each of the commands does
    original: int = 0  # the receipt under which the file came; the same bytes delivered again are another item
    look: str = ""  # of a file that could not be taken in, and has no receipt: its name, size and time of change


def files_in_need(settings: Settings, state: ArchiveSources) -> list[Attention]:
    """Every file that is refused or held now, by feed and name."""
    found = [_item(settings, state, "held", m) for m in state.held()]
    found += [_item(settings, state, "refused", m) for m in refused(settings, state)]
    return sorted(found, key=lambda item: (item.feed, item.file_name, item.sha256))


def files_unreadable(settings: Settings, state: ArchiveSources) -> list[Attention]:
    """Every waiting file that the system does not let this process read now, by feed and name."""
    found = []
    for file in waiting(settings, state):
        if why := unreadable(file):
            said = f"{why}. Let the user that the platform runs as read it; it is taken in at a later look"
            look = f"{file.name}:{file.size}:{file.mtime_ns}"
            found.append(Attention("unreadable", file.feed, file.name, "", None, said, (), look=look))
    return sorted(found, key=lambda item: (item.feed, item.file_name))


def files_partly_loaded(settings: Settings, state: ArchiveSources) -> list[Attention]:
    """Every file in force of which some records are quarantined, by feed and name. They wait for nobody."""
    found = [
        _item(settings, state, "partly loaded", entry.manifest)
        for feed in state.by_feed.values()
        for entry in feed.entries
        if entry.manifest.quarantined and state.in_force(feed, entry.manifest)
    ]
    return sorted(found, key=lambda item: (item.feed, item.file_name, item.sha256))


def _item(settings: Settings, state: ArchiveSources, kind: Kind, manifest: Manifest) -> Attention:
    decisions: tuple[Action, ...] = {"held": ("accept", "withdraw"), "refused": ("withdraw",)}.get(kind, ())
    commands = {action: decision(settings, state, action, manifest) for action in decisions}
    if kind == "partly loaded":
        named = full_name(manifest)
        target = printed(named) if _can_be_pasted(named) else manifest.sha256[:12]
        commands["quarantine"] = command(settings, "quarantine", target)
    if manifest.looks_like:
        for pasted in move(settings, settings.landing / full_name(manifest), manifest.looks_like):
            commands = {"move": pasted, **commands}
    return Attention(
        kind,
        manifest.feed,
        manifest.file_name,
        manifest.sha256,
        label(manifest.month) if manifest.month else None,
        manifest.message,
        tuple(commands.values()),
        tuple(commands),
        manifest.original,
    )


def decision(settings: Settings, state: ArchiveSources, action: Action, manifest: Manifest) -> str:
    """The command that decides on this file and on no other: by its name, or by its fingerprint where that is surer."""
    named, files = full_name(manifest), files_for(action, settings, state)
    alike = [m for m in files if printed(full_name(m)) == printed(named)]
    # A name that a terminal would obey, or that is no UTF-8, can't be pasted; a file that was not read has no other.
    if (_can_be_pasted(named) and len(alike) < 2) or not manifest.sha256:
        return command(settings, action, printed(named))
    same = [m for m in files if m.sha256 == manifest.sha256]
    month = ["--month", label(manifest.month)] if len(same) > 1 and manifest.month else []
    return command(settings, action, manifest.sha256[:12], *month)


def move(settings: Settings, path: Path, feed: str) -> list[str]:
    """The command that brings a file into a feed's folder; none for a name that can't be pasted."""
    if not _can_be_pasted(str(path)):
        return []
    folder = settings.landing / feed
    make = "" if folder.is_dir() else f"mkdir -p {shlex.quote(str(folder))} && "
    return [f"{make}mv {shlex.quote(str(path))} {shlex.quote(f'{folder}/')}"]


def _can_be_pasted(name: str) -> bool:
    return name.isprintable() and "�" not in name


def command(settings: Settings, *words: str) -> str:
    """A `leads-platform` command that means this environment wherever it is pasted.

    >>> command(Settings(data=Path("/srv/leads")), "accept", "nv_licensing/list 2024-05.csv")
    "LEADS_PLATFORM_DATA=/srv/leads leads-platform accept 'nv_licensing/list 2024-05.csv'"
    """
    where = [f"LEADS_PLATFORM_DATA={shlex.quote(str(settings.data))}"]
    where += [f"LEADS_PLATFORM_ENV={settings.env}"] if settings.env != "dev" else []
    if settings.first_month != DEFAULT_FIRST_MONTH:
        where.append(f"LEADS_PLATFORM_FIRST_MONTH={label(settings.first_month)}")
    if settings.timezone.key != "UTC":
        where.append(f"LEADS_PLATFORM_TIMEZONE={settings.timezone.key}")
    if settings.warehouse not in (Path(), settings.home / "warehouse.duckdb"):
        where.append(f"LEADS_PLATFORM_WAREHOUSE={shlex.quote(str(settings.warehouse))}")
    return " ".join([*where, shlex.join(["leads-platform", *words])])


def decided(settings: Settings, state: ArchiveSources, decision_made: Manifest) -> str:
    """What a person's word came to: what it touched, what stands now, and the command that takes it back."""
    m = decision_made
    undo: Action = "withdraw" if m.action == "accept" else "accept"
    touched = ", ".join(m.touched) or "no month"
    if state.by_feed[m.feed].entry(m.original) is None:  # it was refused: nothing of it ever stood
        now = "it is not asked about any more" if m.action == "withdraw" else "it is refused, and asked about again"
    else:
        now = stands_now(state, m)
    back = decision(settings, state, undo, m)
    return f"{m.action}: {printed(full_name(m))}; touches {touched}; {now}. To undo it: {back}"
