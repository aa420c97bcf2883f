"""The stages of the pipeline with the funnel step each one is."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME, STAGE_ID, STAGE_NAME
from leads_platform.warehouse import Table, not_null

dim_stages = Table(
    says="One row per stage.",
    grain=("stage_id",),
    columns=(STAGE_ID, STAGE_NAME, KPI_NAME, FUNNEL_STEP),
    must=(not_null("stage_name", "kpi_name", "funnel_step"),),
    select="""
        select
            kpi.month,
            kpi.stage_id,
            coalesce(stage.stage_name, kpi.kpi_short_name) as stage_name,
            kpi.kpi_name,
            kpi.funnel_step
        from funnel.dim_kpis as kpi
        left join funnel.stg_stages as stage
            on stage.month = kpi.month
            and stage.stage_id = kpi.stage_id
        where kpi.kind = 'stage'
    """,
)
