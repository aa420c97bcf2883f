"""The monthly stats of both halves: sales calls and stage entries, under their plain names."""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, KPI_SHORT_NAME
from leads_platform.warehouse import Table, bad_rows, not_null, references

monthly_stats = Table(
    says=(
        "One row per month and step: every entry and every done call, counted once a deal and day. "
        "rep_funnel_definitions says where this differs from rep_sales_funnel_monthly."
    ),
    grain=("funnel_step",),
    columns=(KPI_SHORT_NAME, FUNNEL_STEP, DEALS_COUNT),
    must=(
        not_null("kpi_name"),
        bad_rows("deals_count_is_positive", "deals_count <= 0", "A row counts at least one deal."),
        references("funnel_step", "kpi_name", table="funnel.dim_kpis", keys=("funnel_step", "kpi_short_name")),
    ),
    select="""
        select month, kpi_name, funnel_step, deals_count from funnel.monthly_activity_stats
        union all
        select month, kpi_name, funnel_step, deals_count from funnel.monthly_deal_stats
    """,
)
