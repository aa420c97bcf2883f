"""The real command line with something broken inside.

Belongs here: faults whose errors quote people's data, and the daemon's ticks in one process. Does not: expectations.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from leads_platform.warehouse import Column, Table, bad_rows
from leads_platform_tests.few_rooms import keep

SENSORS = ("prospects_files", "build_requests", "janitor", "notices")
NV = "prospects.base_leads_nv_licensing"


def _table(name: str, expression: str, must: tuple = ()) -> Table:
    return Table(
        says="A table of the canary test.",
        grain=("line",),
        columns=(Column("month", "date", "Month"), Column("line", "bigint", "Line"), Column("x", "varchar", "Value")),
        must=must,
        select=f"select month, line, {expression} as x from {NV}",
    ).named("prospects", name)


TABLES = {
    # DuckDB's words for each of these quote the value.
    "cast": lambda: _table("fct_cast", "(primary_contact_name::integer)::varchar"),
    "error": lambda: _table("fct_error", "error(address)::varchar"),
    "date": lambda: _table("fct_date", "strptime(name, '%Y')::varchar"),
    "zone": lambda: _table("fct_zone", "(timestamp '2024-01-01' at time zone primary_contact_name)::varchar"),
    "pattern": lambda: _table("fct_pattern", "regexp_matches('x', name || '(')::varchar"),
    "check": lambda: _table("fct_check", "phone", (bad_rows("no_phone", "x like '702%'", "No phone is given."),)),
}


def _tables(names: Sequence[str], written: bool) -> None:
    from leads_platform.rooms import find_rooms

    rooms = find_rooms()
    vars(rooms)["tables"] = (*(rooms.tables if written else ()), *(TABLES[name]() for name in names))


def _raise(records: Path) -> NoReturn:
    import duckdb

    raise ValueError(str(duckdb.sql(f"select * from read_parquet('{records}')").fetchall()))


def _arrival() -> None:
    """An error of ours while a file of June is taken in, with all of its records in its text."""
    from leads_platform.arrivals import receive

    really: Callable[..., Any] = receive.measure

    def measure(records: Path, manifest: Any, *rest: Any, **more: Any) -> Any:
        if "2024-06" in manifest.file_name:
            _raise(records)
        return really(records, manifest, *rest, **more)

    receive.measure = measure


def _build() -> None:
    """An error of ours while a table is built, its text and that of its cause full of people."""
    from leads_platform.warehouse.write import Warehouse

    really: Callable[..., Any] = Warehouse._load

    def load(self: Warehouse, table: Table, *rest: Any) -> Any:
        if table.name != "stg_leads_nv_licensing":
            return really(self, table, *rest)
        rows = self.con.execute(f"select * from {NV}").fetchall()
        try:
            raise KeyError(rows[0])
        except KeyError as error:
            raise RuntimeError(str(rows)) from error

    Warehouse._load = load  # type: ignore[method-assign]


def ticks() -> int:
    """Ticks of the lead files' sensor and of those that build and keep house, and the runs they ask for."""
    import dagster as dg

    from leads_platform.orchestration.assemble import build_definitions
    from leads_platform.orchestration.instance import open_instance
    from leads_platform.orchestration.sqlite_pool import sqlite_pool
    from leads_platform.platform import load_platform
    from leads_platform.settings import Settings

    platform = load_platform(Settings.from_env())
    definitions = build_definitions(platform)
    repository = definitions.get_repository_def()
    with sqlite_pool(platform.settings.dagster_home), open_instance(platform.settings) as instance:
        cursors: dict[str, str | None] = {}
        for _ in range(2):
            for sensor in (repository.get_sensor_def(name) for name in SENSORS):
                context = dg.build_sensor_context(
                    instance=instance, cursor=cursors.get(sensor.name), repository_def=repository
                )
                answer = sensor.evaluate_tick(context)
                cursors[sensor.name] = answer.cursor
                print(sensor.name, answer.skip_message)
                for request in answer.run_requests or []:
                    job = definitions.resolve_job_def(str(request.job_name or sensor.job_name))
                    job.execute_in_process(
                        instance=instance,
                        run_config=request.run_config,
                        tags=dict(request.tags),
                        asset_selection=list(request.asset_selection or []) or None,
                        raise_on_error=False,
                    )
    return 0


def command_line(faults: Sequence[str], words: Sequence[str], few: bool) -> None:
    """The command of these words with these faults; `ticks` does what the daemon's sensors do.

    `few`: on a platform of the leads' feeds and what their contracts generate, without hand-written tables.
    """
    keep(*["prospects"] * few)
    _tables([name for name in faults if name in TABLES], written=not few)
    for name, breaks in (("arrival", _arrival), ("build", _build)):
        if name in faults:
            breaks()
    if list(words) == ["ticks"]:
        sys.exit(ticks())
    from leads_platform.cli.commands import main

    main(words)
