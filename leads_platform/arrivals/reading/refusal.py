"""Refusing a file whole: the one exception of reading, whose text is for the person who sent the file.

Belongs here: that exception, and how file text may be quoted in it. Does not: when to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


class Refusal(Exception):
    """The file as a whole can't be taken; the text says why and how to mend it, without personal data.

    `records`: how many it holds, where they could be counted. `titles`: its header's cells, where that was the matter:
    for comparing, never for telling, as of a list without a header they are the first record.
    """

    def __init__(self, said: str, records: int = 0, titles: Sequence[str] = ()) -> None:
        super().__init__(said)
        self.records = records
        self.titles = list(titles)


def looks_like_data(title: str) -> bool:
    """Whether a title looks like somebody's data: an address, or more digits than a year; a span of years is none.

    >>> looks_like_data("702-346-9171"), looks_like_data("Enrolment 2023-2024")
    (True, False)
    """
    numbers = re.findall(r"\d+", title)
    years = all(re.fullmatch(r"(?:19|20)\d{2}", number) for number in numbers)
    return "@" in title or (sum(map(len, numbers)) > 4 and not years)


def shown(header: str) -> str:
    """A column title as it may stand in a message: short, hidden when it looks like a person's data.

    >>> shown("Phone Number")
    '`Phone Number`'
    """
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", header).replace("`", "'").strip()
    if looks_like_data(text):
        return "(a title that looks like data)"
    return f"`{text[:57]}...`" if len(text) > 60 else f"`{text}`"
