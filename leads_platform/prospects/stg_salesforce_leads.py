"""Salesforce's leads as one month's export says: typed, one row per Salesforce id."""

from leads_platform.prospects.salesforce_columns import SALESFORCE_LEAD
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null, phones_are_valid

stg_salesforce_leads = Table(
    says="One row per Salesforce lead of the month's export, the last where an id stands twice.",
    grain=("salesforce_lead_id",),
    columns=(
        Column("month", "date", "Month of the export"),
        *SALESFORCE_LEAD,
        Column("records_in_file", "bigint", "Records of the export with this id"),
        Column("file_name", "varchar", "The export"),
        Column("file_date", "date", "Its date"),
        Column("line", "bigint", "Line of the export"),
    ),
    must=(
        not_null("is_deleted", "is_converted"),
        Audit(
            "records_reconcile",
            "The rows' record counts add up to the month's records in the base table.",
            """
            with here as (select month, sum(records_in_file) as records from this group by month),
            base as (select month, count(*) as records from prospects.base_salesforce_leads group by month)
            select coalesce(here.month, base.month) as month
            from here
            full join base on base.month = here.month
            where here.records is distinct from base.records
            """,
        ),
    ),
    should=(
        phones_are_valid(0.9, line="line"),
        bad_rows("ids_stand_once", "records_in_file > 1", "No Salesforce id stands twice in an export."),
        bad_rows("created_is_known", "created_at is null", "Every Salesforce lead says when it was created."),
    ),
    select="""
        with cleaned as (
            select
                *,
                coalesce(
                    nullif(trim(id), ''),
                    'without id ' || md5(concat_ws('|', last_name, first_name, company, phone, mobile_phone, email))
                ) as salesforce_lead_id,
                phone(nullif(trim(phone), ''), 'US') as main,
                phone(nullif(trim(mobile_phone), ''), 'US') as mobile
            from prospects.base_salesforce_leads
        )
        select
            month,
            salesforce_lead_id,
            coalesce(lower(trim(is_deleted)) = 'true', false) as is_deleted,
            nullif(trim(first_name), '') as first_name,
            nullif(trim(last_name), '') as last_name,
            nullif(trim(title), '') as title,
            nullif(trim(company), '') as company,
            nullif(trim(street), '') as street,
            nullif(trim(city), '') as city,
            state_code(state) as state,
            nullif(trim(postal_code), '') as postal_code,
            nullif(trim(country), '') as country,
            nullif(trim(phone), '') as phone_raw,
            main.key as phone_key,
            main.e164 as phone_e164,
            main.is_valid as phone_is_valid,
            main.region as phone_region,
            mobile.key as mobile_phone_key,
            mobile.is_valid as mobile_phone_is_valid,
            lower(nullif(trim(email), '')) as email,
            nullif(trim(lead_source), '') as lead_source,
            nullif(trim(status), '') as status,
            coalesce(lower(trim(is_converted)) = 'true', false) as is_converted,
            nullif(trim(outreach_stage_c), '') as outreach_stage,
            try_cast(created_date as timestamp) as created_at,
            try_cast(last_modified_date as timestamp) as last_modified_at,
            count(*) over (partition by month, salesforce_lead_id) as records_in_file,
            file_name,
            file_date,
            line
        from cleaned
        qualify row_number() over (
            partition by month, salesforce_lead_id
            order by file_date desc, file_name desc, line desc
        ) = 1
    """,
)
