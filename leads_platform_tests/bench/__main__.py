"""The benchmark's command: runs the cases, prints one table, keeps the numbers as JSON where asked.

Belongs here: options and the table. Does not: measuring (cases, runner).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from leads_platform_tests.bench.cases import CASES, Measure
from leads_platform_tests.bench.runner import NoRoom, Runner, TaskFailed, machine, workspace


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="python -m leads_platform_tests.bench",
        description="Measures the platform against raw DuckDB on the same data, each in a process of its own.",
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the lead file (default 1,000,000)")
    parser.add_argument("--months", type=int, default=24, help="months before the one more (default 24)")
    parser.add_argument("--month-rows", type=int, default=100_000, help="rows of each month (default 100,000)")
    parser.add_argument("--repeat", type=int, default=3, help="times each is measured; the best counts (default 3)")
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="NAME", help=f"some of: {', '.join(CASES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers here")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the temporary folder is made")
    asked = parser.parse_args(arguments)
    if min(asked.rows, asked.months, asked.month_rows, asked.repeat) < 1:
        parser.error("--rows, --months, --month-rows and --repeat must be at least 1")
    return asked


def main(arguments: list[str] | None = None, console: Console | None = None) -> int:
    """Runs the benchmark. Returns 1 when a case failed, 2 when there is no room for it."""
    asked = options(arguments)
    progress = Console(stderr=True)
    names = asked.only or list(CASES)
    size = max(
        asked.rows if {"arrival", "chain"} & set(names) else 0,
        # A dimension is as of each month: its rows grow by the leads that vanished.
        2 * (asked.months + asked.repeat) * asked.month_rows if "month" in names else 0,
    )
    told, found, failed = machine(), [], False
    try:
        with workspace(asked.work, size) as folder:
            run = Runner(
                folder,
                asked.rows,
                asked.months,
                asked.month_rows,
                asked.repeat,
                lambda text: progress.print(text, style="dim", highlight=False),
            )
            for name in names:
                progress.print(f"case {name}", style="bold", highlight=False)
                try:
                    found += CASES[name](run)
                except TaskFailed as error:
                    failed = True
                    progress.print(str(error), style="red", markup=False, highlight=False)
                    found.append(Measure(name, "failed", 0, None, None, note="see the error above the table"))
    except NoRoom as error:
        progress.print(str(error), style="red", markup=False, highlight=False)
        return 2
    if asked.json:
        asked.json.write_text(json.dumps({"machine": told, "measures": [asdict(m) for m in found]}, indent=1))
    # Redirected, the table would be cut to 80 columns.
    show(found, told, asked.repeat, console or Console(width=None if sys.stdout.isatty() else 160))
    return int(failed)


def show(found: list[Measure], told: dict, repeat: int, console: Console) -> None:
    """One table; the notes stand below it."""
    table = Table(
        title="Leads platform against raw DuckDB, same data, same session",
        caption=(
            f"{told['cores']} cores, {told['memory_gb']} GB memory, {told['system']}; DuckDB {told['duckdb']}, "
            f"Python {told['python']}; commit {told['commit']}; load before it {told['load']}. Seconds: the best of "
            f"{repeat}. Peak: of the process that did it. Ratio: first seconds to second, beside it that of processor "
            "seconds; where the goal is `at least`, the other way round."
        ),
        caption_justify="left",
        show_lines=True,
    )
    table.add_column("Case", no_wrap=True)
    table.add_column("Measured", ratio=3, min_width=24)
    table.add_column("Rows", justify="right", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Peak MB", justify="right", no_wrap=True)
    table.add_column("Against", ratio=3, min_width=20)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Peak MB", justify="right", no_wrap=True)
    table.add_column("Ratio", justify="right", style="bold", no_wrap=True)
    table.add_column("of CPU", justify="right", no_wrap=True)
    table.add_column("Goal", min_width=8)
    for m in found:
        table.add_row(
            m.case,
            m.what,
            f"{m.rows:,}" if m.rows else "",
            _number(m.seconds),
            _whole(m.peak_mb),
            m.against,
            _number(m.against_seconds),
            _whole(m.against_peak_mb),
            _number(m.ratio),
            _number(m.cpu_ratio),
            m.goal,
        )
    console.print(table)
    for m in found:
        if m.note:
            console.print(f"{m.case}: {m.note}", style="dim", highlight=False, markup=False)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1 else f"{value:,.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
