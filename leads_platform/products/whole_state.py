"""Whether a warehouse is a state that may be published: no table ahead of others, and none gone that readers have.

Belongs here: that question. Does not: publishing (make), or the plan (warehouse.planner).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from leads_platform.warehouse.catalogue import Catalogue
from leads_platform.warehouse.planner import stale_months
from leads_platform.warehouse.sources import Sources


def behind(
    catalogue: Catalogue,
    sources: Sources,
    built: Mapping[tuple[str, date], str],
    refused: Iterable[tuple[str, date]],
    published: Mapping[str, Iterable[str]],
) -> list[str]:
    """The tables because of which nothing is published, in build order; empty where the state is whole.

    A month that was built, or that the standing copy (`published`: table -> months, ISO) has, and that is stale now:
    other tables are ahead of it, or a rebuild has not come to it yet. But for what a check that refused (`refused`:
    tables and months) explains: such months, and what reads them, keep their former rows until a person acts.
    """
    first_refused: dict[str, date] = {}
    for table, month in refused:
        first_refused[table] = min(month, first_refused.get(table, month))
    explained: dict[str, date] = {}
    for table in catalogue.tables:
        if table in first_refused:
            explained[table] = first_refused[table]
        if (held_up := catalogue.held_up(table, explained)) is not None:
            explained[table] = held_up
    found = []
    for table, months in stale_months(catalogue, sources, dict(built)).items():
        there = set(published.get(table, ()))
        for month in months:
            stands = (table, month) in built or month.isoformat() in there
            if stands and not (table in explained and month >= explained[table]):
                found.append(table)
                break
    return found
