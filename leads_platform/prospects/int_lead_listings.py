"""Each supplier's leads as of each month's end: when the supplier listed them, and what changed from list to list."""

from leads_platform.prospects.lead_columns import LISTED
from leads_platform.prospects.supplier_staging import COLUMNS
from leads_platform.warehouse import Audit, Column, Table, bad_rows, pick

int_lead_listings = Table(
    says="One row per lead and supplier that ever listed it, as of the month's end; vanished leads stay.",
    grain=("phone_address_key", "source_name"),
    columns=(
        *LISTED,
        *pick(COLUMNS, "has_phone_and_address", "first_received_month"),
        *pick(COLUMNS, "first_received_file_name", "first_received_file_date"),
        Column("last_received_file_name", "varchar", "Latest file of this supplier that holds the lead"),
        Column("last_received_file_date", "date", "That file's date"),
        Column("in_latest_file", "boolean", "Whether the supplier's latest file holds the lead"),
        Column("listed_this_month", "boolean", "Whether the supplier's file of this very month holds the lead"),
        Column("changed_since_last_file", "boolean", "In this month's file with other content than in the one before"),
        Column("gone_since_last_file", "boolean", "Not in this month's file, but in the supplier's one before"),
        Column("replaces_key", "varchar", "New this month: the lead under which the supplier last had this source_id"),
        Column("has_moved", "boolean", "The source_id is at another address than under replaces_key; none is another"),
        Column("has_new_phone", "boolean", "The source_id has another phone than under replaces_key; none is another"),
    ),
    cumulative=True,
    must=(
        bad_rows("first_before_last", "first_received_file_date > last_received_file_date", "First comes before last."),
        Audit(
            "leads_reconcile",
            "Every lead of the month's lists is here, and nothing known before is lost.",
            """
            select month from prospects."stg_leads_*" as listed
            anti join (select * from this where in_latest_file) as here using (month, source_name, phone_address_key)
            union all
            select month from this_history group by month qualify count(*) < lag(count(*)) over (order by month)
            """,
        ),
    ),
    select="""
        with now as (select * from prospects."stg_leads_*"),
        known as (select * from prospects.int_lead_listings where month = $previous_month),
        former as (
            select * from known where source_id is not null
            qualify row_number() over (
                partition by source_name, source_id order by last_received_file_date desc, phone_address_key
            ) = 1
        )
        select
            now.* exclude (unreadable_columns, records_in_file, file_name, file_date, line),
            now.file_name as last_received_file_name,
            now.file_date as last_received_file_date,
            true as in_latest_file,
            true as listed_this_month,
            coalesce(known.in_latest_file and known.lead_hash <> now.lead_hash, false) as changed_since_last_file,
            false as gone_since_last_file,
            former.phone_address_key as replaces_key,
            former.phone_address_key is not null and former.address_key is distinct from now.address_key as has_moved,
            former.phone_address_key is not null and former.phone_key is distinct from now.phone_key as has_new_phone
        from now
        left join known on known.phone_address_key = now.phone_address_key and known.source_name = now.source_name
        -- A condition on `known` of its own would make DuckDB compare every lead with every former one.
        left join former
            on former.source_name = now.source_name
            and former.source_id = case when known.phone_address_key is null then now.source_id end
        union all by name
        select
            known.* replace (
                $month as month,
                known.in_latest_file and delivered.source_name is null as in_latest_file,
                false as listed_this_month,
                false as changed_since_last_file,
                known.in_latest_file and delivered.source_name is not null as gone_since_last_file,
                null as replaces_key,
                false as has_moved,
                false as has_new_phone
            )
        from known
        anti join now on now.phone_address_key = known.phone_address_key and now.source_name = known.source_name
        left join (select distinct source_name from now) as delivered on delivered.source_name = known.source_name
    """,
)
