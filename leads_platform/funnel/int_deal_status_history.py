"""When a deal was won, lost, deleted or opened again: the one place that says what a deal's status is."""

from leads_platform.funnel.stg_deal_changes import stg_deal_changes
from leads_platform.warehouse import Column, Table, accepted_values, not_null, pick

int_deal_status_history = Table(
    says="One row per turn of a deal's status. It begins open, and is again by an `open` status or a stage's entry.",
    grain=("deal_id", "status_num"),
    columns=(
        *pick(stg_deal_changes.columns, "deal_id"),
        Column("status_num", "bigint", "1: the deal's first turn, and so on"),
        Column("status_timestamp", "timestamp", "When"),
        Column("status", "varchar", "What it is from then on: won, lost, deleted or open"),
        Column("by_stage_entry", "boolean", "Opened again by entering a stage"),
        *pick(stg_deal_changes.columns, "line"),
    ),
    must=(
        accepted_values("status", "won", "lost", "deleted", "open"),
        not_null("status", "status_timestamp", "by_stage_entry"),
    ),
    history=("funnel.stg_deal_changes",),
    select="""
        with events as (
            select *, case field_key
                when 'stage_id' then 'open' when 'won_time' then 'won'
                when 'lost_reason' then 'lost' when 'lost_time' then 'lost'
                else lower(new_value)
            end as status
            from funnel.stg_deal_changes
            where field_key in ('stage_id', 'status', 'lost_reason', 'lost_time', 'won_time') and new_value is not null
        ),
        turns as (
            select * from events
            where status in ('won', 'lost', 'deleted', 'open')
            qualify status <> lag(status, 1, 'open') over (partition by deal_id order by change_timestamp, line)
        )
        select
            month,
            deal_id,
            row_number() over (partition by deal_id order by change_timestamp, line) as status_num,
            change_timestamp as status_timestamp,
            status,
            field_key = 'stage_id' as by_stage_entry,
            line
        from turns qualify month between $first_month and $last_month
    """,
)
