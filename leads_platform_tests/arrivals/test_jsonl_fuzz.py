"""Random and damaged JSON Lines: records are accounted for, and no value is loaded that the file doesn't hold.

Belongs here: what must hold of every reading, judged by a reader of its own (fuzz/json_oracle.py). Does not: named
kinds (test_jsonl.py, catalogue/).
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads_platform.arrivals import FileReading
from leads_platform.arrivals.reading import counting, jsonl_reading
from leads_platform_tests.arrivals.fuzz import json_oracle as oracle
from leads_platform_tests.arrivals.test_jsonl import read

FEW = settings(max_examples=60, deadline=None, derandomize=True)
MANY = settings(max_examples=5000, deadline=None, derandomize=False, database=None, print_blob=True)

COLUMNS: list[dict[str, Any]] = [
    {"name": "id"},
    {"name": "full_name", "header": "Name"},
    {"name": "amount", "type": "decimal"},
    {"name": "message_id", "path": "more.message.id"},
    {"name": "told_at", "path": ["more.at", "at"]},
]
PATHS = {
    "id": (("id",),),
    "full_name": (("full_name",), ("Name",)),
    "amount": (("amount",),),
    "message_id": (("more", "message", "id"),),
    "told_at": (("more", "at"), ("at",)),
}
NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
LETTERS = st.text(st.sampled_from('aé😀"\\/ ,:{}[]0.1eNn\u2028\t\n\x01'), max_size=6)


def _text(letters: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\x01": "\\u0001", "é": "\\u00e9"}
    return '"' + "".join(short.get(letter, letter) for letter in letters) + '"'


SCALAR = st.one_of(NUMBER, LETTERS.map(_text), st.sampled_from(["true", "false", "null"]))
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda all: f"[{', '.join(all)}]"),
        st.lists(st.tuples(st.sampled_from("ab"), inner), max_size=3).map(lambda all: _object(all, " ")),
    ),
    max_leaves=5,
)


def _object(pairs: list[tuple[str, str]], gap: str) -> str:
    return "{" + f",{gap}".join(f'"{key}":{gap}{value}' for key, value in pairs) + "}"


def _subset(**fields: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Some of the fields, in any order."""
    return st.permutations(list(fields)).flatmap(
        lambda keys: st.tuples(*(st.one_of(st.none(), fields[key]) for key in keys)).map(
            lambda values: [(key, value) for key, value in zip(keys, values, strict=True) if value is not None]
        )
    )


MESSAGE = _subset(id=VALUE, kind=SCALAR).map(lambda pairs: _object(pairs, ""))
MORE = _subset(message=MESSAGE, at=SCALAR).map(lambda pairs: _object(pairs, ""))
RECORD = st.tuples(
    SCALAR, _subset(Name=VALUE, amount=SCALAR, more=MORE, at=VALUE, extra=VALUE), st.sampled_from(["", " ", "\t"])
).map(lambda parts: _object([("id", parts[0]), *parts[1]], parts[2]))
TOKENS = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b",}", b"\n", b"\r", b"\r\n", b"\0", b"\x1f", b"\xef\xbb\xbf"),
    *(b"NaN", b"-inf", b"nan", b"\\u0000", b"\\ud800", b"\\u0001", b"0", b"1e5", b".", b"-", b"true", b"\xff", b" "),
    *(b'"id":1,', b'"more":[1],', b'"amount":{},', b'{"id":1}', b'{"error":"x"}\n', b"[]\n", b"\t", b"id,Name\n"),
)
EDIT = st.tuples(st.integers(0, 5000), st.integers(0, 9), st.sampled_from(TOKENS))


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, int, int]:
    """A file, and how small the pieces are in which it is read."""
    lines = draw(st.lists(RECORD, min_size=1, max_size=12))
    content = (draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines) + draw(st.sampled_from(["\n", ""]))).encode()
    for place, cut, token in draw(st.lists(EDIT, max_size=3)):
        where = place % (len(content) + 1)
        content = content[:where] + token + content[where + (cut if cut < 5 else 0) :]
    return content, draw(st.sampled_from((2**20, 1, 7, 64))), draw(st.sampled_from((1, 2**20)))


@given(files())
@FEW
@pytest.mark.slow
def test_damaged_lines(case: tuple[bytes, int, int]) -> None:
    judge(*case)


@given(files())
@MANY
@pytest.mark.long
def test_damaged_lines_at_length(case: tuple[bytes, int, int]) -> None:
    judge(*case)


def judge(content: bytes, piece: int, ahead: int) -> None:
    with (
        patch.object(counting, "_CHUNK", piece),
        patch.object(jsonl_reading, "AHEAD_BYTES", ahead),
        tempfile.TemporaryDirectory() as room,
        read(Path(room), content, columns=COLUMNS) as reading,
    ):
        text = None
        with suppress(UnicodeDecodeError):
            text = content.decode().removeprefix("\ufeff")
        if reading.verdict == "refused":
            assert (reading.loaded_count, reading.quarantined) == (0, [])
            assert text is None or deserved(content, text), reading.message
            return
        assert text is not None
        same(text, reading)


def reached(objects: list[oracle.Pairs]) -> dict[str, list[tuple[str, ...]]]:
    """The paths of each column at which something stands in one of the objects."""
    found = {}
    for name, paths in PATHS.items():
        there = [path for path in paths if any(isinstance(holder := oracle.at(one, path[:-1]), oracle.Pairs)
                                               and path[-1] in holder.names for one in objects)]  # fmt: skip
        if there:
            found[name] = there
    return found


def is_record(one: oracle.Pairs, paths: dict[str, list[tuple[str, ...]]]) -> bool:
    """Whether the object is one by the rules that know the columns."""
    every = [path for found in paths.values() for path in found]
    through = {path[:end] for path in every for end in range(1, len(path))}
    holders = [one, *(oracle.at(one, path) for path in through)]
    if not all(holder.is_clear for holder in holders if isinstance(holder, oracle.Pairs)):
        return False
    if not any(path[0] in one.names for path in every):
        return False
    if any(not isinstance(oracle.at(one, path), oracle.Pairs | None) for path in through):
        return False
    amount = oracle.at(one, ("amount",))
    return not isinstance(amount, list | bool)


def same(text: str, reading: FileReading) -> None:
    lines = oracle.lines_of(text)
    objects = {at: found for at, line in lines if (found := oracle.object_of(line)) is not None}
    whole = {at: found for at, line in lines if (found := _whole(line)) is not None}
    paths = reached(list(whole.values()))
    good = {at for at, one in objects.items() if is_record(one, paths)}
    assert reading.records == len(lines)
    assert {one.line for one in reading.quarantined} == {at for at, _ in lines} - good
    rows = {row[-1]: dict(zip(reading.header, row, strict=False)) for row in reading.loaded.fetchall()}
    assert set(rows) == good
    for at, row in rows.items():
        for name, found in paths.items():
            values = [oracle.at(objects[at], path) for path in found]
            told(row[reading.columns[name]], next((one for one in values if one is not None), None))
        taken = {path[0] for found in paths.values() for path in found}
        for key in set(objects[at].names) - taken:
            if re.fullmatch(r"\w+", key):
                told(row[key], objects[at].get(key))


def _whole(line: str) -> oracle.Pairs | None:
    """As `object_of`, of a line that may hold a NUL: its keys count as the file's."""
    with suppress(ValueError):
        value = oracle.parse(line)
        return value if isinstance(value, oracle.Pairs) and not re.search(r"\\u[dD][89a-fA-F]", line) else None
    return None


def told(cell: str | None, value: Any) -> None:
    if isinstance(value, list):
        assert cell is not None
        assert oracle.parse(cell) == value
    else:
        assert cell == oracle.cell(value)


def deserved(content: bytes, text: str) -> bool:
    """Whether a file of letters may be refused: it holds nothing, or no column, or most of it is damaged."""
    lines = oracle.lines_of(text)
    objects = [found for _, line in lines if (found := _whole(line)) is not None]
    paths = reached(objects)
    good = [one for _, line in lines if (one := oracle.object_of(line)) is not None and is_record(one, paths)]
    keys = {key for one in objects for key in one.names}
    return (
        not paths
        or 2 * (len(lines) - len(good)) > len(lines)
        or len({" ".join(key.casefold().split()) for key in keys}) < len(keys)
        or content[:4096].count(0) * 5 > len(content[:4096])
    )
