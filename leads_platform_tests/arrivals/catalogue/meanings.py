"""Files that are sound and yet not right: months, keys, re-issues; and cells that try to be more than text."""

from __future__ import annotations

from leads_platform_tests.arrivals.catalogue.case import (
    ANN,
    BOB,
    CYD,
    DATED,
    GOOD,
    GOOD_DATED,
    HEAD,
    TITLES,
    A,
    B,
    C,
    Case,
    D,
    accepted,
    book,
    line,
    partial,
    refused,
)

SEEN = ("Id", "Name", "Phone", "Seen")
SQL, FORMULA, HTML = "'); drop table lists; --", '=HYPERLINK("http://x.example")', "<script>alert(1)</script>"
MANY = HEAD + b"".join(line((str(number), *ANN[1:])) for number in range(1, 11))
OTHERS = HEAD + b"".join(line((str(number), *ANN[1:])) for number in range(101, 111))


def _seen(*days: str) -> bytes:
    people = (ANN, BOB, CYD)
    return DATED + b"".join(line((*who[:3], day)) for who, day in zip(people, days, strict=True))


MONTHS = (
    refused(
        "no-month",
        "No month in the name",
        GOOD,
        "no month in its name",
        "add it as YYYY-MM",
        name="list.csv",
        mended="list 2024-05.csv",
    ),
    refused(
        "two-months",
        "Two months in the name",
        GOOD,
        "more than one month (2024-04 and 2024-05)",
        "keep one",
        name="2024-04 or 2024-05.csv",
        mended="2024-05.csv",
    ),
    refused(
        "month-13",
        "A month that does not exist in the name",
        GOOD,
        "2024-13 in its name is not a date",
        "write the month as YYYY-MM",
        name="2024-13.csv",
        mended="2024-05.csv",
    ),
    refused(
        "future",
        "A month that has not begun (today is 15 July 2024)",
        GOOD,
        "its month 2024-08 has not begun",
        "it is read then",
        name="2024-08.csv",
        mended="2024-05.csv",
    ),
    accepted("old-month", "A month before the platform's first", GOOD, name="2019-05.csv"),
    refused(
        "months-mixed",
        "Rows of another month in a month's list",
        _seen("2024-04-30", "2024-05-04", "2024-05-05"),
        "2024-04 (1), 2024-05 (2)",
        "split it by month",
        feed="inside",
        records=3,
    ),
    accepted(
        "months-events",
        "Rows of several months, each its own",
        _seen("2024-03-30", "2024-05-04", "2024-06-05"),
        feed="calls",
        loaded=((2, *ANN[:3], "2024-03-30"), (3, *BOB[:3], "2024-05-04"), (4, *CYD[:3], "2024-06-05")),
        titles=SEEN,
    ),
    partial(
        "no-date",
        "Rows without their date, or with what is none",
        GOOD_DATED + line(("5", *ANN[1:3], "soon")) + line(("6", *ANN[1:3], "")),
        "3 of 5 records loaded",
        "line 5: `Seen` is not a date written as ISO 8601 (2024-05-31), so the record has no month",
        loaded=((2, *ANN[:3], "2024-05-03"), (3, *BOB[:3], "2024-05-04"), (4, *CYD[:3], "2024-05-05")),
        bad=(
            (5, "Seen", "is not a date written as ISO 8601 (2024-05-31), so the record has no month"),
            (6, "Seen", "is empty, so the record has no month"),
        ),
        titles=SEEN,
        feed="inside",
    ),
    refused(
        "date-order",
        "Dates written another way than the contract says",
        _seen("05/03/2024", "05/04/2024", "05/05/2024"),
        "3 of 3 records can't be used",
        "Is the format in feeds/inside.yaml right?",
        records=3,
        feed="inside",
    ),
    accepted(
        "wrong-month", "The wrong month in the name: nothing in the list tells", GOOD, "3 records", name="2024-03.csv"
    ),
    Case(
        "wrong-month-taken",
        "The wrong month in the name, where another list stands",
        "held",
        OTHERS,
        ("it shares 0% of its keys",),
        former=MANY,
        loaded=tuple((at, str(at + 99), *ANN[1:]) for at in range(2, 12)),
        check="accepted",
    ),
)

KEYS = (
    accepted(
        "key-twice",
        "A key twice: both are kept; the last counts in staging",
        HEAD + A + B + line(("1", *CYD[1:])),
        loaded=((2, *ANN), (3, *BOB), (4, "1", *CYD[1:])),
        warned=2,
    ),
    accepted(
        "row-twice",
        "A record twice: both are kept",
        HEAD + A + A + B,
        loaded=((2, *ANN), (3, *ANN), (4, *BOB)),
        warned=2,
    ),
    accepted(
        "key-empty",
        "A record without its key: kept, and flagged in staging",
        HEAD + A + b",Bob Rook,702-555-0102,Elko\n",
        "2 records",
        loaded=((2, *ANN), (3, None, *BOB[1:])),
    ),
    partial(
        "key-empty-events",
        "A record without its key, where the key decides",
        GOOD_DATED + line(("", *ANN[1:3], "2024-05-06")),
        "line 5: `Id` is empty, though part of the key",
        loaded=((2, *ANN[:3], "2024-05-03"), (3, *BOB[:3], "2024-05-04"), (4, *CYD[:3], "2024-05-05")),
        bad=((5, "Id", "is empty, though part of the key"),),
        titles=SEEN,
        feed="calls",
    ),
    refused(
        "keys-empty",
        "No record has its key",
        HEAD + b",Ann Quill,x,y\n,Bob Rook,x,y\n",
        "`Id`, the key, is empty in every record",
        "ask for the file again",
        records=2,
    ),
    Case(
        "shrunk",
        "A re-issue that has lost most records",
        "held",
        HEAD + A,
        ("it has 1 records where the version it replaces has 10",),
        former=MANY,
        loaded=((2, *ANN),),
        check="accepted",
    ),
    accepted("re-issue", "A corrected re-issue", HEAD + A + B + C, former=HEAD + A + B + D),
)

INJECTION = (
    accepted(
        "sql-cell",
        "SQL in a cell",
        HEAD + f"1,{SQL},702-555-0101,Reno\n".encode(),
        "1 record",
        loaded=((2, "1", SQL, *ANN[2:]),),
    ),
    accepted(
        "formula-cell",
        "A formula in a cell",
        HEAD + b'1,"=HYPERLINK(""http://x.example"")",@SUM(1),+1-2\n',
        "1 record",
        loaded=((2, "1", FORMULA, "@SUM(1)", "+1-2"),),
    ),
    accepted(
        "html-cell",
        "HTML in a cell",
        HEAD + f"1,{HTML},702-555-0101,Reno\n".encode(),
        "1 record",
        loaded=((2, "1", HTML, *ANN[2:]),),
    ),
    accepted(
        "formula-xlsx",
        "Text that looks like a formula in a workbook",
        lambda: book(("May", [TITLES, ("1", "'=1+1", *ANN[2:])])),
        "1 record",
        loaded=((2, "1", "'=1+1", *ANN[2:]),),
        feed="books",
        name="2024-05.xlsx",
    ),
    accepted(
        "terminal-cell",
        "Control sequences of a terminal in a cell",
        HEAD + b"1,\x1b[31mAnn\x07,702-555-0101,Reno\n",
        "1 record",
        loaded=((2, "1", "\x1b[31mAnn\x07", *ANN[2:]),),
    ),
    accepted(
        "sql-header",
        "SQL in a title",
        b'Id,Name,Phone,City,"x""; drop table lists; --"\n' + A[:-1] + b",z\n",
        "1 record",
        titles=(*TITLES, 'x"; drop table lists; --'),
        loaded=((2, *ANN, "z"),),
    ),
    accepted(
        "html-header",
        "HTML in a title",
        f"Id,Name,Phone,City,{HTML}\n".encode() + A[:-1] + b",z\n",
        "1 record",
        titles=(*TITLES, HTML),
        loaded=((2, *ANN, "z"),),
    ),
    accepted(
        "formula-header",
        "A formula in a title",
        b"Id,Name,Phone,City,=1+1\n" + A[:-1] + b",z\n",
        "1 record",
        titles=(*TITLES, "=1+1"),
        loaded=((2, *ANN, "z"),),
    ),
    accepted("sql-name", "SQL in the file's name", GOOD, name="2024-05 '); drop table lists; --.csv"),
    accepted("html-name", "HTML in the file's name", GOOD, name="2024-05 <b onclick=alert(1)>.csv"),
    accepted("formula-name", "A formula as the file's name", GOOD, name="=cmd|' 2024-05.csv"),
)
