"""Building everything that is stale: plan, build, and plan again around what failed.

Belongs here: the one loop, and building without Dagster. Does not: the plan's or the write's rules, or runs of Dagster
(orchestration.run).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from leads_platform.warehouse.outcome import Build
from leads_platform.warehouse.planner import BuildTask, plan, stale_months
from leads_platform.warehouse.write import Warehouse


def plan_stale(
    warehouse: Warehouse,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    blocked_from: dict[str, date] | None = None,
    again: AbstractSet[tuple[str, date]] = frozenset(),
) -> list[BuildTask]:
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


def blocked_from(build: Build, task: BuildTask) -> date:
    """The first month a refused build stands in the way of: its first bad one.

    A changed column set builds all months, whatever was asked: then no good months can go before.
    """
    bad = min(build.bad_months)
    return bad if bad <= task.last else task.first


@dataclass
class Asked:
    """What is to be built (months, tables; `again`: what is current, too), and how far that is.

    `blocked`: the first bad month of each table that failed. `left`: what is current and still to be built again.
    """

    first: date | None = None
    last: date | None = None
    select: Collection[str] | None = None
    again: bool = False
    blocked: dict[str, date] = field(default_factory=dict)
    left: set[tuple[str, date]] | None = None

    def plan(self, warehouse: Warehouse) -> list[BuildTask]:
        """What has to be built now, around what failed."""
        if self.left is None:
            self.left = window(warehouse, self.first, self.last, self.select) if self.again else set()
        return plan_stale(
            warehouse,
            first=self.first,
            last=self.last,
            select=self.select,
            blocked_from=self.blocked,
            again=self.left,
        )

    def note(self, tasks: Iterable[BuildTask], refused: Iterable[Build]) -> None:
        """Takes in what became of these tasks."""
        asked = {task.table: task for task in tasks}
        self.left = (self.left or set()) - {(task.table, month) for task in asked.values() for month in task.months}
        for build in refused:
            bad = blocked_from(build, asked[build.table])
            self.blocked[build.table] = min(bad, self.blocked.get(build.table, bad))


class Outdated(Exception):
    """What a batch was planned by is no more: somebody has made the warehouse anew since."""


class Way(Protocol):
    """How plans are made and batches built: within one session, or by a run of Dagster for each."""

    def plan(self, asked: Asked) -> list[BuildTask]:
        """What has to be built now."""
        ...

    def batches(self, tasks: list[BuildTask]) -> Iterable[list[BuildTask]]:
        """The tasks in the order of the plan, those together that are built at once."""
        ...

    def build(self, batch: list[BuildTask]) -> list[Build]:
        """Builds; the builds that were refused. Raises Outdated, and BuildError for what no check explains."""
        ...


def build_until_current(
    asked: Asked, way: Way, on_plan: Callable[[list[BuildTask]], None] = lambda tasks: None
) -> dict[str, date]:
    """Plans and builds until nothing that can be built is stale: the one loop, whoever builds.

    A table that fails is built again for the good months before its first bad one; what reads it stops there too.
    `on_plan` hears what is to be built: at first, and what is left after each failure. Returns the first bad month of
    each table that failed, empty when all is well.
    """
    while tasks := way.plan(asked):
        on_plan(tasks)
        for batch in way.batches(tasks):
            try:
                refused = way.build(batch)
            except Outdated:
                break
            asked.note(batch, refused)
            if refused:
                break  # what follows may read it: plan anew around it
    return asked.blocked


@dataclass
class _Direct:
    """Builds in the session that is open, table by table."""

    warehouse: Warehouse
    on_build: Callable[[Build], None]
    on_start: Callable[[BuildTask], None]

    def plan(self, asked: Asked) -> list[BuildTask]:
        return asked.plan(self.warehouse)

    def batches(self, tasks: list[BuildTask]) -> Iterable[list[BuildTask]]:
        return ([task] for task in tasks)

    def build(self, batch: list[BuildTask]) -> list[Build]:
        (task,) = batch
        self.on_start(task)
        build = self.warehouse.build(task.table, task.first, task.last)
        self.on_build(build)
        return [] if build.committed else [build]


def build_stale(
    warehouse: Warehouse,
    *,
    first: date | None = None,
    last: date | None = None,
    select: Iterable[str] | None = None,
    again: bool = False,
    on_build: Callable[[Build], None] = lambda build: None,
    on_start: Callable[[BuildTask], None] = lambda task: None,
    on_plan: Callable[[list[BuildTask]], None] = lambda tasks: None,
) -> dict[str, date]:
    """`build_until_current` in this session and without Dagster."""
    asked = Asked(first, last, None if select is None else list(select), again)
    return build_until_current(asked, _Direct(warehouse, on_build, on_start), on_plan)
