"""Deliveries whose file takes the place of a former version: what both are to each other, and what is held.

Belongs here: the steps that these deliveries share. Does not: what one of them doubts (snapshot, extract, reference),
or the comparison itself (compare).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leads_platform.arrivals.archive.compare import Difference, compare
from leads_platform.arrivals.archive.slots import Entry, FeedState, Records, titles
from leads_platform.arrivals.archive.store import Manifest

Doubt = tuple[str, str]
"""The reason's word, and a sentence that goes on from `held: `."""


class ReplacingState(FeedState):
    """Each file is held against the version that it would replace."""

    replaces = True

    def judged(self, manifest: Manifest, records: Records) -> Manifest:
        former, newest = self.former(manifest)
        current = self.current(self.slot_of(manifest.month, manifest.part))
        if current is not None and not newest:
            manifest = _beside(manifest, f"{current.manifest.file_name} is newer and stands: this file changes nothing")
        if former is None:
            return manifest
        difference = self.difference(former, manifest, records)
        manifest = with_difference(manifest, difference)
        before = self.entry(manifest.original)
        # What is older than the one that stands replaces nothing; a person's word is kept.
        if not newest or (before is not None and not before.held):
            return manifest
        for reason, said in self._doubts(manifest, former.manifest, difference):
            return replace(manifest, verdict="held", reason=reason, message=f"held: {said}")
        diff = f"{difference.added:,} added, {difference.changed:,} changed, {difference.removed:,} removed"
        return _beside(manifest, f"it replaces {former.manifest.file_name}: {diff}")

    def difference(self, former: Entry, manifest: Manifest, records: Records) -> Difference:
        """What the file changed against that version, by the feed's key."""
        return compare(
            records(manifest.feed, former.manifest.receipt),
            titles(self.contract, former.manifest),
            records(manifest.feed, manifest.receipt),
            titles(self.contract, manifest),
            self.contract.key,
        )

    def _doubts(self, manifest: Manifest, former: Manifest, difference: Difference) -> Iterator[Doubt]:
        """Why the file may be a mistake; the first reason holds it until a person decides."""
        had, lost = former.loaded, former.loaded - manifest.loaded
        if lost > round(had * self.contract.shrink_limit, 6):
            yield "shrunk", f"it has {manifest.loaded} records where the version it replaces has {had}"


def with_difference(manifest: Manifest, found: Difference) -> Manifest:
    """The manifest with how many keys came, changed and went."""
    return replace(manifest, diff={"added": found.added, "changed": found.changed, "removed": found.removed})


def _beside(manifest: Manifest, said: str) -> Manifest:
    """With what the file means to the version that stood or stands in its slot."""
    said = f"{said[0].upper()}{said[1:]}"
    message = f"{manifest.message}. {said}" if manifest.message else said
    return replace(manifest, message=message, beside=said)
