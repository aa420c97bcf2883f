"""Deals that entered a stage, by day, under the plain names of the daily and monthly stats."""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, KPI_SHORT_NAME
from leads_platform.warehouse import Column, Table, bad_rows, not_null

daily_deal_stats = Table(
    says="One row per day and step: deals that entered the stage. A deal counts once a day and step.",
    grain=("date", "funnel_step"),
    columns=(
        Column("date", "date", "Day"),
        KPI_SHORT_NAME,
        FUNNEL_STEP,
        DEALS_COUNT,
    ),
    must=(
        not_null("kpi_name"),
        bad_rows("day_is_of_its_month", "date_trunc('month', date) <> month", "A day lies in its month."),
        bad_rows("deals_count_is_positive", "deals_count <= 0", "A row counts at least one deal."),
    ),
    select="""
        select
            fact.month,
            fact.stage_entry_timestamp::date as date,
            kpi.kpi_short_name as kpi_name,
            fact.funnel_step,
            count(distinct fact.deal_id) as deals_count
        from funnel.fct_deal_stage_history as fact
        left join funnel.dim_kpis as kpi
            on kpi.month = fact.month
            and kpi.funnel_step = fact.funnel_step
        group by fact.month, fact.stage_entry_timestamp::date, kpi.kpi_short_name, fact.funnel_step
    """,
)
