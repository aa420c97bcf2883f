"""Sample data with known answers: monthly lists of three invented suppliers, Salesforce and Pipedrive exports.

Belongs here: generating landing files and the truth about them. Does not: reading files, cleaning phones or
addresses, or anything that a real folder would need; the platform takes the sample in as it takes any other
file.

    truth = generate(Path("data/landing"))
    truth.of("2024-03", "nv_licensing").net_new
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from leads_platform.sample.answers import Answers
from leads_platform.sample.deals import deals, file_paths, write_deals
from leads_platform.sample.files import Writer, csv_line, listing_row, placed, salesforce_row
from leads_platform.sample.funnel_truth import funnel_truth
from leads_platform.sample.population import Population
from leads_platform.sample.truth import Truth
from leads_platform.sample.world import Calendar, LandingFile, Listing, SalesforceLead, Unit

__all__ = ["GENERATOR_VERSION", "MARKER", "Truth", "build", "generate"]

GENERATOR_VERSION = 2  # raise it when the same arguments give other files
# Beside the feeds' folders: says that a landing folder holds sample data, and which files are the sample's.
MARKER = ".sample.json"
DETAIL_UP_TO_SCALE = 10.0


def generate(
    out: Path,
    *,
    months: int = 6,
    scale: float = 1.0,
    seed: int = 20240101,
    first_month: date = date(2024, 1, 1),
    detail: bool | None = None,
) -> Truth:
    """Writes the sample files to `out/<feed>/` and returns the known answers.

    Scale 1 is about 300 licences a supplier and 240 deals over six months; files and truth are streamed, so any
    scale fits in memory unless `detail` (every site's history in the truth) is on. It is on up to scale 10 when not
    said. Equal arguments give equal bytes. The files of an earlier sample in `out` are removed first, as its
    marker lists them; other files stay. Raises ValueError for a scale or a number of months that cannot be.
    """
    if scale < 0:
        raise ValueError(f"scale must not be negative, it is {scale}")
    if first_month.day != 1:
        raise ValueError(f"first_month must be the first of a month, not {first_month.isoformat()}")
    calendar = Calendar(first_month, months)
    out.mkdir(parents=True, exist_ok=True)
    remove_sample(out)
    detail = scale <= DETAIL_UP_TO_SCALE if detail is None else detail
    # The marker comes first: a generation that is cut off is known, and cleared, as a sample too.
    marker = {
        "generator": GENERATOR_VERSION,
        "seed": seed,
        "months": months,
        "first_month": first_month.isoformat(),
        "scale": scale,
        "files": sorted([*(file.path for file in calendar.files()), *file_paths(first_month, months)]),
    }
    (out / MARKER).write_text(json.dumps(marker, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    truth = build(out, calendar, Population(calendar, seed).units(scale), detail=detail)
    write_deals(out, first_month, months, deals(first_month, months, scale=scale, seed=seed), scale=scale)
    truth.arrival_order += file_paths(first_month, months)
    truth.funnel = funnel_truth(deals(first_month, months, scale=scale, seed=seed))
    return truth


def remove_sample(landing: Path) -> None:
    """Removes the files that the marker in `landing` lists, and the marker; does nothing without one."""
    marker = landing / MARKER
    if not marker.exists():
        return
    for name in json.loads(marker.read_text(encoding="utf-8"))["files"]:
        path = landing / name
        if path.resolve().is_relative_to(landing.resolve()):
            path.unlink(missing_ok=True)
    marker.unlink()


def build(out: Path, calendar: Calendar, units: Iterable[Unit], *, detail: bool = True) -> Truth:
    """Writes any world, for instance one made by hand, and tells the truth about it; reads `units` once."""
    teller = Answers(calendar, detail=detail)
    with ExitStack() as stack:
        writers = {file.path: stack.enter_context(Writer(out, file)) for file in calendar.files()}
        for unit in units:
            for listing in unit.listings:
                _write_listing(listing, _files_of(unit, listing.feed, calendar), writers, teller)
            for lead in unit.salesforce:
                _write_lead(lead, calendar, writers, teller)
            teller.unit(unit)
    return teller.truth()


def _files_of(unit: Unit, feed: str, calendar: Calendar) -> list[list[LandingFile]]:
    return [[file for file in files if file.holds(unit)] for files in calendar.suppliers[feed]]


def _write_listing(
    listing: Listing, files: list[list[LandingFile]], writers: dict[str, Writer], teller: Answers
) -> None:
    turns = {listing.restyled_from, listing.contact_from}
    before = current = None  # the line in the month before, in this month
    line, line_site = "", None  # the line made last, which most months repeat
    for index, month_files in enumerate(files):
        before, current = current, None
        broken, twice = index in listing.broken, index in listing.twice
        for file, site in placed(listing, month_files, index):
            if site is not line_site or index in turns or broken:
                line = csv_line(listing_row(listing, index, site))
                line_site = None if broken else site
            writer = writers[file.path]
            if twice:
                writer.add(csv_line(listing_row(listing, index, site, earlier=True)))
                teller.record(file, earlier=True)
                writer.last(line)
            else:
                writer.add(line)
            teller.record(file, broken=broken)
            if file.effective and not broken:
                current = line
        if current and before and current != before:
            teller.changed(listing.feed, index)


def _write_lead(lead: SalesforceLead, calendar: Calendar, writers: dict[str, Writer], teller: Answers) -> None:
    first = calendar.snapshot_index(lead.created)
    if first is None:
        return
    turns = {lead.deleted_from, lead.converted_from}
    line = ""
    for snapshot in calendar.snapshots[first : lead.absent_from]:
        if not line or snapshot.index in turns:
            line = csv_line(salesforce_row(lead, snapshot.index, snapshot.file_date))
        writers[snapshot.path].add(line)
        teller.record(snapshot)
