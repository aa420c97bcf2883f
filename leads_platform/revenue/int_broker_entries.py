"""Brokers' entries: conversions and chargebacks, and what of boberdoo's own conversions is a broker's instead."""

from leads_platform.revenue.broker_entries import VERSIONS
from leads_platform.revenue.entries import entries
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Audit, Table, not_null

ATTRIBUTES = ("business_unit", "partner_id", "filter_set_id", "lead_id", "call_id", "sale_month")

int_broker_entries = Table(
    says="One row per entry that brokers' rows make: a conversion in the month of its sale, a chargeback in that of "
    "its status. Of source boberdoo: the negative of a conversion that a broker told first.",
    grain=("entry_id",),
    columns=ENTRY,
    must=(
        not_null("transaction_id", "version", "business_unit", "entry_kind", "change", "amount", "known_on"),
        Audit(
            "conversions_add_up_to_what_is_matched",
            "A row's conversions and chargebacks add up to its newest amount, or to nothing where it has no sale.",
            """
            with ours as (
                select month, source_system as broker, transaction_id as reference, sum(amount) as total
                from this
                where entry_kind = 'conversion' and source_system <> 'boberdoo'
                group by all
            ),
            theirs as (
                select matches.month, broker, reference, if(not_counted is null, round(amount, 2), 0) as total
                from revenue.int_broker_matches as matches
                where sale_transaction_id is not null
            )
            select month, theirs.total as expected, ours.total as found
            from ours
            full join theirs using (month, broker, reference)
            where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
            """,
        ),
    ),
    history=(
        "revenue.int_broker_claims",
        "revenue.stg_broker_sales_*",
        "revenue.stg_boberdoo_transactions",
        "revenue.stg_boberdoo_leads",
    ),
    select=f"""
        with entries as ({
        entries(
            VERSIONS,
            key=("broker", "reference", "entry_kind"),
            attributes=ATTRIBUTES,
            described=("happened_at",),
            told=("known_on", "recorded_at", "file_name", "line", "is_lost"),
            amounts=("cents", "payout"),
        )
    })
        select
            entries.* exclude (broker, reference, sign, cents, is_lost)
            replace (if(is_lost, 'reassigned', change) as change),
            md5(concat_ws('|', broker, entries.month, reference, entry_kind, version, sign))::uuid as entry_id,
            broker as source_system,
            reference as transaction_id,
            cents as amount,
            null::varchar as campaign_id,
            null::varchar as reason,
            leads.src
        from entries
        left join (select lead_id, month, src from revenue.stg_boberdoo_leads where is_newest) as leads
            on leads.lead_id = entries.lead_id and leads.month <= entries.month
    """,
)
