"""Small files of every delivery, as suppliers might send them: what a file holds, and the text that says it.

Belongs here: the files of the property tests, and the strategies that choose them. Does not: what the platform should
make of them (model), or anything of the platform's own reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from hypothesis import strategies as st

from leads_platform_tests.helpers import NV_HEADER, SALESFORCE_HEADER, TX_HEADER, nv, salesforce, tx

LEADS = ("nv_licensing", "ok_licensing", "tx_licensing")
SALESFORCE = "salesforce_leads"
SMALL = ("dated", "calls", "history", "stages")
"""Feeds of the desk's contracts: a snapshot whose rows tell its version, events, an extract, a reference."""
FEEDS = (*LEADS, SALESFORCE, *SMALL)
SNAPSHOTS = (*LEADS, SALESFORCE, "dated")
IN_PARTS = ("ok_licensing",)
BY_RECORD = ("calls", "history")
"""Feeds whose records have a month of their own."""

# The platform's months are March to June: February lies before them, and July has not begun.
FIRST_MONTH, NOW = "2024-03-01", "2024-06-15T12:00:00"
BEFORE = "2024-02"
MONTHS = ("2024-03", "2024-04", "2024-05", "2024-06")
_OK_HEADER = "Type License,Company,Phone,Address1,City,State,Zip"
# Each phone belongs to one address; every supplier may list it.
_SITES = tuple((f"702555010{n}", f"{n} OAK ST", "RENO", "NV", "89501") for n in range(1, 7))
_CREATED = ("2023-01-01", "2024-04-12", "2024-05-12")
# A file of which most records are spoilt is refused whole.
_SPOILT_AMONG = 3
_DAYS = ("2024-02-20", "2024-03-02", "2024-04-05", "2024-05-09", "2024-06-01", "2024-07-01")


@dataclass(frozen=True)
class Record:
    """One record: its key, what it says besides, and two things of which each feed takes what it needs.

    `site` is the number of a phone and address; `day` a Salesforce lead's creation, or a small feed's own date.
    """

    key: int
    name: str
    site: int = 0
    day: str = ""


@dataclass(frozen=True)
class File:
    """A file as delivered. `spoilt` records with a field too many stand at its end: they can't be read."""

    feed: str
    month: str
    day: str
    part: str
    note: str
    records: tuple[Record, ...]
    spoilt: int = 0

    @property
    def name(self) -> str:
        when = "-".join(text for text in (self.month, self.day) if text)
        part = f"part {self.part}" if self.part else ""
        return " ".join(text for text in (self.note, self.feed[:2], when, part) if text) + ".csv"

    @cached_property
    def text(self) -> str:
        lines = [_header(self.feed), *(_line(self.feed, record) for record in self.records)]
        return (
            "\n".join([*lines, *(_line(self.feed, Record(9, "Zoe", 1, _DAYS[2])) + ",x" for _ in range(self.spoilt))])
            + "\n"
        )

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def path(self) -> str:
        return f"{self.feed}/{self.name}"

    @property
    def said(self) -> str | None:
        """The version its name states: a day; where the month is no slot, the month too."""
        if self.day:
            return f"{self.month}-{self.day}"
        return f"{self.month}-01" if self.month and self.feed not in SNAPSHOTS else None

    @property
    def version(self) -> str | None:
        """The version it states itself, in its name or its rows; None: only its arrival tells."""
        if self.feed == "dated" and not self.day:
            return max((record.day for record in self.records if record.day), default=None)
        return self.said

    @property
    def dated(self) -> str | None:
        """The day it is dated with in the tables."""
        return f"{self.month}-{self.day or '01'}" if self.month else None


def _header(feed: str) -> str:
    known = {"nv_licensing": NV_HEADER, "tx_licensing": TX_HEADER, "ok_licensing": _OK_HEADER}
    return (known | {SALESFORCE: SALESFORCE_HEADER}).get(feed, "Id,Name,Seen")


def _line(feed: str, record: Record) -> str:
    phone, street, city, state, code = _SITES[record.site - 1]
    if feed == "nv_licensing":
        return nv(str(record.key), phone, f"{street} {city}, {state} {code}", name=record.name)
    if feed == "tx_licensing":
        return tx(str(record.key), phone, street, city, state, code).replace("Birch House", record.name)
    if feed == "ok_licensing":
        return f"CENTER - K{record.key},{record.name},{phone},{street},{city},{state},{code}"
    if feed == SALESFORCE:
        return salesforce(str(record.key), phone, created=f"{record.day} 8:00:00").replace("Cedar House", record.name)
    day = date.fromisoformat(record.day).strftime("%m/%d/%Y") if feed == "dated" and record.day else record.day
    return f"{record.key},{record.name},{day}"


@st.composite
def records(draw: st.DrawFn, feed: str) -> tuple[Record, ...]:
    """A few records, each key once."""
    keys = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6, unique=True))
    return tuple(draw(_record(feed, key)) for key in keys)


@st.composite
def _record(draw: st.DrawFn, feed: str, key: int) -> Record:
    name = draw(st.sampled_from(("Ann", "Bob")))
    if feed in (*LEADS, SALESFORCE):
        site = draw(st.sampled_from((key, key, key % 6 + 1)))  # it has moved, once in a while
        return Record(key, name, site, draw(st.sampled_from(_CREATED)) if feed == SALESFORCE else "")
    if feed == "dated":
        return Record(key, name, day=draw(st.sampled_from(("", "2024-05-05", "2024-05-15"))))
    return Record(key, name, day=draw(st.sampled_from(_DAYS)) if feed in BY_RECORD else "")


@st.composite
def files(draw: st.DrawFn, feeds: Sequence[str], months: Sequence[str]) -> File:
    """A file of one of these feeds and months, with or without a day and a part in its name."""
    feed = draw(st.sampled_from(feeds))
    good = draw(records(feed))
    month = draw(st.sampled_from(months if feed in SNAPSHOTS else ("", *months)))
    return File(
        feed,
        month,
        draw(st.sampled_from(("", "05", "10", "20"))) if month else "",
        draw(st.sampled_from(("", "1", "2"))) if feed in IN_PARTS else "",
        "",
        good,
        draw(st.sampled_from((0, 0, 1))) if len(good) >= _SPOILT_AMONG else 0,
    )


@st.composite
def corrections(draw: st.DrawFn, former: File) -> File:
    """The same list again with one record changed, under a day of its own: later, earlier, the same, or none."""
    index = draw(st.integers(0, len(former.records) - 1))
    record = draw(_record(former.feed, former.records[index].key))
    changed = (*former.records[:index], record, *former.records[index + 1 :])
    day = draw(st.sampled_from(("", former.day, "01", "15", "25"))) if former.month else ""
    return replace(former, day=day, note=draw(st.sampled_from(("", "corrected"))), records=changed)
