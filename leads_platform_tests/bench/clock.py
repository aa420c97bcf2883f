"""What a stretch of work takes: wall seconds, processor seconds, and what other programs used of the machine meanwhile.

Belongs here: the clock all tasks share. Does not: what is timed (ours, raw).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

_STAT = Path("/proc/stat")


class Taken(NamedTuple):
    """Seconds of wall, of processor (this process, all its threads), and of processor that others used meanwhile.

    A busy machine changes the wall much and the processor seconds little. `others` is None where the system keeps no
    such count (it is Linux that does).
    """

    wall: float
    cpu: float
    others: float | None


class Clock:
    """Runs from when it is made; `lap` gives the times since then, or since the lap before."""

    def __init__(self) -> None:
        self._then = _now()

    def lap(self) -> Taken:
        now = _now()
        wall, cpu = now[0] - self._then[0], now[1] - self._then[1]
        busy = None if now[2] is None or self._then[2] is None else now[2] - self._then[2]
        self._then = now
        return Taken(wall, cpu, None if busy is None else max(0.0, busy - cpu))


class Parts:
    """Where the wall and processor seconds of one clock went, by name, summed."""

    def __init__(self) -> None:
        self._clock = Clock()
        self.seconds: dict[str, tuple[float, float]] = {}

    def lap(self, name: str) -> None:
        """What was taken since the lap before belongs to `name`."""
        taken, (wall, cpu) = self._clock.lap(), self.seconds.get(name, (0.0, 0.0))
        self.seconds[name] = (round(wall + taken.wall, 3), round(cpu + taken.cpu, 3))


def busy_seconds() -> float | None:
    """Processor seconds that all programs together, and other guests of the host, have used since the start."""
    try:
        first = _STAT.read_text().split("\n", 1)[0].split()
        user, nice, system, _idle, _wait, interrupt, soft, stolen = (int(ticks) for ticks in first[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _now() -> tuple[float, float, float | None]:
    return time.perf_counter(), time.process_time(), busy_seconds()
