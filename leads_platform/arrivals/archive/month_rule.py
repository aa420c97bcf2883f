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
from leads_platform.arrivals.contracts.typed import with_comma


def month_rule_hash(contract: FeedContract, manifest: Manifest) -> str:
    """What tells the months of a file's records, and of events their keys: titles and formats, as a fingerprint.

    And the titles whose numbers were written with a comma, which a contract can say later. Empty where there are none,
    and the file's name tells the month: a contract can't change that.
    """
    title = titles(contract, manifest)
    commas = [title.get(name) for name in sorted(with_comma(contract))] if _has_numbers(contract, manifest) else []
    if contract.month.column is None and not commas:
        return ""
    key = [title.get(name) for name in contract.key] if contract.delivered.is_partial else []
    given = [title.get(name) for name in contract.month_columns()]
    preferred = contract.column(contract.month.prefer).formats if contract.month.prefer else ()
    said = [contract.delivery, key, given, contract.month_formats(), preferred, contract.month.timezone]
    if contract.month.undated == "file":
        said.append("undated by file")
    if contract.source_timezone:  # only then, so that what was placed before there was one stays where it is
        days = [contract.column(name).type == "timestamp" for name in contract.month_columns()]
        said += [contract.source_timezone, days]
    said += [{"commas": commas}] if commas else []
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _has_numbers(contract: FeedContract, manifest: Manifest) -> bool:
    """Whether files of its type hold numbers that are no text."""
    return contract.type_of(manifest.file_name) != "csv"


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
