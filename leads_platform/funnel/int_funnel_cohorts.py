"""Deals by the month of their creation, and how many of them reached each stage, as of each month's end."""

from leads_platform.funnel.dim_stages import dim_stages
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, pick

int_funnel_cohorts = Table(
    says="One row per creation cohort (deals created in one month) and stage, as of the month's end.",
    grain=("cohort_month", "stage_id"),
    columns=(
        Column("cohort_month", "date", "Month in which the deals were created"),
        *pick(dim_stages.columns, "stage_id", "kpi_name", "funnel_step"),
        Column("deals_created", "bigint", "Deals of the cohort"),
        Column("deals_entered", "bigint", "Deals that entered this very stage; deals may skip stages"),
        Column("deals_reached", "bigint", "Deals that entered this stage or a later one"),
        Column("deals_still_open", "bigint", "Deals that have not reached it and are still open: they may yet"),
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
    select="""
        select
            deal.month,
            date_trunc('month', deal.created_at)::date as cohort_month,
            stage.stage_id,
            stage.kpi_name,
            stage.funnel_step,
            count(*) as deals_created,
            count(*) filter (list_contains(deal.entered_stage_ids, stage.stage_id)) as deals_entered,
            count(*) filter (deal.furthest_stage_id >= stage.stage_id) as deals_reached,
            count(*) filter (
                deal.status = 'open' and coalesce(deal.furthest_stage_id, 0) < stage.stage_id
            ) as deals_still_open
        from funnel.dim_deals as deal
        join funnel.dim_stages as stage on stage.month = deal.month
        where deal.created_at is not null
        group by all
    """,
)
