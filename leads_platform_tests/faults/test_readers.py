"""People read the shared copy while another process takes in, builds and publishes: never an error, never half a month.

Belongs here: real commands beside real readers. Does not: which statements publishing runs (products).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import duckdb
import pytest

from leads_platform_tests.faults.scene import Scene
from leads_platform_tests.helpers import NV_HEADER, drop, nv

pytestmark = pytest.mark.long  # four whole runs; products.test_published_copies asks the same of a small room
# Two tables of one month; the list has a row for each net-new lead that the report counts.
_BOTH = """
    select net_new_leads, (select count(*) from prospects.rep_new_leads where month = report.month) as listed
    from prospects.rep_net_new_leads as report
    where month = date '2024-05-01' and source_name = 'all suppliers'
"""


def test_readers_see_whole_months_while_another_process_publishes_three_times(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "data", ("prospects",))

    def deliver(version: int, count: int) -> None:
        leads = [nv(str(n), f"702-555-01{n:02d}", f"{n} OAK ST RENO, NV 89501") for n in range(1, count + 1)]
        drop(scene.settings, "nv_licensing", f"nv_2024-05-2{version}.csv", NV_HEADER, leads)

    deliver(1, 2)
    assert scene.call("run", "--direct")[0] == 0
    seen: list[tuple[int, int]] = []
    wrong: list[str] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            try:
                with duckdb.connect(str(scene.settings.shared), read_only=True) as con:
                    seen.extend(con.execute(_BOTH).fetchall())
            except duckdb.Error as error:
                wrong.append(str(error))

    reader = threading.Thread(target=look)
    first = tmp_path / "first.duckdb"  # the same file: in one process, connections to one name share what they see
    os.link(scene.settings.shared, first)
    with duckdb.connect(str(first), read_only=True) as held:
        reader.start()
        try:
            for version, count in ((2, 4), (3, 6), (4, 8)):
                deliver(version, count)
                running = scene.start("run", "--direct")
                while running.wait(0.05) is None:
                    assert held.execute(_BOTH).fetchall() == [(2, 2)], "an open connection keeps what it opened"
                code, out, err = running.ended()
                assert code == 0, out + err
        finally:
            stop.set()
            reader.join()
    assert not wrong
    assert set(seen) <= {(2, 2), (4, 4), (6, 6), (8, 8)} and len(set(seen)) > 1
    with duckdb.connect(str(scene.settings.shared), read_only=True) as con:
        assert con.execute(_BOTH).fetchall() == [(8, 8)]
