"""What a person should know of files that were taken in: a cut last line, letters gone wrong, a column that vanished.

Belongs here: the notes of the files in force, for the terminal, `status` and logs alike. Does not: what waits for a
person (attention.py), or finding any of it in a file (file_reading.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leads_platform.arrivals.archive.slots import Entry, FeedState
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.landing import sub_folder_note
from leads_platform.arrivals.reading.text import NO_LINE_END


@dataclass(frozen=True)
class FileNote:
    """Something to know of a file in force; `says` holds no personal data. `sha256` tells files of one name apart."""

    feed: str
    file_name: str
    sha256: str
    says: str


def notes(state: ArchiveSources, *, left_out: bool = True) -> list[FileNote]:
    """Every note of the files in force, by feed in the order of their versions.

    `left_out`: with the quarantined records, which `run` tells as part of a file's verdict.
    """
    found = []
    for feed, own in state.by_feed.items():
        habit = _ends_without_line_end(own)
        for entry in _by_version(own):
            said = [_capital(one) for one in _of_file(state, own, entry, habit, left_out)]
            if said and state.in_force(own, entry.manifest):
                found += [FileNote(feed, entry.manifest.file_name, entry.manifest.sha256, one) for one in said]
    return found


def from_sub_folders(state: ArchiveSources) -> list[FileNote]:
    """The notes of those files in force that would not be taken in today, for where they lay."""
    return [
        FileNote(feed, m.file_name, m.sha256, _capital(said))
        for feed, own in state.by_feed.items()
        for m in (entry.manifest for entry in _by_version(own))
        if (said := sub_folder_note(m.file_name, own.contract)) and state.in_force(own, m)
    ]


def grouped(found: Iterable[FileNote]) -> list[tuple[str, str, str]]:
    """Feed, files and words; files of a feed of which the same is to be said are one row, named by the newest."""
    files: dict[tuple[str, str], list[str]] = {}
    for note in found:
        files.setdefault((note.feed, note.says), []).append(note.file_name)
    return [
        (feed, names[-1] if len(names) == 1 else f"{names[-1]} and {len(names) - 1} more", says)
        for (feed, says), names in files.items()
    ]


def _by_version(own: FeedState) -> list[Entry]:
    return sorted(own.entries, key=lambda one: (str(one.manifest.month), one.order))


def _of_file(state: ArchiveSources, own: FeedState, entry: Entry, habit: bool, left_out: bool) -> list[str]:
    m = entry.manifest
    said = [one for one in m.notes if not (habit and one == NO_LINE_END)]
    if m.verdict == "partial":
        said = [m.message] if left_out else []  # which holds its notes
    elif m.quarantined:
        said.append(f"{m.quarantined} records are quarantined: leads-platform quarantine {m.sha256[:12]}")
    latest = own.readings.get(m.original, m)
    if latest.message != m.message:  # read again in vain: the contract has changed
        said.append(latest.message.removeprefix(m.message).removeprefix(". "))
    said += [one for one in (sub_folder_note(m.file_name, own.contract),) if one]
    return [*said, *(one.words(own.contract) for one in state.vanished(m.feed).get(m.receipt, ()))]


def _ends_without_line_end(own: FeedState) -> bool:
    """Whether the supplier always ends files so: then it says nothing of any of them."""
    counting = [entry.manifest for entry in own.entries if entry.counts]
    without = sum(NO_LINE_END[1:] in m.message for m in counting)
    return without > 1 and 2 * without > len(counting)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
