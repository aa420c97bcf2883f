"""How a file stands, and what stands in its slot: words for people who decide on files.

Belongs here: deriving these from the state. Does not: deciding (receive), or printing.
"""

from __future__ import annotations

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Manifest


def standing(state: ArchiveSources, manifest: Manifest) -> str:
    """One word or a few: in force, replaced, held, withdrawn, refused, dismissed."""
    feed = state.by_feed[manifest.feed]
    entry = feed.entry(manifest.original)
    if entry is None:
        return "dismissed" if manifest.original in feed.dismissed else "refused"
    if entry.withdrawn:
        return "withdrawn"
    if entry.held:
        return "held"
    return "in force" if state.in_force(feed, entry.manifest) else "replaced by a later version"


def stands_now(state: ArchiveSources, manifest: Manifest) -> str:
    """What stands in the file's slot: `standing now for 2024-05: list.csv (267 records)`, or `no file`."""
    return f"standing now{state.by_feed[manifest.feed].stands_for(manifest)}"
