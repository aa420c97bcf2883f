"""Who became a deal's owner when: the one place that reads owners out of the deal changes."""

from leads_platform.funnel.stg_deal_changes import stg_deal_changes
from leads_platform.warehouse import Column, Table, not_null, pick

int_deal_owner_changes = Table(
    says="One row per change of a deal's owner, in the month of the change. Owners that are no number are left out.",
    grain=("change_id",),
    columns=(
        *pick(stg_deal_changes.columns, "change_id", "deal_id"),
        Column("user_id", "bigint", "Who owns the deal from then on"),
        *pick(stg_deal_changes.columns, "change_timestamp", "line"),
    ),
    must=(not_null("deal_id", "user_id", "change_timestamp"),),
    select="""
        select
            month,
            change_id,
            deal_id,
            try_cast(new_value as bigint) as user_id,
            change_timestamp,
            line
        from funnel.stg_deal_changes
        where field_key = 'user_id' and try_cast(new_value as bigint) is not null
    """,
)
