"""One task in a process of its own: `python -m leads_platform_tests.bench.task '{"task": ..., "answer": ...}'`.

Belongs here: the process's frame, and its peak memory. Does not: the tasks (ours, raw, data).
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path


def peak_mb() -> float:
    """The most memory this process ever held, in MB (10^6 bytes).

    Linux: VmHWM, since `ru_maxrss` outlives exec and would show the parent's peak where that is larger.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(told: str) -> None:
    asked = json.loads(told)
    room, name = asked.pop("task").split(".")
    answer = Path(asked.pop("answer"))
    # Only the room that is asked for: what the other one imports is no part of this one's memory.
    given = getattr(import_module(f"leads_platform_tests.bench.{room}"), name)(Path(asked.pop("work")), **asked)
    answer.write_text(json.dumps({"peak_mb": peak_mb(), **given}))  # a task that started a program tells that one's


if __name__ == "__main__":
    main(sys.argv[1])
