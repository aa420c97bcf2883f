"""What went out and came from a file that was withdrawn since: to be told, as nobody can take it back for a person.

Belongs here: finding it in the manifests alone. Does not: what an action makes of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from leads_platform.actions.history import History
from leads_platform.arrivals.archive.sources import ArchiveSources

WITHDRAWN = "withdrawn"
"""The operation of a row that says: that this came from a withdrawn file has been told."""
KEPT = "kept"
"""The operation of a row that says: that file was withdrawn, and what went out stands by another one."""


@dataclass(frozen=True)
class Recalled:
    """So many rows of an action, in one form, came from withdrawn files, and no run has told of them yet."""

    action: str
    form: str
    month: date
    rows: int
    files: int


def withdrawn_files(state: ArchiveSources) -> frozenset[tuple[str, str]]:
    """Feed and sha256 of every file that is withdrawn, and whose bytes stand nowhere else in the feed."""
    entries = [(feed, entry) for feed, of_feed in state.by_feed.items() for entry in of_feed.entries]
    gone = {(feed, entry.manifest.sha256) for feed, entry in entries if entry.withdrawn}
    return frozenset(gone - {(feed, entry.manifest.sha256) for feed, entry in entries if not entry.withdrawn})


def recalled(history: History, state: ArchiveSources) -> list[Recalled]:
    """What nobody has been told of yet, by action, form and month."""
    if not (gone := withdrawn_files(state)):
        return []
    last: dict[tuple[str, str, str], tuple[date, str, str, str]] = {}
    for run in history.runs():
        for row in run.rows:
            last[run.action, run.form, row.key] = (run.month, row.operation, row.feed, row.sha256)
    found: Counter[tuple[str, str, date]] = Counter()
    files: dict[tuple[str, str, date], set[str]] = {}
    for (action, form, _), (month, operation, feed, sha256) in last.items():
        if operation != WITHDRAWN and (feed, sha256) in gone:
            found[action, form, month] += 1
            files.setdefault((action, form, month), set()).add(sha256)
    return [Recalled(*key, count, len(files[key])) for key, count in sorted(found.items())]
