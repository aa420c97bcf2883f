"""How long deals stay in a stage: stays that ended in the month, and those still open at its end."""

from leads_platform.funnel.funnel_columns import DEAL_ID, FUNNEL_STEP, STAGE_ID
from leads_platform.warehouse import Column, Table, accepted_values, adds_up, bad_rows, not_null

fct_stage_durations = Table(
    says="One row per stay of a deal in a stage that ended in the month, or was still open at its end (censored).",
    grain=("deal_id", "stay_num"),
    columns=(
        Column("month", "date", "Month in which the stay ended, or at whose end it was still open"),
        DEAL_ID,
        Column("stay_num", "bigint", "1: the deal's first stay in any stage, and so on"),
        STAGE_ID,
        FUNNEL_STEP,
        Column("entered_at", "timestamp", "When the stay began"),
        Column("left_at", "timestamp", "When it ended; null while it lasts"),
        Column("left_for", "varchar", "stage: to another one; won, lost or deleted: it closed; null while it lasts"),
        Column("next_stage_id", "integer", "The stage it went to"),
        Column("is_censored", "boolean", "Still open at the month's end, so that it stands in the next month, too"),
        Column("duration_days", "double", "Days from entered_at to left_at, or to the month's end"),
    ),
    must=(
        not_null("stage_id", "funnel_step", "entered_at", "is_censored", "duration_days"),
        accepted_values("left_for", "stage", "won", "lost", "deleted"),
        bad_rows("durations_are_not_negative", "duration_days < 0", "A stay does not end before it began."),
        bad_rows("censored_stays_are_open", "is_censored <> (left_at is null)", "A censored stay has no end."),
        adds_up(
            "open_stays_are_open_deals",
            "The censored stays are the open deals that are in a stage.",
            "funnel.dim_deals",
            where="status = 'open' and current_stage_id is not null",
            this="count(*) filter (is_censored)",
        ),
    ),
    history=("funnel.int_deal_happenings",),
    select="""
        with in_order as (
            select
                *,
                lead(happened_at) over life as left_at,
                lead(kind) over life as left_for,
                lead(stage_id) over life as next_stage_id,
                -- opened again: it goes on where it was
                last_value(stage_id ignore nulls) over life as in_stage_id,
                last_value(funnel_step ignore nulls) over life as in_funnel_step
            from funnel.int_deal_happenings
            -- deals that were open when the first month began, or that something happened to since
            semi join (
                select deal_id from funnel.int_deal_happenings group by deal_id
                having max(happened_at) >= $first_month or arg_max(kind, (happened_at, line)) in ('stage', 'open')
            ) as concerned using (deal_id)
            window life as (partition by deal_id order by happened_at, line)
        ),
        stays as (
            select
                *,
                row_number() over (partition by deal_id order by happened_at, line) as stay_num,
                greatest(date_trunc('month', happened_at), $first_month) as since,
                least(date_trunc('month', left_at), $last_month) as until
            from in_order
            where in_stage_id is not null and kind in ('stage', 'open')
        )
        select
            month,
            deal_id,
            stay_num,
            in_stage_id as stage_id,
            in_funnel_step as funnel_step,
            happened_at as entered_at,
            coalesce(left_at >= month + interval 1 month, true) as is_censored,
            case when not is_censored then placed.left_at end as left_at,
            case when not is_censored then placed.left_for end as left_for,
            case when not is_censored then placed.next_stage_id end as next_stage_id,
            epoch(if(is_censored, month + interval 1 month, placed.left_at) - happened_at) / 86400 as duration_days
        from (
            -- in each month at whose end it was still open, and in the one in which it ended
            select * exclude (month), unnest(generate_series(since, until, interval 1 month))::date as month from stays
        ) as placed
    """,
)
