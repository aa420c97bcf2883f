"""Many feeds and small files: what a file costs to take in, and a sensor's look, as the files become more.

Belongs here: the one task. Does not: what is made of its numbers (cases).
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from leads_platform.months import add_months
from leads_platform.orchestration.feed_sensors import Cursor, tick
from leads_platform.platform import load_platform, open_session
from leads_platform_tests.bench import data
from leads_platform_tests.bench.clock import Clock
from leads_platform_tests.bench.ours import settings_at

_CONTRACT = """feed: {feed}
room: prospects
title: {feed}
delivery: snapshot
key: [id]
columns:
  - {{name: id, header: Id, required: true}}
  - {{name: name, header: Name}}
  - {{name: phone, header: Phone}}
"""
_RECORDS = 20
TENTHS = 10


def many(work: Path, feeds: int, files: int) -> dict:
    """Takes the files in tenth by tenth, as so many months of the feeds come; each tenth in a session of its own.

    Tells the processor seconds of a file, of the look that finds a tenth's files at rest, and of one that finds none.
    """
    settings = settings_at(work)
    settings.feeds.mkdir(parents=True)
    names = [f"feed_{number:04d}" for number in range(feeds)]
    for name in names:
        (settings.feeds / f"{name}.yaml").write_text(_CONTRACT.format(feed=name))
        (settings.landing / name).mkdir(parents=True)
    platform = load_platform(settings)
    listed = [(names[number % feeds], number // feeds) for number in range(files)]
    told: dict[str, list[float]] = {"file": [], "look": [], "idle": []}
    whole = Clock()
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = Cursor()
        for tenth in range(TENTHS):
            due = listed[tenth * files // TENTHS : (tenth + 1) * files // TENTHS]
            for name, month in due:
                records = "".join(f"{n},Name {n},702-555-01{n:02d}\n" for n in range(_RECORDS))
                file = settings.landing / name / f"list_{add_months(data.FIRST_MONTH, month):%Y-%m}.csv"
                file.write_text(f"Id,Name,Phone\n{records}")
            first = tick(platform, "prospects", platform.contracts, cursor, instance)
            clock = Clock()
            result = tick(platform, "prospects", platform.contracts, Cursor.read(first.cursor), instance)
            told["look"].append(clock.lap()[1])
            asked = [each.run_config["ops"]["take_in"]["config"]["files"] for each in result.run_requests or ()]
            if sum(map(len, asked)) != len(due):
                raise AssertionError(f"{len(due)} files rest, and {sum(map(len, asked))} are asked for")
            clock = Clock()
            with open_session(platform, "bench") as session:
                done = session.arrivals.take_in(session.arrivals.waiting())
            told["file"].append(clock.lap()[1] / max(1, len(due)))
            if [manifest.verdict for manifest in done] != ["accepted"] * len(due):
                raise AssertionError(f"{len(due)} files were delivered, {len(done)} taken in")
            cursor = Cursor()
            tick(platform, "prospects", platform.contracts, cursor, instance)
            clock = Clock()
            tick(platform, "prospects", platform.contracts, cursor, instance)
            told["idle"].append(clock.lap()[1])
    return {"seconds": [whole.lap()], "cpu": told}
