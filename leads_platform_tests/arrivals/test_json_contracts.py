"""What a contract of JSON Lines, or of several formats, may say; what `feed new` proposes; later columns.

Belongs here: formats, paths, and files read again for a path. Does not: reading (test_jsonl.py).
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from leads_platform.arrivals import read_file
from leads_platform.arrivals.contracts.load import ContractError, parse_contract
from leads_platform.arrivals.contracts.propose import propose_contract
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.known import KNOWN

HEAD = "feed: hooks\nroom: prospects\ntitle: Hooks\ndelivery: snapshot\n"
LINES = 'files: ["*.jsonl"]\nformat: {type: jsonl}\n'


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ContractError) as raised:
        parse_contract(Path("hooks.yaml"), (HEAD + text).encode())
    return raised.value.problems


def test_a_contract_of_keys_and_paths_alone() -> None:
    said = LINES + "columns:\n  - {name: id}\n  - {name: kind, path: more.kind}\n  - {name: at, path: [a.b, c]}\n"
    contract = parse_contract(Path("hooks.yaml"), (HEAD + said).encode())
    assert [column.path for column in contract.columns] == [(), ("more.kind",), ("a.b", "c")]
    assert [column.title for column in contract.columns] == ["id", "more.kind", "a.b | c"]


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("columns:\n  - {name: id}\n", 6, "columns[0].header", "is missing; add it"),
        ("columns:\n  - {name: id, header: Id, path: a}\n", 6, "columns[0].path", "only JSON Lines have paths"),
        (LINES + "columns:\n  - {name: id, path: a..b}\n", 8, "columns[0].path[0]", "`a..b` is no path"),
        (LINES + "columns:\n  - {name: id, path: [a, 'b.']}\n", 8, "columns[0].path[1]", "`b.` is no path"),
        (LINES + "columns:\n  - {name: id, path: more.*}\n", 8, "columns[0].path[0]", "`more.*` has a part `*`"),
        (LINES + "columns:\n  - {name: id, path: '\"*\".id'}\n", 8, "columns[0].path[0]", "has a part `*`"),
        (
            LINES + "constants: {lead_state: FL}\ncolumns:\n  - {name: region, path: lead_state}\n",
            7,
            "constants.lead_state",
            "is a column that the file sends",
        ),
        (LINES + "columns:\n  - {name: id}\n  - {name: b, header: ID}\n", 9, "columns[1].name", "`id` already stands"),
        (
            LINES + "columns:\n  - {name: a, path: x.y}\n  - {name: b, path: x.y}\n",
            9,
            "columns[1].path",
            "`x.y` already",
        ),
        (
            "format: {type: jsonl}\ncolumns: [{name: id}]\n",
            1,
            "files",
            "no pattern for jsonl, so no such file would be",
        ),
        (
            'files: ["*.jsonl"]\nformat: {type: jsonl, delimiter: ";"}\ncolumns: [{name: id}]\n',
            6,
            "format",
            "have no delimiter and no quote",
        ),
        (
            "format:\n  - {type: csv}\n  - {type: csv, delimiter: ';'}\ncolumns: [{name: id, header: Id}]\n",
            7,
            "format[1].type",
            "`csv` is given twice",
        ),
        (
            'files: ["*.csv"]\nformat: [{type: csv}, {type: jsonl}]\ncolumns: [{name: id, header: Id}]\n',
            5,
            "files",
            'have no pattern for jsonl, so no such file would be read; add "*.jsonl"',
        ),
        (
            'files: ["*.jsonl.gz"]\nformat: [{type: csv}, {type: jsonl}]\ncolumns: [{name: id, header: Id}]\n',
            5,
            "files",
            "have no pattern for csv",
        ),
        ("format: {typ: csv}\ncolumns: [{name: id, header: Id}]\n", 5, "format.typ", "did you mean `type`?"),
        (
            "format:\n  - {type: csv}\n  - {typ: jsonl}\ncolumns: [{name: id, header: Id}]\n",
            7,
            "format[1].typ",
            "did you mean `type`?",
        ),
        (
            'format: [{type: csv, delimiter: ""}, {type: jsonl}]\ncolumns: [{name: id, header: Id}]\n',
            5,
            "format[0].delimiter",
            "must be one ASCII character",
        ),
        ("format: []\ncolumns: [{name: id, header: Id}]\n", 5, "format", "is empty; give at least one"),
        ("format: 5\ncolumns: [{name: id, header: Id}]\n", 5, "format", "must be a list"),
    ],
)
def test_what_does_not_agree_is_told_with_its_line(text: str, line: int, field: str, said: str) -> None:
    found = [one for one in problems(text) if one[1] == field]
    assert found, problems(text)
    assert found[0][0] == line
    assert said in found[0][2]


SAMPLE = b"""
{"event":"sent","createdAt":"2024-05-01","prospect":{"id":"p-1001","email":"a@example.com"},"tags":[1]}
{"event":"sent","createdAt":"2024-05-02","prospect":{"id":"p-1002","email":null},"tags":[],"more":{"a.b":7,"c":{}}}
{"event":"seen","createdAt":"2024-05-03","prospect":{"id":"p-1003","email":null},"by":{"x@example.com":1}}
"""


def test_a_sample_proposes_a_contract_with_paths(tmp_path: Path) -> None:
    sample = tmp_path / "bonzo_hooks_2024-05.jsonl"
    sample.write_bytes(SAMPLE)
    text = propose_contract(sample, KNOWN)
    assert "format: {type: jsonl}" in text
    assert 'files: ["*.jsonl", "*.jsonl.gz"]' in text
    contract = parse_contract(Path("hooks.yaml"), text.encode(), KNOWN)
    assert [(column.name, column.path) for column in contract.columns] == [
        ("event", ()),
        ("created_at", ("createdAt",)),
        ("prospect_id", ("prospect.id",)),
        ("prospect_email", ("prospect.email",)),
        ("tags", ()),
        ("more_a_b", ('more."a.b"',)),
        ("more_c", ("more.c",)),
        ("by", ()),  # its keys are somebody's data
    ]
    assert (contract.column("created_at").type, contract.column("prospect_email").pii) == ("date", True)
    assert contract.key == ("prospect_id",)
    assert "example.com" not in text
    with read_file(sample, contract) as reading:
        assert (reading.verdict, reading.records, reading.unexpected) == ("accepted", 3, [])


def test_a_sample_without_objects_is_told(tmp_path: Path) -> None:
    sample = tmp_path / "x.jsonl"
    sample.write_bytes(b"[{},\n{}]\n")
    with pytest.raises(ContractError, match="no line is an object with keys"):
        propose_contract(sample, KNOWN)


PATHS = HEAD + LINES + "key: [id]\ncolumns:\n  - {name: id}\n  - {name: name, path: more.kind}\n"
MAY = b'{"id":1,"more":{"kind":"call","by":"Ann"}}\n{"id":2,"more":{"kind":"sms"}}\n'


def test_a_path_declared_later_is_found_in_files_that_came_before(settings: Settings) -> None:
    desk = ArrivalsEnv(settings)
    desk.contract("hooks", PATHS)
    desk.path("hooks/2024-05.jsonl").write_bytes(MAY)
    [first] = desk.take()
    assert (first.verdict, first.header) == ("accepted", ("id", "more.kind"))
    desk.build("hooks")
    assert desk.query("select id, name from prospects.base_hooks order by id") == [("1", "call"), ("2", "sms")]
    assert desk.take() == []
    desk.contract("hooks", PATHS + "  - {name: told_by, path: [more.who, more.by]}\n")
    [again] = desk.take()
    assert (again.original, again.header) == (first.receipt, ("id", "more.kind", "more.who | more.by"))
    desk.build("hooks")
    assert desk.query("select id, name, told_by from prospects.base_hooks order by id") == [
        ("1", "call", "Ann"),
        ("2", "sms", None),
    ]
    assert desk.take() == []


def test_one_feed_as_csv_and_as_json_lines(settings: Settings) -> None:
    desk = ArrivalsEnv(settings)
    both = PATHS.replace("{type: jsonl}", "[{type: csv}, {type: jsonl}]").replace('"*.jsonl"', '"*.csv", "*.jsonl.gz"')
    desk.contract(
        "hooks", both.replace("name: id}", "name: id, header: Id}").replace("name: name,", "name: name, header: Kind,")
    )
    desk.path("hooks/2024-04.csv").write_bytes(b"Id,Kind\n1,call\n")
    desk.path("hooks/2024-05.jsonl.gz").write_bytes(gzip.compress(MAY))
    assert [manifest.verdict for manifest in desk.take()] == ["accepted", "accepted"]
    desk.build("hooks")
    assert desk.query("select strftime(month, '%m'), id, name from prospects.base_hooks order by all") == [
        ("04", "1", "call"),
        ("05", "1", "call"),
        ("05", "2", "sms"),
    ]
