"""How much memory and how many threads DuckDB may take here: of the machine, or of the container it is in.

Belongs here: asking the system. Does not: setting them (connection).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# A control group without a limit says "max" (v2), or a number beyond any machine's memory (v1).
_NO_LIMIT = 1 << 60


def memory_limit_mb(root: Path = Path("/")) -> int:
    """Half of the memory this process may use, in MB of 1,000,000 bytes.

    Half, as DuckDB's own 80 % leaves too little for Python, Dagster and the file cache. What a process may use is the
    machine's memory, or less where a container says so. `root` is where `/proc` and `/sys` are; tests give another.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [
        limit
        for folder, newer in _groups(root, "memory")
        if (limit := _number(folder / ("memory.max" if newer else "memory.limit_in_bytes")))
    ]
    return max(1, min([machine, *limits]) // 2_000_000)


def thread_count(root: Path = Path("/")) -> int:
    """The processors this process may use: those it is bound to, or fewer where a container's share is smaller."""
    shares = [float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)]
    for folder, newer in _groups(root, "cpu"):
        if newer:
            quota = _words(folder / "cpu.max")
        else:
            quota = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        numbers = [int(word) for word in quota if word.isdigit()]  # not "max", nor -1
        if len(numbers) == len(quota) == 2 and all(numbers):
            shares.append(numbers[0] / numbers[1])
    return max(1, math.ceil(min(shares)))


def _groups(root: Path, controller: str) -> Iterator[tuple[Path, bool]]:
    """This process's control groups that `controller` limits, with those above them; and whether each is of v2.

    Inside a container the path that `/proc` tells may be the host's; its own limits then lie at the top.
    """
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        newer = number == "0" and not names
        if not newer and controller not in names.split(","):
            continue
        mounts = ["", "unified"] if newer else list(dict.fromkeys((controller, names)))
        inside = PurePosixPath(path.lstrip("/"))
        for mount in mounts:
            top = root / "sys/fs/cgroup" / mount
            for part in (inside, *inside.parents):
                yield top / part, newer


def _number(file: Path) -> int | None:
    """The limit a file states; None when it is missing, or states none."""
    words = _words(file)
    limit = int(words[0]) if words and words[0].isdigit() else 0
    return limit if 0 < limit < _NO_LIMIT else None


def _words(file: Path) -> list[str]:
    return " ".join(_lines(file)).split()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
