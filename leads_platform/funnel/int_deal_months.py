"""What a month's changes say of each deal they change: what the dimension of deals is carried on with."""

from leads_platform.funnel.funnel_columns import DEAL_ID
from leads_platform.warehouse import Column, Table, accepted_values, bad_rows, not_null

int_deal_months = Table(
    says="One row per deal that changed in the month, as the month's changes leave it; null: none of them says.",
    grain=("deal_id",),
    columns=(
        DEAL_ID,
        Column("created_at", "timestamp", "When it was created, for the first time; null where that is not recorded"),
        Column("creations", "bigint", "How often the id was created: 2 means that two deals share it"),
        Column("owner_user_id", "bigint", "Who owns it; null: nobody yet"),
        Column("current_stage_id", "integer", "The stage it is in, or was in when it closed; null: none yet"),
        Column("current_stage_entered_at", "timestamp", "Since when"),
        Column("entered_stage_ids", "integer[]", "Every stage it ever entered, in order of stages"),
        Column("status", "varchar", "open, won, lost or deleted"),
        Column("closed_at", "timestamp", "When it was won, lost or deleted; null while open"),
        Column("closed_by_user_id", "bigint", "Who owned it then; null while open, or where nobody did"),
        Column("lost_reason_key", "varchar", "The reason of loss as last stated"),
        Column("lost_reason_at", "timestamp", "When a reason was last stated"),
        Column("deal_value", "decimal(18,2)", "As last stated, account's currency; null: never, emptied or unreadable"),
        Column("states_value", "boolean", "Whether a change states a value, readable or not"),
        Column("last_changed_at", "timestamp", "When any of its fields last changed"),
    ),
    must=(
        not_null("creations", "states_value", "last_changed_at"),
        accepted_values("status", "open", "won", "lost", "deleted"),
        bad_rows("turns_say_when", "(status <> 'open') <> (closed_at is not null)", "Deals that close say when."),
    ),
    select="""
        with changed as (
            select
                month,
                deal_id,
                min(change_timestamp) filter (field_key = 'add_time') as created_at,
                count(*) filter (field_key = 'add_time') as creations,
                arg_max(try_cast(new_value as integer), place) filter (field_key = 'stage_id')
                    as current_stage_id,
                max(change_timestamp) filter (field_key = 'stage_id') as current_stage_entered_at,
                list_sort(list(distinct try_cast(new_value as integer)) filter (field_key = 'stage_id'))
                    as entered_stage_ids,
                arg_max(new_value, place) filter (field_key = 'lost_reason') as lost_reason_key,
                max(change_timestamp) filter (field_key = 'lost_reason' and new_value is not null) as lost_reason_at,
                -- packed, so that a last value that can't be read is no value, and not the one before it
                arg_max(case when field_key = 'value' then {'is': money(new_value, 'us')} end, place)
                    as amount,
                max(change_timestamp) as last_changed_at
            from (select *, (change_timestamp, line) as place from funnel.stg_deal_changes)
            group by month, deal_id
        ),
        turned as (
            select *, case when status <> 'open' then status_timestamp end as closed_at
            from funnel.int_deal_status_history
            qualify row_number() over (partition by month, deal_id order by status_num desc) = 1
        ),
        owned as (
            select
                owner.month,
                owner.deal_id,
                arg_max(owner.user_id, (change_timestamp, owner.line)) as owner_user_id,
                arg_max(owner.user_id, (change_timestamp, owner.line)) filter (change_timestamp <= closed_at)
                    as closed_by_user_id
            from funnel.int_deal_owner_changes as owner
            left join turned using (month, deal_id)
            group by owner.month, owner.deal_id
        )
        select
            changed.* exclude (amount),
            owned.owner_user_id,
            turned.status,
            turned.closed_at,
            owned.closed_by_user_id,
            changed.amount.is::decimal(18, 2) as deal_value,
            changed.amount is not null as states_value
        from changed
        left join turned using (month, deal_id)
        left join owned using (month, deal_id)
    """,
)
