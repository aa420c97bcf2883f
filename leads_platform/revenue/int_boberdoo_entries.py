"""boberdoo's entries: what its transactions said, and said later."""

from leads_platform.revenue.boberdoo_checks import LEADS_ARE_KNOWN
from leads_platform.revenue.entries import entries
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Audit, Table, not_null

VERSIONS = """
    select
        *,
        not_counted is null as counts,
        round(amount, 2)::decimal(18,4) as cents,
        0::decimal(18,4) as payout
    from revenue.stg_boberdoo_transactions
"""
ATTRIBUTES = ("business_unit", "entry_kind", "partner_id", "filter_set_id", "lead_id", "call_id")

int_boberdoo_entries = Table(
    says="One row per entry that boberdoo's transactions make, in the month in which they happened.",
    grain=("entry_id",),
    columns=ENTRY,
    must=(
        not_null("transaction_id", "version", "business_unit", "entry_kind", "change", "amount", "known_on"),
        Audit(
            "transactions_add_up_to_their_newest_version",
            "A transaction's entries add up to what was told of it last, or to nothing where it counts no more.",
            """
            with ours as (select month, transaction_id, sum(amount) as total from this group by all),
            newest as (
                select * from revenue.stg_boberdoo_transactions
                qualify version = max(version) over (partition by month, slot_month, transaction_id)
            ),
            theirs as (
                select month, transaction_id, sum(if(not_counted is null, round(amount, 2), 0)) as total
                from newest
                group by all
            )
            select month, transaction_id, theirs.total as expected, ours.total as found
            from ours
            full join theirs using (month, transaction_id)
            where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
            """,
        ),
    ),
    should=(LEADS_ARE_KNOWN,),
    history=("revenue.stg_boberdoo_leads",),
    select=f"""
        with entries as ({
        entries(
            VERSIONS,
            key=("slot_month", "transaction_id"),
            attributes=ATTRIBUTES,
            described=("happened_at", "reason"),
            amounts=("cents", "payout"),
        )
    })
        select
            entries.* exclude (slot_month, sign, cents),
            md5(concat_ws('|', 'boberdoo', entries.month, slot_month, transaction_id, version, sign))::uuid as entry_id,
            'boberdoo' as source_system,
            cents as amount,
            coalesce(parents.sale_month, entries.month) as sale_month,
            null::varchar as campaign_id,
            if(business_unit = 'cbm', null, leads.src) as src
        from entries
        left join revenue.int_boberdoo_parents as parents using (month, slot_month, transaction_id)
        left join (select lead_id, month, src from revenue.stg_boberdoo_leads where is_newest) as leads
            on leads.lead_id = entries.lead_id and leads.month <= entries.month
    """,
)
