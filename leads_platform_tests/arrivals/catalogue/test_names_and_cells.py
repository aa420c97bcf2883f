"""What tries to be more than text reaches the tables as text: SQL, formulas and HTML in cells, titles and names.

Belongs here: the way on from the archive into tables. Does not: arrival itself (test_catalogue.py).
"""

from __future__ import annotations

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.arrivals.catalogue.case import FEEDS
from leads_platform_tests.arrivals.catalogue.meanings import INJECTION
from leads_platform_tests.arrivals.catalogue.paths import NAMES

pytestmark = pytest.mark.slow


def test_they_reach_the_tables_verbatim(settings: Settings) -> None:
    """One month a file, so that each stands in the table at once."""
    desk = ArrivalsEnv(settings)
    desk.contract("lists", FEEDS["lists"])
    kinds = [kind for kind in (*INJECTION, *NAMES) if kind.feed == "lists" and kind.verdict == "accepted"]
    expected, names = [], []
    for number, kind in enumerate(kinds):
        month = f"{2022 + number // 12}-{number % 12 + 1:02d}"
        name = kind.name.replace("2024-05", month)
        path = desk.path(f"lists/{name}")
        path.write_bytes(kind.content())
        names.append(name)
        expected += [(month, name, *row) for row in kind.rows()]
    settings = Settings.from_env(
        {
            "LEADS_PLATFORM_DATA": str(settings.data),
            "LEADS_PLATFORM_NOW": "2026-07-15T12:00:00",
            "LEADS_PLATFORM_FIRST_MONTH": "2022-01",
        }
    )
    desk = ArrivalsEnv(settings)
    assert {manifest.verdict for manifest in desk.take()} == {"accepted"}
    desk.build("lists")
    found = desk.query("""
        select strftime(month, '%Y-%m'), file_name, line, id, name, phone, city from prospects.base_lists order by 1, 3
    """)
    assert found == [row[:7] for row in sorted(expected, key=lambda row: (row[0], row[2]))]
    assert sorted(desk.query("select file_name from arrivals.files")) == sorted((name,) for name in names)
