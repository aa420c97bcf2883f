"""`kill -9` anywhere: every month whole, nothing lost, and the next run finishes by itself.

Half of the kills come from outside at a random moment of the run's length, half at one of crash_process.MOMENTS.
After each, the files are looked at by DuckDB alone, before any of our programs has touched them. Kills follow one
another in the same environment until a run is let through.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from leads_platform_tests.faults.crash_process import MOMENTS
from leads_platform_tests.faults.scene import Months, Scene, months_in, new_scene, sound

DIRECT, DAGSTER = ("run", "--direct"), ("run",)


@dataclass
class Undisturbed:
    """What a run nobody disturbed comes to."""

    template: Path
    seconds: float
    content_hash: str
    months: Months


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    scene = new_scene(folder / "data", months=2)
    template = folder / "template"
    shutil.copytree(folder / "data", template)
    began = time.monotonic()
    code, out, err = scene.call(*DIRECT)
    seconds = time.monotonic() - began
    assert code == 0, out + err
    return Undisturbed(template, seconds, scene.content_hash(), months_in(scene.settings.warehouse, folder / "copy"))


def killed_from_outside(scene: Scene, command: tuple[str, ...], seconds: float) -> bool:
    """Kills the command's whole process group after so long; whether it was still at work."""
    process = scene.start(*command)
    try:
        process.wait(seconds)
    except Exception:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def killed_at(scene: Scene, command: tuple[str, ...], moment: str, calls: int) -> bool:
    """Kills the command at a moment; whether it came so far."""
    code, _, err = scene.call(*command, fault=("kill", moment, str(calls)))
    assert code in (0, -signal.SIGKILL), err
    return code == -signal.SIGKILL


def chain(
    folder: Path, undisturbed: Undisturbed, kills: int, chance: random.Random, command: tuple[str, ...], length: float
) -> None:
    """Kills so many runs, one after another in one environment; where a run escapes, the next is a new one's.

    What escaped, and the run after the last kill, must end as the undisturbed one. Once every file is in, half of the
    runs are `build`.
    """
    done = attempt = 0
    while done < kills:
        scene, standing, killed = new_scene(folder / str(attempt), undisturbed.template), {}, True
        while killed and done < kills:
            attempt += 1
            assert attempt <= 5 * kills, f"only {done} of {attempt} runs were killed"
            now = ("build", *command[1:]) if not scene.waits() and chance.random() < 0.5 else command
            if chance.random() < 0.5:
                killed = killed_from_outside(scene, now, chance.uniform(0.2, length))
            else:
                killed = killed_at(scene, now, chance.choice(MOMENTS), chance.randint(1, 4))
            done += killed
            standing = sound(scene, undisturbed.months, standing, folder / "copy")
        scene.finishes(undisturbed.content_hash, *command)


@pytest.mark.slow
def test_killed_at_every_named_moment_one_after_another(tmp_path: Path, undisturbed: Undisturbed) -> None:
    scene, standing = new_scene(tmp_path / "data", undisturbed.template), {}
    for moment in MOMENTS:  # in the order in which a run comes to them
        first = moment in ("first blocks", "checkpoint", "in checkpoint", "publish", "published", "build_state.json")
        assert killed_at(scene, DIRECT, moment, 1 if first else 2), moment
        standing = sound(scene, undisturbed.months, standing, tmp_path / "copy")
    scene.finishes(undisturbed.content_hash)


@pytest.mark.slow
def test_killed_again_and_again_at_random_moments(tmp_path: Path, undisturbed: Undisturbed) -> None:
    chance = random.Random(3)
    chain(tmp_path, undisturbed, 2, chance, DIRECT, undisturbed.seconds)


@pytest.mark.slow
def test_killed_in_a_run_of_dagsters(tmp_path: Path, undisturbed: Undisturbed) -> None:
    scene = new_scene(tmp_path / "data", undisturbed.template)
    assert killed_at(scene, DAGSTER, "in commit", 9)
    standing = sound(scene, undisturbed.months, {}, tmp_path / "copy")
    # Between the commit and Dagster's note of it: the month is built, and must be shown in the end.
    assert killed_at(scene, DAGSTER, "committed", 3)
    sound(scene, undisturbed.months, standing, tmp_path / "copy")
    scene.finishes(undisturbed.content_hash, *DAGSTER)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25))
def test_200_kills(tmp_path: Path, undisturbed: Undisturbed, seed: int) -> None:
    """25 environments of 8 kills; every fifth runs Dagster, which takes three times as long."""
    chance = random.Random(seed)
    dagster = seed % 5 == 4
    length = undisturbed.seconds * (3 if dagster else 1)
    chain(tmp_path, undisturbed, 8, chance, DAGSTER if dagster else DIRECT, length)
