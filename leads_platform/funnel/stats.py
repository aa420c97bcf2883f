"""The stats under the seed's plain names, by day and by month: sales calls and stage entries are counted in one way.

Belongs here: what the daily tables share, what the monthly ones share, and the checks that these add up to those, by
month and over all months so far (a wish of the seed). Does not: what one of them counts (its own file).
"""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, KPI_SHORT_NAME
from leads_platform.warehouse import Audit, Column, Table, adds_up, bad_rows, not_null


def deals_by_day(says: str, fact: str, time: str) -> Table:
    """One row per day and step: the deals of `fact`'s rows, on the day of the column `time`."""
    return Table(
        says=says,
        grain=("date", "funnel_step"),
        columns=(Column("date", "date", "Day"), KPI_SHORT_NAME, FUNNEL_STEP, DEALS_COUNT),
        must=(
            not_null("kpi_name"),
            bad_rows("day_is_of_its_month", "date_trunc('month', date) <> month", "A day lies in its month."),
            bad_rows("deals_count_is_positive", "deals_count <= 0", "A row counts at least one deal."),
        ),
        select=f"""
            select
                fact.month,
                fact.{time}::date as date,
                kpi.kpi_short_name as kpi_name,
                fact.funnel_step,
                count(distinct fact.deal_id) as deals_count
            from {fact} as fact
            left join funnel.dim_kpis as kpi
                on kpi.month = fact.month
                and kpi.funnel_step = fact.funnel_step
            group by fact.month, fact.{time}::date, kpi.kpi_short_name, fact.funnel_step
        """,
    )


def days_by_month(says: str, daily: str) -> Table:
    """One row per month and step: the sum of the table `daily`."""
    return Table(
        says=says,
        grain=("funnel_step",),
        columns=(KPI_SHORT_NAME, FUNNEL_STEP, DEALS_COUNT),
        must=(not_null("kpi_name"), _months_agree(daily)),
        should=(_running_sums_agree(daily),),
        select=f"""
            select
                month,
                kpi_name,
                funnel_step,
                sum(deals_count)::bigint as deals_count
            from {daily}
            group by month, kpi_name, funnel_step
        """,
    )


def _months_agree(daily: str) -> Audit:
    """Each step's month equals the sum of its days."""
    return adds_up(
        "months_are_the_sum_of_their_days",
        "Each step's month equals the sum of its days.",
        daily,
        theirs="sum(deals_count)",
        this="sum(deals_count)",
        by=("funnel_step",),
    )


def _running_sums_agree(daily: str) -> Audit:
    """The running sum of each step's months equals that of its days up to each month's end."""
    return Audit(
        "running_sums_agree",
        "Added up from the first month on, each step's months equal its days.",
        f"""
        with sums as (
            select month, funnel_step, deals_count as monthly, 0 as daily from this_history
            union all
            select month, funnel_step, 0 as monthly, deals_count as daily from {daily}
        ),
        by_month as (
            select month, funnel_step, sum(monthly) as monthly, sum(daily) as daily
            from sums
            group by month, funnel_step
        ),
        running as (
            select
                month,
                sum(monthly) over (partition by funnel_step order by month) as monthly,
                sum(daily) over (partition by funnel_step order by month) as daily
            from by_month
        )
        select month from running where monthly <> daily
        """,
        history=(daily,),
    )
