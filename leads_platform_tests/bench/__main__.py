"""The benchmark's command: runs the cases, prints one table, keeps the numbers as JSON where asked.

Belongs here: options, and the loop over the cases. Does not: measuring (cases, runner), or the table (tell).
"""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from leads_platform_tests.bench import sizes, tell
from leads_platform_tests.bench.cases import CASES, Measure
from leads_platform_tests.bench.kept import Kept, read
from leads_platform_tests.bench.runner import Runner, TaskFailed, load, machine
from leads_platform_tests.bench.sizes import Sizes

_SAYS = {
    "rows": "rows of the lead file",
    "months": "months before the one more",
    "month_rows": "rows of each of those months",
    "file_mb": "least size of the file of the case gigabyte, in MB",
    "salesforce_leads": "leads of one Salesforce export, measured against a quarter of them",
    "dagster_months": "months of the sample data that Dagster builds",
    "funnel_deals": "deals of the case funnel at 1x, over 15 months",
    "funnel_times": "largest size of that case, in times of 1x; it is measured at 1, 10 and 100 up to this",
    "feeds": "feeds of the case of that name",
    "feed_files": "small files of that case, all feeds together",
    "repeat": "times each is measured; the best counts",
}


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="python -m leads_platform_tests.bench",
        description="Measures the platform against raw DuckDB on the same data, each in a process of its own.",
    )
    parser.add_argument(
        "--large",
        action="store_true",
        help=f"the large sizes below, and the cases {', '.join(sizes.LARGE_CASES)}; "
        f"without it {', '.join(sizes.SMALL_CASES)}",
    )
    for name, says in _SAYS.items():
        small, large = getattr(sizes.SMALL, name), getattr(sizes.LARGE, name)
        default = f"default {small:,}" + (f", with --large {large:,}" if large != small else "")
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"{says} ({default})")
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", help=f"some of: {', '.join(CASES)}")
    parser.add_argument("--detail", action="store_true", help="print where the seconds of chain and month went")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers here, after each case")
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing: print what --json kept")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the temporary folder is made")
    asked = parser.parse_args(arguments)
    preset = sizes.LARGE if asked.large else sizes.SMALL
    for name in _SAYS:
        given = getattr(asked, name)
        if given is not None and given < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
        setattr(asked, name, getattr(preset, name) if given is None else given)
    asked.only = list(dict.fromkeys(asked.only or (sizes.LARGE_CASES if asked.large else sizes.SMALL_CASES)))
    return asked


def main(arguments: list[str] | None = None, console: Console | None = None) -> int:
    """Runs the benchmark. Returns 1 when a case failed, 2 when it can't begin, 130 when it was interrupted."""
    asked = options(arguments)
    errors = Console(stderr=True)
    # Redirected, the table would be cut to 80 columns.
    out = console or Console(width=None if sys.stdout.isatty() else 160)
    if asked.show:
        try:
            kept = read(asked.show)
        except (OSError, ValueError) as error:
            errors.print(f"{asked.show} can't be shown: {error}", style="red", markup=False, highlight=False)
            return 2
        _print(kept, asked, out)
        return 0
    size = Sizes(**{each.name: getattr(asked, each.name) for each in fields(Sizes)})
    kept = Kept(machine(), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", _command(size, asked.only), size, asked.only[:])
    try:
        code = _measure(kept, asked, errors)
    except sizes.NoRoom as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted: what follows is what was measured before", style="red")
        code = 130
    _print(kept, asked, out)
    return code


def _measure(kept: Kept, asked: argparse.Namespace, errors: Console) -> int:
    """Adds each case to `kept`, and keeps it on disk where asked. Returns 1 when one failed."""
    failed = False

    def say(text: str) -> None:
        errors.print(f"{datetime.now():%H:%M:%S} {text}", style="dim", markup=False, highlight=False, soft_wrap=True)

    with sizes.workspace(asked.work, asked.only, kept.sizes) as folder:
        say(sizes.forecast(asked.only, kept.sizes, folder))
        run = Runner(folder, kept.sizes, say)
        for name in asked.only:
            before = load()
            kept.loads[name] = before
            busy = "" if before["busy"] is None else f", {before['busy']:.0%} of the processors busy"
            errors.print(f"case {name} (load {before['average']}{busy})", style="bold", highlight=False, soft_wrap=True)
            try:
                kept.measures += CASES[name](run)
            except TaskFailed as error:
                failed = True
                errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
                kept.measures.append(Measure(name, "failed", 0, None, None, note="see the error above the table"))
            kept.left.remove(name)
            if asked.json:
                kept.write(asked.json)
    return int(failed)


def _print(kept: Kept, asked: argparse.Namespace, out: Console) -> None:
    if asked.markdown:
        print(tell.markdown(kept), file=out.file)  # a console would break the lines
    else:
        tell.show(kept, out, detail=asked.detail)


def _command(size: Sizes, names: list[str]) -> str:
    """What gives these numbers again, with no default left to guess; paths are nobody's business."""
    told = " ".join(f"--{name.replace('_', '-')} {getattr(size, name)}" for name in _SAYS)
    return f"python -m leads_platform_tests.bench {told} --only {' '.join(names)}"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely, it clears up and tells what it has
    sys.exit(main())
