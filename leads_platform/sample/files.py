"""Writing the sample world as its suppliers and Salesforce do: their headers, their habits, their mistakes.

Belongs here: what a cell looks like. Does not: what is true (world) or how often a thing happens
(population). The layouts imitate the reference files: one-cell addresses and two-digit years (nv), line
breaks inside quoted cells and shifted last columns (ok), quotes in names (tx), one-digit hours (Salesforce).
No file ends in a newline.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Self

from leads_platform.sample.vocabulary import DIRECTIONS, STATE_NAMES, SUFFIXES, UNITS
from leads_platform.sample.world import SALESFORCE, Address, LandingFile, Listing, SalesforceLead, Site

HEADERS = {
    "nv_licensing": (
        "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,"
        "County,Phone,First Issue Date,Primary Contact Name,Primary Contact Role"
    ),
    "ok_licensing": (
        "Type License,Company,Accepts Subsidy,Year Round,Daytime Hours,Star Level,Mon,Tues,Wed,Thurs,"
        "Friday,Saturday,Sunday,Primary Caregiver,Phone,Email,Address1,Address2,City,State,Zip,"
        "Subsidy Contract Number,Total Cap,Ages Accepted 1,AA2,AA3,AA4,License Monitoring Since,"
        "School Year Only,Evening Hours"
    ),
    "tx_licensing": (
        "Operation,Agency Number,Operation Name,Address,City,State,Zip,County,Phone,Type,Status,"
        "Issue Date,Capacity,Email Address,Facility ID,Monitoring Frequency,Infant,Toddler,Preschool,"
        "School"
    ),
    SALESFORCE: (
        "id,is_deleted,last_name,first_name,title,company,street,city,state,postal_code,country,phone,"
        "mobile_phone,email,website,lead_source,status,is_converted,created_date,last_modified_date,"
        "last_activity_date,last_viewed_date,last_referenced_date,email_bounced_reason,"
        "email_bounced_date,outreach_stage_c,current_enrollment_c,capacity_c,lead_source_last_updated_c,"
        "brightwheel_school_uuid_c"
    ),
}

_DASHES, _BRACKETS = "{0}-{1}-{2}", "({0}) {1}-{2}"
_USUAL_PHONE = {"nv_licensing": _DASHES, "ok_licensing": _BRACKETS, "tx_licensing": _DASHES}
_PHONES = (
    "+1 ({0}) {1}-{2}",
    "{0}.{1}.{2}",
    "{0}{1}{2}",
    "{0}-{1}-{2} x12",
    "1-{0}-{1}-{2}",
    "({0}){1}-{2}",
    "{0} {1} {2}",
)
_SALESFORCE_PHONES = (
    "({0}) {1}-{2}",
    "{0}{1}{2}",
    "+1{0}{1}{2}",
    "{0}-{1}-{2}",
    "1 {0} {1} {2}",
    "{0}.{1}.{2}",
)

_STAGES = ("Working", "Connected", "Recycled - Neglected", "Added to sequence")

# How each supplier tends to write directions, suffixes and units; picked by bits of the listing's style.
_DIRECTION_HABITS = {"nv_licensing": ("dot", "", "dot", "word"), "ok_licensing": ("", "dot", "", "word")}
_SUFFIX_HABITS = {"nv_licensing": ("", "dot", "", "word"), "ok_licensing": ("word", "", "word", "dot")}
_PLAIN = ("", "", "", "word")

_STYLE_ROLES = ("Director", "Owner", "Director", "Other", "Owner", "Person in Charge")
_AGES = (
    "Infants (0-11 months)",
    "Toddlers (12-23 months; 1yr.)",
    "Preschool (24-48 months; 2-4 yrs.)",
    "School-age (5 years-older)",
)


def phone_cell(feed: str, phone: str | None, style: int) -> str:
    """A phone as the supplier writes it; one listing in four does not use the supplier's usual form."""
    if not phone:
        return ""
    form = _USUAL_PHONE[feed]
    if (choice := (style >> 9) & 31) < len(_PHONES):
        form = _PHONES[choice]
    return form.format(phone[:-7], phone[-7:-4], phone[-4:])


def street_and_unit(feed: str, address: Address, style: int) -> tuple[str, str]:
    """The street without the unit, and the unit, in the supplier's habits (upper case or, now and then, title
    case).
    """
    direction = address.direction
    habit = _DIRECTION_HABITS.get(feed, _PLAIN)[style & 3]
    if habit == "word":
        direction = DIRECTIONS[direction]
    elif habit == "dot" and len(direction) == 1:
        direction += "."
    suffix = address.suffix
    habit = _SUFFIX_HABITS.get(feed, _PLAIN)[(style >> 2) & 3]
    if habit == "word":
        suffix = SUFFIXES[suffix]
    elif habit == "dot" and suffix != "WAY":
        suffix += "."
    gap = "  " if not (style >> 14) & 15 else " "
    street = gap.join(part for part in (address.number, direction, address.street, suffix) if part)
    unit = address.unit
    if unit and (style >> 4) & 1:
        kind, number = unit.split(" ", 1)
        unit = f"{UNITS[kind]} {number}"
    if is_title_case(style):
        return title_case(street), title_case(unit)
    return street, unit


def is_title_case(style: int) -> bool:
    """One listing in eight is written in title case."""
    return not (style >> 6) & 7


def title_case(text: str) -> str:
    """Title case that leaves 115th and NW as people write them."""
    return " ".join(word if word in DIRECTIONS else word.capitalize() for word in text.split(" "))


def us_date(day: date | None) -> str:
    """12/1/13: no leading zeros, two-digit year."""
    return f"{day.month}/{day.day}/{day.year % 100:02d}" if day else ""


def nv_row(listing: Listing, site: Site, style: int, contact: tuple[str, str]) -> list[str]:
    """One record of the Nevada list: the whole address in one cell, two contacts written as `A & B C & D`."""
    first, last = contact
    person = f"{first} & NOEMI {last} & PRUITT" if not listing.style % 7 else f"{first} {last}"
    cell, state, county = "", "NV", "CLARK"
    if site.address:
        place = site.address.place
        street, unit = street_and_unit(listing.feed, site.address, style)
        if unit:
            street = f"{street}, {unit}" if (style >> 5) & 1 else f"{street} {unit}"
        city = title_case(place.city) if is_title_case(style) else place.city
        cell = f"{street} {city}, {place.state} {place.postal_code}"
        state, county = place.state, place.county
    return [
        listing.company.upper().replace("Í", "í"),  # í is an apostrophe that went through the wrong code page
        ("CENTER", "FAMILY CARE", "GROUP CARE", "CENTER (PROVISIONAL)")[listing.style % 4],
        listing.source_id,
        "Active",
        us_date(listing.expires_on),
        "N",
        cell,
        state,
        county,
        listing.phone_text or phone_cell(listing.feed, site.phone, style),
        us_date(listing.issued_on),
        person,
        _STYLE_ROLES[listing.style % 6],
    ]


def ok_row(listing: Listing, site: Site, style: int, contact: tuple[str, str]) -> list[str]:
    """One record of the Oklahoma list: SURNAME, NAME DBA X; line breaks; two last columns holding others'
    values.
    """
    first, last = contact
    family = listing.source_id.startswith("K82")
    company = listing.company.upper()
    if family:
        company = f"{last}, {first} DBA {company}" if listing.style % 3 else f"{last}, {first}"
    subsidy = "Accepts Subsidy" if listing.style % 5 else ""
    year_round = "Year Round" if listing.style % 11 else ""
    opens = f"{6 + listing.style % 3}:{'30' if listing.style % 2 else '00'}AM - 5:30PM"
    ages = [age for bit, age in enumerate(_AGES) if (listing.style >> bit) & 1] or [_AGES[2]]
    ages += [""] * (4 - len(ages))
    shifted = [subsidy, "Daytime Hours"] if subsidy else [year_round or "Daytime Hours", ages[1]]
    street = unit = city = state = postal_code = ""
    if site.address:
        place = site.address.place
        street, unit = street_and_unit(listing.feed, site.address, style)
        if unit and (style >> 5) & 1:  # in the street's cell, not in Address2
            street, unit = f"{street}, {unit}", ""
        city, state, postal_code = place.city, place.state, place.postal_code
    return [
        f"CHILD CARE {'FAMILY' if family else 'CENTER'} - {listing.source_id}",
        company,
        subsidy,
        year_round,
        "Daytime Hours",
        f"{1 + listing.style % 5} Star Level Program",
        *[opens] * 5,
        "CLOSED",
        "CLOSED",
        f"{title_case(first)} {title_case(last)}\n \n {'Primary Caregiver' if family else 'Director'}",
        listing.phone_text or phone_cell(listing.feed, site.phone, style),
        f"{first}.{last}{listing.capacity}@example.org".lower().replace("'", ""),
        street,
        unit,
        city,
        state,
        postal_code,
        f"Subsidy Contract Number: {10000 + listing.style % 50000 if subsidy else 'N/A'}",
        str(listing.capacity),
        *ages,
        f"Monitoring since {listing.issued_on.isoformat()}",
        *shifted,
    ]


def tx_row(listing: Listing, site: Site, style: int, contact: tuple[str, str]) -> list[str]:
    """One record of the Texas list: separate columns, two always empty, some rows without a status."""
    street = city = state = postal_code = county = ""
    if site.address:
        place = site.address.place
        street, unit = street_and_unit(listing.feed, site.address, style)
        street = f"{street} {unit}" if unit else street
        city, state, postal_code, county = place.city, place.state, place.postal_code, place.county
    pending = not listing.style % 29
    home = listing.capacity <= 12
    marks = ["Y" if (listing.style >> bit) & 3 and not pending else "N" for bit in range(4)]
    mail = f"{contact[0]}{listing.source_id}@example.org".lower()
    return [
        listing.source_id,
        "",
        listing.company,
        street,
        city,
        state,
        postal_code,
        county,
        listing.phone_text or phone_cell(listing.feed, site.phone, style),
        "Licensed Child-Care Home" if home else "Licensed Center - Child Care Program",
        "" if pending else ("Initial Permit" if not listing.style % 9 else "Full Permit"),
        "" if pending else us_date(listing.issued_on),
        "" if pending else str(listing.capacity),
        "" if not listing.style % 4 else mail,
        str(int(listing.source_id) + 311_000),
        "",
        *marks,
    ]


ROWS: dict[str, Callable[[Listing, Site, int, tuple[str, str]], list[str]]] = {
    "nv_licensing": nv_row,
    "ok_licensing": ok_row,
    "tx_licensing": tx_row,
}


def listing_row(listing: Listing, index: int, site: Site, *, earlier: bool = False) -> list[str]:
    """The record of a licence in month `index`.

    `earlier` is the first of two records with one key in a file: the same site, written in another way, with
    a contact that the second record replaces.
    """
    restyled = listing.restyled_from is not None and index >= listing.restyled_from
    style = listing.style ^ 0x211 if restyled else listing.style
    contact = listing.contact
    if listing.next_contact and listing.contact_from is not None and index >= listing.contact_from:
        contact = listing.next_contact
    if earlier:
        style, contact = style ^ 0x5, ("FORMER", "DIRECTOR")
    row = ROWS[listing.feed](listing, site, style, contact)
    if index in listing.broken:
        row.insert(4, "SUITE 100")  # the address held a comma and was not quoted
    return row


def salesforce_row(lead: SalesforceLead, index: int, changed_on: date) -> list[str]:
    """A Salesforce lead's record in month `index`; if deleted or converted, it was on `changed_on`."""
    style = lead.style
    deleted = lead.deleted_from is not None and index >= lead.deleted_from
    converted = lead.converted_from is not None and index >= lead.converted_from
    form = _SALESFORCE_PHONES[style % 6]
    mobile_form = _SALESFORCE_PHONES[(style >> 3) % 6]
    created = f"{lead.created:%Y-%m-%d} {lead.created.hour}:{lead.created:%M:%S}"
    modified = created
    if deleted or converted:
        modified = f"{changed_on.isoformat()} 18:2{style % 10}:0{style % 7}"
    street = city = postal_code = ""
    state = ("New York", "IA", "Ontario", "Other", "Colorado", "CA")[style % 6]
    if lead.address:
        place = lead.address.place
        city, postal_code = place.city.title(), place.postal_code
        state = STATE_NAMES[place.state] if style & 1 else place.state
        if (style >> 4) & 1:
            parts = street_and_unit(SALESFORCE, lead.address, style)
            street = title_case(", ".join(part for part in parts if part))
    return [
        lead.lead_id,
        "TRUE" if deleted else "FALSE",
        lead.contact[1].capitalize(),
        lead.contact[0].capitalize() if style % 5 else "",
        "" if style % 4 else "Director",
        lead.company,
        street,
        city,
        state,
        postal_code,
        ("", "US", "United States")[style % 3],
        _salesforce_phone(lead.phone, form),
        _salesforce_phone(lead.mobile, mobile_form),
        f"{lead.contact[0]}.{lead.contact[1]}@example.org".lower().replace("'", ""),
        "",
        ("TAM", "Web", "List Purchase", "Marketing Research")[style % 4],
        "Converted" if converted else ("Working", "Assigned", "Connected", "Recycled")[style % 4],
        "TRUE" if converted else "FALSE",
        created,
        modified,
        modified[:10],
        *[""] * 4,
        "Converted" if converted else _STAGES[style % 4],
        str(20 + style % 60) if not style % 6 else "",
        str(30 + style % 90) if not style % 6 else "",
        "",
        str(1 + style % 100_000),
    ]


def _salesforce_phone(phone: str | None, form: str) -> str:
    return form.format(phone[:-7], phone[-7:-4], phone[-4:]) if phone else ""


class _Echo:
    """A file that hands back what is written to it: the csv module's quoting, one line at a time."""

    def write(self, text: str) -> str:
        return text


_QUOTED = csv.writer(_Echo(), lineterminator="\n")


def csv_line(row: list[str]) -> str:
    """One record of a CSV file with its line end."""
    return _QUOTED.writerow(row)


class Writer:
    """Writes one landing file in a stream; use as a context manager. Lines given to `last` go to the file's
    end.
    """

    CHUNK = 2_000  # lines held before they are written

    def __init__(self, folder: Path, file: LandingFile) -> None:
        self.path = folder / file.path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # newline="": line breaks are written as they are, the same on every system.
        self._stream = self.path.open("w", encoding="utf-8", newline="")
        self._lines = [HEADERS[file.feed] + "\n"]
        self._tail: list[str] = []

    def add(self, line: str) -> None:
        """Writes a record's line after those added before."""
        self._lines.append(line)
        if len(self._lines) >= self.CHUNK:
            self._flush()

    def last(self, line: str) -> None:
        """Writes a record's line at the end of the file."""
        self._tail.append(line)

    def _flush(self) -> None:
        self._stream.write("".join(self._lines))
        self._lines.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines += self._tail
        self._flush()
        self._stream.close()
        os.truncate(self.path, self.path.stat().st_size - 1)  # the suppliers' files end without a newline


def placed(listing: Listing, files: list[LandingFile], index: int) -> Iterator[tuple[LandingFile, Site]]:
    """The month's files that hold the licence, each with what it says; `files` are the ones for the listing's
    unit.
    """
    for file in files:
        site = listing.sites[index]
        if not file.effective:
            site = listing.superseded.get(index, site)
        if site is not None:
            yield file, site
