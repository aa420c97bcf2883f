"""Each month's revenue by unit, source and buyer, from gross to margin, as now known."""

from leads_platform.revenue.money_columns import BUSINESS_UNIT, PARTNER_ID, SRC
from leads_platform.revenue.waterfall import SUMS, WATERFALL
from leads_platform.warehouse import Column, Table, adds_up

rep_revenue_monthly = Table(
    says="One row per unit, source and buyer, as now known. Media cost is on rows of a source alone.",
    grain=("business_unit", "src", "partner_id"),
    nullable=("business_unit", "src", "partner_id"),
    columns=(
        *(BUSINESS_UNIT, SRC, PARTNER_ID, *WATERFALL),
        Column("media_cost", "decimal(38,2)", "Media cost of the source; on its own row"),
        Column("margin", "decimal(38,2)", "net_sold - payout - media_cost"),
    ),
    must=(
        adds_up(
            "revenue_is_the_ledger_s",
            "Net less payout is the ledger's, by unit.",
            "revenue.fct_revenue_entries",
            theirs="sum(amount - payout)",
            this="sum(net_sold - payout)",
            by=("business_unit",),
        ),
        adds_up(
            "costs_are_those_of_media",
            "Media costs add up to the sources'.",
            "revenue.fct_source_costs",
            where="kind = 'media'",
            theirs="sum(amount)",
            this="sum(media_cost)",
        ),
    ),
    select=f"""
        with money as (
            select month, business_unit, src, partner_id, entry_kind, amount, payout, 0 as cost
            from revenue.fct_revenue_entries
            union all by name
            select month, src, 0 as amount, 0 as payout, amount as cost
            from revenue.fct_source_costs where kind = 'media'
        ),
        sums as (
            select month, business_unit, src, partner_id, {SUMS}, sum(cost)::decimal(38,2) as media_cost
            from money group by month, business_unit, src, partner_id
        )
        select *, net_sold - payout - media_cost as margin from sums
    """,
)
