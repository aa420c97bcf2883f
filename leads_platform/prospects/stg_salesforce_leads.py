"""Salesforce's leads as one month's export says: typed, one row per Salesforce id."""

from leads_platform.prospects.salesforce_columns import SALESFORCE_LEAD
from leads_platform.prospects.supplier_staging import COLUMNS
from leads_platform.warehouse import (
    Table,
    bad_rows,
    not_null,
    phones_are_valid,
    pick,
    records_reconcile,
    values_are_readable,
)

BASE = "prospects.base_salesforce_leads"

stg_salesforce_leads = Table(
    says="One row per Salesforce lead of the month's export, the last where an id stands twice.",
    grain=("salesforce_lead_id",),
    columns=(*SALESFORCE_LEAD, *pick(COLUMNS, "records_in_file", "file_name", "file_date", "line")),
    must=(not_null("is_deleted", "is_converted"), records_reconcile(BASE, "sum(records_in_file)")),
    should=(
        phones_are_valid(0.9, line="line"),
        bad_rows("ids_stand_once", "records_in_file > 1", "No Salesforce id stands twice in an export."),
        bad_rows("created_is_known", "created_at is null", "Every Salesforce lead says when it was created."),
        values_are_readable(
            BASE,
            is_deleted="try_cast(trim(is_deleted) as boolean)",
            is_converted="try_cast(trim(is_converted) as boolean)",
            created_date="local_time(created_date)",
            last_modified_date="local_time(last_modified_date)",
        ),
    ),
    select="""
        with cleaned as (
            select
                *,
                concat_ws('|', last_name, first_name, company, phone, mobile_phone, email) as told,
                coalesce(nullif(trim(id), ''), 'without id ' || md5(told)) as salesforce_lead_id,
                phone(nullif(trim(phone), ''), 'US') as main,
                phone(nullif(trim(mobile_phone), ''), 'US') as mobile
            from prospects.base_salesforce_leads
        )
        select
            month,
            salesforce_lead_id,
            coalesce(try_cast(trim(is_deleted) as boolean), false) as is_deleted,
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
            coalesce(try_cast(trim(is_converted) as boolean), false) as is_converted,
            nullif(trim(outreach_stage_c), '') as outreach_stage,
            local_time(created_date) as created_at,
            local_time(last_modified_date) as last_modified_at,
            count(*) over same_lead as records_in_file,
            file_name,
            file_date,
            line
        from cleaned
        window same_lead as (partition by month, salesforce_lead_id)
        qualify row_number() over (same_lead order by file_date desc, file_name desc, line desc) = 1
    """,
)
