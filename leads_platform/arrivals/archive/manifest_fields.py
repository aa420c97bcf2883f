"""What may stand in a manifest's fields, for reading one back: an unsealed one has nothing else to tell damage by.

Belongs here: the types, with their bounds and forms. Does not: what the fields mean (archive).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from leads_platform.months import parse_month


def _is_month(text: str) -> str:
    if len(text) != len("2024-05"):
        raise ValueError("no month")
    parse_month(text)
    return text


def _is_first_day(day: date) -> date:
    if day.day != 1:
        raise ValueError("no month")
    return day


# As large as the warehouse's integers.
Count = Annotated[int, Field(ge=0, lt=2**63)]
Receipt = Annotated[int, Field(ge=1, lt=2**31)]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
FeedName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Month = Annotated[date, AfterValidator(_is_first_day)]
MonthKey = Annotated[str, AfterValidator(_is_month)]
# How many records a month holds, then what they say: "" for none.
Content = Annotated[str, Field(pattern=r"^([0-9]{1,18}(:.*)?)?$")]


class Records(TypedDict):
    """How many of a file's records lie in a month, and what they say."""

    records: Count
    hash: str
