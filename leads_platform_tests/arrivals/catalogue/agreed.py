"""Files and what their contracts say of them: a header's row, a month in words, constants, a zone, amounts."""

from __future__ import annotations

from leads_platform_tests.arrivals.catalogue.case import (
    ABOVE,
    ANN,
    BOB,
    CYD,
    DATED,
    GOOD,
    TITLES,
    Case,
    accepted,
    book,
    line,
    refused,
)

SEEN = ("Id", "Name", "Phone", "Seen")
XLSX = "2024-05.xlsx"


def _at(*times: str) -> tuple[bytes, tuple[tuple[int | str, ...], ...]]:
    """A file of times without an offset, and what it loads."""
    people = tuple(zip((ANN, BOB, CYD), times, strict=False))
    text = DATED + b"".join(line((*who[:3], time)) for who, time in people)
    return text, tuple((at, *who[:3], time) for at, (who, time) in enumerate(people, 2))


DOUBLED, MISSING = _at("2023-11-05 01:30:00", "2023-11-05 00:30:00"), _at("2024-03-10 02:30:00", "2024-03-10 03:00:00")
WORDS = b"Id,Name,Phone,Paid\n" + line((*ANN[:3], "12.50")) + line((*BOB[:3], "twelve"))

AGREED: tuple[Case, ...] = (
    refused(
        "row-above",
        "The header above the line that `format.header_row` says",
        GOOD,
        "header on line 1",
        "set format.header_row: 1 in feeds/titled.yaml, which says 3",
        feed="titled",
    ),
    refused(
        "row-below",
        "The header below that line",
        ABOVE + b"\nby county\n" + GOOD,
        "nothing on line 3",
        "correct the one or the other",
        feed="titled",
    ),
    refused(
        "row-data",
        "No header at all, and a record on that line",
        b"".join(line(who) for who in (ANN, BOB, CYD)),
        "line 3 holds none of the columns",
        "it must name `Id`, `Name`, `Phone`",
        feed="titled",
    ),
    refused(
        "row-book",
        "The header in another row of a workbook",
        lambda: book(("May", [TITLES, ANN, BOB, CYD])),
        "header in row 1",
        "set format.header_row: 1 in feeds/titled_books.yaml, which says 3",
        feed="titled_books",
        name=XLSX,
    ),
    refused(
        "words-none",
        "No month in words in the name, where `month.pattern` wants one",
        GOOD,
        "no month written as %B %Y in its name",
        "add it, as in list May 2024",
        feed="worded",
        mended="List May 2024.csv",
    ),
    refused(
        "words-two",
        "Two months in words in the name",
        GOOD,
        "more than one month (2024-04 and 2024-05)",
        "keep one",
        feed="worded",
        name="April 2024, May 2024.csv",
        mended="May_2024.csv",
    ),
    refused(
        "constant-sent",
        "A column that the contract gives as a constant",
        GOOD.replace(b"City", b"State"),
        "sends `State`, which feeds/one_state.yaml gives as a constant",
        "take it out of `constants`",
        feed="one_state",
    ),
    accepted(
        "hour-doubled",
        "A time in the hour that the supplier's clock shows twice",
        DOUBLED[0],
        "1 time is in an hour that the clock of America/Chicago shows twice; the first reading is taken (line 2)",
        feed="chicago",
        loaded=DOUBLED[1],
        titles=SEEN,
    ),
    accepted(
        "hour-missing",
        "A time in the hour that it skips",
        MISSING[0],
        "1 time is in an hour that the clock of America/Chicago skips",
        "read by the offset before, an hour later (line 2)",
        feed="chicago",
        loaded=MISSING[1],
        titles=SEEN,
    ),
    accepted(
        "money-words",
        "An amount that is none; `check` tells its line, and so does the table that reads it",
        WORDS,
        "2 records",
        feed="bills",
        loaded=((2, *ANN[:3], "12.50"), (3, *BOB[:3], "twelve")),
        titles=("Id", "Name", "Phone", "Paid"),
        warned=1,
    ),
)
