"""Who owned a deal when (a slowly changing dimension of type 2), as of each month's end."""

from leads_platform.funnel.funnel_columns import DEAL_ID
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null

dim_deal_ownership = Table(
    says="One row per deal and period of ownership, as known at the month's end. Periods of a deal do not overlap.",
    grain=("deal_id", "ownership_num"),
    columns=(
        DEAL_ID,
        Column("ownership_num", "bigint", "1: the deal's first owner, and so on"),
        Column("user_id", "bigint", "The owner"),
        Column("valid_from", "timestamp", "When the period began"),
        Column("valid_to", "timestamp", "When the next one began; null: it lasts"),
        Column("is_current", "boolean", "Whether it lasts"),
    ),
    must=(
        not_null("user_id", "valid_from", "is_current"),
        bad_rows("periods_run_forward", "valid_to < valid_from", "A period ends after it began."),
        Audit(
            "one_current_owner",
            "A deal with an owner has exactly one now, the one dim_deals gives.",
            """
            with now as (select month, deal_id, user_id from this where is_current)
            select coalesce(deal.month, now.month) as month, coalesce(deal.deal_id, now.deal_id) as named_id
            from (select * from funnel.dim_deals where owner_user_id is not null) as deal
            full join now on now.month = deal.month and now.deal_id = deal.deal_id
            where deal.owner_user_id is distinct from now.user_id
            """,
        ),
    ),
    history=("funnel.int_deal_owner_changes",),
    cumulative=True,
    select="""
        with handovers as (
            select * from funnel.int_deal_owner_changes
            qualify user_id is distinct from lag(user_id) over (partition by deal_id order by change_timestamp, line)
        )
        select
            $month as month,
            deal_id,
            row_number() over periods as ownership_num,
            user_id,
            change_timestamp as valid_from,
            lead(change_timestamp) over periods as valid_to,
            lead(change_timestamp) over periods is null as is_current
        from handovers
        window periods as (partition by deal_id order by change_timestamp, line)
    """,
)
