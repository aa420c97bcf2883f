"""The pipeline: open deals by stage at each month's end."""

from leads_platform.warehouse import Column, Table, adds_up, not_null

rep_pipeline_snapshot = Table(
    says="One row per stage with open deals at the month's end; stage 0 holds deals that are in no stage yet.",
    grain=("stage_id",),
    columns=(
        Column("stage_id", "integer", "The stage; 0: in none yet"),
        Column("kpi_name", "varchar", "The stage as a funnel step"),
        Column("open_deals", "bigint", "Open deals"),
        Column("deals_with_value", "bigint", "Of these: with a recorded value"),
        Column("pipeline_value", "decimal(38,2)", "Their value; null where no value is recorded"),
        Column("median_days_in_stage", "double", "Half of the deals have been in the stage at most this long"),
        Column("median_days_open", "double", "Half of the deals were created at most this long ago"),
    ),
    must=(
        not_null("kpi_name", "open_deals"),
        adds_up(
            "open_deals_reconcile",
            "Every open deal stands in one stage.",
            "funnel.dim_deals",
            where="status = 'open'",
            this="sum(open_deals)",
        ),
    ),
    select="""
        select
            deal.month,
            coalesce(deal.current_stage_id, 0) as stage_id,
            coalesce(any_value(stage.kpi_name), 'in no stage yet') as kpi_name,
            count(*) as open_deals,
            count(deal.deal_value) as deals_with_value,
            sum(deal.deal_value) as pipeline_value,
            median(epoch(deal.month + interval 1 month - deal.current_stage_entered_at) / 86400)
                as median_days_in_stage,
            median(epoch(deal.month + interval 1 month - deal.created_at) / 86400) as median_days_open
        from funnel.dim_deals as deal
        left join funnel.dim_stages as stage
            on stage.month = deal.month
            and stage.stage_id = deal.current_stage_id
        where deal.status = 'open'
        group by deal.month, coalesce(deal.current_stage_id, 0)
    """,
)
