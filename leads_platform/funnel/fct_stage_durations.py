"""How long deals stay in a stage: stays that ended in the month, and those still open at its end."""

from leads_platform.funnel.funnel_columns import DEAL_ID, FUNNEL_STEP, STAGE_ID
from leads_platform.warehouse import Column, Table, accepted_values, adds_up, bad_rows, not_null

fct_stage_durations = Table(
    says=(
        "One row per stay of a deal in a stage that ended in the month, and one per stay still open at the month's "
        "end (censored). Over all months every ended stay stands once; of censored ones take one month."
    ),
    grain=("deal_id", "stay_num"),
    columns=(
        Column("month", "date", "Month in which the stay ended, or at whose end it was still open"),
        DEAL_ID,
        Column("stay_num", "bigint", "1: the deal's first stay in any stage, and so on"),
        STAGE_ID,
        FUNNEL_STEP,
        Column("entered_at", "timestamp", "When the stay began"),
        Column("left_at", "timestamp", "When it ended; null while it lasts"),
        Column(
            "left_for", "varchar", "stage: to another stage; won, lost or deleted: the deal closed; null while it lasts"
        ),
        Column("next_stage_id", "integer", "The stage it went to"),
        Column("is_censored", "boolean", "Still open at the month's end: its duration is so far, and will grow"),
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
    history=("funnel.fct_deal_stage_history", "funnel.int_deal_status_history"),
    select="""
        with happenings as (
            select
                deal_id,
                stage_entry_timestamp as happened_at,
                line,
                'stage' as kind,
                stage_id,
                funnel_step
            from funnel.fct_deal_stage_history
            union all by name
            select deal_id, status_timestamp as happened_at, line, status as kind
            from funnel.int_deal_status_history
            where not by_stage_entry
        ),
        concerned as (
            -- deals that were open when the first month began, or that something happened to since
            select deal_id
            from happenings
            group by deal_id
            having max(happened_at) >= $first_month or arg_max(kind, (happened_at, line)) in ('stage', 'open')
        ),
        in_order as (
            select
                *,
                lead(happened_at) over life as left_at,
                lead(kind) over life as left_for,
                lead(stage_id) over life as next_stage_id,
                -- opened again: it goes on where it was
                last_value(stage_id ignore nulls) over life as in_stage_id,
                last_value(funnel_step ignore nulls) over life as in_funnel_step
            from happenings
            semi join concerned using (deal_id)
            window life as (partition by deal_id order by happened_at, line)
        ),
        stays as (
            select *, row_number() over (partition by deal_id order by happened_at, line) as stay_num
            from in_order
            where in_stage_id is not null and kind in ('stage', 'open')
        ),
        placed as (
            select date_trunc('month', left_at)::date as month, *, false as is_censored, left_at as until
            from stays
            where left_at >= $first_month
            union all by name
            -- still open at the end of each month from its beginning to the one before it ended
            select
                unnest(generate_series(
                    greatest(date_trunc('month', happened_at), $first_month),
                    least(date_trunc('month', left_at) - interval 1 month, $last_month),
                    interval 1 month
                ))::date as month,
                * replace (null as left_at, null as left_for, null as next_stage_id),
                true as is_censored,
                month + interval 1 month as until
            from stays
        )
        select
            month,
            deal_id,
            stay_num,
            in_stage_id as stage_id,
            in_funnel_step as funnel_step,
            happened_at as entered_at,
            left_at,
            left_for,
            next_stage_id,
            is_censored,
            epoch(until - happened_at) / 86400 as duration_days
        from placed
    """,
)
