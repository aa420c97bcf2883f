"""The generated docs are those of today's declarations, and name every table and column."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leads_platform.dictionary import contract_schema, data_dictionary, packaged, write_docs

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["data-dictionary.md", "feed-contract.schema.json"])
def test_the_committed_docs_are_up_to_date(name: str, tmp_path: Path) -> None:
    write_docs(tmp_path)
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == written, f"docs/{name} is out of date: run `make docs`"


def test_every_table_column_and_check_is_in_the_dictionary() -> None:
    platform = packaged()
    text = data_dictionary(platform)
    for name, room in platform.rooms.by_name.items():
        assert f"## Room `{name}`\n\n{room.says}\n" in text
    sections = {part.split("`", 2)[1]: part for part in text.split("\n### ")[1:]}
    tables = platform.catalogue.tables
    assert list(sections) == sorted(tables, key=lambda address: tables[address].room)  # within a room as they build
    for address, table in platform.catalogue.tables.items():
        rows = [line.split(" | ")[0] for line in sections[address].splitlines()]
        for name in [*(column.name for column in table.columns), *(audit.name for audit, _ in table.audits)]:
            assert f"| `{name}`" in rows


def test_the_dictionary_says_which_key_may_be_null() -> None:
    platform = packaged()
    tables = platform.catalogue.tables
    tables["funnel.stg_users"] = replace(tables["funnel.stg_users"], nullable=("user_id",))
    assert "- Grain: `month`, `user_id` (null is a value)\n" in data_dictionary(platform)


def test_every_link_of_the_dictionary_has_its_heading() -> None:
    text = data_dictionary(packaged())
    anchors = {line[5:-1].replace(".", "") for line in text.splitlines() if line.startswith("### `")}
    links = {part.split(")")[0] for part in text.split("](#")[1:]}
    assert links == anchors


def test_the_schema_is_json_and_asks_for_what_a_contract_needs() -> None:
    assert set(json.loads(contract_schema())["$defs"]["FeedContract"]["required"]) == {
        "feed",
        "room",
        "title",
        "delivery",
        "columns",
    }
