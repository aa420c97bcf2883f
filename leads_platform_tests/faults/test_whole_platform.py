"""Each family of faults once on the platform with all its tables: a kill, a full disk, a damaged warehouse.

Belongs here: that what holds for the small room holds for these. Does not: the kinds of each family, which are tried
on the small room (test_kill, test_machine, test_damage), or the many kills of `make test-long` (test_kill).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from leads_platform_tests.faults.scene import Undisturbed, copied, sound, undisturbed, whole_scene
from leads_platform_tests.faults.test_damage import copy_of_run, said_and_rebuilt
from leads_platform_tests.faults.test_kill import killed_at
from leads_platform_tests.faults.test_machine import on_a_full_disk

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("whole")
    return undisturbed(whole_scene(folder / "data"), folder)


def test_a_kill(tmp_path: Path, whole: Undisturbed) -> None:
    scene = copied(whole.waiting, tmp_path / "data")
    assert killed_at(scene, ("run", "--direct"), "in commit", 9)
    sound(scene, whole.months, {}, tmp_path / "copy")
    scene.finishes(whole.content_hash)


def test_a_full_disk(tmp_path: Path, whole: Undisturbed) -> None:
    on_a_full_disk(whole, tmp_path / "data", 1_500_000)


def test_a_damaged_warehouse(tmp_path: Path, whole: Undisturbed) -> None:
    said_and_rebuilt(copy_of_run(whole, tmp_path / "data"), whole.content_hash, "two thirds")
