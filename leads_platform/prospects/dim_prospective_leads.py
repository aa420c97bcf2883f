"""The list of prospective leads: one row per phone and address, as of each month's end."""

from leads_platform.prospects.dim_prospective_leads_source_level import dim_prospective_leads_source_level
from leads_platform.prospects.int_salesforce_phones import int_salesforce_phones
from leads_platform.prospects.lead_columns import ADDRESS, LEAD_KEY, PHONE, names
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, phones_are_valid, pick

dim_prospective_leads = Table(
    says="One row per prospective lead (site): a phone at an address, whoever listed it, as of the month's end.",
    grain=("phone_address_key",),
    columns=(
        LEAD_KEY,
        Column("company_name", "varchar", "Company as the latest file that holds the lead states it", pii=True),
        *PHONE,
        *ADDRESS,
        Column("first_received_file_date", "date", "Date of the first file of any supplier that held the lead"),
        Column("first_received_from_source", "varchar", "That file's supplier"),
        Column("first_received_from_file_name", "varchar", "That file"),
        Column("first_received_month", "date", "That file's month"),
        Column("last_received_file_date", "date", "Date of the latest file of any supplier that held the lead"),
        Column("in_latest_file", "boolean", "Whether the latest file of at least one of its suppliers holds it"),
        Column("sources", "varchar[]", "Every supplier that ever listed the lead, in alphabetical order"),
        *pick(dim_prospective_leads_source_level.columns, "has_phone_and_address", "salesforce_lead_id"),
        Column("created_in_salesforce_date", "date", "When that lead was created"),
        Column("last_modified_in_salesforce_date", "date", "When that lead was last modified"),
        Column("is_deleted_in_salesforce", "boolean", "That lead is deleted"),
        *pick(int_salesforce_phones.columns, "is_converted", "outreach_stage"),
        *pick(dim_prospective_leads_source_level.columns, "is_new_prospective_lead"),
        Column("was_net_new", "boolean", "New to all suppliers and to Salesforce when it was first received"),
    ),
    must=(
        not_null("first_received_file_date", "first_received_from_source", "was_net_new"),
        adds_up(
            "leads_reconcile",
            "Exactly the leads of the source-level table.",
            "prospects.dim_prospective_leads_source_level",
            theirs="count(distinct phone_address_key)",
        ),
    ),
    should=(
        phones_are_valid(0.9),
        bad_rows("phone_and_address_given", "not has_phone_and_address", "Every lead has a phone and an address."),
    ),
    select=f"""
        with latest as (
            select * from prospects.dim_prospective_leads_source_level
            qualify row_number() over (
                partition by month, phone_address_key order by last_received_file_date desc, source_name
            ) = 1
        ),
        overall as (
            select
                month, phone_address_key,
                any_value(first_received_file_date) filter (is_first_received_lead) as first_received_file_date,
                any_value(source_name) filter (is_first_received_lead) as first_received_from_source,
                any_value(first_received_file_name) filter (is_first_received_lead) as first_received_from_file_name,
                any_value(first_received_month) filter (is_first_received_lead) as first_received_month,
                list(source_name order by source_name) as sources,
                bool_or(in_latest_file) as in_latest_file,
                bool_or(was_net_new) as was_net_new,
                bool_and(is_new_prospective_lead) as is_new_prospective_lead
            from prospects.dim_prospective_leads_source_level
            group by month, phone_address_key
        )
        select
            overall.*,
            latest.company_name,
            {", ".join(f"latest.{name}" for name in names(PHONE, ADDRESS))},
            latest.last_received_file_date,
            latest.has_phone_and_address,
            latest.salesforce_lead_id,
            latest.salesforce_created_at::date as created_in_salesforce_date,
            latest.salesforce_last_modified_at::date as last_modified_in_salesforce_date,
            latest.salesforce_is_deleted as is_deleted_in_salesforce,
            latest.salesforce_is_converted as is_converted,
            latest.salesforce_outreach_stage as outreach_stage
        from latest
        join overall on overall.month = latest.month and overall.phone_address_key = latest.phone_address_key
    """,
)
