"""The sales list's command killed at each of its steps upon the disk: no lead goes out twice, none is lost.

Belongs here: the real command, file and manifest. Does not: kills of any other action (actions.test_perform).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from leads_platform_tests.actions.data_loader import load
from leads_platform_tests.faults.scene import Scene
from leads_platform_tests.helpers import NV_HEADER, drop, nv

pytestmark = pytest.mark.slow
_MOST = 60


def test_killed_at_every_step_each_lead_goes_out_once(tmp_path: Path) -> None:
    """Each attempt gets one step further and is killed, until one comes to its end; then there is nothing more."""
    scene = Scene(tmp_path / "data", ("prospects",))
    leads = [nv(str(n), f"702-555-01{n:02d}", f"{n} OAK ST RENO, NV 89501") for n in range(1, 4)]
    drop(scene.settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER, leads)
    assert scene.call("run", "--direct")[0] == 0
    folders = (str(scene.settings.exports), str(scene.settings.archive / ".actions"))
    exports: list[Path] = []
    told, code, step = "", None, 0
    for step in range(1, _MOST):
        code, out, err = scene.call("export", "new-leads", fault=("kill-at-step", str(step), *folders))
        told += out + err
        exports = sorted(scene.settings.exports.glob("*.csv"))
        if code == 0:
            break
        assert code == -9, out + err
        assert len(exports) <= 1
    assert step > 10, "it was killed at ten steps at least"
    assert code == 0, "the last attempt came to its end"
    assert "was cut off before it counted" in told, "one was killed between file and manifest"
    assert [row["License_Number__c"] for path in exports for row in load(path)] == ["1", "2", "3"]
    code, out, err = scene.call("export", "new-leads")
    assert code == 0 and "No file was written" in out, out + err
