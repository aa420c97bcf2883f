"""The columns of the sales file: of Salesforce's form, and of the one for people.

Belongs here: how a row of rep_new_leads becomes a line of a file, and what fits in it. Does not: which leads go out
(new_leads_export), or writing files (leads_platform.actions.writing).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leads_platform.actions.writing import XLSX_LONGEST, Cell, length
from leads_platform.prospects.email import is_email

Lead = Mapping[str, Any]
NOT_PROVIDED = "[not provided]"
"""What Salesforce's own imports write where a required text is missing."""
_TWO_WORDS = re.compile(r"([^\W\d_][\w'.\-]*) ([^\W\d_][\w'.\-]*)")
_NANP = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


@dataclass(frozen=True)
class Field:
    """A column of a file: `longest` is how many characters it holds, `width` how many are shown.

    `told`: what is in it is news of the lead. A lead goes out again when such a column changes; by no other.
    """

    title: str
    value: Callable[[Lead], Cell]
    longest: int = XLSX_LONGEST
    width: int = 16
    told: bool = True


def name_of(lead: Lead) -> tuple[str, str]:
    """First and last name. Of two plain words; any other name stands whole as the last: where to part it is a guess.

    >>> name_of({"contact_name": "ANN LEE"}), name_of({"contact_name": "ANN & BO LEE"}), name_of({"contact_name": None})
    (('ANN', 'LEE'), ('', 'ANN & BO LEE'), ('', '[not provided]'))
    """
    name = lead["contact_name"] or ""
    if found := _TWO_WORDS.fullmatch(name):
        return found[1], found[2]
    return "", name or NOT_PROVIDED


def kind_of(lead: Lead) -> str:
    """New licence, moved, new phone, or both of these."""
    moved, phone = ("moved" if lead["has_moved"] else ""), ("new phone" if lead["has_new_phone"] else "")
    return ", ".join(filter(None, (moved, phone))) or "new licence"


def _shown_phone(lead: Lead) -> str | None:
    """The number as people dial it, `702-555-0101`; as delivered where it is not valid."""
    number = lead["phone_e164"] or lead["phone_raw"]
    found = _NANP.fullmatch(number or "")
    return "-".join(found.groups()) if found else number


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


# Names and lengths as in Salesforce's object reference, Lead; what ends with __c is a field of the organisation's own.
SALESFORCE = (
    Field("External_Lead_Id__c", lambda lead: lead["external_id"], 255, told=False),
    Field("LastName", lambda lead: name_of(lead)[1], 80),
    Field("FirstName", lambda lead: name_of(lead)[0], 40),
    Field("Title", lambda lead: lead["contact_title"], 128),
    Field("Company", lambda lead: lead["company_name"] or NOT_PROVIDED, 255),
    Field("Phone", lambda lead: lead["phone_e164"], 40),
    Field("Email", lambda lead: lead["email"] if is_email(lead["email"]) else None, 80),
    Field("Street", lambda lead: lead["street"], 255),
    Field("City", lambda lead: lead["city"], 40),
    Field("State", lambda lead: lead["state"], 80),
    Field("PostalCode", lambda lead: lead["postal_code"], 20),
    Field("Country", lambda lead: lead["country"], 80),
    Field("LeadSource", lambda lead: lead["source_name"], 255),
    Field("License_Number__c", lambda lead: lead["source_id"], 255),
    Field("Kind", kind_of, 255, told=False),
)
PEOPLE = (
    Field("Kind", kind_of, width=14, told=False),
    Field("Company", lambda lead: lead["company_name"], width=34),
    Field("Contact", lambda lead: lead["contact_name"], width=24),
    Field("Title", lambda lead: lead["contact_title"], width=14),
    Field("Phone", _shown_phone, width=16),
    Field("Phone is valid", lambda lead: _yes(lead["phone_is_valid"]), width=14),
    Field("E-mail", lambda lead: lead["email"], width=28),
    Field("Street", lambda lead: lead["street"], width=28),
    Field("City", lambda lead: lead["city"], width=18),
    Field("State", lambda lead: lead["state"], width=7),
    Field("Postal code", lambda lead: lead["postal_code"], width=12),
    Field("Country", lambda lead: lead["country"], width=10),
    Field("Licence", lambda lead: lead["source_id"], width=16),
    Field("Licence status", lambda lead: lead["license_status"], width=16),
    Field("Licence expires", lambda lead: lead["license_expires_on"], width=15),
    Field("Capacity", lambda lead: lead["capacity"], width=10),
    Field("Former phone", lambda lead: lead["former_phone"], width=16),
    Field("Former address", lambda lead: lead["former_address"], width=36),
    Field("Had expired", lambda lead: _yes(lead["license_expired_at_file_date"]), width=12, told=False),
    Field("In Salesforce by now", lambda lead: _yes(_is_in_salesforce(lead)), width=20, told=False),
    Field("Suppliers", lambda lead: ", ".join(lead["suppliers"]), width=24, told=False),
    Field("File", lambda lead: lead["file_name"], width=28, told=False),
    Field("Line", lambda lead: lead["line"], width=8, told=False),
    Field("External id", lambda lead: lead["external_id"], width=34, told=False),
)


def _is_in_salesforce(lead: Lead) -> bool | None:
    return None if lead["is_new_prospective_lead"] is None else not lead["is_new_prospective_lead"]


def told(fields: tuple[Field, ...], lead: Lead) -> str:
    """All that is news of the lead in this form, as one text; it is hashed."""
    return repr([(field.title, field.value(lead)) for field in fields if field.told])


def too_long(fields: tuple[Field, ...], lead: Lead) -> list[str]:
    """What does not fit, in words without the value."""
    found = []
    for field in fields:
        value = field.value(lead)
        if isinstance(value, str) and length(value) > field.longest:
            found.append(f"{field.title} has {length(value):,} characters, and holds {field.longest:,}")
    return found
