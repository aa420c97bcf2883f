"""How many deals created in a month came how far, as of each month's end."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME, STAGE_ID
from leads_platform.warehouse import Audit, Column, Table, adds_up, bad_rows, not_null

rep_funnel_conversion = Table(
    says=(
        "One row per creation cohort (deals created in one month) and stage, as of the month's end. Deals that are "
        "still open may yet come further: the conversion lies between the two bounds."
    ),
    grain=("cohort_month", "stage_id"),
    columns=(
        Column("cohort_month", "date", "Month in which the deals were created"),
        STAGE_ID,
        KPI_NAME,
        FUNNEL_STEP,
        Column("deals_created", "bigint", "Deals of the cohort"),
        Column("deals_entered", "bigint", "Deals that entered this very stage; deals may skip stages"),
        Column("deals_reached", "bigint", "Deals that entered this stage or a later one"),
        Column("deals_still_open", "bigint", "Deals that have not reached it and are still open: they may yet"),
        Column("step_conversion", "double", "deals_reached as a share of those that reached the stage before"),
        Column("cumulative_conversion", "double", "deals_reached as a share of deals_created: the lower bound"),
        Column(
            "cumulative_conversion_at_most", "double", "The same if all that are still open reach it: the upper bound"
        ),
    ),
    must=(
        not_null("kpi_name", "deals_created", "deals_reached", "deals_still_open"),
        bad_rows(
            "bounds_are_in_order",
            "not (deals_entered <= deals_reached and deals_reached + deals_still_open <= deals_created)",
            "Entered is at most reached; reached and still open are at most all.",
        ),
        adds_up(
            "cohorts_are_all_deals",
            "The cohorts' deals are the deals with a creation date.",
            "funnel.dim_deals",
            where="created_at is not null",
            this="sum(deals_created) filter (stage_id = 1)",
        ),
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
            select
                later.month,
                later.cohort_month,
                later.stage_id,
                earlier.deals_entered as expected,
                later.deals_entered as found
            from this as later
            join this as earlier
                on earlier.month = later.month
                and earlier.cohort_month = later.cohort_month
                and earlier.stage_id = later.stage_id - 1
            where later.deals_entered > earlier.deals_entered
            """,
        ),
        Audit(
            "half_of_proposals_reach_negotiation",
            "Of all deals so far that reached Proposal (stage 4), at least half reached Negotiation (stage 5).",
            """
            select
                month,
                sum(deals_reached) filter (where stage_id = 4) as expected,
                sum(deals_reached) filter (where stage_id = 5) as found
            from this
            group by month
            having sum(deals_reached) filter (where stage_id = 5) < 0.5 * sum(deals_reached) filter (where stage_id = 4)
            """,
        ),
    ),
    select="""
        with deals as (
            select
                month,
                date_trunc('month', created_at)::date as cohort_month,
                coalesce(furthest_stage_id, 0) as furthest_stage_id,
                entered_stage_ids,
                status
            from funnel.dim_deals
            where created_at is not null
        ),
        counted as (
            select
                deals.month,
                deals.cohort_month,
                stage.stage_id,
                any_value(stage.kpi_name) as kpi_name,
                any_value(stage.funnel_step) as funnel_step,
                count(*) as deals_created,
                count(*) filter (where list_contains(deals.entered_stage_ids, stage.stage_id)) as deals_entered,
                count(*) filter (where deals.furthest_stage_id >= stage.stage_id) as deals_reached,
                count(*) filter (
                    where deals.furthest_stage_id < stage.stage_id and deals.status = 'open'
                ) as deals_still_open
            from deals
            join funnel.dim_stages as stage on stage.month = deals.month
            group by deals.month, deals.cohort_month, stage.stage_id
        )
        select
            *,
            deals_reached / nullif(
                lag(deals_reached) over (partition by month, cohort_month order by stage_id), 0
            )::double as step_conversion,
            deals_reached / deals_created::double as cumulative_conversion,
            (deals_reached + deals_still_open) / deals_created::double as cumulative_conversion_at_most
        from counted
    """,
)
