"""Columns of a Salesforce lead that staging and the dimension share, declared once.

Belongs here: meaning and type. Does not: where a table takes them from.
"""

from __future__ import annotations

from leads_platform.warehouse import Column

SALESFORCE_LEAD = (
    Column(
        "salesforce_lead_id",
        "varchar",
        "Salesforce's id of the lead; without one, a hash of its row",
    ),
    Column("is_deleted", "boolean", "Deleted in Salesforce; still a lead we know"),
    Column("first_name", "varchar", "First name", pii=True),
    Column("last_name", "varchar", "Last name", pii=True),
    Column("title", "varchar", "Job title"),
    Column("company", "varchar", "Company", pii=True),
    Column("street", "varchar", "Street address", pii=True),
    Column("city", "varchar", "City"),
    Column("state", "varchar", "Two-letter state code; null when it can't be told ('Other')"),
    Column("postal_code", "varchar", "Postal code as text"),
    Column("country", "varchar", "Country as given"),
    Column("phone_raw", "varchar", "Phone as given", pii=True),
    Column("phone_key", "varchar", "National digits, for matching; invalid numbers have one too", pii=True),
    Column("phone_e164", "varchar", "The number in E.164 when it is valid, else null", pii=True),
    Column("phone_is_valid", "boolean", "Valid in the US numbering plan (phonenumbers); null without a phone"),
    Column("phone_region", "varchar", "Region the number belongs to when valid"),
    Column("mobile_phone_key", "varchar", "National digits of the mobile phone, for matching", pii=True),
    Column("mobile_phone_is_valid", "boolean", "Whether the mobile phone is valid; null without one"),
    Column("email", "varchar", "E-mail in lower case", pii=True),
    Column("lead_source", "varchar", "Where Salesforce says the lead came from"),
    Column("status", "varchar", "Lead status"),
    Column("is_converted", "boolean", "Converted to an account; still a lead we know"),
    Column("outreach_stage", "varchar", "outreach_stage_c: how far sales outreach is"),
    Column("created_at", "timestamp", "When Salesforce created the lead, as the export states it"),
    Column("last_modified_at", "timestamp", "When it was last modified, as the export states it"),
)
