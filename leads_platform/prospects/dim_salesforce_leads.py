"""Every lead Salesforce is known to hold, or to have held, as of each month's end."""

from leads_platform.prospects.salesforce_columns import SALESFORCE_LEAD
from leads_platform.warehouse import Column, Table, as_of, bad_rows

dim_salesforce_leads = Table(
    says="One row per Salesforce lead seen in any export up to the month, as its latest export states it.",
    grain=("salesforce_lead_id",),
    columns=(
        *SALESFORCE_LEAD,
        Column("first_received_file_date", "date", "Date of the first export that held it"),
        Column("last_received_file_date", "date", "Date of the last export that held it"),
        Column("last_received_file_name", "varchar", "That export"),
        Column("in_latest_file", "boolean", "Whether the latest export still holds it"),
    ),
    cumulative=True,
    should=(bad_rows("has_a_phone", "phone_key is null and mobile_phone_key is null", "A lead has some phone."),),
    select=as_of(
        "prospects.dim_salesforce_leads",
        listing="prospects.stg_salesforce_leads",
        key=("salesforce_lead_id",),
        listed="in_latest_file",
        select="""
            select
                now.* exclude (records_in_file, file_name, file_date, line),
                coalesce(known.first_received_file_date, now.file_date) as first_received_file_date,
                now.file_date as last_received_file_date,
                now.file_name as last_received_file_name
            from now
            left join known on known.salesforce_lead_id = now.salesforce_lead_id
        """,
    ),
)
