"""The checks that monthly stats add up to the daily ones, by month and over all months so far (a wish of the seed).

Belongs here: these two audits, which both monthly tables share.
"""

from leads_platform.warehouse import Audit, adds_up


def months_agree(daily: str) -> Audit:
    """Each step's month equals the sum of its days."""
    return adds_up(
        "months_are_the_sum_of_their_days",
        "Each step's month equals the sum of its days.",
        daily,
        theirs="sum(deals_count)",
        this="sum(deals_count)",
        by=("funnel_step",),
    )


def running_sums_agree(daily: str) -> Audit:
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
