"""Writing the suppliers' lists and Salesforce's exports: which records stand in which file, in which order.

Belongs here: the room's emitter. Does not: how a record looks (records), or who is listed (lists).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leads_platform.prospects.sample.calendar import Calendar, LandingFile
from leads_platform.prospects.sample.lists import Entry, Listing, Lists, SalesforceLead
from leads_platform.prospects.sample.records import HEADERS, listing_row, salesforce_row
from leads_platform.sample.world import Party, Site, World
from leads_platform.sample.writing import Writer, csv_line


@dataclass(slots=True)
class Record:
    """A line of a file. `of` is whose; `site` what it says, None for a broken one and for Salesforce's.

    A record `at_end` stands after all that were not. Of two with one key in a file the later counts.
    """

    file: LandingFile
    line: str
    of: Listing | SalesforceLead
    site: Site | None = None
    at_end: bool = False


class ListFiles:
    """The emitter of the world's lists and Salesforce exports."""

    def __init__(self, world: World) -> None:
        self._calendar = Calendar(world)
        self._lists = Lists(world, self._calendar)

    def files(self) -> list[tuple[datetime, str]]:
        return [(self._calendar.arrives(file), file.path) for file in self._calendar.files()]

    @contextmanager
    def writing(self, out: Path) -> Iterator[Callable[[Party], None]]:
        with ExitStack() as stack:
            write = stack.enter_context(entries_to(out, self._calendar))
            yield lambda party: write(self._lists.of(party))


@contextmanager
def entries_to(out: Path, calendar: Calendar) -> Iterator[Callable[[Entry], None]]:
    """Writes entries, for instance ones made by hand, to the calendar's files below `out`."""
    with ExitStack() as stack:
        writers = {
            file.path: stack.enter_context(Writer(out / file.path, HEADERS[file.feed])) for file in calendar.files()
        }

        def write(entry: Entry) -> None:
            for record in records(entry, calendar):
                writer = writers[record.file.path]
                (writer.last if record.at_end else writer.add)(record.line)

        yield write


def records(entry: Entry, calendar: Calendar) -> Iterator[Record]:
    """Every record of the entry, in the order of its files."""
    for listing in entry.listings:
        files = [[file for file in month if file.holds(entry.serial)] for month in calendar.suppliers[listing.feed]]
        yield from _of_listing(listing, files)
    for lead in entry.salesforce:
        yield from _of_lead(lead, calendar)


def _of_listing(listing: Listing, files: list[list[LandingFile]]) -> Iterator[Record]:
    turns = {listing.restyled_from, listing.contact_from}
    line, line_site = "", None  # the line made last, which most months repeat
    for index, month_files in enumerate(files):
        broken, twice = index in listing.broken, index in listing.twice
        for file in month_files:
            site = listing.sites[index]
            if not file.effective:
                site = listing.superseded.get(index, site)
            if site is None:
                continue
            if site is not line_site or index in turns or broken:
                line = csv_line(listing_row(listing, index, site))
                line_site = None if broken else site
            if twice:
                yield Record(file, csv_line(listing_row(listing, index, site, earlier=True)), listing, site)
            yield Record(file, line, listing, None if broken else site, at_end=twice)


def _of_lead(lead: SalesforceLead, calendar: Calendar) -> Iterator[Record]:
    first = calendar.snapshot_index(lead.created)
    if first is None:
        return
    turns = {lead.deleted_from, lead.converted_from, lead.next_phone_from}
    line = ""
    for export in calendar.snapshots[first : lead.absent_from]:
        if not line or export.index in turns:
            line = csv_line(salesforce_row(lead, export.index, export.file_date))
        if lead.twice_from is not None and export.index >= lead.twice_from:
            former = salesforce_row(lead, export.index, export.file_date, former=True)
            yield Record(export, csv_line(former), lead)
        yield Record(export, line, lead)
