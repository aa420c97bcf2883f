"""Each supplier's leads as of each month's end: who listed them first, and whether Salesforce knows them."""

from leads_platform.prospects.int_lead_listings import int_lead_listings
from leads_platform.prospects.int_salesforce_phones import int_salesforce_phones
from leads_platform.warehouse import Audit, Column, Table, adds_up, pick

dim_prospective_leads_source_level = Table(
    says="One row per lead and supplier that ever listed it, as of the month's end; vanished leads stay.",
    grain=("phone_address_key", "source_name"),
    columns=(
        Column("source_lead_key", "varchar", "Hash of source_name and phone_address_key"),
        *int_lead_listings.columns,
        Column("lead_first_received_month", "date", "First month in which any supplier listed the lead"),
        Column("is_first_received_lead", "boolean", "This supplier listed the lead first (one row per lead is true)"),
        Column("license_expired_at_file_date", "boolean", "The licence had expired by the date of the latest file"),
        *pick(int_salesforce_phones.columns, "salesforce_lead_id"),
        Column("salesforce_is_deleted", "boolean", "That lead is deleted"),
        Column("salesforce_created_at", "timestamp", "When that lead was created"),
        Column("salesforce_last_modified_at", "timestamp", "When that lead was last modified"),
        Column("salesforce_is_converted", "boolean", "That lead is converted"),
        Column("salesforce_outreach_stage", "varchar", "That lead's outreach stage"),
        *pick(int_salesforce_phones.columns, "salesforce_lead_ids"),
        Column("is_new_prospective_lead", "boolean", "No Salesforce lead so far has its phone; null: no export so far"),
        Column(
            "was_net_new",
            "boolean",
            "No supplier listed it in an earlier month, and no Salesforce lead with its "
            "phone was created before the date of the file that first held it",
        ),
    ),
    cumulative=True,
    must=(
        adds_up(
            "leads_reconcile",
            "Exactly the listings: no join repeats or drops one.",
            "prospects.int_lead_listings",
            by=("source_name",),
        ),
        Audit(
            "one_first_received_row",
            "Exactly one supplier's row of a lead is its first.",
            "select month from this group by month, phone_address_key having count_if(is_first_received_lead) <> 1",
        ),
    ),
    select="""
        with known as (
            select * from prospects.dim_prospective_leads_source_level where month = $previous_month
        ),
        leads as (
            select
                *,
                min(first_received_month) over (partition by phone_address_key) as lead_first_received_month,
                row_number() over (partition by phone_address_key order by first_received_file_date, source_name) = 1
                    as is_first_received_lead
            from prospects.int_lead_listings
        ),
        exports as (select count(*) > 0 as any_so_far from prospects.dim_salesforce_leads)
        select
            md5(leads.source_name || '|' || leads.phone_address_key) as source_lead_key,
            leads.*,
            leads.license_expires_on < leads.last_received_file_date as license_expired_at_file_date,
            salesforce.salesforce_lead_id,
            salesforce.is_deleted as salesforce_is_deleted,
            salesforce.created_at as salesforce_created_at,
            salesforce.last_modified_at as salesforce_last_modified_at,
            salesforce.is_converted as salesforce_is_converted,
            salesforce.outreach_stage as salesforce_outreach_stage,
            salesforce.salesforce_lead_ids,
            case when exports.any_so_far then salesforce.phone_key is null end as is_new_prospective_lead,
            -- once known to have been known, for good: a lead's phone in Salesforce may change later
            coalesce(known.was_net_new, true)
                and leads.first_received_month = leads.lead_first_received_month
                and coalesce(salesforce.first_created_at::date >= leads.first_received_file_date, true)
                as was_net_new
        from leads
        left join prospects.int_salesforce_phones as salesforce on salesforce.phone_key = leads.phone_key
        left join known on known.phone_address_key = leads.phone_address_key and known.source_name = leads.source_name
        cross join exports
    """,
)
