"""How a file stands, what stands in its slot, what its bytes tell again: words for people who decide on files.

Belongs here: deriving these from the state. Does not: deciding (receive), or printing.
"""

from __future__ import annotations

from leads_platform.arrivals.archive.slots import Entry, FeedState
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import FileName, parse_file_name


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


def told_again(state: FeedState, entry: Entry, name: FileName) -> str:
    """What an entry's bytes under another name say of when they were known; empty where that is nothing new."""
    contract = state.contract
    if name.known_on is None:
        if contract.dated == "optional" or contract.version_from is not None:
            return ""
        return f"Its name gives no day, which {contract.label} demands, so it tells no version"
    told = [parse_file_name(m.file_name, contract).known_on for m in state.told_as(entry)]
    days = [day for day in told if day is not None]
    if name.known_on in days or (contract.version_from is not None and len(days) < len(told)):
        return ""
    if days and name.known_on > min(days):
        return f"It was told on {name.known_on}, too"
    since = f", no longer {min(days)}" if days else ""
    return f"What it says is known since {name.known_on} now{since}"


def stands_now(state: ArchiveSources, manifest: Manifest) -> str:
    """What stands in the file's slot: `standing now for 2024-05: list.csv (267 records)`, or `no file`."""
    return f"standing now{state.by_feed[manifest.feed].stands_for(manifest)}"
