"""Files as programs and people get them: exact, or harmless."""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import load_workbook as calamine

from leads_platform.actions.writing import length, write_exact_csv, write_plain_csv, write_xlsx
from leads_platform_tests.actions.data_loader import records

HOSTILE = [
    "=cmd|' /C calc'!A0", "+1", "-2+3", "@x", "\t=1+1", "\r=1+1", " =1", "\uff1d1+1", '"quoted", "', "a\r\nb", "a\rb",
    "a\nb", "a\tb", "\U0001f600 emoji", "\u202eidib\u202c", "'apostrophe", "a,b;c", "ü\u00a0ñ", "",
    '=HYPERLINK("http://x.example","y")', "\ufeffmark", "0012", "1e5", "2024-05-01", "TRUE", "#N/A",
]  # fmt: skip


def test_for_a_program_every_cell_is_as_it_was(tmp_path: Path) -> None:
    write_exact_csv(tmp_path / "x.csv", ["n", "text"], enumerate(HOSTILE))
    content = (tmp_path / "x.csv").read_bytes()
    assert records(content.decode("utf-8")) == [["n", "text"], *([str(n), text] for n, text in enumerate(HOSTILE))]


def test_for_people_no_cell_of_a_csv_begins_a_formula_or_a_line(tmp_path: Path) -> None:
    write_plain_csv(tmp_path / "x.csv", ["n", "text"], enumerate(HOSTILE))
    content = (tmp_path / "x.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf"), "without the mark Excel reads another encoding"
    lines = content.decode("utf-8-sig").removesuffix("\r\n").split("\r\n")
    assert len(lines) == 1 + len(HOSTILE)
    rows = list(csv.reader(lines))
    assert not [cell for _, cell in rows if re.match(r"[=+\-@\t\r\n\uff1d]", cell.lstrip())]
    assert rows[1][1] == "'=cmd|' /C calc'!A0" and rows[10][1] == "a b" and rows[22][1] == "0012"


def test_in_a_workbook_text_is_text(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write_xlsx(
        path, "New leads", {"n": 5, "text": 40, "day": 12}, ((n, t, date(2024, 5, 1)) for n, t in enumerate(HOSTILE))
    )
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in re.sub(r"<(?:format|font|fill)\w*", "", sheet) and "hyperlink" not in sheet.lower().replace(
        "=hyperlink", ""
    )
    book = load_workbook(path)
    page = book["New leads"]
    assert page.freeze_panes == "A2" and page.column_dimensions["B"].width == 40
    for number, text in enumerate(HOSTILE):
        cell = page.cell(number + 2, 2)
        if text:
            assert cell.data_type == "s" and cell.quotePrefix, "typing into it leaves it text"
    assert page["C2"].is_date and page["C2"].number_format == "yyyy-mm-dd"
    shown = calamine(str(path)).get_sheet_by_name("New leads").to_python()
    assert [row[0] for row in shown[1:]] == list(range(len(HOSTILE)))
    as_lines = [str(row[1]).replace("\r\n", "\n").replace("\r", "\n") for row in shown[1:]]
    assert as_lines == [text.replace("\r\n", "\n").replace("\r", "\n") for text in HOSTILE], "XML has one line break"


def test_what_xml_can_t_hold_is_shown_as_such(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "s", {"text": 9}, [["a\x00b\x1fc\ufffe"]])
    assert load_workbook(tmp_path / "x.xlsx")["s"]["A2"].value == "a\ufffdb\ufffdc\ufffd"


def test_a_workbook_is_made_in_its_own_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows lay in the system's folder for temporary files, where a killed run left them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    write_xlsx(tmp_path / "x.xlsx", "s", {"text": 9}, [["a"]])
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]


@pytest.mark.parametrize(("text", "count"), [("abc", 3), ("ü", 1), ("\U0001f600", 2), ("", 0)])
def test_length_is_counted_as_java_counts(text: str, count: int) -> None:
    assert length(text) == count
