"""What waits for a person, and what was loaded in part: one item a file, with what is the matter and what to paste.

Belongs here: gathering it from the archive's state, the same for the terminal, `status`, notices and checks. Does not:
printing or sending it, or deciding what is refused or held (arrivals).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from leads_platform.arrivals.archive import Manifest
from leads_platform.arrivals.state import State
from leads_platform.months import label
from leads_platform.settings import DEFAULT_FIRST_MONTH, Settings

Kind = Literal["refused", "held", "partly loaded"]


@dataclass(frozen=True)
class Attention:
    """A file that waits for a person, or of which some records could not be loaded.

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


def files_in_need(settings: Settings, state: State) -> list[Attention]:
    """Every file that is refused or held now, by feed and name."""
    found = [_item(settings, "held", m) for m in state.held()] + [
        _item(settings, "refused", m) for m in state.refused()
    ]
    return sorted(found, key=lambda item: (item.feed, item.file_name, item.sha256))


def files_partly_loaded(settings: Settings, state: State) -> list[Attention]:
    """Every file in force of which some records are quarantined, by feed and name. They wait for nobody."""
    found = [
        _item(settings, "partly loaded", entry.manifest)
        for feed in state.by_feed.values()
        for entry in feed.entries
        if entry.manifest.quarantined and state.in_force(feed, entry.manifest)
    ]
    return sorted(found, key=lambda item: (item.feed, item.file_name, item.sha256))


def _item(settings: Settings, kind: Kind, manifest: Manifest) -> Attention:
    named = f"{manifest.feed}/{manifest.file_name}"
    # A name that a terminal would obey, or that is no UTF-8, can't be pasted: the fingerprint can.
    target = named if named.isprintable() and "�" not in named else manifest.sha256[:12]
    actions = {"held": ("accept", "withdraw"), "refused": ("withdraw",), "partly loaded": ("quarantine",)}[kind]
    if kind == "partly loaded":  # `quarantine` takes a file's name as it is
        target = manifest.file_name if target == named else target
    return Attention(
        kind,
        manifest.feed,
        manifest.file_name,
        manifest.sha256,
        label(manifest.month) if manifest.month else None,
        manifest.message,
        tuple(command(settings, action, target) for action in actions),
        actions,
        manifest.original,
    )


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
