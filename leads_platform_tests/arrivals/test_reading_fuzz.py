"""Random and damaged CSV: records are accounted for, and no value is loaded that the file doesn't hold.

Belongs here: properties over generated text. Does not: named kinds (test_reading.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads_platform.arrivals import counting, read_file
from leads_platform_tests.arrivals.test_reading import contract

CELLS = st.lists(st.sampled_from(["a", "b", ",", '"', "\n", "\r\n", "é", " "]), max_size=5).map("".join)
ROWS = st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=8)
DAMAGE = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["", '"', ",", "\n", "\r", "z"])), max_size=3)


def written(rows: list[list[str]], end: str) -> str:
    """The rows as CSV. Not csv.writer: with another line end it leaves a line feed unquoted (Python 3.11)."""
    return "".join(",".join(quoted(cell) for cell in row) + end for row in [["Id", "Name", "Phone", "City"], *rows])


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(letter in cell for letter in ',"\r\n') else cell


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line its own chunk: what a record carries from one to the next is tried out."""
    monkeypatch.setattr(counting, "_CHUNK", 7)


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n", "\r"]), damage=DAMAGE)
def test_nothing_lost_nothing_invented(
    rows: list[list[str]], end: str, damage: list[tuple[int, str]], tmp_path: Path
) -> None:
    head, _, body = written(rows, end).partition(end)
    for at, letter in damage:
        body = body[:at] + letter + body[at + 1 :]
    path = tmp_path / "list.csv"
    path.write_bytes((head + end + body).encode())
    with read_file(path, contract()) as reading:
        assert "report" not in reading.message  # counter and loader agree
        if reading.verdict == "refused":
            return
        assert reading.records == reading.loaded_count + len(reading.quarantined)
        loaded = reading.loaded.fetchall()
        assert len(loaded) == reading.loaded_count
        lines = [row[-1] for row in loaded] + [bad.line for bad in reading.quarantined]
        assert len(set(lines)) == reading.records
        for row in loaded:
            for value in row[:-1]:
                assert value is None or value.replace('"', '""') in body or value in body
        if reading.verdict == "accepted" and not damage:
            assert [[value or "" for value in row[:-1]] for row in loaded] == rows
