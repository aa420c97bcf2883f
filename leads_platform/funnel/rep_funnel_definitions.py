"""Where the two seeds' ways of counting differ, cell by cell, and the deals that cause it."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null

rep_funnel_definitions = Table(
    says=(
        "One row per month and step in which first-entry counting (rep_sales_funnel_monthly) and every-entry counting "
        "(monthly_stats) differ. A month without a row: both say the same."
    ),
    grain=("funnel_step",),
    columns=(
        KPI_NAME,
        FUNNEL_STEP,
        Column(
            "first_entry_count", "bigint", "Deals as rep_sales_funnel_monthly counts: once a stage, or once a month"
        ),
        Column("every_entry_count", "bigint", "Deals as monthly_stats counts: once a day"),
        Column("difference", "bigint", "every_entry_count - first_entry_count"),
        Column("deal_ids", "bigint[]", "The deals that cause it: they came back, or had the call on several days"),
    ),
    must=(
        not_null("kpi_name", "deal_ids"),
        bad_rows("rows_differ", "difference = 0", "Only cells that differ are listed."),
        bad_rows(
            "deals_explain_it", "len(deal_ids) = 0 or len(deal_ids) > difference", "Each named deal adds one or more."
        ),
        Audit(
            "counts_are_the_reports",
            "The two counts are those of the two reports.",
            """
            select month
            from this
            left join funnel.rep_sales_funnel_monthly as report using (month, funnel_step)
            left join funnel.monthly_stats as stats using (month, funnel_step)
            where this.first_entry_count <> coalesce(report.deals_count, 0)
                or this.every_entry_count <> coalesce(stats.deals_count, 0)
            """,
        ),
        Audit(
            "no_difference_is_left_out",
            "Every cell in which the two reports differ has a row.",
            """
            select month
            from funnel.rep_sales_funnel_monthly as report
            full join funnel.monthly_stats as stats using (month, funnel_step)
            anti join this using (month, funnel_step)
            where report.deals_count is distinct from stats.deals_count
            """,
        ),
    ),
    select="""
        with days as (
            select
                month, kpi_name, funnel_step, deal_id,
                count(distinct stage_entry_timestamp::date) as every_entry,
                count(*) filter (where stage_entry_num = 1) as first_entry
            from funnel.fct_deal_stage_history
            group by all
            union all
            select
                month, kpi_name, funnel_step, deal_id,
                count(distinct activity_timestamp::date) as every_entry,
                1 as first_entry
            from funnel.fct_activities
            group by all
        )
        select
            month,
            kpi_name,
            funnel_step,
            sum(first_entry)::bigint as first_entry_count,
            sum(every_entry)::bigint as every_entry_count,
            sum(every_entry - first_entry)::bigint as difference,
            list(deal_id order by deal_id) filter (where every_entry <> first_entry) as deal_ids
        from days
        group by month, kpi_name, funnel_step
        having sum(every_entry - first_entry) <> 0
    """,
)
