"""The quarantined records of one file, from the archive alone.

Belongs here: finding them, and their original lines when asked for. Does not: why a record is quarantined (arrivals).
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from functools import partial
from typing import Any

from leads_platform.arrivals.archive.naming import find
from leads_platform.arrivals.archive.standing import standing
from leads_platform.arrivals.archive.store import Archive, Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.loading import connect
from leads_platform.arrivals.receive import read_state
from leads_platform.settings import Settings
from leads_platform.warehouse.sql import literal


def quarantined_records(
    settings: Settings, contracts: Mapping[str, FeedContract], file: str, *, show_values: bool = False
) -> list[tuple[Any, ...]]:
    """(file, line, column, reason, original line) of each record.

    `file` is FEED/FILE, a file's name alone, or the start of a fingerprint. Raises naming.NotFound, in words.
    """
    state = read_state(settings, contracts)
    archive = Archive(settings.archive)
    readings = [m for feed in state.by_feed.values() for m in feed.readings.values()]
    newest = {(m.feed, m.sha256 or m.file_name): m for m in sorted(readings, key=lambda m: m.receipt)}
    found = [find(file, newest.values(), partial(standing, state), "No file taken in is called or fingerprinted so")]
    rows = []
    with connect(archive.root) as con:
        for m in found:
            if not m.quarantined:
                continue
            lines = _original_lines(archive, m, _encoding(contracts[m.feed], m.file_name)) if show_values else []
            for line, column, reason in con.execute(
                "select line, column_name, reason from read_parquet("
                f"{literal(str(archive.rejected(m.feed, m.receipt)))}) order by line"
            ).fetchall():
                said = lines[line - 1].rstrip("\r\n") if 0 < line <= len(lines) else ""
                rows.append((m.file_name, line, column, reason, said))
    return rows


def _encoding(contract: FeedContract, file_name: str) -> str:
    return (contract.for_file(file_name) if contract.type_of(file_name) else contract).format.encoding


def _original_lines(archive: Archive, manifest: Manifest, encoding: str) -> list[str]:
    """The file's lines as text; of a workbook or a packed file there are none to show."""
    with gzip.open(archive.original(manifest.feed, manifest.sha256)) as file:
        data = file.read()
    if data[:2] in (b"PK", b"\x1f\x8b"):
        return []
    return io.StringIO(data.decode(encoding, "replace"), newline="").readlines()
