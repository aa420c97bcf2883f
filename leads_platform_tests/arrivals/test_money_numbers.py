"""Amounts in files whose numbers are no text: a workbook's cells, JSON and Parquet have a point, whatever the style.

Belongs here: what becomes of such a number in a column of money. Does not: amounts as text (values.test_money).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from leads_platform.arrivals import FeedContract, FileReading, read_file
from leads_platform.arrivals.contracts.typed import typed
from leads_platform.settings import Settings
from leads_platform.values.money import install_money
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv

# (as the supplier has it, the amount where amounts are written as the eu write them)
CELLS: tuple[tuple[Any, str | None], ...] = (
    (1.125, "1.1250"),
    (1234.5, "1234.5000"),
    (-0.25, "-0.2500"),
    (1234, "1234.0000"),
    ("1.125", "1125.0000"),
    ("1.234,50 €", "1234.5000"),
    (None, None),
)
AMOUNTS = [amount and Decimal(amount) for _, amount in CELLS]


def contract(type: str, money: str = "eu", **column: Any) -> FeedContract:
    said = {"feed": "sums", "room": "prospects", "title": "Sums", "delivery": "reference", "money": money}
    columns = [{"name": "id", "header": "Id"}, {"name": "paid", "header": "Paid", "type": "money", **column}]
    return FeedContract.model_validate(said | {"files": ["*"], "format": {"type": type}, "columns": columns})


def amounts(reading: FileReading, said: FeedContract) -> list[Decimal | None]:
    assert (reading.verdict, reading.quarantined) == ("accepted", []), reading.message
    con = duckdb.connect()
    install_money(con)
    con.execute("create table cells (line bigint, cell varchar)")
    title = reading.columns["paid"]
    place = reading.header.index(title)
    con.executemany("insert into cells values (?, ?)", [(row[-1], row[place]) for row in reading.loaded.fetchall()])
    return [
        row[0]
        for row in con.sql(f"select {typed(said, said.column('paid'), 'cell')} from cells order by line").fetchall()
    ]


def workbook(path: Path, cells: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in (["Id", "Paid"], *([f"r{at}", cell] for at, cell in enumerate(cells))):
        book.worksheets[0].append(row)
    book.save(path)
    return path


def test_numbers_of_a_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "sums.xlsx", [cell for cell, _ in CELLS])
    with read_file(path, contract("xlsx")) as reading:
        assert amounts(reading, contract("xlsx")) == AMOUNTS
    american = workbook(tmp_path / "us.xlsx", [1.125, 1234.5])
    with read_file(american, contract("xlsx", "us")) as reading:
        assert amounts(reading, contract("xlsx", "us")) == [Decimal("1.125"), Decimal("1234.5")]


@pytest.mark.parametrize("path", [(), ("deal.paid",)])
@pytest.mark.parametrize("more", ["", ', "seen": 1e400'])  # one that DuckDB must not read as a number: all are texts
def test_numbers_of_json_lines(path: tuple[str, ...], more: str, tmp_path: Path) -> None:
    said = contract("jsonl", path=path)
    lines = []
    for at, (cell, _) in enumerate(CELLS):
        value = "null" if cell is None else f'"{cell}"' if isinstance(cell, str) else repr(cell)
        sent = f'"deal": {{"paid": {value}}}' if path else f'"Paid": {value}'
        lines.append(f'{{"Id": "r{at}", {sent}{more}}}\n')
    (tmp_path / "sums.jsonl").write_text("".join(lines), encoding="utf-8")
    with read_file(tmp_path / "sums.jsonl", said) as reading:
        assert amounts(reading, said) == AMOUNTS


@pytest.mark.parametrize("type", ["double", "decimal(9, 3)", "bigint"])
def test_numbers_of_parquet(type: str, tmp_path: Path) -> None:
    path = tmp_path / "sums.parquet"
    duckdb.sql(f"copy (select 'a' as \"Id\", 1.125::{type} as \"Paid\") to '{path}' (format parquet)")
    with read_file(path, contract("parquet")) as reading:
        assert amounts(reading, contract("parquet")) == [Decimal(1 if type == "bigint" else "1.125")]


def test_texts_of_parquet_stay(tmp_path: Path) -> None:
    path = tmp_path / "sums.parquet"
    duckdb.sql(f"copy (select 'a' as \"Id\", '1.125' as \"Paid\") to '{path}' (format parquet)")
    with read_file(path, contract("parquet")) as reading:
        assert amounts(reading, contract("parquet")) == [Decimal(1125)]


SUMS = """\
feed: sums
room: prospects
title: Sums
delivery: snapshot
files: ["*.xlsx"]
format: {type: xlsx}
money: STYLE
key: [id]
columns:
  - {name: id, header: Id}
  - {name: name, header: Name}
  - {name: paid, header: Paid, type: money}
"""


def test_a_style_that_is_corrected_later_reads_the_numbers_again(settings: Settings) -> None:
    desk = ArrivalsEnv(settings)
    desk.contract("sums", SUMS.replace("STYLE", "us"))
    workbook(desk.path("sums/2024-05.xlsx"), [1.125])
    assert [manifest.verdict for manifest in desk.take()] == ["accepted"]
    desk.contract("sums", SUMS.replace("STYLE", "eu"))
    assert [manifest.verdict for manifest in desk.take()] == ["accepted"]
    assert desk.take() == []
    desk.build("sums")
    assert desk.query("select paid from prospects.base_sums") == [("1,125",)]
