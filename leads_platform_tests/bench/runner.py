"""Running tasks in processes of their own, in a temporary folder that is gone afterwards.

Belongs here: processes, folders, the machine's description. Does not: what is measured (ours, raw, cases).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from leads_platform_tests.bench import data

ROOT = Path(__file__).parents[2]
_BYTES_PER_ROW = 4_000  # of a lead in files, archive, warehouse, its published copy and the raw tables, measured


class TaskFailed(Exception):
    """A task ended badly; the text is the end of what it said."""


class NoRoom(Exception):
    """The temporary folder's disk is too small for what was asked."""


@dataclass(frozen=True)
class Outcome:
    """What a task took: its least wall and processor seconds, the largest of its peaks (MB), what else it told."""

    seconds: float
    cpu: float
    peak_mb: float
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Runner:
    """Runs tasks below `folder`; `repeat` processes each, the best counts."""

    folder: Path
    rows: int
    months: int
    month_rows: int
    repeat: int
    say: Callable[[str], None]

    def run(self, task: str, *, repeat: int | None = None, **arguments: Any) -> Outcome:
        """Runs a task. Raises TaskFailed."""
        times = repeat or self.repeat
        told: list[dict[str, Any]] = []
        for turn in range(times):
            self.say(f"{task} {turn + 1}/{times}")
            told.append(self._once(task, arguments))
        times_taken = [tuple(taken) for one in told for taken in one["seconds"]]
        best = min(told, key=lambda one: min(one["seconds"], default=[0.0]))
        return Outcome(
            min((wall for wall, _ in times_taken), default=0.0),
            min((cpu for _, cpu in times_taken), default=0.0),
            max(one["peak_mb"] for one in told),
            best,
        )

    def _once(self, task: str, arguments: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            answer = Path(work) / "answer.json"
            place = Path(work) / "data"
            place.mkdir()
            asked = {"task": task, "answer": str(answer), "work": str(place), **arguments}
            done = subprocess.run(
                [sys.executable, "-m", "leads_platform_tests.bench.task", json.dumps(asked)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                raise TaskFailed(f"{task}: {done.stderr.strip()[-2000:]}")
            return json.loads(answer.read_text())

    def lead_file(self, rows: int, index: int = 0) -> str:
        """A month's list, made once."""
        path = self.folder / f"{rows}_{data.file_name(index)}"
        if not path.exists():
            self.say(f"making {rows:,} leads of {data.month_at(index):%Y-%m}")
            self._once("ours.generate", {"file": str(path), "rows": rows, "index": index})
        return str(path)


@contextmanager
def workspace(parent: Path | None, rows: int) -> Iterator[Path]:
    """A folder for about `rows` leads. Raises NoRoom."""
    with tempfile.TemporaryDirectory(prefix="leads-platform-bench-", dir=parent) as folder:
        free, wanted = shutil.disk_usage(folder).free, rows * _BYTES_PER_ROW
        if free < wanted:
            raise NoRoom(
                f"{folder} has {free / 1e9:.1f} GB free; this needs about {wanted / 1e9:.1f} GB. "
                "Give --rows or --month-rows less, or --work a folder with more room."
            )
        yield Path(folder)


def machine() -> dict[str, Any]:
    """What the numbers were measured on. `load` before the first case: above 0.5 somebody else was at work."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError):
        memory = 0.0
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "commit": _commit(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "--short", "HEAD")
        return f"{commit or 'no commit'}{' with changes' if git('status', '--porcelain') else ''}"
    except OSError:  # no git here
        return "unknown"
