"""The phones by which a lead is found in Salesforce: one row per number, with its best match."""

from leads_platform.warehouse import Column, Table, bad_rows, not_null

int_salesforce_phones = Table(
    says="One row per phone number of any Salesforce lead, as phone or mobile, as of the month's end.",
    grain=("phone_key",),
    columns=(
        Column("phone_key", "varchar", "National digits, for matching; invalid numbers have one too", pii=True),
        Column("salesforce_lead_id", "varchar", "Best match: not deleted, phone before mobile, last modified, id"),
        Column("is_deleted", "boolean", "That lead is deleted"),
        Column("created_at", "timestamp", "When that lead was created"),
        Column("last_modified_at", "timestamp", "When that lead was last modified"),
        Column("is_converted", "boolean", "That lead is converted"),
        Column("outreach_stage", "varchar", "That lead's outreach stage"),
        Column("salesforce_lead_ids", "varchar[]", "Every Salesforce lead with this number"),
        Column("first_created_at", "timestamp", "When the first of them was created; year 1 where it is not stated"),
    ),
    must=(
        not_null("salesforce_lead_id", "first_created_at"),
        bad_rows(
            "best_is_one_of_all",
            "not list_contains(salesforce_lead_ids, salesforce_lead_id)",
            "The best match is one of all matches.",
        ),
    ),
    select="""
        with numbers as (
            select phone_key, false as is_mobile, * exclude (phone_key) from prospects.dim_salesforce_leads
            union all by name
            select mobile_phone_key as phone_key, true as is_mobile, * exclude (phone_key)
            from prospects.dim_salesforce_leads
        ),
        best as (
            select *
            from numbers
            where phone_key is not null
            qualify row_number() over (
                partition by month, phone_key
                order by is_deleted, is_mobile, last_modified_at desc nulls last, salesforce_lead_id
            ) = 1
        ),
        -- a group, not a window: a window's list is made anew for every row
        over_leads as (
            select
                month,
                phone_key,
                list_sort(list(distinct salesforce_lead_id)) as salesforce_lead_ids,
                min(coalesce(created_at, timestamp '0001-01-01')) as first_created_at
            from numbers
            where phone_key is not null
            group by month, phone_key
        )
        select
            best.month,
            best.phone_key,
            best.salesforce_lead_id,
            best.is_deleted,
            best.created_at,
            best.last_modified_at,
            best.is_converted,
            best.outreach_stage,
            over_leads.salesforce_lead_ids,
            over_leads.first_created_at
        from best
        join over_leads on over_leads.month = best.month and over_leads.phone_key = best.phone_key
    """,
)
