"""Sample data with known answers: one world of people and sites, and what each room's systems hold of them.

Belongs here: the world, and putting the rooms' files into a landing folder. Does not: any room's files or truth, which
stand in the room (`Room.sample`); reading files, cleaning phones or addresses, or anything that a real folder would
need: the platform takes the sample in as it takes any other file.

    sample = generate(Path("data/landing"), find_rooms().emitters)
    prospects_truth(sample.world, Path("data/landing"))["rep_net_new_leads"]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from leads_platform.sample.emitter import Emitter
from leads_platform.sample.population import parties
from leads_platform.sample.world import World

__all__ = ["GENERATOR_VERSION", "MARKER", "Sample", "generate", "write"]

GENERATOR_VERSION = 4  # raise it when the same arguments give other files
# Beside the feeds' folders: says that a landing folder holds sample data, and which files are the sample's.
MARKER = ".sample.json"


@dataclass(frozen=True)
class Sample:
    """What was generated: the world, and its files in the order in which they arrive, relative to the folder."""

    world: World
    arrival_order: list[str]


def generate(
    out: Path,
    emitters: Iterable[Callable[[World], Emitter]],
    *,
    months: int = 6,
    scale: float = 1.0,
    seed: int = 20240101,
    first_month: date = date(2024, 1, 1),
) -> Sample:
    """Writes the files of these rooms' emitters to `out/<feed>/`.

    Scale 1 is about 300 licences a supplier and 240 deals over six months; files are streamed, so any scale fits in
    memory. Equal arguments give equal bytes. The files of an earlier sample in `out` are removed first, as its marker
    lists them; other files stay. Raises ValueError for a scale or a number of months that cannot be.
    """
    world = World(first_month, months, scale, seed)
    made = [emitter(world) for emitter in emitters]
    order = [name for _, name in sorted(file for emitter in made for file in emitter.files())]
    out.mkdir(parents=True, exist_ok=True)
    remove_sample(out)
    # The marker comes first: a generation that is cut off is known, and cleared, as a sample too.
    marker = {
        "generator": GENERATOR_VERSION,
        "seed": seed,
        "months": months,
        "first_month": first_month.isoformat(),
        "scale": scale,
        "files": sorted(order),
    }
    (out / MARKER).write_text(json.dumps(marker, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write(out, world, made)
    return Sample(world, order)


def write(out: Path, world: World, emitters: Sequence[Emitter]) -> None:
    """Writes these emitters' files; the world's parties are invented once for all of them."""
    with ExitStack() as stack:
        takers = [stack.enter_context(emitter.writing(out)) for emitter in emitters]
        for party in parties(world):
            for take in takers:
                take(party)


def remove_sample(landing: Path) -> None:
    """Removes the files that the marker in `landing` lists, and the marker; does nothing without one."""
    marker = landing / MARKER
    if not marker.exists():
        return
    for name in json.loads(marker.read_text(encoding="utf-8"))["files"]:
        path = landing / name
        if path.resolve().is_relative_to(landing.resolve()):
            path.unlink(missing_ok=True)
    marker.unlink()
