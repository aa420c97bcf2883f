"""A data root of an earlier version goes on unasked: `run` loses nothing, and the UI keeps its history.

`root_of_7a28895.tar.xz` is what the program of that commit wrote, and is never made again: three months of its sample
at a tenth of its size (seed 7) without the sample's marker, taken in and built through Dagster on 2024-04-15; then one
file held (nv_licensing_2024-02-20), one refused (nv_licensing_2024-03-29) and one taken in and withdrawn
(ok_licensing_2024-03-25).
"""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from leads_platform.arrivals.receive import read_state
from leads_platform.cli.commands import commands
from leads_platform.orchestration.instance import open_instance
from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.pins import pinned, tables_of

FIXTURE = Path(__file__).with_name("root_of_7a28895.tar.xz")
SHA256 = "938625446084edd48ca2775d911d13cdf10c115040556c5b7e3b1f1cae0db225"
NOW = "2024-04-15T12:00:00"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    assert hashlib.sha256(FIXTURE.read_bytes()).hexdigest() == SHA256
    folder = tmp_path_factory.mktemp("upgrade")
    with tarfile.open(FIXTURE) as packed:
        packed.extractall(folder, filter="data")
    return environment(folder / "data", {"LEADS_PLATFORM_NOW": NOW})


def history(settings: Settings) -> dict[str, set[str]]:
    """The months that Dagster shows as built, by asset."""
    with open_instance(settings) as instance:
        return {
            key.to_user_string(): instance.get_materialized_partitions(key) - {""} for key in instance.get_asset_keys()
        }


@pytest.mark.slow
def test_run_asks_nothing_and_changes_no_row(root: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = history(root)
    assert sum(map(len, before.values())) == 162  # 54 tables of three months
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(root.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", NOW)
    result = CliRunner().invoke(commands, ["run"], input="")
    assert not [word for word in ("--yes", "Traceback", "can't be told") if word in result.output], result.output
    assert tables_of(root) == pinned("upgrade")
    state = read_state(root, load_platform(root).contracts)
    assert [m.file_name for m in state.held()] == ["nv_licensing_2024-02-20.csv"]
    assert [m.file_name for m in state.refused()] == ["nv_licensing_2024-03-29.csv"]
    assert len(state.manifests) == 29  # nothing was read again
    after = history(root)
    assert [asset for asset, months in before.items() if not months <= after.get(asset, set())] == []
