"""What one sends to a buyer each month: sold, returned, fees, and what was paid."""

from leads_platform.revenue.money_columns import PARTNER_ID
from leads_platform.warehouse import Column, Table, adds_up

rep_buyer_statements = Table(
    says="One row per buyer: the month's account, as now known.",
    grain=("partner_id",),
    nullable=("partner_id",),
    columns=(
        PARTNER_ID,
        Column("sold", "decimal(38,2)", "Sales"),
        Column("returned", "decimal(38,2)", "Refunds less their reversals, as a positive amount"),
        Column("adjusted", "decimal(38,2)", "Adjustments"),
        Column("conversions", "decimal(38,2)", "Conversions less chargebacks"),
        Column("fees", "decimal(38,2)", "Fees"),
        Column("credits", "decimal(38,2)", "Credits, as given: mostly less than nothing"),
        Column("net", "decimal(38,2)", "sold - returned + adjusted + conversions + fees + credits: what is owed"),
        Column("payments", "decimal(38,2)", "What was paid in the month, by the newest export; no revenue"),
    ),
    must=(
        adds_up(
            "statements_are_the_ledger_s",
            "What is owed is the net revenue of the monthly report, by buyer.",
            "revenue.rep_revenue_monthly",
            theirs="sum(net_sold)",
            this="sum(net)",
            by=("partner_id",),
        ),
    ),
    select="""
        with newest as (
            select month, partner_id, 'payment' as entry_kind, not_counted, round(amount, 2) as amount
            from revenue.stg_boberdoo_transactions
            qualify version = max(version) over (partition by month, slot_month, transaction_id)
        ),
        lines as (
            select month, partner_id, entry_kind, amount from revenue.fct_revenue_entries
            union all by name
            select month, partner_id, entry_kind, amount from newest where not_counted = 'payment'
        )
        select
            month,
            partner_id,
            sum(if(entry_kind = 'sale', amount, 0))::decimal(38,2) as sold,
            -sum(if(entry_kind in ('refund', 'refund_reversal'), amount, 0))::decimal(38,2) as returned,
            sum(if(entry_kind = 'adjustment', amount, 0))::decimal(38,2) as adjusted,
            sum(if(entry_kind in ('conversion', 'chargeback'), amount, 0))::decimal(38,2) as conversions,
            sum(if(entry_kind = 'fee', amount, 0))::decimal(38,2) as fees,
            sum(if(entry_kind = 'credit', amount, 0))::decimal(38,2) as credits,
            sold - returned + adjusted + conversions + fees + credits as net,
            sum(if(entry_kind = 'payment', amount, 0))::decimal(38,2) as payments
        from lines
        group by month, partner_id
    """,
)
