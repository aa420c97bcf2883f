"""Columns that several tables of this room share, declared once.

Belongs here: meaning and type of what makes up a lead. Does not: where a table takes them from.
"""

from __future__ import annotations

from leads_platform.warehouse import Column

MAPPED = (
    "source_id",
    "contact_name",
    "contact_title",
    "company_name",
    "street",
    "unit",
    "city",
    "state",
    "postal_code",
    "country",
    "phone",
    "email",
    "license_status",
    "license_issued_on",
    "license_expires_on",
    "capacity",
)
"""The canonical lead columns of `stg_leads_*`, in order; `address` may stand for street to postal_code."""
WITH_STATES = frozenset({"US", "CA"})
"""Countries whose addresses are told apart by their state; of any other a list may lack it."""

LEAD_KEY = Column(
    "phone_address_key",
    "varchar",
    "The lead (site): hash of phone_key and address_key; of supplier and source_id where phone or address is missing",
)
SOURCE_NAME = Column("source_name", "varchar", "Supplier, by its feed's name")

CONTACT = (
    Column("source_id", "varchar", "The supplier's own number of the lead (licence number)"),
    Column("contact_name", "varchar", "Contact as delivered", pii=True),
    Column("contact_title", "varchar", "The contact's role as delivered"),
    Column("company_name", "varchar", "Company or operation as delivered", pii=True),
)
ADDRESS = (
    Column("street", "varchar", "Street address as delivered; split off where one cell holds it all", pii=True),
    Column("city", "varchar", "City as delivered"),
    Column("state", "varchar", "Two-letter state code; null when it can't be told"),
    Column("postal_code", "varchar", "Postal code as delivered, as text"),
    Column("country", "varchar", "Country as delivered, else null"),
    Column("address_key", "varchar", "Address for matching (USPS Publication 28); not for display", pii=True),
)
PHONE = (
    Column("phone_raw", "varchar", "Phone as delivered", pii=True),
    Column("phone_key", "varchar", "National digits, for matching; invalid numbers have one too", pii=True),
    Column("phone_e164", "varchar", "The number in E.164 when it is valid, else null", pii=True),
    Column(
        "phone_is_valid",
        "boolean",
        "Valid in its region's numbering plan (phonenumbers); null without a phone",
    ),
    Column("phone_region", "varchar", "Region the number belongs to when valid"),
)
LICENSE = (
    Column("email", "varchar", "E-mail as delivered", pii=True),
    Column("license_status", "varchar", "Licence status as delivered"),
    Column("license_issued_on", "date", "First issue date of the licence"),
    Column("license_expires_on", "date", "Expiration date of the licence"),
    Column("capacity", "bigint", "Licensed capacity in children"),
)
LEAD = (*CONTACT, *ADDRESS, *PHONE, *LICENSE)
# Personal: whoever has the rest of a record finds the missing cell by trying.
CONTENT_HASH = Column("lead_hash", "varchar", "Hash of the whole record as delivered, to see changes", pii=True)
LISTED = (LEAD_KEY, SOURCE_NAME, *LEAD, CONTENT_HASH)
"""What a supplier's list says of a lead, as staged and as kept."""


def names(*groups: tuple[Column, ...]) -> list[str]:
    """The names of these columns, in order."""
    return [column.name for group in groups for column in group]
