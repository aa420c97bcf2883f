"""What a re-issue changed: two versions of a slot's records compared by the supplier's key.

Belongs here: the comparison. Does not: what follows from it (receive).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leads_platform.arrivals.reading.loading import connect
from leads_platform.warehouse import sql


@dataclass(frozen=True)
class Difference:
    """Keys added, changed and removed, and the share (0 to 1) of the smaller version's keys that both have."""

    added: int
    changed: int
    removed: int
    shared_share: float


def compare(
    former: Path,
    former_columns: Mapping[str, str],
    newer: Path,
    newer_columns: Mapping[str, str],
    key: tuple[str, ...],
) -> Difference:
    """Compares two archived files by `key` (contract column names); by whole records where there is no key."""
    shared = [name for name in newer_columns if name in former_columns]
    keyed = [name for name in key if name in shared] if all(name in shared for name in key) else []
    con = connect(Path(os.path.commonpath([former, newer])))
    try:
        keys = keyed or shared
        select = f"""
            with former as ({_keyed(former, former_columns, keys, shared)}),
            newer as ({_keyed(newer, newer_columns, keys, shared)})
            select
                count(*) filter (where former.key is null),
                count(*) filter (where newer.key is null),
                count(*) filter (where former.content <> newer.content),
                count(former.key),
                count(newer.key),
                count(*) filter (where former.key = newer.key)
            from former full join newer on former.key = newer.key
        """
        added, removed, changed, old, new, both = con.execute(select).fetchall()[0]
    finally:
        con.close()
    smaller = min(old, new)
    return Difference(added, changed, removed, both / smaller if smaller else 1.0)


def _keyed(path: Path, columns: Mapping[str, str], key: list[str], content: list[str]) -> str:
    """One row per key, with a hash of everything its records say; null keys are compared like any other."""
    of_key = ", ".join(sql.identifier(columns[name]) for name in key)
    of_content = ", ".join(sql.identifier(columns[name]) for name in content)
    return (
        f"select hash({of_key}) as key, sum(hash({of_content})::hugeint) as content "
        f"from read_parquet({sql.literal(str(path))}) group by 1"
    )
