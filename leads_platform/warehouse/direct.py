"""Building everything that is stale, in this process and without Dagster.

Belongs here: the loop of plan, build, and plan again around what failed. Does not: the plan's or the write's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import date

from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import Work, plan, stale_months
from leads_platform.warehouse.write import Warehouse


def plan_stale(
    warehouse: Warehouse,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    blocked_from: dict[str, date] | None = None,
    again: AbstractSet[tuple[str, date]] = frozenset(),
) -> list[Work]:
    """What has to be built now; `select` narrows it to some tables (and what they read that is stale).

    `again`: tables' months that are to be built though they are current (`window`).
    """
    warehouse.forget_what_is_gone()
    warehouse.forget_settled_refusals()
    built = {built: fingerprint for built, fingerprint in warehouse.built().items() if built not in again}
    stale = stale_months(warehouse.catalogue, warehouse.sources, built, first, last)
    if select is not None:
        wanted = set(select)
        for address in reversed(warehouse.catalogue.tables):
            if address in wanted:
                wanted.update(warehouse.catalogue.upstream(address))
        stale = {address: months for address, months in stale.items() if address in wanted}
    return plan(warehouse.catalogue, stale, blocked_from)


def window(
    warehouse: Warehouse, first: date | None, last: date | None, select: Iterable[str] | None
) -> set[tuple[str, date]]:
    """What was built of these tables and months: what building a window again means."""
    tables = set(warehouse.catalogue.tables if select is None else select)
    return {
        (table, month)
        for table, month in warehouse.built()
        if table in tables and (first is None or first <= month) and (last is None or month <= last)
    }


def blocked_from(build: Build, work: Work) -> date:
    """The first month a refused build stands in the way of: its first bad one.

    A changed column set builds all months, whatever was asked: then no good months can go before.
    """
    bad = min(build.bad_months)
    return bad if bad <= work.last else work.first


def build_stale(
    warehouse: Warehouse,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    again: bool = False,
    on_build: Callable[[Build], None] = lambda build: None,
    on_start: Callable[[Work], None] = lambda work: None,
    on_plan: Callable[[list[Work]], None] = lambda works: None,
) -> dict[str, date]:
    """Builds until nothing that can be built is stale. `again`: what is current in these months is built too, once.

    A table that fails is built again for the good months before its first bad one; what reads it stops there too.
    `on_plan` hears what is to be built: at first, and what is left after each table that failed.
    Returns the first bad month of each table that failed, empty when all is well.
    """
    blocked: dict[str, date] = {}
    selected = None if select is None else list(select)
    left = window(warehouse, first, last, selected) if again else set()
    while True:
        works = plan_stale(warehouse, first=first, last=last, select=selected, blocked_from=blocked, again=left)
        if not works:
            return blocked
        on_plan(works)
        for work in works:
            on_start(work)
            build = warehouse.build(work.table, work.first, work.last)
            on_build(build)
            left -= {(work.table, month) for month in work.months}
            if not build.committed:
                blocked[work.table] = blocked_from(build, work)
                break  # what follows may read it: plan anew around it
