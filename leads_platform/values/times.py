"""Times as people and systems write them: what moment a text states, and what day that is where the platform is.

Belongs here: the one reading of a time's text, as SQL expressions, and the SQL functions made of them. Does not: which
column gives a record its month (arrivals), or which zone the platform is in (settings).

A time with an offset (`Z`, `GMT`, `+00`, `-07:00`, ` -0700`, `Z[UTC]`) is an instant, and so is a number of seconds or
milliseconds. Without one a time is of the zone that its sender is known to write in, else it is taken as it stands:
nobody knows of which zone it is. An offset of no known shape is not dropped: such a time can't be read.

In autumn a clock shows an hour twice: the first reading is taken. In spring it skips one: such a time is read by the
offset before, as if nobody had moved the clock yet, so it comes out an hour later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTIONS = ("local_time", "local_time_from", "local_day")
EPOCHS = {"epoch_ms": (r"\d{12,13}", 1_000), "epoch_s": (r"\d{9,10}", 1_000_000)}
"""Formats that are a number since 1970 in UTC: how it is written, and its unit in microseconds."""
DOUBLED, SKIPPED = "doubled", "skipped"

_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?"
# At most 15:59, as no place on earth is further from Greenwich; DuckDB itself takes +99.
_OFFSET = r"\s*(?:Z|z|UTC|GMT|([+-])(0\d|1[0-5])(?::?([0-5]\d))?)(?:\[[\w/+-]+\])?$"
_INSTANT = rf"^({_DAY}(?:T|\s+){_CLOCK}){_OFFSET}"
# A time of day that ends as one without an offset does. DuckDB's casts drop much behind it without a word.
_PLAIN = r"[T\s]\d{1,2}:\d{2}[\d:.]*\s*(?i:[ap]\.?m\.?)?\s*$"
_TIME_OF_DAY = "%-?[HIMSX]"


@dataclass(frozen=True)
class Moment:
    """A text's moment as two SQL expressions, at most one of them not null.

    `stated` is of a time without an offset, as it stands; `utc` of an instant. None where the formats allow none.
    `placed`: the clock's time in the sender's zone, of those that became an instant by it.
    """

    stated: str | None
    utc: str | None
    placed: str | None = None

    def instant(self) -> str:
        """The moment: in UTC where it is an instant, else as it stands. A timestamp."""
        return _first(self.stated, self.utc)

    def local(self, zone: str) -> str:
        """The clock's time in `zone` of an instant, else as it stands. A timestamp."""
        return _first(self.stated, self.utc and in_zone(self.utc, zone))

    def has_offset(self) -> str:
        """Whether it is an instant. A boolean; what can't be read is none."""
        return f"({self.utc}) is not null" if self.utc else "false"


def moment(cell: str, formats: Sequence[str] = (), source: str | None = None, *, midnight: bool = False) -> Moment:
    """What `cell`, an SQL expression for a text without blanks around it, states by strptime formats or EPOCHS.

    No formats mean ISO 8601, as DuckDB reads it. `%z` at a format's end stands for an offset of any shape. `source`:
    an SQL expression for the zone of times without an offset. A day alone is no time and stays as it stands, unless
    `midnight` says that it is one.
    """
    if not formats:
        stated = f"case when not {_has_more(cell)} then try_cast({cell} as timestamp) end"
        utc = _shifted(cell, _INSTANT, "try_cast(_written.at as timestamp)")
        has_time = f"regexp_matches({cell}, ':\\d{{2}}')"
        day = None if midnight else f"case when not {has_time} then {stated} end"
        return _placed(day, stated if midnight else f"case when {has_time} then {stated} end", utc, source, stated)
    written = [text for text in formats if text not in EPOCHS]
    zoned = [text for text in written if re.search("%[zZ]", text)]
    plain = [text for text in written if text not in zoned]
    ending = [text.removesuffix("%z").rstrip() for text in zoned if text.endswith("%z")]
    within = [text for text in zoned if not text.endswith("%z")]
    numbers = [_since_1970(cell, *EPOCHS[text]) for text in formats if text in EPOCHS]
    if ending:
        numbers.append(_shifted(cell, rf"(?s)^(.*\S){_OFFSET}", f"try_strptime(_written.at, {_list(ending)})"))
    if within:
        numbers.append(f"timezone('UTC', try_strptime({cell}, {_list(within)}))")
    timed = [text for text in plain if midnight or re.search(_TIME_OF_DAY, text)]
    days, times, every = (
        f"try_strptime({cell}, {_list(some)})" if some else None
        for some in ([text for text in plain if text not in timed], timed, plain)
    )
    return _placed(days, times, _first(*numbers) if numbers else None, source, every)


def _placed(days: str | None, times: str | None, utc: str | None, source: str | None, every: str | None) -> Moment:
    """`every` is `days` and `times`, of which the latter become instants where their zone is known."""
    if source is None or times is None:
        return Moment(every, utc)
    return Moment(days, _first(utc, to_utc(times, source)), times)


def _since_1970(cell: str, written: str, unit: int) -> str:
    is_number = f"regexp_full_match({cell}, '{written}')"
    return f"case when {is_number} then make_timestamp(try_cast({cell} as bigint) * {unit}) end"


def to_utc(local: str, zone: str) -> str:
    """The moment, in UTC, of a clock's time in a zone (both SQL expressions).

    Of two readings the first; in a skipped hour the reading by the offset before.
    """
    first = "case when reading.late_fits and not reading.early_fits then reading.late else reading.early end"
    return f"{_readings(local, zone)}.list_transform(lambda reading: {first})[1]"


def clock_change(local: str, zone: str) -> str:
    """DOUBLED or SKIPPED where the clock of the zone shows that time twice or never, else null."""
    return (
        f"{_readings(local, zone)}.list_transform(lambda reading: case "
        f"when reading.early_fits and reading.late_fits and reading.early <> reading.late then '{DOUBLED}' "
        f"when not reading.early_fits and not reading.late_fits then '{SKIPPED}' end)[1]"
    )


def _readings(local: str, zone: str) -> str:
    """The time by the offset of the day before and by that of the day after, and whether the clock shows it then."""
    # DuckDB's own reading of a doubled hour is the second one, so it is only asked a day away. The zone stands inside
    # the lambdas, against our habit: as a field it is no constant, and each look at its calendar costs 6 us.
    # `list_transform([x], lambda y: ...)[1]` is "let y = x", as in contacts' macros.
    day = "interval 24 hours"
    return f"""list_transform([struct_pack(at := {local})], lambda reading: struct_insert(reading,
        early := timezone('UTC', timezone({zone}, reading.at - {day})) + {day},
        late := timezone('UTC', timezone({zone}, reading.at + {day})) - {day}
    )).list_transform(lambda reading: struct_insert(reading,
        early_fits := case
            when reading.early = reading.late then true
            else timezone({zone}, timezone('UTC', reading.early)) = reading.at
        end,
        late_fits := case
            when reading.early = reading.late then true
            else timezone({zone}, timezone('UTC', reading.late)) = reading.at
        end
    ))"""


def local_day(cell: str, formats: Sequence[str], zone: str, source: str | None = None) -> str:
    """The date that a cell states; of an instant its day in `zone`."""
    told = moment(cell, formats, source)
    if formats:
        return f"{told.local(zone)}::date"
    is_instant = f"regexp_matches({cell}, ':\\d{{2}}')" if source else _has_more(cell)
    return f"case when {is_instant} then ({told.local(zone)})::date else try_cast({cell} as date) end"


def in_zone(utc: str, zone: str) -> str:
    """A moment of UTC as the clock shows it in `zone`."""
    return utc if zone == "UTC" else f"timezone({_text(zone)}, timezone('UTC', {utc}))"


def install_times(con: DuckDBPyConnection, zone: str) -> None:
    """Gives a connection `local_time(text)`, a timestamp, and `local_day(text)`, a date: of ISO 8601, in `zone`.

    `local_time_from(text, 'America/Chicago')` is the same of a sender who writes times without an offset by the clock
    there. Null where the text is empty or can't be read. Not within a transaction, as all functions.
    """
    cell = "trim(written, ' ' || chr(9) || chr(10) || chr(13) || chr(160))"
    con.execute(f"create or replace temp macro local_time(written) as {moment(cell).local(zone)}")
    told = moment(cell, (), "source", midnight=True)
    con.execute(f"create or replace temp macro local_time_from(written, source) as {told.local(zone)}")
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
