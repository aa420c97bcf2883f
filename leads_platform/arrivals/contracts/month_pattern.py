"""The month in a file's name as people write it: `May 2024`, by a contract's `month.pattern`.

Belongs here: what a pattern may say, and finding it in a name. Does not: the usual YYYY-MM (landing), or what follows
from the month.

Names of months are English. Other languages' would need tables of their own, which nothing here brings; a supplier
who writes them sends files to be renamed, or the month comes from a column.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date
from functools import cache

_FULL = [name.casefold() for name in calendar.month_name]
_SHORT = [name[:3] for name in _FULL]
_DIRECTIVES = {
    "B": f"(?P<B>{'|'.join(_FULL[1:])})",
    "b": f"(?P<b>{'|'.join(_SHORT[1:])})(?:t(?=[^a-z]|$))?",  # Sept is written as often as Sep
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "Y": r"(?P<Y>(?:19|20)\d{2})",
    "y": r"(?P<y>\d{2})",
    "d": r"(?P<d>3[01]|[12]\d|0?[1-9])",
}
_BLANK = r"[\s_.-]+"


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a `month.pattern`; None if nothing is."""
    said = re.findall("%(.?)", pattern)
    if unknown := [letter for letter in said if letter not in _DIRECTIVES]:
        return f"`%{unknown[0]}` is none of %B, %b, %m, %Y, %y and %d"
    if len(set(said)) < len(said):
        return f"`{pattern}` names a part twice"
    if sum(letter in "Bbm" for letter in said) != 1 or sum(letter in "Yy" for letter in said) != 1:
        return f"`{pattern}` must name a month (%B, %b or %m) and a year (%Y or %y), as in %B %Y"
    return None


def months_in(name: str, pattern: str) -> Iterator[tuple[date, date | None]]:
    """Each month that a file's name holds, written so, with its day where the pattern names one.

    >>> list(months_in("Leads_MAY 2024.xlsx", "%B %Y"))
    [(datetime.date(2024, 5, 1), None)]
    """
    for found in _compiled(pattern).finditer(name):
        said = {part: text.casefold() for part, text in found.groupdict().items()}
        names, written = (_FULL, said["B"]) if "B" in said else (_SHORT, said.get("b"))
        month = names.index(written) if written else int(said["m"])
        year = int(said["Y"]) if "Y" in said else 2000 + int(said["y"])
        try:
            yield date(year, month, 1), date(year, month, int(said["d"])) if "d" in said else None
        except ValueError:  # 31 June is no day
            continue


def without_month(name: str, pattern: str) -> str:
    """The name without what the pattern finds in it.

    >>> without_month("Leads May 2024.xlsx", "%B %Y")
    'Leads  .xlsx'
    """
    return _compiled(pattern).sub(" ", name)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for text in re.split(r"(%.|\s+)", pattern):
        if text.startswith("%"):
            parts.append(_DIRECTIVES[text[1]])
        else:
            parts.append(_BLANK if text.isspace() else re.escape(text))
    # Not within a longer number or word: 1106-22 is no month, nor is the end of "dismay 2024".
    return re.compile(rf"(?<![a-z0-9]){''.join(parts)}(?!\d)", re.IGNORECASE)


def example(pattern: str) -> str:
    """A month written so.

    >>> example("%B %Y")
    'May 2024'
    """
    return date(2024, 5, 31).strftime(pattern)
