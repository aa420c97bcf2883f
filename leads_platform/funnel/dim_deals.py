"""Every deal as of each month's end: who owns it, how far it came, and how it ended."""

from leads_platform.funnel.funnel_columns import DEAL_ID
from leads_platform.warehouse import Audit, Column, Table, accepted_values, bad_rows, not_null, references

dim_deals = Table(
    says="One row per deal that changed in any month so far, as its changes up to the month's end leave it.",
    grain=("deal_id",),
    columns=(
        DEAL_ID,
        Column("created_at", "timestamp", "When it was created, for the first time; null where that is not recorded"),
        Column("creations", "bigint", "How often the id was created: 2 means that two deals share it"),
        Column("owner_user_id", "bigint", "Who owns it; null: nobody yet"),
        Column("current_stage_id", "integer", "The stage it is in, or was in when it closed; null: none yet"),
        Column("current_stage_entered_at", "timestamp", "Since when"),
        Column("furthest_stage_id", "integer", "The highest stage it ever entered"),
        Column("entered_stage_ids", "integer[]", "Every stage it ever entered, in order of stages"),
        Column("status", "varchar", "open, won, lost or deleted"),
        Column("closed_at", "timestamp", "When it was won, lost or deleted; null while open"),
        Column("closed_by_user_id", "bigint", "Who owned it then; null while open, or where nobody did"),
        Column("lost_reason_key", "varchar", "Why it was lost, as stated; null where not lost or not stated"),
        Column("lost_reason", "varchar", "Why it was lost, in the fields' words; else as stated"),
        Column("deal_value", "decimal(18,2)", "As last stated, account's currency; null: never, emptied or unreadable"),
        Column("last_changed_at", "timestamp", "When any of its fields last changed"),
    ),
    must=(
        not_null("status", "creations", "last_changed_at"),
        accepted_values("status", "open", "won", "lost", "deleted"),
        bad_rows("closed_deals_have_a_time", "(status = 'open') <> (closed_at is null)", "Closed deals say when."),
        Audit(
            "history_tip_is_current_state",
            "A deal's latest stage entry is the stage it is in.",
            """
            with entries as (
                select deal_id, stage_id, stage_entry_timestamp
                from funnel.fct_deal_stage_history
                qualify row_number() over (partition by deal_id, stage_entry_timestamp order by deal_entry_num desc) = 1
            )
            select this.month, this.deal_id as named_id
            from (select *, month + interval 1 month as month_end from this) as this
            asof left join entries
                on entries.deal_id = this.deal_id
                and entries.stage_entry_timestamp < this.month_end
            where (entries.stage_id, entries.stage_entry_timestamp)
                is distinct from (this.current_stage_id, this.current_stage_entered_at)
            """,
            history=("funnel.fct_deal_stage_history",),
        ),
        Audit(
            "every_deal_is_here",
            "Every deal that changed in the month is in the dimension.",
            """
            select change.month, change.deal_id as named_id
            from funnel.stg_deal_changes as change
            anti join this on this.month = change.month and this.deal_id = change.deal_id
            """,
        ),
    ),
    should=(
        bad_rows("creation_is_known", "created_at is null", "Every deal says when it was created."),
        references("owner_user_id", table="funnel.dim_users", keys=("user_id",), named_id="deal_id"),
    ),
    cumulative=True,
    select="""
        with changes as (
            select
                *,
                row_number() over (order by change_timestamp, line) as place,
                -- packed, so that a last value that can't be read is no value, and not the one before it
                case when field_key = 'value' then struct_pack(value := money(new_value, 'us')) end as amount
            from funnel.stg_deal_changes
        ),
        changed as (
            select
                deal_id,
                min(change_timestamp) filter (where field_key = 'add_time') as created_at,
                count(*) filter (where field_key = 'add_time') as creations,
                arg_max(try_cast(new_value as bigint), place) filter (where field_key = 'user_id') as owner_user_id,
                arg_max(try_cast(new_value as integer), place) filter (where field_key = 'stage_id') as stage_id,
                max(change_timestamp) filter (where field_key = 'stage_id') as stage_entered_at,
                list(distinct try_cast(new_value as integer)) filter (where field_key = 'stage_id') as stage_ids,
                arg_max(amount, place) as amount,
                arg_max(new_value, place) filter (where field_key = 'lost_reason') as reason,
                max(change_timestamp) filter (where field_key = 'lost_reason' and new_value is not null) as reason_at,
                max(change_timestamp) as last_changed_at
            from changes
            group by deal_id
        ),
        turned as (
            select * from funnel.int_deal_status_history
            qualify row_number() over (partition by deal_id order by status_num desc) = 1
        ),
        closers as (
            select turned.deal_id, arg_max(try_cast(changes.new_value as bigint), changes.place) as user_id
            from turned
            join changes on changes.deal_id = turned.deal_id and changes.change_timestamp <= turned.status_timestamp
            where changes.field_key = 'user_id'
            group by turned.deal_id
        ),
        known as (
            select * from funnel.dim_deals where month = $previous_month
        ),
        deals as (
            select
                coalesce(changed.deal_id, known.deal_id) as deal_id,
                least(known.created_at, changed.created_at) as created_at,
                coalesce(known.creations, 0) + coalesce(changed.creations, 0) as creations,
                coalesce(changed.owner_user_id, known.owner_user_id) as owner_user_id,
                coalesce(changed.stage_id, known.current_stage_id) as current_stage_id,
                coalesce(changed.stage_entered_at, known.current_stage_entered_at) as current_stage_entered_at,
                list_sort(list_distinct(list_concat(known.entered_stage_ids, changed.stage_ids))) as entered_stage_ids,
                coalesce(turned.status, known.status, 'open') as status,
                case when turned.status is null then known.closed_at
                    when turned.status <> 'open' then turned.status_timestamp
                end as closed_at,
                case when turned.status is null then known.closed_by_user_id
                    when turned.status <> 'open' then coalesce(closers.user_id, known.owner_user_id)
                end as closed_by_user_id,
                case when coalesce(turned.status, known.status) <> 'lost' then null
                    when changed.reason_at >= coalesce(turned.status_timestamp, known.closed_at) then changed.reason
                    when turned.status is null then known.lost_reason_key
                end as lost_reason_key,
                coalesce(changed.amount, struct_pack(value := known.deal_value)).value::decimal(18, 2) as deal_value,
                coalesce(changed.last_changed_at, known.last_changed_at) as last_changed_at
            from changed
            full join known on known.deal_id = changed.deal_id
            left join turned on turned.deal_id = changed.deal_id
            left join closers on closers.deal_id = changed.deal_id
        )
        select
            $month as month,
            deals.*,
            list_max(deals.entered_stage_ids) as furthest_stage_id,
            coalesce(reason.option_label, deals.lost_reason_key) as lost_reason
        from deals
        left join funnel.int_field_options as reason
            on reason.field_key = 'lost_reason'
            and reason.option_id = try_cast(deals.lost_reason_key as integer)
    """,
)
