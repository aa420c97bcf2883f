"""Each supplier's leads as of each month's end: when received, what changed, and whether Salesforce knows them."""

from leads_platform.prospects.lead_columns import CONTENT_HASH, LEAD, LEAD_KEY, SOURCE_NAME, names
from leads_platform.warehouse import Audit, Column, Table, bad_rows

_NOW = ", ".join(f"now.{n}" for n in [*names(LEAD), "lead_hash", "has_phone_and_address"])
_KNOWN = ", ".join(f"known.{n}" for n in [*names(LEAD), "lead_hash", "has_phone_and_address"])

dim_prospective_leads_source_level = Table(
    says="One row per lead and supplier that ever listed it, as of the month's end; vanished leads stay.",
    grain=("phone_address_key", "source_name"),
    columns=(
        Column("source_lead_key", "varchar", "Hash of source_name and phone_address_key"),
        LEAD_KEY,
        SOURCE_NAME,
        *LEAD,
        CONTENT_HASH,
        Column(
            "has_phone_and_address",
            "boolean",
            "False: identified by the supplier's number alone, and no other supplier's lead is the same",
        ),
        Column("first_received_month", "date", "First month in which this supplier listed the lead"),
        Column("first_received_file_name", "varchar", "File of that month"),
        Column("first_received_file_date", "date", "That file's date"),
        Column("last_received_file_name", "varchar", "Latest file of this supplier that holds the lead"),
        Column("last_received_file_date", "date", "That file's date"),
        Column("in_latest_file", "boolean", "Whether the supplier's latest file holds the lead"),
        Column("listed_this_month", "boolean", "Whether the supplier's file of this very month holds the lead"),
        Column(
            "changed_since_last_file",
            "boolean",
            "In this month's file with other content than in the one before",
        ),
        Column("gone_since_last_file", "boolean", "Not in this month's file, but in the supplier's one before"),
        Column("replaces_key", "varchar", "The lead under which the supplier's file before had this source_id"),
        Column(
            "has_moved",
            "boolean",
            "This month the source_id stands at another address than in the file before",
        ),
        Column("has_new_phone", "boolean", "This month the source_id has another phone than in the file before"),
        Column("lead_first_received_month", "date", "First month in which any supplier listed the lead"),
        Column(
            "is_first_received_lead",
            "boolean",
            "This supplier listed the lead first (one row per lead is true)",
        ),
        Column(
            "license_expired_at_file_date",
            "boolean",
            "The licence had expired by the date of the latest file",
        ),
        Column(
            "salesforce_lead_id",
            "varchar",
            "Best match in Salesforce: not deleted, phone before mobile, newest",
        ),
        Column("salesforce_is_deleted", "boolean", "That lead is deleted"),
        Column("salesforce_created_at", "timestamp", "When that lead was created"),
        Column("salesforce_last_modified_at", "timestamp", "When that lead was last modified"),
        Column("salesforce_is_converted", "boolean", "That lead is converted"),
        Column("salesforce_outreach_stage", "varchar", "That lead's outreach stage"),
        Column("salesforce_lead_ids", "varchar[]", "Every Salesforce lead with this phone as phone or mobile"),
        Column(
            "is_new_prospective_lead",
            "boolean",
            "No Salesforce lead known by month's end has its phone; null without any Salesforce export so far",
        ),
        Column(
            "was_net_new",
            "boolean",
            "No supplier listed it in an earlier month, and no Salesforce lead with its "
            "phone was created before the date of the file that first held it",
        ),
    ),
    cumulative=True,
    must=(
        bad_rows(
            "first_before_last",
            "first_received_file_date > last_received_file_date",
            "A lead is first received no later than last.",
        ),
        Audit(
            "leads_reconcile",
            "Every lead of the month's lists is here, and nothing known before is lost.",
            """
            with expected as (
                select month, source_name, phone_address_key from prospects."stg_leads_*"
            )
            select expected.month
            from expected
            anti join this on this.month = expected.month and this.source_name = expected.source_name
                and this.phone_address_key = expected.phone_address_key and this.in_latest_file
            union all
            select later.month
            from (select month, count(*) as leads, lag(count(*)) over (order by month) as before
                  from this_history group by month) as later
            where leads < before
        """,
        ),
        Audit(
            "one_first_received_row",
            "Exactly one supplier's row of a lead is its first.",
            """
            select month from this group by month, phone_address_key
            having count(*) filter (where is_first_received_lead) <> 1
        """,
        ),
    ),
    select=f"""
        with now as (
            select * from prospects."stg_leads_*"
        ),
        known as (
            select * from prospects.dim_prospective_leads_source_level where month = $previous_month
        ),
        delivered as (
            select distinct source_name from now
        ),
        former as (
            select source_name, source_id, phone_address_key, phone_key, address_key
            from known
            where in_latest_file and source_id is not null
            qualify row_number() over (partition by source_name, source_id order by phone_address_key) = 1
        ),
        listed as (
            select
                now.phone_address_key,
                now.source_name,
                {_NOW},
                now.first_received_month,
                now.first_received_file_name,
                now.first_received_file_date,
                known.was_net_new as was_net_new_before,
                now.file_name as last_received_file_name,
                now.file_date as last_received_file_date,
                true as in_latest_file,
                true as listed_this_month,
                coalesce(known.in_latest_file and known.lead_hash <> now.lead_hash, false) as changed_since_last_file,
                false as gone_since_last_file,
                former.phone_address_key as replaces_key,
                coalesce(former.address_key <> now.address_key, false) as has_moved,
                coalesce(former.phone_key <> now.phone_key, false) as has_new_phone
            from now
            left join known
                on known.phone_address_key = now.phone_address_key
                and known.source_name = now.source_name
            -- A condition on `known` of its own would make DuckDB compare every lead with every former one.
            left join former
                on former.source_name = now.source_name
                and former.source_id = case when known.phone_address_key is null then now.source_id end
        ),
        unlisted as (
            select
                known.phone_address_key,
                known.source_name,
                {_KNOWN},
                known.first_received_month,
                known.first_received_file_name,
                known.first_received_file_date,
                known.was_net_new as was_net_new_before,
                known.last_received_file_name,
                known.last_received_file_date,
                known.in_latest_file and delivered.source_name is null as in_latest_file,
                false as listed_this_month,
                false as changed_since_last_file,
                known.in_latest_file and delivered.source_name is not null as gone_since_last_file,
                null as replaces_key,
                false as has_moved,
                false as has_new_phone
            from known
            anti join now
                on now.phone_address_key = known.phone_address_key
                and now.source_name = known.source_name
            left join delivered on delivered.source_name = known.source_name
        ),
        leads as (
            select
                *,
                min(first_received_month) over (partition by phone_address_key) as lead_first_received_month,
                row_number() over (
                    partition by phone_address_key order by first_received_file_date, source_name
                ) = 1 as is_first_received_lead
            from (select * from listed union all by name select * from unlisted)
        ),
        exports as (
            select count(*) > 0 as any_so_far from prospects.dim_salesforce_leads
        )
        select
            $month as month,
            md5(leads.source_name || '|' || leads.phone_address_key) as source_lead_key,
            leads.* exclude (was_net_new_before),
            leads.license_expires_on < leads.last_received_file_date as license_expired_at_file_date,
            salesforce.salesforce_lead_id as salesforce_lead_id,
            salesforce.is_deleted as salesforce_is_deleted,
            salesforce.created_at as salesforce_created_at,
            salesforce.last_modified_at as salesforce_last_modified_at,
            salesforce.is_converted as salesforce_is_converted,
            salesforce.outreach_stage as salesforce_outreach_stage,
            salesforce.salesforce_lead_ids,
            case when exports.any_so_far then salesforce.phone_key is null end as is_new_prospective_lead,
            -- once known to have been known, for good: a lead's phone in Salesforce may change later
            coalesce(leads.was_net_new_before, true)
                and leads.first_received_month = leads.lead_first_received_month
                and coalesce(salesforce.first_created_at::date >= leads.first_received_file_date, true)
                as was_net_new
        from leads
        left join prospects.int_salesforce_phones as salesforce on salesforce.phone_key = leads.phone_key
        cross join exports
    """,
)
