"""The benchmark runs and tells what it measured; how long anything took is nobody's assertion."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from leads_platform_tests.bench.__main__ import main


def test_prints_a_table_with_ratios_and_peaks(tmp_path: Path) -> None:
    printed = io.StringIO()
    code = main(
        [
            "--rows",
            "500",
            "--repeat",
            "1",
            "--only",
            "arrival",
            "--json",
            str(tmp_path / "o.json"),
            "--work",
            str(tmp_path),
        ],
        Console(file=printed, width=200),
    )
    assert code == 0
    text = printed.getvalue()
    assert "Leads platform against raw DuckDB" in text
    assert "one CSV lead file taken in" in text
    assert "cores" in text
    assert "DuckDB 1.5.5" in text
    [measure] = json.loads((tmp_path / "o.json").read_text())["measures"]
    assert (measure["case"], measure["rows"]) == ("arrival", 500)
    assert measure["ratio"] == measure["seconds"] / measure["against_seconds"]
    assert measure["peak_mb"] > 0
    assert list(tmp_path.glob("leads-platform-bench-*")) == []


@pytest.mark.slow
def test_a_month_after_others_and_the_whole_chain_hold_the_same_leads_as_raw_duckdb(tmp_path: Path) -> None:
    # 500 rows; then 1 month of 100 rows and one more, of which 2 are new: 102 leads as of its end, 202 rows in all.
    told = tmp_path / "o.json"
    arguments = ["--rows", "500", "--months", "1", "--month-rows", "100", "--repeat", "1", "--json", str(told)]
    code = main(
        [*arguments, "--only", "chain", "month", "--work", str(tmp_path)], Console(file=io.StringIO(), width=200)
    )
    assert code == 0
    notes = [measure["note"] for measure in json.loads(told.read_text())["measures"]]
    assert "dim_prospective_leads 500 x 30" in notes[0]
    assert "dim 500 x 30" in notes[0]
    assert "dim_prospective_leads 202 x 30" in notes[2]
    assert "dim 202 x 30" in notes[2]
