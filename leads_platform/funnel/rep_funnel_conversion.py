"""How many deals created in a month came how far, as of each month's end."""

from leads_platform.funnel.int_funnel_cohorts import int_funnel_cohorts
from leads_platform.warehouse import Audit, Column, Table, adds_up, not_null

rep_funnel_conversion = Table(
    says=(
        "One row per creation cohort (deals created in one month) and stage, as of the month's end. Deals that are "
        "still open may yet come further: the conversion lies between the two bounds."
    ),
    grain=("cohort_month", "stage_id"),
    columns=(
        *int_funnel_cohorts.columns,
        Column("step_conversion", "double", "deals_reached as a share of those that reached the stage before"),
        Column("cumulative_conversion", "double", "deals_reached as a share of deals_created: the lower bound"),
        Column(
            "cumulative_conversion_at_most", "double", "The same if all that are still open reach it: the upper bound"
        ),
    ),
    must=(
        not_null("cumulative_conversion", "cumulative_conversion_at_most"),
        adds_up("cohorts_reconcile", "Every cohort and stage has its row.", "funnel.int_funnel_cohorts"),
    ),
    should=(
        Audit(
            "cohorts_only_grow_in_reach",
            "No cohort reached a stage with fewer deals than the month before said.",
            """
            select now.month
            from this_history as before
            join this as now
                on now.month = before.month + interval 1 month
                and now.cohort_month = before.cohort_month
                and now.stage_id = before.stage_id
            where now.deals_reached < before.deals_reached
            """,
        ),
        Audit(
            "funnel_narrows",
            "In a cohort no stage was entered by more deals than the one before it. Deals may skip stages.",
            """
            select month, cohort_month, later.stage_id, earlier.deals_entered as expected, later.deals_entered as found
            from this as later
            join this as earlier using (month, cohort_month)
            where earlier.stage_id = later.stage_id - 1 and later.deals_entered > earlier.deals_entered
            """,
        ),
        Audit(
            "half_of_proposals_reach_negotiation",
            "Of all deals so far that reached Proposal (stage 4), at least half reached Negotiation (stage 5).",
            """
            with reached as (
                select
                    month,
                    sum(deals_reached) filter (stage_id = 4) as expected,
                    sum(deals_reached) filter (stage_id = 5) as found
                from this
                group by month
            )
            select * from reached where found < 0.5 * expected
            """,
        ),
    ),
    select="""
        select
            *,
            deals_reached / nullif(
                lag(deals_reached) over (partition by month, cohort_month order by stage_id), 0
            )::double as step_conversion,
            deals_reached / deals_created::double as cumulative_conversion,
            (deals_reached + deals_still_open) / deals_created::double as cumulative_conversion_at_most
        from funnel.int_funnel_cohorts
    """,
)
