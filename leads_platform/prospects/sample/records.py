"""How suppliers and Salesforce write a record: their headers, their habits, their mistakes.

Belongs here: what a cell looks like. The layouts imitate the reference files: one-cell addresses and two-digit years
(nv), line breaks inside quoted cells and shifted last columns (ok), quotes in names (tx), one-digit hours (Salesforce).
Does not: which records stand in which file (files), or what is true (lists).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from leads_platform.prospects.sample.calendar import NV, OK, SALESFORCE, TX
from leads_platform.prospects.sample.lists import Listing, SalesforceLead
from leads_platform.sample import writing
from leads_platform.sample.vocabulary import STATE_NAMES
from leads_platform.sample.world import Address, Site
from leads_platform.sample.writing import title_case, us_date

HEADERS = {
    NV: (
        "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,"
        "County,Phone,First Issue Date,Primary Contact Name,Primary Contact Role"
    ),
    OK: (
        "Type License,Company,Accepts Subsidy,Year Round,Daytime Hours,Star Level,Mon,Tues,Wed,Thurs,"
        "Friday,Saturday,Sunday,Primary Caregiver,Phone,Email,Address1,Address2,City,State,Zip,"
        "Subsidy Contract Number,Total Cap,Ages Accepted 1,AA2,AA3,AA4,License Monitoring Since,"
        "School Year Only,Evening Hours"
    ),
    TX: (
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

# The forms of writing.PHONES that each likes; one listing in four does not use the supplier's usual one.
_USUAL_PHONE = {NV: writing.DASHES, OK: writing.BRACKETS, TX: writing.DASHES}
_OTHER_PHONES = (2, 3, 4, 5, 6, 7, 8)
_SALESFORCE_PHONES = (writing.BRACKETS, 4, writing.PLUS, writing.DASHES, 10, 3)

_STAGES = ("Working", "Connected", "Recycled - Neglected", "Added to sequence")

# How each supplier tends to write directions and suffixes; picked by bits of the listing's style.
_DIRECTION_HABITS = {NV: ("dot", "", "dot", "word"), OK: ("", "dot", "", "word")}
_SUFFIX_HABITS = {NV: ("", "dot", "", "word"), OK: ("word", "", "word", "dot")}
_PLAIN = ("", "", "", "word")

_STYLE_ROLES = ("Director", "Owner", "Director", "Other", "Owner", "Person in Charge")
_AGES = (
    "Infants (0-11 months)",
    "Toddlers (12-23 months; 1yr.)",
    "Preschool (24-48 months; 2-4 yrs.)",
    "School-age (5 years-older)",
)


def phone_cell(listing: Listing, phone: str | None, style: int) -> str:
    """The phone as the supplier writes it, or the text that is none."""
    other = (style >> 9) & 31
    form = _OTHER_PHONES[other] if other < len(_OTHER_PHONES) else _USUAL_PHONE[listing.feed]
    return listing.business.phone_text or writing.phone(phone, form)


def street_and_unit(feed: str, address: Address, style: int) -> tuple[str, str]:
    """The street without the unit, and the unit, in the supplier's habits (upper case or, now and then, title case)."""
    street, unit = writing.street_and_unit(
        address,
        direction=_DIRECTION_HABITS.get(feed, _PLAIN)[style & 3],
        suffix=_SUFFIX_HABITS.get(feed, _PLAIN)[(style >> 2) & 3],
        unit_in_full=bool((style >> 4) & 1),
        gap="  " if not (style >> 14) & 15 else " ",
    )
    return (title_case(street), title_case(unit)) if is_title_case(style) else (street, unit)


def is_title_case(style: int) -> bool:
    """One listing in eight is written in title case."""
    return not (style >> 6) & 7


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
        listing.business.name.upper().replace("Í", "í"),  # í is an apostrophe that went through the wrong code page
        ("CENTER", "FAMILY CARE", "GROUP CARE", "CENTER (PROVISIONAL)")[listing.style % 4],
        listing.source_id,
        "Active",
        us_date(listing.expires_on),
        "N",
        cell,
        state,
        county,
        phone_cell(listing, site.phone, style),
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
    company = listing.business.name.upper()
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
        phone_cell(listing, site.phone, style),
        listing.business.email,
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
    return [
        listing.source_id,
        "",
        listing.business.name,
        street,
        city,
        state,
        postal_code,
        county,
        phone_cell(listing, site.phone, style),
        "Licensed Child-Care Home" if home else "Licensed Center - Child Care Program",
        "" if pending else ("Initial Permit" if not listing.style % 9 else "Full Permit"),
        "" if pending else us_date(listing.issued_on),
        "" if pending else str(listing.capacity),
        "" if not listing.style % 4 else listing.business.email.upper(),
        str(1_311_000 + listing.style),
        "",
        *marks,
    ]


ROWS: dict[str, Callable[[Listing, Site, int, tuple[str, str]], list[str]]] = {
    NV: nv_row,
    OK: ok_row,
    TX: tx_row,
}


def listing_row(listing: Listing, index: int, site: Site, *, earlier: bool = False) -> list[str]:
    """The record of a licence in month `index`.

    `earlier` is the first of two records with one key in a file: the same site, written in another way, with
    a contact that the second record replaces.
    """
    restyled = listing.restyled_from is not None and index >= listing.restyled_from
    style = listing.style ^ 0x211 if restyled else listing.style
    contact = listing.business.contact
    if listing.next_contact and listing.contact_from is not None and index >= listing.contact_from:
        contact = listing.next_contact
    if earlier:
        style, contact = style ^ 0x5, ("FORMER", "DIRECTOR")
    row = ROWS[listing.feed](listing, site, style, contact)
    if restyled:
        row = [f" {cell} " if cell and number % 2 else cell for number, cell in enumerate(row)]
    if index in listing.broken:
        row.insert(4, "SUITE 100")  # the address held a comma and was not quoted
    return row


def salesforce_row(lead: SalesforceLead, index: int, changed_on: date, *, former: bool = False) -> list[str]:
    """A Salesforce lead's record in month `index`; if deleted or converted, it was on `changed_on`.

    `former` is the first of two records with one id in an export: it does not count.
    """
    style = lead.style
    phone = lead.former_phone if former else lead.phone_in(index)
    deleted = lead.deleted_from is not None and index >= lead.deleted_from
    converted = lead.converted_from is not None and index >= lead.converted_from
    business = lead.business
    address = business.site.address if business.site and style % 5 else None
    created = f"{lead.created:%Y-%m-%d} {lead.created.hour}:{lead.created:%M:%S}"
    modified = created
    if deleted or converted:
        modified = f"{changed_on.isoformat()} 18:2{style % 10}:0{style % 7}"
    street = city = postal_code = ""
    state = ("New York", "IA", "Ontario", "Other", "Colorado", "CA")[style % 6]
    if address:
        place = address.place
        city, postal_code = place.city.title(), place.postal_code
        state = STATE_NAMES[place.state] if style & 1 else place.state
        if (style >> 4) & 1:
            parts = street_and_unit(SALESFORCE, address, style)
            street = title_case(", ".join(part for part in parts if part))
    return [
        lead.lead_id,
        "TRUE" if deleted else "FALSE",
        business.contact[1].capitalize(),
        business.contact[0].capitalize() if style % 5 else "",
        "" if style % 4 else "Director",
        writing.company(business.name, (style >> 6) % 4),
        street,
        city,
        state,
        postal_code,
        ("", "US", "United States")[style % 3],
        writing.phone(phone, _SALESFORCE_PHONES[style % 6]),
        writing.phone(lead.mobile, _SALESFORCE_PHONES[(style >> 3) % 6]),
        business.email if style & 2 else business.email.title(),
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
