"""What a stretch of work takes: wall seconds, and processor seconds, which a busy machine hardly changes.

Belongs here: the clock all tasks share. Does not: what is timed (ours, raw).
"""

from __future__ import annotations

import time


class Clock:
    """Runs from when it is made; `lap` gives the times since then, or since the lap before."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self) -> tuple[float, float]:
        """Wall and processor seconds of this process, all its threads together."""
        wall, cpu = time.perf_counter(), time.process_time()
        taken = wall - self._wall, cpu - self._cpu
        self._wall, self._cpu = wall, cpu
        return taken
