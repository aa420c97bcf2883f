"""Every entry of a deal into a stage, numbered: the first one is what the monthly funnel counts."""

from leads_platform.funnel.funnel_columns import STAGE_ID, STAGE_NAME
from leads_platform.funnel.stg_deal_changes import stg_deal_changes
from leads_platform.warehouse import Column, Table, adds_up, not_null, pick

int_deal_stage_history = Table(
    says="One row per entry of a deal into a stage, in the month of the entry.",
    grain=("change_id",),
    columns=(
        *pick(stg_deal_changes.columns, "change_id", "deal_id"),
        STAGE_ID,
        STAGE_NAME,
        Column("stage_entry_timestamp", "timestamp", "When the deal entered the stage"),
        Column("stage_entry_num", "bigint", "1: the deal's first entry into this stage, 2: it came back, and so on"),
        Column("deal_entry_num", "bigint", "1: the deal's first entry into any stage, and so on"),
        Column("previous_stage_id", "integer", "The stage it was in before; null for the first"),
        *pick(stg_deal_changes.columns, "line"),
    ),
    must=(
        not_null("stage_entry_timestamp", "stage_entry_num"),
        adds_up(
            "entries_reconcile",
            "Exactly the month's stage changes: a join that repeats or drops one is refused.",
            "funnel.stg_deal_changes",
            where="field_key = 'stage_id'",
        ),
    ),
    history=("funnel.stg_deal_changes",),
    select="""
        with moved as (
            select distinct deal_id
            from funnel.stg_deal_changes
            where field_key = 'stage_id' and month between $first_month and $last_month
        ),
        entries as (
            select month, change_id, deal_id, new_value::integer as stage_id, change_timestamp, line
            from funnel.stg_deal_changes
            semi join moved using (deal_id)
            where field_key = 'stage_id'
        ),
        numbered as (
            select
                *,
                row_number() over (
                    partition by deal_id, stage_id order by change_timestamp, line
                ) as stage_entry_num,
                row_number() over (partition by deal_id order by change_timestamp, line) as deal_entry_num,
                lag(stage_id) over (partition by deal_id order by change_timestamp, line) as previous_stage_id
            from entries
        )
        select
            entry.month,
            entry.change_id,
            entry.deal_id,
            entry.stage_id,
            stage.stage_name,
            entry.change_timestamp as stage_entry_timestamp,
            entry.stage_entry_num,
            entry.deal_entry_num,
            entry.previous_stage_id,
            entry.line
        from numbered as entry
        left join funnel.stg_stages as stage
            on stage.month = entry.month
            and stage.stage_id = entry.stage_id
        where entry.month between $first_month and $last_month
    """,
)
