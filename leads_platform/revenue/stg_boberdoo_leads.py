"""boberdoo's leads as each export told them: typed, one row per version."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, not_null, phones_are_valid, pick, values_are_readable

BASE = "revenue.base_boberdoo_leads"
TEXTS = (
    "lead_type_id", "lead_type", "vendor_id", "src", "sub_id", "pub_id", "landing_page", "first_name", "last_name",
    "trusted_form_url", "leadid_token",
)  # fmt: skip

stg_boberdoo_leads = Table(
    says="One row per version of a lead, in the month in which it was received.",
    grain=("lead_id", "version"),
    columns=(
        Column("lead_id", "varchar", "boberdoo's id of the lead"),
        Column("version", "bigint", "1: what was told of it first in this month, and so on, by the exports' dates"),
        Column("is_gone", "boolean", "It is of another month from here on: nothing else is told of it here"),
        Column("is_newest", "boolean", "Its newest version, and not gone: the lead as now known"),
        Column("lead_type_id", "varchar", "boberdoo's id of the vertical"),
        Column("lead_type", "varchar", "The vertical"),
        Column("received_at", "timestamp", "When boberdoo received it; gives the month"),
        Column("vendor_id", "varchar", "Who sent it"),
        *pick(ENTRY, "src"),
        Column("sub_id", "varchar", "The vendor's own mark of the source"),
        Column("pub_id", "varchar", "The publisher, as the vendor marks it"),
        Column("landing_page", "varchar", "The page that the person filled in"),
        Column("first_name", "varchar", "First name", pii=True),
        Column("last_name", "varchar", "Surname", pii=True),
        Column("email", "varchar", "E-mail address, in lower case", pii=True),
        Column("phone_key", "varchar", "Phone's national digits: what leads and calls are matched by", pii=True),
        Column("phone_is_valid", "boolean", "Whether the phone is a possible number of its region"),
        Column("state", "varchar", "Two-letter state code"),
        Column("postal_code", "varchar", "Five digits"),
        Column("status", "varchar", "What boberdoo made of it, as matched, duplicate or test; in lower case"),
        Column("vendor_cost", "decimal(18,4)", "What the vendor is paid for it; null where none is given"),
        Column("trusted_form_url", "varchar", "Certificate of consent", pii=True),
        Column("leadid_token", "varchar", "Jornaya's token of the visit", pii=True),
        *pick(ENTRY, "known_on", "file_name", "line"),
    ),
    must=(not_null("is_gone", "is_newest"),),
    should=(phones_are_valid(0.9, line="line"), values_are_readable(BASE, vendor_cost="money(vendor_cost, 'us')")),
    select=f"""
        with told as (
            select *, phone(nullif(trim(phone), ''), 'US') as number
            from arrivals.boberdoo_leads_versions
        )
        select
            month,
            lead_id,
            version_number as version,
            is_gone,
            not is_gone and version_number = max(version_number) over (partition by month, lead_id) as is_newest,
            {", ".join(f"nullif(trim({name}), '') as {name}" for name in TEXTS)},
            record_local_at as received_at,
            lower(nullif(trim(email), '')) as email,
            number.key as phone_key,
            number.is_valid as phone_is_valid,
            state_code(state) as state,
            postal_code5(zip) as postal_code,
            lower(nullif(trim(status), '')) as status,
            money(vendor_cost, 'us') as vendor_cost,
            known_on,
            file_name,
            line
        from told
    """,
)
