"""The leads that a call may be of: the same phone, received shortly before it."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.revenue.stg_boberdoo_leads import stg_boberdoo_leads
from leads_platform.warehouse import Audit, Column, Table, not_null, pick

LEADS, ENTRIES = "revenue.stg_boberdoo_leads", "revenue.int_boberdoo_entries"

int_call_leads = Table(
    says="One row per call and lead of the same phone, received 30 days before to 5 minutes after the call's start.",
    grain=("call_id", "lead_id"),
    columns=(
        *pick(ENTRY, "call_id", "lead_id", "src"),
        *pick(stg_boberdoo_leads.columns, "received_at"),
        Column("position", "bigint", "The lead's place among the call's, by received_at, then lead_id"),
        Column("leads", "bigint", "How many leads the call has: each one's equal share is one of so many"),
        Column("numerator", "bigint", "Its weight by price: its sales in cents as now known, below 0 as 0; or 1"),
        Column("denominator", "bigint", "The call's numerators; by price each lead's share is numerator / denominator"),
    ),
    must=(
        not_null("position", "leads", "numerator", "denominator"),
        Audit(
            "weights_add_to_one",
            "A call's weights, equal and by price, add up to one.",
            """
            select month, any_value(denominator) as expected, sum(numerator) as found
            from this
            group by month, call_id
            having sum(numerator) <> any_value(denominator) or count(*) <> any_value(leads)
                or count(distinct (denominator, leads)) > 1
            """,
        ),
    ),
    history=(LEADS, ENTRIES),
    ahead={LEADS: 1, ENTRIES: 1},
    select=f"""
        with candidates as (
            select calls.month, call_id, lead_id, leads.src, received_at
            from revenue.fct_calls as calls
            join {LEADS} as leads using (phone_key)
            where calls.started_in = calls.month
                and received_at between started_at - interval 30 days and started_at + interval 5 minutes
                and leads.month >= ($first_month - interval 2 month)::date
                and is_newest and coalesce(status, '') not in ('test', 'duplicate')
        ),
        sold as (
            select candidates.month, candidates.call_id, lead_id, greatest(sum(amount), 0) * 100 as cents
            from candidates
            join {ENTRIES} as entries using (lead_id)
            where entry_kind = 'sale' and business_unit <> 'cbm'
                and entries.month between (candidates.month - interval 2 month) and candidates.month + interval 1 month
            group by all
        )
        select
            month, call_id, lead_id, src, received_at,
            row_number() over (partition by month, call_id order by received_at, lead_id) as position,
            count(*) over call as leads,
            if(sum(cents) over call > 0, coalesce(cents, 0), 1)::bigint as numerator,
            if(sum(cents) over call > 0, sum(cents) over call, count(*) over call)::bigint as denominator
        from candidates
        left join sold using (month, call_id, lead_id)
        window call as (partition by month, call_id)
    """,
)
