"""A file of a gigabyte is taken in within 2 GB of memory, to the last record; a twenty-fifth of it in `make test`.

Belongs here: that. Does not: how long it takes (the benchmark).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from leads_platform_tests.arrivals.catalogue.large import make_list
from leads_platform_tests.conftest import ROOT, environment

pytestmark = pytest.mark.slow
GIGABYTE = 10**9


@pytest.mark.parametrize("size", [GIGABYTE // 25, pytest.param(GIGABYTE, marks=pytest.mark.long)])
def test_a_large_file_within_two_gigabytes(size: int, tmp_path: Path) -> None:
    path = tmp_path / "landing" / "lists" / "2024-05.csv"
    records = make_list(path, size)
    assert path.stat().st_size >= size
    done = subprocess.run(
        [sys.executable, "-m", "leads_platform_tests.arrivals.catalogue.large", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["verdict"], told["records"], told["loaded"], told["quarantined"]) == ("accepted", records, records, 0)
    assert told["peak_mb"] < 2000
    (stored,) = environment(tmp_path).archive.glob("lists/receipts/*/records.parquet")
    with duckdb.connect() as con:
        found = con.sql(f"""
            select count(*), count(distinct "Id"), count(*) filter ("Name" = 'Ann' || chr(10) || 'Quill'), max(_line)
            from read_parquet('{stored}')
        """).fetchall()
    # One record in a hundred stands on two lines; the first record is on line 2.
    assert found == [(records, 20_000, records // 100, 1 + records + records // 100)]
