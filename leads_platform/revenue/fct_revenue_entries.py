"""The ledger: every unit's entries, and nothing else. Consolidation is this union."""

from leads_platform.revenue.boberdoo_checks import WORTH
from leads_platform.revenue.money_columns import CHANGES, ENTRY, KINDS, UNITS
from leads_platform.warehouse import Audit, Table, accepted_values, bad_rows, not_null

fct_revenue_entries = Table(
    says="One row per entry of revenue or payout, in the month in which it happened. No entry is ever changed.",
    grain=("entry_id",),
    columns=ENTRY,
    must=(
        not_null("source_system", "amount", "payout", "happened_at", "known_on", "sale_month"),
        accepted_values("business_unit", *UNITS),
        accepted_values("entry_kind", *KINDS),
        accepted_values("change", *CHANGES),
        bad_rows("amounts_are_whole_cents", "(amount, payout) <> (round(amount, 2), round(payout, 2))", "To the cent."),
        bad_rows("entries_lie_in_their_month", "date_trunc('month', happened_at) <> month", "As happened_at says."),
        Audit(
            "boberdoo_is_in_the_ledger",
            "A month's entries of boberdoo add up, by buyer, to what its newest export says, from the records.",
            f"""
            with theirs as (
                select month, buyer, sum(amount) as total from ({WORTH}) where not_counted is null group by all
            ),
            ours as (
                select month, coalesce(partner_id, '') as buyer, sum(amount) as total
                from this
                anti join (  -- a conversion that a broker told first counts once, as the broker's
                    select entry_id from revenue.int_broker_entries where source_system = 'boberdoo'
                ) using (entry_id)
                where source_system = 'boberdoo'
                group by all
            )
            select month, coalesce(theirs.total, 0) as expected, coalesce(ours.total, 0) as found
            from ours
            full join theirs using (month, buyer)
            where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
            """,
        ),
    ),
    select="""
        select * from revenue.fct_lead_transactions
        union all by name
        select * from revenue.fct_cpa_cpt_transactions
        union all by name
        select * from revenue.fct_warm_transfer_transactions
        union all by name
        select * from revenue.fct_drip_transactions
        union all by name
        select * from revenue.fct_lead_call_transactions
        union all by name
        select * from revenue.fct_call_transactions
        union all by name
        select * from revenue.fct_account_transactions
    """,
)
