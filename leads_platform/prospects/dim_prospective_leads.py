"""The list of prospective leads: one row per phone and address, as of each month's end."""

from leads_platform.prospects.lead_columns import ADDRESS, LEAD_KEY, PHONE
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, phones_are_valid

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
        Column("has_phone_and_address", "boolean", "False: identified by the supplier's number alone"),
        Column("salesforce_lead_id", "varchar", "Best match in Salesforce"),
        Column("created_in_salesforce_date", "date", "When that lead was created"),
        Column("last_modified_in_salesforce_date", "date", "When that lead was last modified"),
        Column("is_deleted_in_salesforce", "boolean", "That lead is deleted"),
        Column("is_converted", "boolean", "That lead is converted"),
        Column("outreach_stage", "varchar", "That lead's outreach stage"),
        Column(
            "is_new_prospective_lead",
            "boolean",
            "No Salesforce lead known by month's end has its phone; null without any Salesforce export so far",
        ),
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
    select="""
        with first_rows as (
            select * from prospects.dim_prospective_leads_source_level where is_first_received_lead
        ),
        latest_rows as (
            select *
            from prospects.dim_prospective_leads_source_level
            qualify row_number() over (
                partition by month, phone_address_key order by last_received_file_date desc, source_name
            ) = 1
        ),
        over_sources as (
            select
                month,
                phone_address_key,
                list(source_name order by source_name) as sources,
                bool_or(in_latest_file) as in_latest_file,
                bool_or(was_net_new) as was_net_new,
                bool_and(is_new_prospective_lead) as is_new_prospective_lead
            from prospects.dim_prospective_leads_source_level
            group by month, phone_address_key
        )
        select
            latest_rows.month,
            latest_rows.phone_address_key,
            latest_rows.company_name,
            latest_rows.phone_raw,
            latest_rows.phone_key,
            latest_rows.phone_e164,
            latest_rows.phone_is_valid,
            latest_rows.phone_region,
            latest_rows.street,
            latest_rows.city,
            latest_rows.state,
            latest_rows.postal_code,
            latest_rows.country,
            latest_rows.address_key,
            first_rows.first_received_file_date,
            first_rows.source_name as first_received_from_source,
            first_rows.first_received_file_name as first_received_from_file_name,
            first_rows.first_received_month,
            latest_rows.last_received_file_date,
            over_sources.in_latest_file,
            over_sources.sources,
            latest_rows.has_phone_and_address,
            latest_rows.salesforce_lead_id,
            latest_rows.salesforce_created_at::date as created_in_salesforce_date,
            latest_rows.salesforce_last_modified_at::date as last_modified_in_salesforce_date,
            latest_rows.salesforce_is_deleted as is_deleted_in_salesforce,
            latest_rows.salesforce_is_converted as is_converted,
            latest_rows.salesforce_outreach_stage as outreach_stage,
            over_sources.is_new_prospective_lead,
            over_sources.was_net_new
        from latest_rows
        join first_rows
            on first_rows.month = latest_rows.month
            and first_rows.phone_address_key = latest_rows.phone_address_key
        join over_sources
            on over_sources.month = latest_rows.month
            and over_sources.phone_address_key = latest_rows.phone_address_key
    """,
)
