"""A file of a gigabyte, made quickly, and a process of its own that takes it in and tells what it held in memory.

    python -m leads_platform_tests.arrivals.catalogue.large DATA

Belongs here: making it, and that process. Does not: what is expected (test_large.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.arrivals.catalogue.case import FEEDS, HEAD
from leads_platform_tests.bench.task import peak_mb
from leads_platform_tests.conftest import environment

_BLOCK = 20_000


def make_list(path: Path, size: int) -> int:
    """Writes a list of at least `size` bytes; returns the number of its records.

    Plain records, one in ten with a quoted comma, one in a hundred over two lines, letters beyond ASCII.
    """
    names = ["Ann Quill", '"Quill, Ann"', *["Bob Rook"] * 7, "José Muñoz"]
    lines = []
    for number in range(_BLOCK):
        name = '"Ann\nQuill"' if number % 100 == 50 else names[number % 10]
        lines.append(f"{number:08d},{name},702-555-{number % 10_000:04d},{'Las Vegas and around it ' * 2}\n")
    block = "".join(lines).encode()
    times = -(-size // len(block))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(HEAD)
        for _ in range(times):
            file.write(block)
    return times * _BLOCK


def main(data: Path) -> None:
    """Takes in what lies in `data/landing`, and prints what became of it as JSON."""
    desk = ArrivalsEnv(environment(data))
    desk.contract("lists", FEEDS["lists"])
    (manifest,) = desk.take()
    told = {key: getattr(manifest, key) for key in ("verdict", "records", "loaded", "quarantined", "message")}
    print(json.dumps({**told, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
