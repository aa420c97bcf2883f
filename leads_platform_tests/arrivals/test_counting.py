"""The record counter against a state machine, in pieces of any size; and that it shares no code with the loader.

Belongs here: counting.py by itself. Does not: what is made of the count (test_reading*.py).
"""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leads_platform.arrivals.reading import counting
from leads_platform.arrivals.reading.refusal import Refusal
from leads_platform_tests.arrivals.fuzz import oracle

PIECES = st.lists(
    st.sampled_from(
        ["a", "é", ",", ",", '"', '"', '""', "\n", "\r", "\r\n", '","', '"\n', "1,2,3\n", '1,"2\n3",4\r\n', "\0"]
    ),
    max_size=40,
).map("".join)
# A folder of the module's own: hypothesis calls a test many times, a fixture once.
_KEPT = tempfile.TemporaryDirectory(prefix="counted-")
ROOM = Path(_KEPT.name)
FEW = settings(max_examples=120, deadline=None, derandomize=True)
MANY = settings(max_examples=20_000, deadline=None, derandomize=False, database=None, print_blob=True)


@given(PIECES, st.integers(1, 9), st.sampled_from((1, 2, 3, 7)), st.sampled_from((2**25, 12)))
@example('1,"a,b\n1,2,3\nc,d",3\n', 3, 1, 2**25)  # swallowed
@example('1,"abc\n12345",3\n', 3, 1, 12)  # as long as may be
@example('1,"abc\n123456",3\n', 3, 1, 12)
@FEW
def test_the_counter_against_a_state_machine(text: str, first_line: int, piece: int, limit: int) -> None:
    judge(text, first_line, piece, limit)


@given(PIECES, st.integers(1, 9), st.sampled_from((1, 2, 3, 7)), st.sampled_from((2**25, 12)))
@MANY
@pytest.mark.long
def test_the_counter_at_length(text: str, first_line: int, piece: int, limit: int) -> None:
    """About five minutes."""
    judge(text, first_line, piece, limit)


def judge(text: str, first_line: int, piece: int, limit: int) -> None:
    for quote in ('"', None):
        for width in (1, 3):
            _judge(text, first_line, (piece, limit), quote, width)


def _judge(text: str, first_line: int, sizes: tuple[int, int], quote: str | None, width: int) -> None:
    path = ROOM / "text"
    path.write_bytes(text.encode())
    piece, limit = sizes
    records = oracle.records_of(text, oracle.Dialect(quote=quote, limit=limit), width)
    with patch.object(counting, "_CHUNK", piece), patch.object(counting, "MAX_RECORD_BYTES", limit):
        try:
            found = counting.scan(path, 0, first_line, delimiter=",", quote=quote, fields=width)
        except Refusal:
            assert any(len(line.encode()) > 2 * limit for line, _ in oracle.lines_of(text))
            return
        assert counting.count_damaged(path, 0, ",", quote, width) == len(records)
        sound = found.sound
    bad = [record for record in records if record.cells is None]
    nul = "\0" in text
    assert (found.records > 0) == bool(records)  # what looks empty is not looked at again
    # The quick pass may call a file damaged that isn't, and the slow one then has the word; never the reverse.
    assert not (sound and (bad or nul))
    if not bad and not nul and all(record.lines == 1 for record in records):
        assert sound
    if sound:
        cells = [record.cells or [] for record in records]
        assert found.records == len(records)
        lines = list(range(first_line, first_line + len(records))) if found.lines is None else list(found.lines)
        assert lines == [record.line + first_line - 1 for record in records]
        assert found.widths.sum() == len(records)
        assert all(found.widths[n] == sum(len(row) == n for row in cells) for n in {len(row) for row in cells})
        assert found.ends_in_delimiter == sum(record.ends_in_delimiter for record in records)
        assert found.blank_lines == len(oracle.lines_of(text)) - sum(record.lines for record in records)


def test_the_counter_imports_nothing_of_the_loader() -> None:
    """By its text: numpy and how to refuse a file are all it needs of others."""
    assert imported(Path(str(counting.__file__))) == {
        *("__future__", "collections", "collections.abc", "dataclasses", "pathlib", "typing"),
        *("numpy", "leads_platform.arrivals.reading.refusal"),
    }


def test_the_loader_imports_nothing_of_the_counter() -> None:
    """Loading doesn't count, and splitting damaged files takes no more than the longest record from the counter."""
    arrivals = Path(str(counting.__file__)).parent
    assert "leads_platform.arrivals.reading.counting" not in imported(arrivals / "loading.py")
    tree = ast.parse((arrivals / "csv_records.py").read_text())
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "counting" in str(node.module)]
    assert [name.name for node in taken for name in node.names] == ["MAX_RECORD_BYTES"]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found
