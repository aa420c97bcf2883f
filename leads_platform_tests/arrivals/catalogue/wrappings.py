"""Other formats under a csv name, workbooks, Parquet, archives and bombs."""

from __future__ import annotations

import struct
import zlib
from datetime import date, datetime

from openpyxl import Workbook

from leads_platform_tests.arrivals.catalogue.case import (
    ANN,
    BOB,
    CYD,
    GOOD,
    THREE,
    TITLES,
    accepted,
    book,
    packed,
    parquet,
    partial,
    people_parquet,
    refused,
    rezipped,
    zipped,
)

SHEET = "xl/worksheets/sheet1.xml"
BOMB_BYTES = 66 * 2**20
XLSX = "2024-05.xlsx"
AGAIN = "repeats the header, so it is no record"
SECOND = "is the header of a second table with other columns; put that table in a file of its own"
_ENDS = b"</sheetData>"


def good_book() -> bytes:
    """GOOD as a workbook."""
    return book(("May", [TITLES, ANN, BOB, CYD]))


def _deflated(content: bytes, times: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(squeeze.compress(content) for _ in range(times)), squeeze.flush()])


def _gz_bomb() -> bytes:
    return _deflated(b"\n" * 2**20, BOMB_BYTES // 2**20)


def _zip_bomb() -> bytes:
    return zipped(("2024-05.csv", b"\n" * BOMB_BYTES))


def _xlsx_bomb() -> bytes:
    return rezipped(good_book(), SHEET, lambda xml: xml.replace(_ENDS, b" " * BOMB_BYTES + _ENDS))


def _lying_bomb() -> bytes:
    """A workbook whose zip says its sheet is 1,000 bytes long."""
    grown = rezipped(good_book(), SHEET, lambda xml: xml.replace(_ENDS, b" " * 2**22 + _ENDS))
    import io
    import zipfile

    size = zipfile.ZipFile(io.BytesIO(grown)).getinfo(SHEET).file_size
    return grown.replace(struct.pack("<L", size), struct.pack("<L", 1000))


def _far_cell() -> bytes:
    stray = b'<row r="900000"><c r="XFD900000" t="inlineStr"><is><t>x</t></is></c></row>'
    return rezipped(good_book(), SHEET, lambda xml: xml.replace(_ENDS, stray + _ENDS))


def _formatted() -> bytes:
    row = b'<row r="9">' + b'<c r="A9" s="0"/>' * 1_100_000 + b"</row>"
    return rezipped(good_book(), SHEET, lambda xml: xml.replace(_ENDS, row + _ENDS))


def _entities() -> bytes:
    """The billion laughs: entities of entities."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    types = f'<!DOCTYPE worksheet [<!ENTITY l0 "ha">{laughs}]>'.encode()
    row = b'<row r="5"><c r="A5" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    return rezipped(
        good_book(), SHEET, lambda xml: xml.replace(b"<worksheet", types + b"<worksheet", 1).replace(_ENDS, row + _ENDS)
    )


def _zip_codes(made: Workbook) -> None:
    made["May"]["D2"].number_format = "00000"
    made["May"]["A3"].number_format = "0000-00"


def _formulas(made: Workbook) -> None:
    made["May"]["D2"] = "=1+1"


def _encrypted() -> bytes:
    """The head of an encrypted workbook: an OLE file with a stream EncryptedPackage."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 4000


FORMATS = (
    refused(
        "html",
        "A web page under a csv name",
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "is a web page",
        "download the list itself",
    ),
    refused("json", "JSON under a csv name", b'[{"Id": 1, "Name": "Ann Quill"}]', "is JSON", "export it as CSV"),
    refused("pdf", "A PDF under a csv name", b"%PDF-1.7 \n", "is a PDF", "ask the supplier for CSV or Excel"),
    refused("rar", "Another archive under a csv name", b"Rar!\x1a\x07\x00", "a RAR archive", "unpack it"),
    refused("xlsx-as-csv", "A workbook under a csv name", good_book, "is an Excel workbook", "export it as CSV"),
    refused("parquet-as-csv", "Parquet under a csv name", people_parquet, "is a Parquet file", "export it as CSV"),
    refused(
        "csv-as-xlsx",
        "Text under an xlsx name",
        GOOD,
        "is not an Excel workbook",
        "save it as .xlsx",
        feed="books",
        name=XLSX,
    ),
    accepted("gz-as-csv", "gzip under a csv name", packed(GOOD)),
    accepted(
        "zip-as-csv", "A zip of one list under a csv name", lambda: zipped(("a.csv", GOOD), ("__MACOSX/._a.csv", b"x"))
    ),
    accepted("zip-path", "A zip whose member is called ../../2024-05.csv", lambda: zipped(("../../2024-05.csv", GOOD))),
    refused(
        "zip-two",
        "A zip of two lists",
        lambda: zipped(("a.csv", GOOD), ("b.csv", GOOD)),
        "is a zip of 2 files",
        "a zip may hold one list only",
    ),
    refused(
        "zip-in-zip",
        "A zip inside a zip",
        lambda: zipped(("a.zip", zipped(("a.csv", GOOD)))),
        "an archive inside an archive",
        "unpack it once",
    ),
    refused("gz-cut", "gzip cut short", packed(GOOD * 100)[:-20], "damaged or cut short", "send it again"),
    refused(
        "zip-cut", "A zip cut short", lambda: zipped(("a.csv", GOOD))[:-30], "damaged or cut short", "send it again"
    ),
    refused("gz-bomb", "A gzip bomb", _gz_bomb, "unpacks to more than", "unpack it yourself if you trust it"),
    refused("zip-bomb", "A zip bomb", _zip_bomb, "unpacks to more than", "unpack it yourself if you trust it"),
    refused(
        "xlsx-bomb",
        "A workbook bomb",
        _xlsx_bomb,
        "unpacks to more than",
        "unpack it yourself if you trust it",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-lies",
        "A workbook that lies about its size",
        _lying_bomb,
        "a workbook that can't be unpacked",
        "send it again",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-far",
        "A workbook with one cell far from its list",
        _far_cell,
        "row 900000",
        "delete",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-formatted",
        "A workbook formatted far below its list",
        _formatted,
        "more than 1,000,000 cells with a format and no value",
        "delete the rows and columns behind the list",
        feed="books",
        name=XLSX,
    ),
    partial(
        "xlsx-second-table",
        "A workbook with the header again, and a second table below",
        lambda: book(("May", [TITLES, ANN, TITLES, BOB, CYD, ("Name", "Id"), ("Dee Moss", "4")])),
        "3 of 6 records loaded, 3 quarantined: line 6: is the header of a second table",
        "line 3: repeats the header",
        loaded=((2, *ANN), (4, *BOB), (5, *CYD)),
        bad=(
            (3, None, AGAIN),
            (6, None, SECOND),
            (7, None, "stands in a second table with other columns, whose header is on line 6"),
        ),
        feed="books",
        name=XLSX,
    ),
    partial(
        "parquet-header-again",
        "Parquet made of text, with its header among the records",
        lambda: parquet(f'select * from (values {ANN}, {TITLES}, {BOB}) t("Id", "Name", "Phone", "City")'),
        "2 of 3 records loaded, 1 quarantined: line 2: repeats the header",
        loaded=((1, *ANN), (3, *BOB)),
        bad=((2, None, AGAIN),),
        feed="tables",
        name="2024-05.parquet",
    ),
    refused(
        "parquet-wide",
        "Parquet of 5,000 columns",
        lambda: parquet("select " + ", ".join(f"1 as c{number}" for number in range(5000))),
        "a header of 5,000 columns, of which at most 4,096 are read",
        "delete those that hold nothing",
        feed="tables",
        name="2024-05.parquet",
    ),
    refused(
        "xlsx-entities",
        "A workbook with entities of entities",
        _entities,
        "a workbook that can't be read",
        "save it again as .xlsx",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-cut",
        "A workbook cut short",
        lambda: good_book()[:-400],
        "damaged or cut short",
        "send it again",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-password",
        "A workbook with a password, or an old .xls",
        _encrypted,
        "protected by a password",
        "remove the password and save it as .xlsx",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-sheets",
        "Several sheets with cells",
        lambda: book(("April", [TITLES, ANN]), ("May", [TITLES, BOB])),
        "2 sheets with cells: `April`, `May`",
        "say which in format.sheet",
        feed="books",
        name=XLSX,
    ),
    accepted(
        "xlsx-sheet-named",
        "Several sheets, the contract names one",
        lambda: book(("April", [TITLES, ANN]), ("May", [TITLES, BOB])),
        "1 record",
        loaded=((2, *BOB),),
        feed="second",
        name=XLSX,
    ),
    refused(
        "xlsx-sheet-gone",
        "The sheet the contract names is missing",
        lambda: book(("June", [TITLES, ANN])),
        "has no sheet `May`; its sheets are `June`",
        "Set format.sheet",
        feed="second",
        name=XLSX,
    ),
    refused(
        "xlsx-empty",
        "A workbook without cells",
        lambda: book(("May", [])),
        "without any cell",
        "ask for the file again",
        feed="books",
        name=XLSX,
    ),
    refused(
        "xlsx-preamble",
        "Rows above the header",
        lambda: book(("May", [["Licences"], [], TITLES, ANN])),
        "header in row 3",
        "remove the rows above it",
        feed="books",
        name=XLSX,
    ),
    accepted(
        "xlsx-types",
        "Dates, numbers and truth in cells",
        lambda: book(
            (
                "May",
                [TITLES, [7.0, date(2024, 5, 1), 7025550101, datetime(2024, 5, 1, 6, 30)], [0.1, True, "007", None]],
            )
        ),
        "2 records",
        loaded=((2, "7", "2024-05-01", "7025550101", "2024-05-01 06:30:00"), (3, "0.1", "TRUE", "007", None)),
        feed="books",
        name=XLSX,
    ),
    accepted(
        "xlsx-zeros",
        "Numbers that are shown with leading zeros",
        lambda: book(
            ("May", [TITLES, [7, "Ann Quill", "702-555-0101", 1001], [8, "Bob Rook", "x", 1001]]), change=_zip_codes
        ),
        "2 records",
        loaded=((2, "7", "Ann Quill", "702-555-0101", "01001"), (3, "0000-08", "Bob Rook", "x", "1001")),
        feed="books",
        name=XLSX,
    ),
    accepted(
        "xlsx-formula",
        "A formula that Excel has not worked out",
        lambda: book(("May", [TITLES, ANN, BOB, CYD]), change=_formulas),
        "3 records",
        "1 formulas have no stored value",
        loaded=((2, *ANN[:3], None), (3, *BOB), (4, *CYD)),
        feed="books",
        name=XLSX,
    ),
    accepted(
        "xlsx-error",
        "An error in a cell (#N/A)",
        lambda: book(("May", [TITLES, (*ANN[:3], "#N/A"), BOB, CYD])),
        "1 cells hold an Excel error",
        loaded=((2, *ANN[:3], None), (3, *BOB), (4, *CYD)),
        feed="books",
        name=XLSX,
    ),
    partial(
        "xlsx-right",
        "Cells to the right of the header",
        lambda: book(("May", [TITLES, ANN, BOB, (*CYD, "Moss")])),
        "line 4: too many fields",
        loaded=THREE[:2],
        bad=((4, None, "too many fields: cells to the right of the header's 4 columns"),),
        feed="books",
        name=XLSX,
    ),
    refused(
        "parquet-cut",
        "Parquet cut short",
        lambda: people_parquet()[:-50],
        "damaged or cut short",
        "send it again",
        feed="tables",
        name="2024-05.parquet",
    ),
    refused(
        "parquet-column",
        "Parquet without a needed column",
        lambda: parquet('select 1 as "Id", \'Ann Quill\' as "Name"'),
        "`Phone` is missing",
        "ask the supplier for the full list",
        feed="tables",
        name="2024-05.parquet",
    ),
    accepted(
        "parquet-types",
        "Parquet with types of its own",
        lambda: parquet("""
            select * from (values (1, date '2024-05-01', 1e5::double, null::varchar)) t("Id", "Name", "Phone", "City")
        """),
        "1 record",
        loaded=((1, "1", "2024-05-01", "100000.0", None),),
        feed="tables",
        name="2024-05.parquet",
    ),
)
