"""Deals that were won, lost or deleted in a month: what wins, losses and velocity are counted from."""

from leads_platform.funnel.dim_deals import dim_deals
from leads_platform.funnel.funnel_columns import DEAL_ID
from leads_platform.warehouse import Column, Table, accepted_values, not_null, pick

fct_deal_closures = Table(
    says="One row per deal that closed in the month and was still closed at its end, as of the month's end.",
    grain=("deal_id",),
    columns=(
        DEAL_ID,
        *pick(dim_deals.columns, "status", "closed_at", "closed_by_user_id", "created_at"),
        Column("stage_id", "integer", "The stage it was in; null: none yet"),
        *pick(dim_deals.columns, "lost_reason", "deal_value"),
    ),
    must=(not_null("closed_at"), accepted_values("status", "won", "lost", "deleted")),
    select="""
        select
            month,
            deal_id,
            status,
            closed_at,
            closed_by_user_id,
            created_at,
            current_stage_id as stage_id,
            lost_reason,
            deal_value
        from funnel.dim_deals
        where date_trunc('month', closed_at) = month
    """,
)
