"""Every entry of a deal into a stage with its funnel step; the first ones are what the monthly report counts."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME
from leads_platform.funnel.int_deal_stage_history import int_deal_stage_history
from leads_platform.warehouse import Audit, Column, Table, adds_up, not_null, pick

fct_deal_stage_history = Table(
    says="One row per entry of a deal into a stage. A deal that comes back has a second row, with stage_entry_num 2.",
    grain=("deal_id", "deal_entry_num"),
    columns=(
        *pick(int_deal_stage_history.columns, "deal_id", "deal_entry_num", "stage_id", "stage_name"),
        KPI_NAME,
        FUNNEL_STEP,
        *pick(int_deal_stage_history.columns, "stage_entry_timestamp", "stage_entry_num", "previous_stage_id"),
        Column("owner_user_id", "bigint", "Who owned the deal at the time; null where nobody did yet"),
        *pick(int_deal_stage_history.columns, "line"),
        Column("is_identity_collision", "boolean", "Two deals share this id by then: its entries are of both"),
    ),
    must=(
        not_null("stage_entry_timestamp", "kpi_name", "funnel_step"),
        adds_up(
            "entries_reconcile",
            "Exactly the month's stage changes: no join repeats or drops an entry.",
            "funnel.int_deal_stage_history",
        ),
    ),
    should=(
        Audit(
            "deal_ids_name_one_deal",
            "No entry belongs to an id that two deals share.",
            "select distinct month, deal_id as named_id from this where is_identity_collision",
        ),
    ),
    history=("funnel.stg_deal_changes", "funnel.int_deal_owner_changes"),
    select="""
        with owners as (
            select deal_id, change_timestamp, user_id
            from funnel.int_deal_owner_changes
            semi join funnel.int_deal_stage_history as moved using (deal_id)
            qualify row_number() over (partition by deal_id, change_timestamp order by line desc) = 1
        ),
        created_twice as (
            select deal_id, month as since
            from funnel.stg_deal_changes
            semi join funnel.int_deal_stage_history as moved using (deal_id)
            where field_key = 'add_time'
            qualify row_number() over (partition by deal_id order by change_timestamp, line) = 2
        )
        select
            entry.month,
            entry.deal_id,
            entry.deal_entry_num,
            entry.stage_id,
            entry.stage_name,
            stage.kpi_name,
            stage.funnel_step,
            entry.stage_entry_timestamp,
            entry.stage_entry_num,
            entry.previous_stage_id,
            owners.user_id as owner_user_id,
            entry.line,
            created_twice.since is not null as is_identity_collision
        from funnel.int_deal_stage_history as entry
        left join funnel.dim_stages as stage
            on stage.month = entry.month
            and stage.stage_id = entry.stage_id
        left join created_twice
            on created_twice.deal_id = entry.deal_id
            and created_twice.since <= entry.month
        asof left join owners
            on owners.deal_id = entry.deal_id
            and owners.change_timestamp <= entry.stage_entry_timestamp
    """,
)
