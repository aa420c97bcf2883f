"""Holding the archive against its manifests: bytes that changed on the disk, and files that are gone.

Belongs here: finding damage and naming the file. Does not: mending it; what the archive lost, only a backup has.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged, Manifest, sha256_of

_BACKUP = "Restore it from a backup."
_CHUNK = 1 << 20


class Verifier:
    """Looks at each stored file before a table reads it, once for as long as the file stays as it is."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def records(self, manifests: Iterable[Manifest]) -> None:
        """Holds these receipts' records against their manifests. Raises ArchiveDamaged."""
        for manifest in manifests:
            self._records(manifest)

    def _records(self, manifest: Manifest) -> None:
        path = self._archive.records(manifest.feed, manifest.receipt)
        if not path.exists():
            raise ArchiveDamaged(f"{path}, the records of {manifest.file_name}, is missing. {_BACKUP}")
        now = path.stat()
        looks = (path, now.st_size, now.st_mtime_ns)
        if looks in _SOUND:
            return
        kept = manifest.stored.get(path.name)
        if kept and kept != sha256_of(path):
            raise ArchiveDamaged(
                f"{path}, the records of {manifest.file_name}, is damaged: it is not what was stored. {_BACKUP}"
            )
        _SOUND.add(looks)


# Files this process has looked at: path, size and time.
_SOUND: set[tuple[Path, int, int]] = set()


def damage(archive: Archive) -> list[str]:
    """Everything in the archive that is not as its manifests say, one sentence each. Raises ArchiveDamaged.

    Reads every file. What no manifest speaks of is told too: its manifest may be lost.
    """
    manifests = archive.manifests()
    found = []
    for m in manifests:
        for name, kept in m.stored.items():
            path = archive.records(m.feed, m.receipt).with_name(name)
            if not path.exists():
                found.append(f"{path}, stored of {m.file_name}, is missing. {_BACKUP}")
            elif sha256_of(path) != kept:
                found.append(f"{path}, stored of {m.file_name}, is damaged: it is not what was stored. {_BACKUP}")
    return found + _originals(archive, manifests) + _without_manifest(archive, manifests)


def _originals(archive: Archive, manifests: Iterable[Manifest]) -> list[str]:
    named = {(m.feed, m.sha256): m.file_name for m in manifests if m.sha256}
    found = []
    for (feed, sha256), name in named.items():
        path = archive.original(feed, sha256)
        if not path.exists():
            found.append(f"{path}, the bytes of {name} as delivered, is missing. {_BACKUP}")
        elif _unzipped(path) != sha256:
            found.append(f"{path}, the bytes of {name} as delivered, is damaged. {_BACKUP}")
    return found


def _without_manifest(archive: Archive, manifests: Iterable[Manifest]) -> list[str]:
    receipts = {m.receipt for m in manifests}
    originals = {(m.feed, m.sha256) for m in manifests}
    lost = [
        path
        for path in archive.root.glob("*/receipts/*")
        if not path.name.isdecimal() or int(path.name) not in receipts
    ]
    lost += [
        path for path in archive.root.glob("*/originals/*.gz") if (path.parent.parent.name, path.stem) not in originals
    ]
    return [
        f"{path} has no manifest: a run was cut off there, or its manifest is lost. "
        "If the file is not in landing any more, restore the manifest from a backup."
        for path in sorted(lost)
    ]


def _unzipped(path: Path) -> str | None:
    """The sha256 of what a gzip file holds; None when it can't be read."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return None
    return digest.hexdigest()


def missing_manifests(known: Iterable[tuple[str, int, str]], manifests: Iterable[Manifest]) -> None:
    """Holds receipts that the warehouse's ledger knows (feed, receipt, file name) against the archive's manifests.

    Raises ArchiveDamaged when one is gone: its records would silently leave the tables.
    """
    there = {(m.feed, m.receipt) for m in manifests}
    gone = sorted((receipt, feed, name) for feed, receipt, name in known if (feed, receipt) not in there)
    if gone:
        receipt, feed, name = gone[0]
        more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
        raise ArchiveDamaged(
            f"The manifest of receipt {receipt} of {feed} ({name}){more} is missing from {feed}/manifests in the "
            "archive. Restore it from a backup; or, if it is gone for good, `leads-platform rebuild` takes the "
            "archive as it is."
        )
