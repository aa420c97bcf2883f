"""Running tasks in processes of their own, in a temporary folder that is gone afterwards.

Belongs here: processes, folders, the machine's description. Does not: what is measured (ours, raw, cases).
"""

from __future__ import annotations

import json
import os
import platform
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import duckdb

from leads_platform_tests.bench import data
from leads_platform_tests.bench.clock import busy_seconds
from leads_platform_tests.bench.sizes import Sizes

ROOT = Path(__file__).parents[2]
# A step of a task is told when it lasts longer.
_PATIENCE = 2.0


class TaskFailed(Exception):
    """A task ended badly; the text is the end of what it said."""


@dataclass(frozen=True)
class Outcome:
    """What a task took over its turns.

    `seconds` and `cpu`: its least wall and processor seconds. `spread`: its least and most wall seconds. `peak_mb`:
    the largest of its turns'. `others`: the largest share of the machine (0 to 1) that other programs used meanwhile.
    """

    seconds: float
    cpu: float
    spread: tuple[float, float]
    peak_mb: float
    others: float | None = None
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Runner:
    """Runs tasks below `folder`; the best of their turns counts. `say` gets a line for what lasts."""

    folder: Path
    sizes: Sizes
    say: Callable[[str], None]

    def run(self, task: str, *, turns: int | None = None, kept: Path | None = None, **arguments: Any) -> Outcome:
        """Runs a task `turns` times, each in a process and a folder of its own (but in `kept`). Raises TaskFailed."""
        return self.each(task, [arguments] * (turns or self.sizes.repeat), kept)

    def each(self, task: str, turns: Sequence[dict[str, Any]], kept: Path | None = None) -> Outcome:
        """Runs a task once with each of the arguments. Raises TaskFailed."""
        return _outcome(
            [self._turn(task, arguments, f"{turn}/{len(turns)}", kept) for turn, arguments in enumerate(turns, 1)]
        )

    def in_turn(self, contenders: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Outcome]:
        """Runs all contenders (task and arguments, by name) one after the other, `repeat` times: what the machine does
        meanwhile meets all of them alike. Raises TaskFailed."""
        told: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for turn in range(1, self.sizes.repeat + 1):
            for name, (task, arguments) in contenders.items():
                told[name].append(self._turn(task, arguments, f"({name}) {turn}/{self.sizes.repeat}"))
        return {name: _outcome(each) for name, each in told.items()}

    def _turn(self, task: str, arguments: dict[str, Any], which: str, kept: Path | None = None) -> dict[str, Any]:
        name = f"{task} {which}"
        self.say(name)
        told = self._once(task, arguments, kept)
        for wall, _, others in told["seconds"]:
            self.say(f"{name}: {wall:.2f} s, {told['peak_mb']:,.0f} MB{_by_others(_share(wall, others))}")
        return told

    @contextmanager
    def keep(self) -> Iterator[Path]:
        """A folder for tasks that go on where the one before ended."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    @contextmanager
    def lead_files(self, rows: int, indexes: Sequence[int] = (0,)) -> Iterator[list[str]]:
        """The lists of these months, for as long as they are needed: the disk holds no more of them."""
        paths = [self.folder / f"{rows}_{data.file_name(index)}" for index in indexes]
        try:
            for path, index in zip(paths, indexes, strict=True):
                self.say(f"making {rows:,} leads of {data.month_at(index):%Y-%m}")
                self._once("data.make_leads", {"file": str(path), "rows": rows, "index": index})
            yield [str(path) for path in paths]
        finally:
            for path in paths:
                path.unlink(missing_ok=True)

    @contextmanager
    def json_lines(self, rows: int) -> Iterator[str]:
        """A file of JSON Lines, for as long as it is needed."""
        path = self.folder / f"messages_{rows}.jsonl"
        try:
            self.say(f"making {rows:,} lines of JSON")
            self._once("json_lines.make", {"file": str(path), "rows": rows})
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def salesforce(self, leads: int) -> Iterator[str]:
        """One Salesforce export, for as long as it is needed."""
        path = self.folder / f"salesforce_{leads}.csv"
        try:
            self.say(f"making a Salesforce export of {leads:,} leads")
            self._once("data.make_salesforce", {"file": str(path), "leads": leads})
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def values(self, kind: str, rows: int) -> Iterator[str]:
        """`phones` or `addresses` as Parquet, for as long as they are needed."""
        path = self.folder / f"{kind}.parquet"
        try:
            self.say(f"making {rows:,} {kind}")
            self._once("data.make_values", {"file": str(path), "kind": kind, "rows": rows})
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def deals(self, count: int, months: int, ends: Sequence[int]) -> Iterator[list[str]]:
        """Pipedrive's exports of `count` deals over `months`, one folder for each of `ends` (months so far)."""
        from leads_platform.funnel.sample.sales import DEALS_A_MONTH

        with self.keep() as place:
            folders = {str(place / str(end)): end for end in ends}
            self.say(f"making {count:,} deals of {months} months")
            scale = count / months / DEALS_A_MONTH
            self._once("data.make_deals", {"folders": folders, "months": months, "scale": scale})
            yield list(folders)

    def _once(self, task: str, arguments: dict[str, Any], kept: Path | None = None) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=self.folder) as work, tempfile.TemporaryFile("w+") as errors:
            answer = Path(work) / "answer.json"
            place = kept or Path(work) / "data"
            place.mkdir(exist_ok=True)
            asked = {"task": task, "answer": str(answer), "work": str(place), **arguments}
            process = subprocess.Popen(
                [sys.executable, "-m", "leads_platform_tests.bench.task", json.dumps(asked)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            try:
                self._follow(process.stdout)
                process.wait()
            finally:
                if process.returncode is None:  # with the programs it started
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.returncode:
                errors.seek(0)
                raise TaskFailed(f"{task}: {errors.read().strip()[-2000:]}")
            return json.loads(answer.read_text())

    def _follow(self, lines: IO[str] | None) -> None:
        """Tells each step the task says it is at, if it lasts longer than two seconds; returns when the task ends."""
        steps: queue.Queue[str | None] = queue.Queue()

        def read() -> None:
            for line in lines or ():
                steps.put(line.strip())
            steps.put(None)

        threading.Thread(target=read, daemon=True).start()
        step: str | None = ""
        while step is not None:
            began = time.monotonic()
            try:
                following = steps.get(timeout=_PATIENCE)
            except queue.Empty:
                if step:
                    self.say(f"  {step}")
                following = steps.get()
                if step and following is not None:
                    self.say(f"  {step}: {time.monotonic() - began:.0f} s")
            step = following


def _outcome(told: Sequence[dict[str, Any]]) -> Outcome:
    """What the turns took together."""
    taken = [seconds for one in told for seconds in one["seconds"]]
    shares = [_share(wall, others) for wall, _, others in taken]
    walls = [wall for wall, _, _ in taken]
    return Outcome(
        min(walls, default=0.0),
        min((cpu for _, cpu, _ in taken), default=0.0),
        (min(walls, default=0.0), max(walls, default=0.0)),
        max(one["peak_mb"] for one in told),
        max((share for share in shares if share is not None), default=None),
        min(told, key=lambda one: min(one["seconds"], default=[0.0])),
    )


def machine() -> dict[str, Any]:
    """What the numbers are measured on."""
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
    }


def load() -> dict[str, float | None]:
    """How busy the machine is with nothing of ours running.

    `average`: of the last minute, this bench's own tasks too. `busy`: the share of the processors in the next half
    second; above 0.2 somebody else is at work, and wall seconds say little.
    """
    average = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    before, began = busy_seconds(), time.monotonic()
    time.sleep(0.5)
    after, lasted = busy_seconds(), time.monotonic() - began
    share = None if before is None or after is None else _share(lasted, after - before)
    return {"average": average, "busy": None if share is None else round(share, 2)}


def _share(wall: float, others: float | None) -> float | None:
    """Of the machine's processors, over `wall` seconds."""
    return None if others is None or not wall else others / wall / (os.cpu_count() or 1)


def _by_others(share: float | None) -> str:
    return "" if share is None else f", {share:.0%} of the machine used by others"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "--short", "HEAD")
        return f"{commit or 'no commit'}{' with changes' if git('status', '--porcelain') else ''}"
    except OSError:  # no git here
        return "unknown"
