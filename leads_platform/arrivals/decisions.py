"""A person's word on files: which files still need one, to which files `accept` and `withdraw` apply, which is meant.

Belongs here: these questions, answered from manifests and a look at landing. Does not: writing the decision down
(receive), or what follows from it (slots).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Literal

from leads_platform.arrivals.archive.naming import NotFound, find, full_name, printed
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.standing import standing
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import look
from leads_platform.months import label
from leads_platform.settings import Settings

Action = Literal["accept", "withdraw"]


class DecisionError(Exception):
    """`accept` or `withdraw` was asked for a file to which it does not apply; the text says why."""


def refused(settings: Settings, state: ArchiveSources) -> list[Manifest]:
    """The refused files that still need attention: those that lie in landing as they were when they were refused.

    What was deleted, moved or corrected there needs none. Needs no lock; `status`, notices and checks call it.
    """
    refused_files = state.refused()
    there = {file.look for file in look(settings.landing, {m.feed for m in refused_files})} if refused_files else set()
    return [m for m in refused_files if (m.feed, m.file_name, m.size, m.mtime_ns) in there]


def files_for(action: Action, settings: Settings, state: ArchiveSources) -> list[Manifest]:
    """The files to which a person's word applies, of equal bytes in one slot the newest.

    `withdraw`: what counts, or needs attention. `accept`: what is held, and whatever was withdrawn.
    """
    found: list[Manifest] = []
    counting = set()
    for feed in state.by_feed.values():
        for entry in feed.entries:
            if entry.counts:
                counting.add(_bytes_of(entry.manifest))
            if (entry.counts or entry.waits) if action == "withdraw" else not entry.counts:
                found.append(entry.manifest)
        if action == "accept":
            found += [m for m in feed.readings.values() if m.original in feed.dismissed and m.verdict == "refused"]
    found += refused(settings, state) if action == "withdraw" else []
    newest = {_bytes_of(m): m for m in sorted(found, key=lambda m: m.receipt)}
    if action == "accept":  # what is in force under another receipt needs no word
        newest = {key: m for key, m in newest.items() if key not in counting}
    return list(newest.values())


def _bytes_of(manifest: Manifest) -> tuple[object, ...]:
    """What one decision is about: bytes in a slot; of a file that was never read, its name."""
    m = manifest
    return m.feed, m.month, m.part, m.sha256 or m.file_name


def meant(action: Action, typed: str, month: date | None, settings: Settings, state: ArchiveSources) -> Manifest:
    """The one file that a person means to accept or withdraw. Raises DecisionError for none, or for several."""
    files = _of_month(files_for(action, settings, state), month)
    shown, word = (f" for {label(month)}" if month else ""), "accepted" if action == "accept" else "withdrawn"
    several_months = month is None and len({m.month for m in files}) > 1
    try:
        return find(
            typed,
            files,
            partial(standing, state),
            f"No file{shown} that can be {word} has this name or fingerprint",
            ", with --month" if several_months else "",
        )
    except NotFound as error:
        raise DecisionError(_why_not(typed, month, word, files, state) or str(error)) from None


def _why_not(typed: str, month: date | None, word: str, files: list[Manifest], state: ArchiveSources) -> str:
    """Why the file that was meant can't be decided so; empty when it can't be told which was meant."""
    readings = [m for feed in state.by_feed.values() for m in feed.readings.values()]
    newest = {_bytes_of(m): m for m in sorted(readings, key=lambda m: m.receipt)}
    try:
        file = find(typed, _of_month(newest.values(), month), lambda m: "", "")
    except NotFound:
        return ""
    if _bytes_of(file) in {_bytes_of(m) for m in files}:
        return ""
    now = standing(state, file)
    said = f"{printed(full_name(file))} can't be {word}: it is {now}"
    return f"{said}. {file.message}" if now == "refused" else f"{said}."


def _of_month(files: Iterable[Manifest], month: date | None) -> list[Manifest]:
    return [m for m in files if month in (None, m.month)]
