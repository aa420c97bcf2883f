"""What moves a deal, in one line: entries into stages and turns of its status."""

from leads_platform.funnel.fct_deal_stage_history import fct_deal_stage_history
from leads_platform.funnel.funnel_columns import FUNNEL_STEP, STAGE_ID
from leads_platform.warehouse import Column, Table, accepted_values, not_null, pick

int_deal_happenings = Table(
    says="One row per entry of a deal into a stage, and per turn of its status that is not such an entry.",
    grain=("deal_id", "kind", "number"),
    columns=(
        *pick(fct_deal_stage_history.columns, "deal_id"),
        Column("happened_at", "timestamp", "When"),
        *pick(fct_deal_stage_history.columns, "line"),
        Column("kind", "varchar", "stage: it entered one; won, lost, deleted or open: what its status is from then on"),
        Column("number", "bigint", "1: the deal's first entry into any stage, or its first turn, and so on"),
        STAGE_ID,
        FUNNEL_STEP,
    ),
    must=(not_null("happened_at", "kind"), accepted_values("kind", "stage", "won", "lost", "deleted", "open")),
    select="""
        select
            month,
            deal_id,
            stage_entry_timestamp as happened_at,
            line,
            'stage' as kind,
            deal_entry_num as number,
            stage_id,
            funnel_step
        from funnel.fct_deal_stage_history
        union all by name
        select month, deal_id, status_timestamp as happened_at, line, status as kind, status_num as number
        from funnel.int_deal_status_history
        where not by_stage_entry
    """,
)
