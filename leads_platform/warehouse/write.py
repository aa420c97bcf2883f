"""The one write path: in one transaction delete the months, insert, audit, record, commit; or roll back.

Belongs here: everything that changes a table of the warehouse. Does not: deciding what to build (planner), what is
in it (the tables), what is noted of builds (build_records), or Dagster. Nothing else in the platform writes to a table.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date

import duckdb

from leads_platform.months import months_between
from leads_platform.standards import FUNCTIONS, install_standards
from leads_platform.warehouse import sql
from leads_platform.warehouse.auditing import audited, counted
from leads_platform.warehouse.binding import Binder
from leads_platform.warehouse.build_records import BuildRecords
from leads_platform.warehouse.catalogue import ARRIVALS, Catalogue
from leads_platform.warehouse.connection import CATALOG
from leads_platform.warehouse.errors import errors_in_words, is_about_rows, without_values
from leads_platform.warehouse.outcome import SELECT_RUNS, Build, CheckResult
from leads_platform.warehouse.planner import Fingerprinter
from leads_platform.warehouse.removal import Leave, Removal, WouldRemove, removal
from leads_platform.warehouse.sources import Sources
from leads_platform.warehouse.stretches import stretches
from leads_platform.warehouse.table import SCHEMA_CONTRACT, Table

# A table whose columns changed is built under this prefix, then takes the place of the old one.
_NEW = "__new_"
_TABLES_HERE = f"select schema_name, table_name from duckdb_tables() where database_name = '{CATALOG}'"


class Warehouse:
    """One open, locked warehouse. Make one per process and run, with the connection of `open_warehouse`."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        catalogue: Catalogue,
        sources: Sources,
        run_id: str,
        verify: Callable[[str, date, date], None] = lambda feed, first, last: None,
        leave: Leave | None = None,
        zone: str = "UTC",
    ) -> None:
        """`verify` looks at what a feed gives for some months before a table reads it; what it raises ends it.

        `leave`: whether built months may go that a person must be asked about. `zone` is the platform's time zone, in
        which the cleaning functions reckon days.
        """
        self.con, self.catalogue, self.sources, self.run_id = con, catalogue, sources, run_id
        self._verify, self._leave, self._zone = verify, leave or Leave(), zone
        self.binder = Binder(catalogue, sources)
        self.refused = 0  # builds that a blocking check rolled back in this session
        self._records = BuildRecords(con, run_id)
        # The tables in the file, as nobody else writes to it: read once, kept along.
        self._standing: dict[str, list[tuple[str, str]]] | None = None
        self._types: dict[str, str] = {}  # a declared type -> as DuckDB spells it
        self._has: frozenset[str] = frozenset()  # the cleaning functions the connection was given

    def built(self) -> dict[tuple[str, date], str]:
        """The fingerprint each table's month was last built with."""
        return dict(self._records.built())

    def rows(self) -> dict[tuple[str, date], int]:
        """The number of rows of each table's month that was built."""
        return dict(self._records.rows())

    def _prepared(self, table: Table) -> list[tuple[str, str]]:
        """The declared columns, on a connection that has the functions that the table's select and audits call."""
        self.needs_cleaning(self.catalogue.called[table.address])
        return self._declared(table)

    def needs_cleaning(self, functions: frozenset[str] = FUNCTIONS) -> None:
        """Gives the connection these cleaning functions, where it lacks some. Not within a transaction."""
        if lacking := functions - self._has:
            install_standards(self.con, lacking, self._zone)
            self._has |= lacking

    def build(
        self, address: str, first: date, last: date, progress: Callable[[date], None] = lambda month: None
    ) -> Build:
        """Builds a table's months `first` to `last`, whole or not at all.

        Returns the result with `committed` False when a blocking check failed; the rows of before then stand.
        When the table's columns have changed, all its months are built anew, whatever was asked for.
        Raises InputsMissing before anything is written, and BuildError.
        """
        table = self.catalogue.tables[address]
        with errors_in_words(address, table.source):
            columns = self._prepared(table)
        standing = self._columns_of(address)
        swap = standing is not None and standing != columns
        if swap:
            first, last = self._whole(address, first, last)
        for read, reach in self.catalogue.inputs(address).items():
            if read.startswith(ARRIVALS):
                start = self.sources.open_months()[0] if reach.history else first
                end = reach.last(last, self._horizon()) if reach.ahead else last
                self._verify(read[len(ARRIVALS) :], start, end)
        prints = self._fingerprints(table, first, last)
        target = f"{table.room}.{_NEW}{table.name}" if swap else address
        with errors_in_words(address, table.source):
            if swap or standing is None:
                self._make(target, columns)
            mismatch = self._schema_mismatch(table, columns, target, first, last)
            if mismatch:
                checks = self._schema_results(months_between(first, last), mismatch)
                return self._refuse(Build(address, first, last, {}, checks, False, self.run_id))
            self.con.execute("begin")
            try:
                build = self._load(table, columns, target, first, last, progress)
                if build.bad_months:
                    self.con.execute("rollback")
                    return self._refuse(build)
                if swap:
                    self.con.execute("commit")
                    self.con.execute("begin")
                    self._standing = None
                    self.con.execute(f"drop table {sql.address(address)}")
                    self.con.execute(f"alter table {sql.address(target)} rename to {sql.identifier(table.name)}")
                self._records.record(build, prints)
                self.con.execute("commit")
            except duckdb.Error as error:
                self._forget_the_file()
                with contextlib.suppress(duckdb.Error):
                    self.con.execute("rollback")
                if not is_about_rows(error):
                    raise
                checks = self._unreadable(table, target, first, last, error)
                return self._refuse(Build(address, first, last, {}, checks, False, self.run_id))
            except BaseException:
                self._forget_the_file()
                # A failed commit (a full disk) has already ended the transaction.
                with contextlib.suppress(duckdb.Error):
                    self.con.execute("rollback")
                raise
            build = self._records.keep(build, prints)
            if swap:  # DuckDB's log has had errors with what changes a table (docs/hazards.md)
                self.checkpoint()
        return build

    def checkpoint(self) -> None:
        """Writes DuckDB's log into the file: at a session's end, so that a crash later on finds little to replay."""
        self.con.execute(f"checkpoint {CATALOG}")

    # -- loading ---------------------------------------------------------------------------------------------

    def _load(
        self,
        table: Table,
        columns: list[tuple[str, str]],
        target: str,
        first: date,
        last: date,
        progress: Callable[[date], None],
    ) -> Build:
        quoted = sql.address(target)
        self.con.execute(f"delete from {quoted} where {sql.within(first, last)}")
        names = ", ".join(sql.identifier(name) for name, _ in columns)
        for start, end in self._stretches(table, first, last):
            progress(start)
            select = self.binder.select(table, start, end, target)
            self.con.execute(
                # The line break ends a comment in the select's last line. A row without a month is let in for the
                # audit of the keys to refuse: left out here, it would vanish without a word.
                f"insert into {quoted} by name select {names} from ({select}\n) as rows "
                f"where {sql.within(start, end)} or month is null"
            )
        found = counted(self.con, table, target, first, last)
        checks = self._schema_results(list(found.rows), {})
        for start, end in stretches(months_between(first, last), found.rows, self._together_to(table)):
            here = months_between(start, end)
            checks += audited(self.con, self.binder, table, target, found, here, without_month=start == first)
        bad = any(check.blocking and not check.passed for check in checks)
        return Build(table.address, first, last, found.rows, checks, not bad, self.run_id, found.hashes)

    def _stretches(self, table: Table, first: date, last: date) -> list[tuple[date, date]]:
        """The months that one statement builds: each by itself in a cumulative table, else as many as memory holds."""
        months = months_between(first, last)
        if table.cumulative or first == last:
            return [(month, month) for month in months]
        rows = self._records.rows()
        read = [name for name, reach in self.catalogue.inputs(table.address).items() if not reach.history]
        held = {month: sum(rows.get((name, month), 0) for name in read) for month in months}
        return stretches(months, held, self._together_to(table))

    def _together_to(self, table: Table) -> date:
        """The last month that is built, and judged, together with others.

        Of a table that looks ahead the last with data: a month after it reads none but itself, whatever is built there.
        """
        return (self._horizon() or date.min) if self.catalogue.looks_ahead(table.address) else date.max

    def _horizon(self) -> date | None:
        """The last month with data."""
        return (self.sources.data_months() or (None, None))[1]

    def _schema_mismatch(
        self, table: Table, columns: list[tuple[str, str]], target: str, first: date, last: date
    ) -> dict[str, object]:
        """Columns the select gives otherwise than declared, in words; empty when they agree."""
        select = self.binder.select(table, first, first if table.cumulative else last, target)
        described = self.con.execute(f"describe {select}").fetchall()
        given = {name: kind for name, kind, *_ in described}
        declared = dict(columns)
        wrong: dict[str, object] = {n: "declared, not selected" for n in declared if n not in given}
        wrong |= {n: "selected, not declared" for n in given if n not in declared}
        wrong |= {
            n: f"declared {kind}, selected {given[n]}"
            for n, kind in declared.items()
            if n in given and given[n] != kind
        }
        names = [name for name, *_ in described]
        wrong |= {n: "selected more than once" for n in given if names.count(n) > 1}
        return wrong

    def _make(self, target: str, columns: list[tuple[str, str]]) -> None:
        """The empty table, before and outside the load transaction: no CREATE or DROP in it (docs/hazards.md)."""
        room, name = target.split(".", 1)
        listed = ", ".join(f"{sql.identifier(column)} {kind}" for column, kind in columns)
        if self._standing is None or not any(there.startswith(f"{room}.") for there in self._standing):
            self.con.execute(f"create schema if not exists {sql.identifier(room)}")
        if name.startswith(_NEW):
            self.con.execute(f"drop table if exists {sql.address(target)}")  # left by a swap that was interrupted
        self.con.execute(f"create table if not exists {sql.address(target)} ({listed})")
        if self._standing is not None:
            self._standing[target] = columns

    @staticmethod
    def _schema_results(months: list[date], wrong: dict[str, object]) -> list[CheckResult]:
        says = "The select gives the declared columns with the declared types."
        return [CheckResult(SCHEMA_CONTRACT, says, True, m, not wrong, len(wrong), dict(wrong)) for m in months]

    def _unreadable(self, table: Table, target: str, first: date, last: date, error: duckdb.Error) -> list[CheckResult]:
        """Which months hold the value that made the select fail, as a failed check of each."""
        bad = []
        for month in months_between(first, last):
            select = self.binder.select(table, month, month, target)
            try:
                self.con.execute(f"select sum(hash(rows)::hugeint) from ({select}\n) as rows").fetchall()
            except duckdb.Error:
                bad.append(month)
        says = "The select and the audits run on the month's rows."
        evidence: dict[str, object] = {"error": without_values(error)}
        return [CheckResult(SELECT_RUNS, says, True, month, False, 1, evidence) for month in bad or [first]]

    # -- what is said of builds ------------------------------------------------------------------------------

    def _refuse(self, build: Build) -> Build:
        """Notes why a build was rolled back; the standing rows and their checks stay as they were."""
        self.refused += 1
        self._forget_the_file()
        room, name = build.table.split(".", 1)
        self.con.execute(f"drop table if exists {sql.address(f'{room}.{_NEW}{name}')}")
        self._records.refuse(build)
        return Build(build.table, build.first, build.last, {}, build.checks, False, self.run_id)

    def forget_settled_refusals(self) -> None:
        """Drops notes of refused builds that nothing calls for any more, as when the bad file was withdrawn."""
        built, prints, data = self.built(), Fingerprinter(self.catalogue, self.sources), self.sources.data_months()

        def are_settled(name: str, month: date) -> bool:
            standing = built.get((name, month))
            wanted = standing is not None or (data is not None and data[0] <= month <= data[1])
            declared = name in self.catalogue.tables
            return not (declared and wanted and standing != prints.expected(name, month))

        self._records.forget_refusals(are_settled)

    def would_remove(self) -> Removal:
        """What of the built rows `forget_what_is_gone` takes away."""
        leave = self._leave
        return removal(self.catalogue.tables, leave.taken_away, self.sources, self._records.rows(), leave.rooms)

    def refuse_unasked(self) -> None:
        """Raises WouldRemove when rows would go that a person must be asked about, and nobody has agreed."""
        going = self.would_remove()
        if going.needs_a_word and not self._leave.agreed:
            raise WouldRemove(f"{going.words()}\n{self._leave.how(going)}")

    def forget_what_is_gone(self) -> None:
        """Removes tables that no code or contract declares any more, and months before the first with data.

        The warehouse is a function of archive and code: what a rebuild would not make must not stay. A month after
        the current one stays: it was built, so the clock was set back, and will go on. Raises WouldRemove.
        """
        self.refuse_unasked()
        going = self.would_remove()
        if not going.undeclared and not going.early:
            return
        outside = f"month < {sql.literal(going.before)}"
        there = {f"{room}.{name}" for room, name in self.con.execute(_TABLES_HERE).fetchall()}
        self._forget_the_file()
        for name in sorted({name for name, _ in going.undeclared}):
            # The rows before the note of them: killed in between, the next run finds the note and goes on.
            self.con.execute(f"drop table if exists {sql.address(name)}")
            self._records.forget(f"table_name = {sql.literal(name)}")
        for name in sorted({name for name, _ in going.early}):
            if name in there:
                self.con.execute(f"delete from {sql.address(name)} where {outside}")
            self._records.forget(f"table_name = {sql.literal(name)} and {outside}")
        self.checkpoint()

    def _fingerprints(self, table: Table, first: date, last: date) -> dict[date, str]:
        """The fingerprints these months will carry: what was really read, not what should have been."""
        built = self.built()
        prints = Fingerprinter(self.catalogue, self.sources, lambda read, month: built.get((read, month)))
        for month in months_between(first, last):
            built[table.address, month] = prints.compute(table.address, month)
        return {month: built[table.address, month] for month in months_between(first, last)}

    # -- what stands -----------------------------------------------------------------------------------------

    def _declared(self, table: Table) -> list[tuple[str, str]]:
        """The declared columns with their types as DuckDB spells them."""
        unknown = list(dict.fromkeys(c.type for c in table.columns if c.type not in self._types))
        if unknown:
            nulls = ", ".join(f"null::{kind} as c{n}" for n, kind in enumerate(unknown))
            described = self.con.execute(f"describe select {nulls}").fetchall()
            self._types |= {kind: row[1] for kind, row in zip(unknown, described, strict=True)}
        return [(column.name, self._types[column.type]) for column in table.columns]

    def _columns_of(self, address: str) -> list[tuple[str, str]] | None:
        """The columns of the table as it is in the file; None when it is not there."""
        if self._standing is None:
            self._standing = {}
            for room, name, column, kind in self.con.execute(
                "select schema_name, table_name, column_name, data_type from duckdb_columns() "
                f"where database_name = '{CATALOG}' order by column_index"
            ).fetchall():
                self._standing.setdefault(f"{room}.{name}", []).append((column, kind))
        return self._standing.get(address)

    def _forget_the_file(self) -> None:
        """What was known of the file is asked again."""
        self._standing = None
        self._records.ask_again()

    def _whole(self, address: str, first: date, last: date) -> tuple[date, date]:
        months = [month for name, month in self.built() if name == address]
        return min([first, *months]), max([last, *months])
