"""Times as people and systems write them: what moment a text states, and what day that is where the platform is.

Belongs here: the one reading of a time's text, as SQL expressions, and the SQL functions made of them. Does not: which
column gives a record its month (arrivals), or which zone the platform is in (settings).

A time with an offset (`Z`, `GMT`, `+00`, `-07:00`, ` -0700`, `Z[UTC]`) is an instant. Without one it is taken as it
stands: nobody knows of which zone it is. An offset of no known shape is not dropped: such a time can't be
read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTIONS = ("local_time", "local_day")
EPOCH_MS = "epoch_ms"
"""As a format: milliseconds since 1970, UTC, 12 or 13 digits; seconds, which have 10, are no such time."""

_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?"
# At most 15:59, as no place on earth is further from Greenwich; DuckDB itself takes +99.
_OFFSET = r"\s*(?:Z|z|UTC|GMT|([+-])(0\d|1[0-5])(?::?([0-5]\d))?)(?:\[[\w/+-]+\])?$"
_INSTANT = rf"^({_DAY}(?:T|\s+){_CLOCK}){_OFFSET}"
# A time of day that ends as one without an offset does. DuckDB's casts drop much behind it without a word.
_PLAIN = r"[T\s]\d{1,2}:\d{2}[\d:.]*\s*(?i:[ap]\.?m\.?)?\s*$"


@dataclass(frozen=True)
class Moment:
    """A text's moment as two SQL expressions, at most one of them not null.

    `stated` is of a time without an offset, as it stands; `utc` of one with an offset. `utc` is None where the formats
    allow none.
    """

    stated: str | None
    utc: str | None

    def instant(self) -> str:
        """The moment: in UTC where an offset says which, else as it stands. A timestamp."""
        return _first(self.stated, self.utc)

    def local(self, zone: str) -> str:
        """The clock's time in `zone` where an offset says the moment, else as it stands. A timestamp."""
        return _first(self.stated, self.utc and in_zone(self.utc, zone))

    def has_offset(self) -> str:
        """Whether it is an instant. A boolean; what can't be read is none."""
        return f"({self.utc}) is not null" if self.utc else "false"


def moment(cell: str, formats: Sequence[str] = ()) -> Moment:
    """What `cell`, an SQL expression for a text without blanks around it, states by strptime formats or EPOCH_MS.

    None means ISO 8601, as DuckDB reads it. `%z` at a format's end stands for an offset of any shape.
    """
    if not formats:
        stated = f"case when not {_has_more(cell)} then try_cast({cell} as timestamp) end"
        return Moment(stated, _shifted(cell, _INSTANT, "try_cast(_written.at as timestamp)"))
    zoned = [text for text in formats if re.search("%[zZ]", text)]
    plain = [text for text in formats if text not in zoned and text != EPOCH_MS]
    ending = [text.removesuffix("%z").rstrip() for text in zoned if text.endswith("%z")]
    within = [text for text in zoned if not text.endswith("%z")]
    utc = []
    if EPOCH_MS in formats:
        is_epoch = f"regexp_full_match({cell}, '\\d{{12,13}}')"
        utc.append(f"case when {is_epoch} then make_timestamp(try_cast({cell} as bigint) * 1000) end")
    if ending:
        utc.append(_shifted(cell, rf"(?s)^(.*\S){_OFFSET}", f"try_strptime(_written.at, {_list(ending)})"))
    if within:
        utc.append(f"timezone('UTC', try_strptime({cell}, {_list(within)}))")
    return Moment(f"try_strptime({cell}, {_list(plain)})" if plain else None, _first(*utc) if utc else None)


def local_day(cell: str, formats: Sequence[str], zone: str) -> str:
    """The date that a cell states; of an instant its day in `zone`."""
    told = moment(cell, formats)
    if formats:
        return f"{told.local(zone)}::date"
    return f"case when {_has_more(cell)} then ({told.local(zone)})::date else try_cast({cell} as date) end"


def in_zone(utc: str, zone: str) -> str:
    """A moment of UTC as the clock shows it in `zone`."""
    return utc if zone == "UTC" else f"timezone({_text(zone)}, timezone('UTC', {utc}))"


def install_times(con: DuckDBPyConnection, zone: str) -> None:
    """Gives a connection `local_time(text)`, a timestamp, and `local_day(text)`, a date: of ISO 8601, in `zone`.

    Null where the text is empty or can't be read. Not within a transaction, as all functions.
    """
    cell = "trim(written, ' ' || chr(9) || chr(10) || chr(13) || chr(160))"
    con.execute(f"create or replace temp macro local_time(written) as {moment(cell).local(zone)}")
    con.execute(f"create or replace temp macro local_day(written) as {local_day(cell, (), zone)}")


def _has_more(cell: str) -> str:
    """Whether anything follows the time of day that is no part of it: an offset, a zone, or what can't be read."""
    return f"(regexp_matches({cell}, ':\\d{{2}}') and not regexp_matches({cell}, {_text(_PLAIN)}))"


def _shifted(cell: str, pattern: str, at: str) -> str:
    """The time before the offset, less the offset; null where the pattern does not fit."""
    written = f"regexp_extract({cell}, {_text(pattern)}, ['at', 'sign', 'hours', 'minutes'])"
    hours = "coalesce(try_cast(_written.sign || _written.hours as integer), 0)"
    minutes = "coalesce(try_cast(_written.sign || _written.minutes as integer), 0)"
    # `list_transform([x], lambda y: ...)[1]` is "let y = x", as in contacts' macros. A file's column
    # that is called as y is makes it ambiguous: no title is so.
    return f"list_transform([{written}], lambda _written: {at} - to_minutes(60 * {hours} + {minutes}))[1]"


def _first(*expressions: str | None) -> str:
    known = [expression for expression in expressions if expression]
    return known[0] if len(known) == 1 else f"coalesce({', '.join(known)})"


def _list(formats: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, formats))}]"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
