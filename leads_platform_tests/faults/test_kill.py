"""`kill -9` anywhere: every month whole, nothing lost, and the next run finishes by itself.

Half of the kills come from outside at a random moment of the run's length, half at one of crash_process.MOMENTS.
After each, the files are looked at by DuckDB alone, before any of our programs has touched them. Kills follow one
another in the same environment until a run is let through.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from leads_platform_tests.faults.crash_process import MOMENTS
from leads_platform_tests.faults.scene import Scene, Undisturbed, copied, small_scene, sound, undisturbed, whole_scene

DIRECT, DAGSTER = ("run", "--direct"), ("run",)


# At these the second of a run is the one that kills: what was done before it must stand.
SECOND = (
    "arrival copy", "records half-written", "original renamed", "manifest to be renamed", "manifest renamed", "begin",
    "insert", "commit", "in commit",
)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of the small room: a kill's moments are the engine's."""
    folder = tmp_path_factory.mktemp("small")
    return undisturbed(small_scene(folder / "data", months=4), folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of the whole platform."""
    folder = tmp_path_factory.mktemp("whole")
    return undisturbed(whole_scene(folder / "data", months=2), folder)


def killed_from_outside(scene: Scene, command: tuple[str, ...], seconds: float) -> bool:
    """Kills the command after so long; whether it was still at work."""
    process = scene.start(*command)
    if process.wait(seconds) is None:
        process.kill()
    return process.ended()[0] == -signal.SIGKILL


def killed_at(scene: Scene, command: tuple[str, ...], moment: str, calls: int) -> bool:
    """Kills the command at a moment; whether it came so far."""
    code, _, err = scene.call(*command, fault=("kill", moment, str(calls)))
    assert code in (0, -signal.SIGKILL), err
    return code == -signal.SIGKILL


def chain(
    folder: Path, case: Undisturbed, kills: int, chance: random.Random, command: tuple[str, ...], length: float
) -> None:
    """Kills so many runs, one after another in one environment; where a run escapes, the next is a new one's.

    What escaped, and the run after the last kill, must end as the undisturbed one. Once every file is in, half of the
    runs are `build`.
    """
    done = attempt = 0
    while done < kills:
        scene, standing, killed = copied(case.waiting, folder / str(attempt)), {}, True
        while killed and done < kills:
            attempt += 1
            assert attempt <= 5 * kills, f"only {done} of {attempt} runs were killed"
            now = ("build", *command[1:]) if not scene.waits() and chance.random() < 0.5 else command
            if chance.random() < 0.5:
                killed = killed_from_outside(scene, now, chance.uniform(0, length))
            else:
                killed = killed_at(scene, now, chance.choice(MOMENTS), chance.randint(1, 4))
            done += killed
            standing = sound(scene, case.months, standing, folder / "copy")
        scene.finishes(case.content_hash, *command)


@pytest.mark.slow
def test_killed_at_every_named_moment_one_after_another(tmp_path: Path, small: Undisturbed) -> None:
    scene, standing = copied(small.waiting, tmp_path / "data"), {}
    for moment in MOMENTS:  # in the order in which a run comes to them
        assert killed_at(scene, DIRECT, moment, 2 if moment in SECOND else 1), moment
        standing = sound(scene, small.months, standing, tmp_path / "copy")
    scene.finishes(small.content_hash)


@pytest.mark.slow
def test_killed_again_and_again_at_random_moments(tmp_path: Path, small: Undisturbed) -> None:
    chance = random.Random(3)
    chain(tmp_path, small, 3, chance, DIRECT, small.seconds)


def killed_in_a_run_of_dagsters(folder: Path, case: Undisturbed) -> None:
    """Kills `run` while a month is committed, then before Dagster has heard of one: it must be shown in the end."""
    scene = copied(case.waiting, folder / "data")
    assert killed_at(scene, DAGSTER, "in commit", 3)
    standing = sound(scene, case.months, {}, folder / "copy")
    assert killed_at(scene, DAGSTER, "committed", 2)
    sound(scene, case.months, standing, folder / "copy")
    scene.finishes(case.content_hash, *DAGSTER)


@pytest.mark.slow
def test_killed_in_a_run_of_dagsters(tmp_path: Path, small: Undisturbed) -> None:
    killed_in_a_run_of_dagsters(tmp_path, small)


@pytest.mark.long
def test_killed_on_the_whole_platform_in_a_run_of_dagsters(tmp_path: Path, whole: Undisturbed) -> None:
    killed_in_a_run_of_dagsters(tmp_path, whole)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25))
def test_200_kills(tmp_path: Path, whole: Undisturbed, seed: int) -> None:
    """25 environments of 8 kills; every fifth runs Dagster, which takes three times as long."""
    chance = random.Random(seed)
    dagster = seed % 5 == 4
    length = whole.seconds * (3 if dagster else 1)
    chain(tmp_path, whole, 8, chance, DAGSTER if dagster else DIRECT, length)
