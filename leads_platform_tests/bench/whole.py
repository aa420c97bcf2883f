"""Whole programs from start to exit: their wall and processor seconds, their most memory, and the report they leave.

Belongs here: the contenders of the case funnel, each a program of its own. Does not: what they compute (the platform's
command, funnel_raw, funnel_dbt), or imports of theirs: memory is told for the program that is measured, and Linux
counts the starting process into it where that is larger.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from leads_platform_tests.bench.clock import busy_seconds

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOW = "2026-07-15T12:00:00"
_OPEN_INSTANCE = """
from leads_platform.orchestration.instance import open_instance
from leads_platform.settings import Settings

with open_instance(Settings.from_env()):
    pass
"""


def raw(work: Path, landing: str) -> dict:
    """The twelve selects in one script."""
    database = work / "raw.duckdb"
    command = [sys.executable, "-m", "leads_platform_tests.bench.funnel_raw", landing, str(database)]
    return {**_timed(command, work, {}), "report": _report(database, "main")}


def dbt(work: Path, landing: str, interpreter: str) -> dict:
    """`dbt build`: the same models, and the seed's tests. The project is parsed before, as it is in daily use."""
    database = work / "dbt.duckdb"
    told = {"BENCH_DUCKDB": str(database), "BENCH_LANDING": landing}
    script = [interpreter, str(HERE / "funnel_dbt.py")]
    _timed([*script, "parse", str(work)], work, told)
    return {**_timed([*script, "build", str(work)], work, told), "report": _report(database, "main")}


def ours(work: Path, prepared: str, first_month: str, direct: bool, tables: list[str]) -> dict:
    """`leads-platform build` of these tables in a copy of `prepared`, where the files are taken in.

    DAGSTER_HOME is made before, as it is in daily use.
    """
    data = work / "data"
    shutil.copytree(prepared, data)
    told = {"LEADS_PLATFORM_DATA": str(data), "LEADS_PLATFORM_FIRST_MONTH": first_month, "LEADS_PLATFORM_NOW": NOW}
    if not direct:
        _timed([sys.executable, "-c", _OPEN_INSTANCE], work, told)
    select = [word for table in tables for word in ("--select", table)]
    command = [str(Path(sys.executable).with_name("leads-platform")), "build", *select, *(["--direct"] * direct)]
    taken = _timed(command, work, told)
    return {**taken, "report": _report(data / "dev" / "published" / "warehouse.duckdb", "funnel")}


def _timed(command: list[str], work: Path, told: dict[str, str]) -> dict:
    """Runs a program to its end. Raises AssertionError with the end of what it said when it fails."""
    # Compiled modules are kept and used, whatever the machine's habit; no setting of the caller's own reaches ours.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEADS_PLATFORM_", "DAGSTER_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    with (work / "said.txt").open("w+") as said:
        busy, began = busy_seconds(), time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env={**kept, **told}, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall, after = time.perf_counter() - began, busy_seconds()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise AssertionError(f"{Path(command[0]).name} ended with {process.returncode}: {said.read()[-1500:]}")
    cpu = usage.ru_utime + usage.ru_stime
    others = None if busy is None or after is None else max(0.0, after - busy - cpu)
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": [[wall, cpu, others]], "peak_mb": usage.ru_maxrss * unit / 1e6}


def _report(database: Path, schema: str) -> list[list]:
    """The monthly funnel, in order; names in lower case, as the platform takes them from the fields' spelling."""
    import duckdb  # after the measuring

    with duckdb.connect(str(database), read_only=True) as con:
        rows = con.execute(
            f"""
            select strftime(month, '%Y-%m'), lower(kpi_name), funnel_step::varchar, deals_count
            from {schema}.rep_sales_funnel_monthly
            order by all
            """
        ).fetchall()
    return [list(row) for row in rows]
