"""JSON Lines: what API pulls and event hooks leave, and what DuckDB's reader would take without a word."""

from __future__ import annotations

from leads_platform_tests.arrivals.catalogue.case import (
    ANN,
    BOB,
    CYD,
    GOOD,
    Case,
    Row,
    accepted,
    good,
    json_line,
    packed,
    partial,
    refused,
    zipped,
)

A, B, C = (json_line(person) for person in (ANN, BOB, CYD))
LINES = A + B + C
ALL: tuple[Row, ...] = ((1, *ANN), (2, *BOB), (3, *CYD))
ENDS: tuple[Row, ...] = ((1, *ANN), (3, *CYD))
JSONL = "2024-05.jsonl"
TWICE = "names the key `Name` twice; which value counts can't be told"


def whole(id: str, kind: str, content: bytes, *says: str, **more) -> Case:
    """A file taken whole; three people on lines 1 to 3 unless said otherwise."""
    return accepted(id, kind, content, *says, **{"loaded": ALL, "feed": "hooks", "name": JSONL, **more})


def one_bad(id: str, kind: str, line: bytes, reason: str, column: str | None = None, **more) -> Case:
    """A line between two good ones that is quarantined."""
    bad = ((2, column, reason),)
    return partial(
        id,
        kind,
        A + line + b"\n" + C,
        "line 2",
        reason,
        **{"loaded": ENDS, "bad": bad, "feed": "hooks", "name": JSONL, **more},
    )


def none(id: str, kind: str, content: bytes, *says: str, **more) -> Case:
    """A file that is refused."""
    return refused(id, kind, content, *says, **{"feed": "hooks", "name": JSONL, **more})


JSON_LINES = (
    whole("jsonl", "JSON Lines, as the contract says", LINES),
    whole("jsonl-gz", "JSON Lines in gzip", packed(LINES), name="2024-05.jsonl.gz"),
    whole("jsonl-zip", "A zip of one file of JSON Lines", zipped(("a.jsonl", LINES)), name="2024-05.zip"),
    whole("jsonl-bom", "JSON Lines with a byte order mark", b"\xef\xbb\xbf" + LINES),
    whole("jsonl-crlf", "JSON Lines with CR LF line ends", LINES.replace(b"\n", b"\r\n")),
    whole(
        "jsonl-empty-lines",
        "Empty lines between JSON Lines",
        A + b"\n\n" + B + C,
        loaded=((1, *ANN), (4, *BOB), (5, *CYD)),
    ),
    whole(
        "jsonl-numbers",
        "Numbers that a reader would write otherwise: 0.10, 1e20, twenty digits",
        b'{"Id":12345678901234567890,"Name":"Ann Quill","Phone":0.10,"City":1e20}\n',
        "1 record",
        loaded=((1, "12345678901234567890", "Ann Quill", "0.10", "1e20"),),
    ),
    whole(
        "jsonl-kinds",
        "true, null, an empty text, a list and an object where text is declared",
        b'{"Id":true,"Name":null,"Phone":"","City":{"a":[1,2.50]}}\n',
        "1 record",
        loaded=((1, "true", None, None, '{"a":[1,2.50]}'),),
    ),
    whole(
        "jsonl-new-key",
        "A key nobody knows",
        b'{"Id":"1","Name":"Ann Quill","Phone":"702-555-0101","Fax":"x"}\n',
        "1 record",
        "New keys, kept as columns: `Fax`; declare them in feeds/hooks.yaml",
        loaded=((1, "1", "Ann Quill", "702-555-0101", "x"),),
        titles=("Id", "Name", "Phone", "Fax"),
    ),
    whole(
        "jsonl-no-end",
        "JSON Lines without a last line end",
        LINES[:-1],
        "3 records. The last line has no line end",
    ),
    partial(
        "jsonl-cut",
        "JSON Lines cut short inside the last line",
        A + B + C[:25],
        "line 3: is cut short: the file ends inside it",
        loaded=ALL[:2],
        bad=((3, None, "is cut short: the file ends inside it"),),
        feed="hooks",
        name=JSONL,
    ),
    one_bad(
        "jsonl-cut-inside",
        "A line cut short among others",
        B[:25],
        "ends inside its object; an object must stand on one line",
    ),
    one_bad("jsonl-list", "A line that is a list", b'["2","Bob Rook"]', "is a list, no JSON object"),
    one_bad("jsonl-text", "A line that is no JSON", b"2,Bob Rook", "goes on behind its end, at character 2"),
    one_bad(
        "jsonl-two",
        "Two objects on a line",
        B[:-1] + B[:-1],
        "holds more than one object; each must stand on a line of its own",
    ),
    one_bad("jsonl-spaces", "A line of spaces", b"  ", "holds nothing but spaces"),
    one_bad(
        "jsonl-last-comma",
        "A comma before the bracket, which DuckDB takes",
        b'{"Id":"2",}',
        "is no JSON: it goes wrong at character 11",
    ),
    one_bad(
        "jsonl-nan",
        "NaN, which DuckDB takes",
        b'{"Id":"2","City":NaN}',
        "holds NaN or Infinity, which JSON does not have",
    ),
    one_bad(
        "jsonl-nul",
        "A NUL byte in a line",
        B.replace(b"k", b"\0")[:-1],
        "holds a NUL byte or another control character",
    ),
    one_bad("jsonl-nul-escaped", "A NUL written as \\u0000", b'{"Id":"2","Name":"\\u0000"}', "holds a NUL (\\u0000)"),
    one_bad(
        "jsonl-surrogate",
        "Half a letter: a lone surrogate",
        b'{"Id":"2","Name":"\\ud800"}',
        "holds half a letter (a lone surrogate such as \\ud800)",
    ),
    one_bad(
        "jsonl-joined",
        "Two files put together, each with its mark",
        b"\xef\xbb\xbf" + B[:-1],
        "begins with a byte order mark: a second file was put behind the first",
    ),
    one_bad("jsonl-twice", "A key twice in an object", b'{"Id":"2","Name":"Bob Rook","Name":"Dee Moss"}', TWICE),
    one_bad(
        "jsonl-error-line",
        "An error message among records",
        b'{"error":"too many requests"}',
        "is an error message, no record",
    ),
    one_bad(
        "jsonl-foreign", "An object with none of the columns", b'{"Model":"x"}', "names no column of feeds/hooks.yaml"
    ),
    partial(
        "jsonl-kind",
        "An object where a number is declared",
        b'{"Id":"1","Size":7}\n{"Id":"2","Size":{"unit":"m"}}\n{"Id":"3","Size":"8"}\n',
        "line 2: `Size` is an object, the column is declared as integer",
        loaded=((1, "1", "7"), (3, "3", "8")),
        bad=((2, "Size", "is an object, the column is declared as integer"),),
        titles=("Id", "Size"),
        feed="nested",
        name=JSONL,
    ),
    partial(
        "jsonl-through",
        "A list where a path leads through",
        b'{"Id":"1","more":{"message":{"id":"m1"}}}\n{"Id":"2","more":{"message":[]}}\n{"Id":"3","more":null}\n',
        "line 2: `more.message` is a list, a path leads through it",
        loaded=((1, "1", "m1"), (3, "3", None)),
        bad=((2, "more.message", "is a list, a path leads through it"),),
        titles=("Id", "more.message.id"),
        feed="nested",
        name=JSONL,
    ),
    none(
        "jsonl-array",
        "A JSON array",
        b"[" + A[:-1] + b"," + B[:-1] + b"]\n",
        "is a JSON array, not JSON Lines",
        "ask for one object a line",
        records=1,
    ),
    none(
        "jsonl-pretty",
        "JSON spread over several lines",
        b'{\n"Id": "1",\n"Name": "Ann Quill"\n}\n',
        "is JSON spread over several lines",
        "ask for JSON Lines",
        records=4,
    ),
    none(
        "csv-as-jsonl",
        "CSV under a jsonl name",
        GOOD,
        "is not JSON Lines: 4 of 4 lines are no records",
        "If it is CSV, set format.type: csv",
        records=4,
    ),
    none(
        "html-as-jsonl",
        "A web page under a jsonl name",
        b"<html>Sign in</html>",
        "is a web page",
        "download the list itself",
    ),
    none(
        "jsonl-error",
        "An API's error message alone",
        b'{"error":{"message":"unauthorized"}}\n',
        "holds an error message and no records",
        "fetch it again",
    ),
    none(
        "jsonl-envelope",
        "An API's answer with the records inside",
        b'{"data":[' + A[:-1] + b'],"meta":{}}\n',
        "Names no column of feeds/hooks.yaml: its keys are `data`, `meta`",
        "ask for each on a line of its own",
    ),
    none(
        "jsonl-needed",
        "A needed key is in no object",
        b'{"Id":"1","Name":"Ann Quill"}\n',
        "`Phone` is missing",
        "ask the supplier for the full list",
    ),
    none(
        "jsonl-case",
        "Keys that differ in case",
        A + B.replace(b'"Name"', b'"NAME"'),
        "`Name` and `NAME` are keys that differ in case or spacing only",
        "ask for one of them",
    ),
    none(
        "jsonl-keys",
        "Keys that are data: 4,100 different ones",
        b"".join(b'{"Id":"1","k%dx":1}\n' % at for at in range(4100)),
        "has 4,101 different keys, of which at most 4,096 are read",
        "Ask for records that all have the same keys",
        records=4100,
    ),
    none(
        "jsonl-latin-1",
        "JSON Lines that are not UTF-8",
        '{"Id":"1","Name":"José"}\n'.encode("cp1252"),
        "not valid utf-8 at line 1",
        "set format.encoding: cp1252",
    ),
    none(
        "jsonl-utf-16",
        "JSON Lines in UTF-16",
        LINES.decode().encode("utf-16"),
        "is UTF-16 text, not utf-8",
        "set format.encoding: utf-16",
    ),
    none(
        "jsonl-blank",
        "Nothing but empty lines under a jsonl name",
        b"\n\n",
        "holds nothing but empty lines",
        "ask for the file again",
    ),
    none(
        "jsonl-no-ending",
        "Several formats, and a name that says none",
        LINES,
        "Its name does not say which format of feeds/either.yaml it has",
        "end it on one of .csv, .jsonl",
        feed="either",
        name="2024-05.zip",
        mended="2024-05.jsonl",
    ),
    whole(
        "either-csv",
        "CSV, where JSON Lines may come as well",
        GOOD,
        feed="either",
        name="2024-05.csv",
        loaded=((2, *ANN), (3, *BOB), (4, *CYD)),
    ),
    whole("either-jsonl", "JSON Lines, where CSV may come as well", good("either"), feed="either"),
)
