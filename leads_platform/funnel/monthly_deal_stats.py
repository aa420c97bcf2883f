"""The daily deal stats, summed by month."""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, KPI_SHORT_NAME
from leads_platform.funnel.running_sums import months_agree, running_sums_agree
from leads_platform.warehouse import Table, not_null

monthly_deal_stats = Table(
    says="One row per month and step: the sum of daily_deal_stats, so a deal counts once for each day.",
    grain=("funnel_step",),
    columns=(KPI_SHORT_NAME, FUNNEL_STEP, DEALS_COUNT),
    must=(not_null("kpi_name"), months_agree("funnel.daily_deal_stats")),
    should=(running_sums_agree("funnel.daily_deal_stats"),),
    select="""
        select
            month,
            kpi_name,
            funnel_step,
            sum(deals_count)::bigint as deals_count
        from funnel.daily_deal_stats
        group by month, kpi_name, funnel_step
    """,
)
