"""How long deals stay in each stage, and which open ones are older than usual, as of each month's end."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME, STAGE_ID
from leads_platform.funnel.int_stage_half_lives import int_stage_half_lives
from leads_platform.warehouse import Column, Table, bad_rows, not_null, pick

rep_stage_durations = Table(
    says=(
        "One row per stage that any deal stayed in by the month's end. Medians of ended stays leave out the open "
        "ones, which are often the long ones: `median_days_with_open` takes them in (Kaplan-Meier)."
    ),
    grain=("stage_id",),
    columns=(
        STAGE_ID,
        KPI_NAME,
        FUNNEL_STEP,
        Column("ended_stays", "bigint", "Stays that ended in any month so far"),
        Column("median_days", "double", "Half of the ended stays took at most this many days; null: none ended"),
        Column("p90_days", "double", "Nine of ten ended stays took at most this many days"),
        Column("open_stays", "bigint", "Stays still open at the month's end"),
        Column("median_open_days", "double", "Half of the open stays have lasted at most this many days so far"),
        Column("overdue_open_stays", "bigint", "Open stays that have lasted longer than p90_days: ageing deals"),
        *pick(int_stage_half_lives.columns, "median_days_with_open"),
    ),
    must=(
        not_null("kpi_name", "ended_stays", "open_stays", "overdue_open_stays"),
        bad_rows("overdue_are_open", "overdue_open_stays > open_stays", "Ageing stays are open ones."),
        bad_rows("median_is_below_p90", "median_days > p90_days", "The median is at most the 90th percentile."),
    ),
    history=("funnel.fct_stage_durations",),
    cumulative=True,
    select="""
        with stays as (
            select stage_id, is_censored, duration_days
            from funnel.fct_stage_durations
            where not is_censored or month = $month
        ),
        norms as (
            select
                stage_id,
                count(*) as ended_stays,
                median(duration_days) as median_days,
                quantile_cont(duration_days, 0.9) as p90_days
            from stays
            where not is_censored
            group by stage_id
        ),
        still_open as (
            select
                stays.stage_id,
                count(*) as open_stays,
                median(stays.duration_days) as median_open_days,
                count(*) filter (stays.duration_days > norms.p90_days) as overdue_open_stays
            from stays
            left join norms on norms.stage_id = stays.stage_id
            where stays.is_censored
            group by stays.stage_id
        )
        select
            $month as month,
            coalesce(norms.stage_id, still_open.stage_id) as stage_id,
            stage.kpi_name,
            stage.funnel_step,
            coalesce(norms.ended_stays, 0) as ended_stays,
            norms.median_days,
            norms.p90_days,
            coalesce(still_open.open_stays, 0) as open_stays,
            still_open.median_open_days,
            coalesce(still_open.overdue_open_stays, 0) as overdue_open_stays,
            half.median_days_with_open
        from norms
        full join still_open on still_open.stage_id = norms.stage_id
        left join funnel.int_stage_half_lives as half on half.stage_id = coalesce(norms.stage_id, still_open.stage_id)
        left join funnel.dim_stages as stage on stage.stage_id = coalesce(norms.stage_id, still_open.stage_id)
    """,
)
