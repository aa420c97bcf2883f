"""Putting relations in place: the text DuckDB runs for a table's months, from its select or an audit's.

Belongs here: which rows each name in a declared statement stands for. Does not: running it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from leads_platform.months import add_months
from leads_platform.warehouse import sql
from leads_platform.warehouse.catalogue import ARRIVALS, Catalogue, Reach
from leads_platform.warehouse.planner import Fingerprinter
from leads_platform.warehouse.sources import Sources
from leads_platform.warehouse.table import Audit, Table


@dataclass(frozen=True)
class Binder:
    """Binds statements to the tables of one catalogue and the records of its sources."""

    catalogue: Catalogue
    sources: Sources

    def select(self, table: Table, first: date, last: date, target: str) -> str:
        """The table's select for these months; `target` is where its own earlier months are read."""
        months = {"first_month": first, "last_month": last}
        if table.cumulative:
            prints = Fingerprinter(self.catalogue, self.sources)
            months |= {"month": first, "previous_month": prints.previous(first) or add_months(first, -1)}

        def resolve(read: str) -> str:
            if read == table.address:
                return f"select * from {sql.address(target)} where month < {sql.literal(first)}"
            return self._relation(read, first, last, Reach(read in table.history, table.ahead.get(read, 0)))

        return sql.bind(table.select, resolve, months)

    def bad_rows(self, audit: Audit, target: str, this: str, first: date, last: date) -> str:
        """The audit's select for these months; `this` is the select of the rows it judges, which `target` holds."""

        def resolve(read: str) -> str:
            if read == sql.THIS:
                return this
            if read == sql.THIS_HISTORY:
                return f"select * from {sql.address(target)} where month <= {sql.literal(last)}"
            return self._relation(read, first, last, Reach(read in audit.history, audit.ahead.get(read, 0)))

        return sql.bind(audit.select, resolve, {"first_month": first, "last_month": last})

    def _relation(self, read: str, first: date, last: date, reach: Reach) -> str:
        if read == sql.MONTHS:
            series = f"generate_series({sql.literal(first)}, {sql.literal(last)}, interval 1 month)"
            return f"select unnest({series})::date as month"
        start = date(1, 1, 1) if reach.history else first
        if reach.ahead:
            last = reach.last(last, (self.sources.data_months() or (None, None))[1])
        if read.startswith(ARRIVALS):
            return self.sources.relation(read[len(ARRIVALS) :], start, last)
        selects = [
            f"select * from {sql.address(address)} where {sql.within(start, last)}"
            for address in self.catalogue.matching(read)
        ]
        if not selects:  # a family without a table yet
            columns = self.catalogue.families[read]
            return f"select {', '.join(f'null::{c.type} as {sql.identifier(c.name)}' for c in columns)} where false"
        return " union all by name ".join(selects)
