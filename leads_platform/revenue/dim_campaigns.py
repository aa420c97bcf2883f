"""Campaigns of calls: who buys the calls, and whose word of their revenue counts."""

from leads_platform.revenue.money_columns import PARTNER_ID
from leads_platform.warehouse import Audit, Column, Table, accepted_values, not_null

BASE = "revenue.base_invoca_campaigns"

dim_campaigns = Table(
    says="One row per campaign as of the month's end. A campaign that nobody lists is boberdoo's.",
    grain=("campaign_id",),
    columns=(
        Column("campaign_id", "varchar", "Invoca's id of the campaign"),
        Column("campaign_name", "varchar", "Its name"),
        Column("system_of_record", "varchar", "boberdoo or invoca: whose word of the revenue counts"),
        PARTNER_ID,
        Column("min_duration_seconds", "bigint", "Calls shorter than this are not paid; changes nothing here"),
    ),
    must=(not_null("system_of_record"), accepted_values("system_of_record", "boberdoo", "invoca")),
    should=(
        Audit(
            "records_are_known",
            "The system of record is boberdoo or invoca; any other is taken for boberdoo.",
            f"""
            select month, line from {BASE}
            where coalesce(lower(trim(system_of_record)), '') not in ('boberdoo', 'invoca')
            """,
        ),
    ),
    select=f"""
        select
            month,
            trim(advertiser_campaign_id) as campaign_id,
            nullif(trim(campaign_name), '') as campaign_name,
            if(lower(trim(system_of_record)) = 'invoca', 'invoca', 'boberdoo') as system_of_record,
            nullif(trim(partner_id), '') as partner_id,
            try_cast(min_duration_seconds as bigint) as min_duration_seconds
        from {BASE}
        qualify row_number() over (partition by month, trim(advertiser_campaign_id) order by line desc) = 1
    """,
)
