"""JSON Lines: values, paths, what is quarantined, what is refused, and the count.

Belongs here: hand-made lines, each with what must become of them. Does not: random damage (test_jsonl_fuzz.py), files
through a whole environment (catalogue), or the contract's rules (test_json_contracts.py).
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from leads_platform.arrivals import FeedContract, read_file
from leads_platform.arrivals.reading import counting, jsonl_reading
from leads_platform.arrivals.reading.json_counting import scan_lines
from leads_platform_tests.arrivals.catalogue.case import zipped

SAID: dict[str, Any] = {
    "feed": "hooks",
    "room": "prospects",
    "title": "Hooks",
    "delivery": "reference",
    "format": {"type": "jsonl"},
    "files": ["*.jsonl", "*.gz", "*.zip"],
    "columns": [
        {"name": "id", "required": True},
        {"name": "full_name", "header": "Name", "aliases": ["Who"]},
        {"name": "amount", "type": "decimal"},
        {"name": "message_id", "path": "more.message.id"},
        {"name": "told_at", "path": ["more.message.updated_at", "more.message.created_at", "received_at"]},
    ],
}
A = b'{"id": 1, "Name": "Ann", "amount": 0.10, "more": {"message": {"id": "m1", "created_at": "2024-05-01"}}}\n'
B = b'{"id": 2, "Name": "Bob", "amount": "7", "received_at": "2024-05-02"}\n'
ROWS = [("1", "Ann", "0.10", "m1", "2024-05-01", 1), ("2", "Bob", "7", None, "2024-05-02", 2)]


def contract(**changes: Any) -> FeedContract:
    return FeedContract.model_validate(SAID | changes)


def read(room: Path, content: bytes, name: str = "hooks.jsonl", **changes: Any):
    path = room / "file"
    path.write_bytes(content)
    return read_file(path, contract(**changes), name=name)


def values(room: Path, *lines: bytes, **changes: Any) -> list[tuple]:
    """The rows of a file that is taken whole: each column of the contract, null where the file has none, and line."""
    with read(room, b"".join(lines), **changes) as reading:
        assert (reading.verdict, reading.quarantined) == ("accepted", []), reading.message
        assert reading.records == reading.loaded_count
        rows = [dict(zip([*reading.header, "line"], row, strict=True)) for row in reading.loaded.fetchall()]
        names = [column["name"] for column in changes.get("columns", SAID["columns"])]
        return [(*(row.get(reading.columns.get(name, "")) for name in names), row["line"]) for row in rows]


def test_keys_and_paths(tmp_path: Path) -> None:
    assert values(tmp_path, A, B) == ROWS


@pytest.mark.parametrize("ends", [b"\r\n", b"\r", b"\n\n"])
def test_other_line_ends_and_empty_lines_change_nothing_but_lines(tmp_path: Path, ends: bytes) -> None:
    lines = [1, 3] if ends == b"\n\n" else [1, 2]
    found = values(tmp_path, (A + B).replace(b"\n", ends))
    assert found == [(*row[:-1], line) for row, line in zip(ROWS, lines, strict=True)]


def test_packed_marked_and_encoded(tmp_path: Path) -> None:
    assert values(tmp_path, gzip.compress(A + B), name="hooks.jsonl.gz") == ROWS
    assert values(tmp_path, zipped(("a.jsonl", A + B)), name="hooks.zip") == ROWS
    assert values(tmp_path, b"\xef\xbb\xbf" + A + B) == ROWS
    wide = (A + B).decode().encode("utf-16")
    assert values(tmp_path, wide, format={"type": "jsonl", "encoding": "utf-16"}) == ROWS


NUMBERS = (
    "0.10",
    "1e20",
    "1E+5",
    "-0",
    "-0.0",
    "0",
    "12345678901234567890123",
    "123456789012345678",
    "9223372036854775808",
    "0.1000000000000000055511151231257827",
    "1e400",
    "-12.50",
    "1.0",
)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_stay_as_written(tmp_path: Path, number: str) -> None:
    line = f'{{"id": {number}, "amount":{number} , "more": {{"message": {{"id": [{number}, {{"a": {number}}}]}}}}}}\n'
    [found] = values(tmp_path, line.encode())
    assert found == (number, None, number, f'[{number},{{"a":{number}}}]', None, 1)


def test_other_values(tmp_path: Path) -> None:
    """true and false, null, the empty text, texts that look like others, escapes, letters beyond ASCII."""
    told = [
        (b"true", "true"),
        (b"null", None),
        (b'""', None),
        (b'" "', " "),
        (b'"null"', "null"),
        (b'"0.10"', "0.10"),
        (b'"[1.50]"', "[1.50]"),
        (b'"a, } NaN: 1.0 \\" ]"', 'a, } NaN: 1.0 " ]'),
        (b'"\\\\"', "\\"),
        (b'"\\u00e9\\ud83d\\ude00"', "é😀"),
        ("é\u2028".encode().join([b'"', b'"']), "é\u2028"),
        (b'"a\\nb"', "a\nb"),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\u0001"', "\x01"),
        (b"[]", "[]"),
        (b'{"b": [1, 2.50]}', '{"b":[1,2.50]}'),
    ]
    lines = [b'{"id": %s, "amount": 1.5}\n' % said for said, _ in told]
    assert [row[0] for row in values(tmp_path, *lines)] == [meant for _, meant in told]


def test_the_first_path_that_is_there_and_not_null_counts(tmp_path: Path) -> None:
    lines = (
        b'{"id":1,"more":{"message":{"updated_at":"u","created_at":"c"}},"received_at":"r"}\n'
        b'{"id":2,"more":{"message":{"updated_at":null,"created_at":"c"}},"received_at":"r"}\n'
        b'{"id":3,"more":null,"received_at":"r"}\n{"id":4,"more":{}}\n{"id":5,"more":{"message":null}}\n'
    )
    assert [row[4] for row in values(tmp_path, lines)] == ["u", "c", "r", None, None]


def test_a_key_that_holds_a_dot_stands_in_quotes(tmp_path: Path) -> None:
    columns = [{"name": "id"}, {"name": "kind", "path": 'more."a.b".c'}, {"name": "zero", "path": "more.0"}]
    lines = b'{"id":1,"more":{"a.b":{"c":"yes"},"a":{"b":{"c":"no"}},"0":"nought"}}\n'
    assert values(tmp_path, lines, columns=columns) == [("1", "yes", "nought", 1)]


def test_new_keys_are_kept_and_told(tmp_path: Path) -> None:
    with read(tmp_path, A + b'{"id":3,"Fax":"x\\"y","ann@example.com":4}\n') as reading:
        assert reading.header[5:] == ["Fax", "column_7"]
        assert "New keys, kept as columns: `Fax`, `column_7`; declare them in feeds/hooks.yaml" in reading.message
        assert reading.loaded.fetchall()[1][5:] == ('x"y', "4", 2)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b'{"id":3,"Name":"x', None, "ends inside its object; an object must stand on one line"),
        (b"[1]", None, "is a list, no JSON object"),
        (b'"x"', None, "is a text, no JSON object"),
        (b"7", None, "is a number, no JSON object"),
        (b"null", None, "is null, no JSON object"),
        (b"   ", None, "holds nothing but spaces"),
        (b'{"id":3,}', None, "is no JSON: it goes wrong at character 9"),
        (b'{"id":[1, ]}', None, "is no JSON: it goes wrong at character 11"),
        (b'{"id":NaN}', None, "holds NaN or Infinity, which JSON does not have"),
        (b'{"id":-Infinity}', None, "holds NaN or Infinity, which JSON does not have"),
        (b'{"id":nan}', None, "is no JSON: it goes wrong at character 7"),
        (b'{"id":-inf}', None, "is no JSON: it goes wrong at character 7"),
        (b'{"id":01}', None, "is no JSON: it goes wrong at character 8"),
        (b"{'id':3}", None, "is no JSON: it goes wrong at character 2"),
        (b'{"id":3} {"id":4}', None, "holds more than one object; each must stand on a line of its own"),
        (b'{"id":3} x', None, "goes on behind its end, at character 10"),
        (b'{"id":"a\0b"}', None, "holds a NUL byte or another control character"),
        (b'{"id":"a\x1fb"}', None, "holds a NUL byte or another control character"),
        (b'{"id":"a\tb"}', None, "is no JSON: it goes wrong at character 9"),
        (b'{"id":"\\u0000"}', None, "holds a NUL (\\u0000)"),
        (b'{"id":"\\ud800"}', None, "holds half a letter (a lone surrogate such as \\ud800)"),
        (b'{"id":"\\x"}', None, "is no JSON: it goes wrong at character 8"),
        (b'\xef\xbb\xbf{"id":3}', None, "begins with a byte order mark: a second file was put behind the first"),
        (b'{"id":3,"id":3}', None, "names the key `id` twice; which value counts can't be told"),
        (
            b'{"id":3,"more":{"message":{"id":1,"id":2}}}',
            None,
            "names the key `id` twice; which value counts can't be told",
        ),
        (b'{"error":"too many requests"}', None, "is an error message, no record"),
        (b'{"Fax":"x"}', None, "names no column of feeds/hooks.yaml"),
        (b"{}", None, "names no column of feeds/hooks.yaml"),
        (b'{"id":3,"amount":{"cents":5}}', "amount", "is an object, the column is declared as decimal"),
        (b'{"id":3,"amount":[5]}', "amount", "is a list, the column is declared as decimal"),
        (b'{"id":3,"amount":true}', "amount", "is true or false, the column is declared as decimal"),
        (b'{"id":3,"more":"x"}', "more", "is a text, a path leads through it"),
        (b'{"id":3,"more":{"message":[{"id":1}]}}', "more.message", "is a list, a path leads through it"),
        (b'{"id":3,"more":12}', "more", "is a number, a path leads through it"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b'{"id":1e5}\n'])
def test_a_line_that_is_no_record(tmp_path: Path, line: bytes, column: str | None, reason: str, mark: bytes) -> None:
    """Between two good ones, with numbers that must be marked and without."""
    good = b'{"id":1,"more":{"message":{"id":1}}}\n'
    with read(tmp_path, mark + good + line + b"\n" + good + good) as reading:
        first = bool(mark) + 2
        assert (reading.verdict, reading.records) == ("partial", 4 + bool(mark))
        assert [tuple(one) for one in reading.quarantined] == [(first, column, reason)]
        lines = [*range(1, first), first + 1, first + 2]
        assert [row[-1] for row in reading.loaded.fetchall()] == lines


def test_a_last_line_that_is_cut_short(tmp_path: Path) -> None:
    with read(tmp_path, A + B + A[:30]) as reading:
        assert [tuple(one) for one in reading.quarantined] == [(3, None, "is cut short: the file ends inside it")]
        assert "The last line has no line end" in reading.message
    assert values(tmp_path, A + B[:-1]) == ROWS  # cut at its end, it is whole


def test_nested_keys_twice_stay_in_json_text(tmp_path: Path) -> None:
    assert values(tmp_path, b'{"id":{"a":1,"a":2.50}}\n')[0][0] == '{"a":1,"a":2.50}'


def test_deep_nesting_and_a_long_line(tmp_path: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    rows = values(tmp_path, b'{"id":%s}\n{"id":"%s","amount":1.5}\n' % (deep, b"x" * 5_000_000))
    assert [len(row[0]) for row in rows] == [200_000, 5_000_000]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n\n", "nothing but empty lines"),
        (b'[{"id":1},{"id":2}]\n', "is a JSON array, not JSON Lines; ask for one object a line"),
        (b'[\n{"id":1},\n{"id":2}\n]\n', "is a JSON array, not JSON Lines"),
        (b'{\n  "id": 1,\n  "Name": "Ann"\n}\n', "is JSON spread over several lines"),
        (b"id,Name\n1,Ann\n", "is not JSON Lines: 2 of 2 lines are no records; the first is line 1: is no JSON"),
        (b"id,Name\n1,Ann\n", "If it is CSV, set format.type: csv in feeds/hooks.yaml"),
        (b"<!DOCTYPE html><html>", "is a web page or XML, the feed expects JSON Lines (one object a line)"),
        (b'{"error":"unauthorized"}\n', "holds an error message and no records; fetch it again"),
        (b'{"data":[{"id":1}],"meta":{}}\n', "Names no column of feeds/hooks.yaml: its keys are `data`, `meta`"),
        (b'{"Name":"Ann"}\n', "`id` is missing"),
        (b'{"id":1,"Name":"a","Who":"b"}\n', "`Name` and `Who` both stand for `full_name`"),
        (b'{"id":1}\n{"ID":2}\n', "`id` and `ID` are keys that differ in case or spacing only"),
        (b'{"id":1,"_line":2}\n', "`_line` is a column that the platform adds itself"),
        (b'{"id":"\xff"}\n', "is not valid utf-8 at line 1"),
        ('{"id":1}\n'.encode("utf-16"), "is UTF-16 text, not utf-8; set format.encoding: utf-16"),
        (b'{"id":1}\n{"id":2,\n{"id":3,\n', "2 of 3 lines are no records; the first is line 2: ends inside"),
        (b'{"id":1,"amount":[1]}\n' * 3, "3 of 3 lines are no records; the first is line 1: is a list"),
        (b"".join(b'{"id":1,"k%d":1}\n' % at for at in range(4100)), "4,101 different keys, of which at most 4,096"),
    ],
)
def test_a_file_that_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with read(tmp_path, content) as reading:
        assert (reading.verdict, reading.loaded_count, reading.quarantined) == ("refused", 0, [])
        assert words in reading.message, reading.message


def test_json_lines_under_a_csv_contract_are_told(tmp_path: Path) -> None:
    said = {"format": {"type": "csv"}, "columns": [{"name": "id", "header": "Id"}]}
    with read(tmp_path, A, name="hooks.csv", **said) as reading:
        assert reading.message == (
            "The file is JSON, the feed expects a text file; export it as CSV, or set format.type: jsonl in "
            "feeds/hooks.yaml if each line is an object"
        )


def test_the_ending_says_the_format(tmp_path: Path) -> None:
    said = {
        "format": [{"type": "csv", "delimiter": ";"}, {"type": "jsonl"}],
        "files": ["*.csv", "*.jsonl*"],
        "columns": [{"name": "id", "header": "Id"}, {"name": "kind", "header": "Kind", "path": "more.kind"}],
    }
    assert values(tmp_path, b"Id;Kind\n1;a\n", name="x.CSV", **said) == [("1", "a", 2)]
    assert values(tmp_path, b'{"id":1,"more":{"kind":"a"}}\n', name="x.jsonl.zip", **said) == [("1", "a", 1)]
    with read(tmp_path, b"Id;Kind\n", name="x.dat", **said) as reading:
        assert "its name does not say which format of feeds/hooks.yaml it has; end it on one of .csv, .jsonl" in (
            reading.message[0].lower() + reading.message[1:]
        )


def test_months_by_a_path(tmp_path: Path) -> None:
    told = {"delivery": "events", "key": ["id"], "month": {"from": "column", "column": "told_at"}}
    lines = b'{"id":1,"received_at":"2024-05-31T23:00:00Z"}\n{"id":2,"received_at":"2024-06-02"}\n{"id":3}\n'
    with read(tmp_path, lines * 2 + b'{"id":null,"received_at":"2024-06-02"}\n' + lines[:46] * 3, **told) as reading:
        title = "more.message.updated_at | more.message.created_at | received_at"
        assert {month.isoformat()[:7]: count for month, count in reading.months.items()} == {"2024-05": 5, "2024-06": 2}
        assert [(one.line, one.column_name, one.reason[:8]) for one in reading.quarantined] == [
            (3, title, "is empty"),
            (6, title, "is empty"),
            (7, "id", "is empty"),
        ]


def test_the_counter_agrees_with_lines_counted_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_CHUNK", 7)
    path = tmp_path / "lines"
    path.write_bytes(b'\n{"a":"\\\\"}\r\n\r{"a":"x\\"}"}\r   \n{"b":1,}\n\n{"c":NaN}\n{"d":"NaN,}"}')
    found = scan_lines(path)
    assert found.lines is not None
    assert (found.records, found.lines.tolist()) == (6, [2, 4, 5, 6, 8, 9])
    assert found.suspects.tolist() == [3, 4]  # a comma before a bracket, and NaN; not the same in a text
    assert (found.odd_bytes, found.unsure_numbers, found.ends) == (True, False, False)


@pytest.mark.parametrize(
    ("line", "unsure"),
    [(b'{"a":123456789012345678}', False), (b'{"a":1234567890123456789}', True), (b'{"a":-0}', True),
     (b'{"a":"1.5e9 -0 1234567890123456789"}', False), (b'{"a":true}', False), (b'{"a":1E5}', True),
     (b'{"a":[1,2,3]}', False), (b'{"a": 0.5}', True)],
)  # fmt: skip
def test_which_numbers_are_unsure(tmp_path: Path, line: bytes, unsure: bool) -> None:
    path = tmp_path / "lines"
    path.write_bytes(line + b"\n")
    assert scan_lines(path).unsure_numbers is unsure


@pytest.mark.parametrize("damage", [b"", b'{"id":\n', b"\r\n\r\n", b'{"id":1,"amount":[]}\n'])
def test_a_large_file_is_looked_at_while_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    lines = [b'{"id":%d,"amount":%d.50}\n' % (at, at) for at in range(3000)]
    content = b"".join(lines[:2000]) + damage + b"".join(lines[2000:])
    monkeypatch.setattr(jsonl_reading, "AHEAD_BYTES", 1)
    with read(tmp_path, content) as reading:
        bad = 1 if damage.startswith(b"{") else 0
        assert (reading.records, reading.loaded_count) == (3000 + bad, 3000)
        rows = reading.loaded.fetchall()  # id, amount, line
        gap = damage.count(b"\n")
        assert [row[-1] for row in rows] == [*range(1, 2001), *range(2001 + gap, 3001 + gap)]
        assert [row[:2] for row in rows] == [(str(at), f"{at}.50") for at in range(3000)]


def test_every_mark_taken(tmp_path: Path) -> None:
    every = "".join(f"\\u{mark:04x}" for mark in (*range(1, 9), *range(0x10, 0x1A)))
    with read(tmp_path, f'{{"id":"{every}","amount":1.5}}\n'.encode()) as reading:
        assert "Names every control character there is" in reading.message
    # All but one: it serves, and no text is taken for a number.
    most = every.removesuffix("\\u0019")
    assert values(tmp_path, f'{{"id":"{most}","amount":1.5}}\n'.encode())[0][2] == "1.5"
    assert values(tmp_path, b'{"id":"\\u0001","amount":1.5}\n')[0][:3] == ("\x01", None, "1.5")
