"""Which months archived records were placed in by which rule, and whether today's contract places them there too.

Belongs here: that fingerprint. Does not: placing records (reading), or reading a file again (receive).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from leads_platform.arrivals.archive.slots import Entry, titles
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract


def month_rule_hash(contract: FeedContract, manifest: Manifest) -> str:
    """What tells the months of a file's records, and of events their keys: titles and formats, as a fingerprint.

    Empty where the file's name tells the month: a contract can't change that.
    """
    if contract.month.column is None:
        return ""
    title = titles(contract, manifest)
    key = [title.get(name) for name in contract.key] if contract.delivered.is_partial else []
    given = [title.get(name) for name in contract.month_columns()]
    preferred = contract.column(contract.month.prefer).formats if contract.month.prefer else ()
    said = [contract.delivery, key, given, contract.month_formats(), preferred, contract.month.timezone]
    if contract.month.undated == "file":
        said.append("undated by file")
    if contract.source_timezone:  # only then, so that what was placed before there was one stays where it is
        days = [contract.column(name).type == "timestamp" for name in contract.month_columns()]
        said += [contract.source_timezone, days]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def are_placed(contract: FeedContract, entries: Iterable[Entry]) -> bool:
    """Whether the archived records stand where the contract, as it is now, would put them."""
    now, seen = contract.hash(), set()
    for m in (entry.manifest for entry in entries):
        # The same header under the same contract is the same: few differ among thousands of files.
        if m.contract_hash != now and (m.header, m.placed_by) not in seen:
            if m.placed_by != month_rule_hash(contract, m):
                return False
            seen.add((m.header, m.placed_by))
    return True
