"""The sales funnel by quarter, for executives: the quarter so far, as of each month."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null

rep_sales_funnel_quarterly = Table(
    says=(
        "One row per funnel step that any deal took in the quarter so far. The quarter's last month has the whole "
        "quarter. A deal with calls in two months of it counts once."
    ),
    grain=("funnel_step",),
    columns=(
        Column("quarter", "date", "First day of the quarter"),
        Column("months_in_quarter", "bigint", "Months of the quarter that are counted: 1, 2, or 3 when it is whole"),
        KPI_NAME,
        FUNNEL_STEP,
        Column("deals_count", "bigint", "Deals in the quarter so far; not to be added up over its months"),
    ),
    must=(
        not_null("kpi_name", "quarter"),
        bad_rows("months_are_counted", "months_in_quarter not between 1 and 3", "A quarter has three months."),
        Audit(
            "stages_add_up",
            "For stages, the quarter is the sum of its months in rep_sales_funnel_monthly.",
            """
            select this.month
            from this
            join funnel.rep_sales_funnel_monthly as one
                on one.funnel_step = this.funnel_step
                and one.month between this.quarter and this.month
            where this.funnel_step = floor(this.funnel_step)
            group by this.month, this.funnel_step
            having sum(one.deals_count) <> any_value(this.deals_count)
            """,
            history=("funnel.rep_sales_funnel_monthly",),
        ),
    ),
    history=("funnel.fct_deal_stage_history", "funnel.fct_activities"),
    select="""
        with taken as (
            select month, funnel_step, deal_id
            from funnel.fct_deal_stage_history
            where stage_entry_num = 1 and month >= date_trunc('quarter', $first_month)
            union all
            select month, funnel_step, deal_id
            from funnel.fct_activities
            where month >= date_trunc('quarter', $first_month)
        ),
        -- counted in each month from its own to the quarter's last
        counted as (
            select
                unnest(generate_series(
                    greatest(month, $first_month),
                    least(date_trunc('quarter', month) + interval 2 month, $last_month),
                    interval 1 month
                ))::date as month,
                funnel_step,
                deal_id
            from taken
        )
        select
            counted.month,
            date_trunc('quarter', counted.month)::date as quarter,
            date_diff('month', date_trunc('quarter', counted.month), counted.month) + 1 as months_in_quarter,
            kpi.kpi_name,
            counted.funnel_step,
            count(distinct counted.deal_id) as deals_count
        from counted
        left join funnel.dim_kpis as kpi
            on kpi.month = counted.month
            and kpi.funnel_step = counted.funnel_step
        group by counted.month, kpi.kpi_name, counted.funnel_step
    """,
)
