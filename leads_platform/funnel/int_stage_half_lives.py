"""After how long half of a stage's stays have ended, open ones taken in (Kaplan-Meier), as of each month's end."""

from leads_platform.funnel.funnel_columns import STAGE_ID
from leads_platform.warehouse import Column, Table

int_stage_half_lives = Table(
    says="One row per stage that any stay ended in by the month's end.",
    grain=("stage_id",),
    columns=(
        STAGE_ID,
        Column(
            "median_days_with_open",
            "double",
            "Days after which half of all stays have ended, open ones counted as long as they were seen "
            "(Kaplan-Meier); null while fewer than half have",
        ),
    ),
    history=("funnel.fct_stage_durations",),
    cumulative=True,
    select="""
        with lengths as (
            select
                stage_id,
                duration_days,
                count(*) filter (not is_censored) as ended,
                sum(count(*)) over (partition by stage_id order by duration_days desc) as lasted_as_long
            from funnel.fct_stage_durations
            where not is_censored or month = $month
            group by stage_id, duration_days
        ),
        survival as (
            select
                stage_id,
                duration_days,
                -- the share still in the stage after so many days; a length at which all end makes it 0
                exp(sum(ln(nullif(1 - ended / lasted_as_long, 0))) over so_far)
                    * (1 - max((ended = lasted_as_long)::integer) over so_far) as share_left
            from lengths
            where ended > 0
            window so_far as (partition by stage_id order by duration_days)
        )
        select
            $month as month,
            stage_id,
            min(duration_days) filter (coalesce(share_left, 0) <= 0.5 + 1e-9) as median_days_with_open
        from survival
        group by stage_id
    """,
)
