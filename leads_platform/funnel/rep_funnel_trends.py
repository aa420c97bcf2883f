"""How each funnel step moves: month on month, year on year, and over twelve months."""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, KPI_NAME
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null

rep_funnel_trends = Table(
    says="One row per month and each of the eleven steps, zero where no deal took it: the dense view for charts.",
    grain=("funnel_step",),
    columns=(
        KPI_NAME,
        FUNNEL_STEP,
        DEALS_COUNT,
        Column("previous_month_count", "bigint", "Deals of the month before; null: before the first data"),
        Column("month_on_month", "double", "Change against it as a share (0.1 is +10 %); null where it was 0"),
        Column("year_ago_count", "bigint", "Deals of the same month a year before; null: before the first data"),
        Column("year_on_year", "double", "Change against it as a share; null where it was 0"),
        Column("rolling_12_count", "bigint", "Deals of the twelve months to this one"),
        Column("rolling_months", "bigint", "How many of the twelve have data: below 12 the sum is not of a year"),
    ),
    must=(
        not_null("kpi_name", "deals_count", "rolling_12_count"),
        bad_rows("months_of_the_window", "rolling_months not between 1 and 12", "A window has 1 to 12 months."),
        bad_rows("window_holds_the_month", "rolling_12_count < deals_count", "The twelve months include this one."),
    ),
    should=(
        Audit(
            "no_step_shrinks",
            "No step has fewer deals than the month before (negative growth). A look at the numbers, not a fault.",
            """
            select month, funnel_step, previous_month_count as expected, deals_count as found
            from this
            where deals_count < previous_month_count
            """,
        ),
    ),
    history=("funnel.rep_sales_funnel_monthly", "funnel.dim_kpis"),
    select="""
        with dense as (
            select
                kpi.month,
                kpi.kpi_name,
                kpi.funnel_step,
                coalesce(report.deals_count, 0) as deals_count
            from funnel.dim_kpis as kpi
            left join funnel.rep_sales_funnel_monthly as report
                on report.month = kpi.month
                and report.funnel_step = kpi.funnel_step
            where kpi.month >= (select min(month) from funnel.rep_sales_funnel_monthly)
        ),
        compared as (
            select
                *,
                lag(deals_count, 1) over step as previous_month_count,
                lag(deals_count, 12) over step as year_ago_count,
                sum(deals_count) over year_to_now as rolling_12_count,
                count(*) over year_to_now as rolling_months
            from dense
            window
                step as (partition by funnel_step order by month),
                year_to_now as (partition by funnel_step order by month rows between 11 preceding and current row)
        )
        select
            month,
            kpi_name,
            funnel_step,
            deals_count,
            previous_month_count,
            deals_count / nullif(previous_month_count, 0)::double - 1 as month_on_month,
            year_ago_count,
            deals_count / nullif(year_ago_count, 0)::double - 1 as year_on_year,
            rolling_12_count::bigint as rolling_12_count,
            rolling_months
        from compared
        where month between $first_month and $last_month
    """,
)
