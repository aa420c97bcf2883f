"""A new table is one file: the example of docs/add-a-table.md, built and counted by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from leads_platform.platform import open_session
from leads_platform.settings import Settings
from leads_platform.standards import standards
from leads_platform.warehouse import Catalogue, Table
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.helpers import NV_HEADER, TX_HEADER, ask, drop, nv, run, tx

PAGE = Path(__file__).parents[2] / "docs" / "add-a-table.md"
NAME = "prospects.rep_leads_by_state"


def example() -> Table:
    """The page's table, declared as if its file lay in the room."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module: dict[str, object] = {}
    exec(compile(text, str(PAGE), "exec"), module)
    table = module[NAME.split(".")[1]]
    assert isinstance(table, Table)
    return table.named(*NAME.split("."))


def test_the_page_s_table_builds(settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-01.csv", NV_HEADER, [
        nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501"),
        nv("2", "702-555-0102", "7 ELM AVE RENO, NV 89502"),
    ])  # fmt: skip
    drop(settings, "nv_licensing", "nv_2024-02.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    drop(settings, "tx_licensing", "tx_2024-02.csv", TX_HEADER, [
        tx("900", "210-555-0103", "1 PINE LN", "AUSTIN", "TX", "78701"),
        tx("901", "210-555-0104", "2 PINE LN", "AUSTIN", "", "78701"),
    ])  # fmt: skip
    platform = run(settings, rooms=["prospects"], tables=list(example().reads))
    tables = [*platform.catalogue.tables.values(), example()]
    wider = replace(platform, catalogue=Catalogue(tables, platform.catalogue.feeds, standards()))
    with open_session(wider, "test") as session:
        built: list[str] = []
        failed = build_stale(session.warehouse, select=[NAME], on_build=lambda build: built.append(build.table))
        session.publish = True
    assert (failed, built) == ({}, [NAME])
    assert ask(settings, f"select month, state, leads, listed_leads from {NAME} order by all") == [
        (date(2024, 1, 1), "NV", 2, 2),
        (date(2024, 2, 1), "NV", 2, 1),
        (date(2024, 2, 1), "TX", 1, 1),
        (date(2024, 2, 1), "unknown", 1, 1),
    ]
    warned = ask(
        settings,
        f"select month, bad_rows from warehouse.checks where table_name = '{NAME}' and check_name = 'state_is_known' "
        "and not passed",
    )
    assert warned == [(date(2024, 2, 1), 1)]
