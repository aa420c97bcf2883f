"""What each sales rep did in a month, and what they own at its end."""

from leads_platform.funnel.funnel_columns import WIN_RATE
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null

rep_sales_rep_performance = Table(
    says=(
        "One row per user who did an activity, moved, closed or owned an open deal in the month. Entries and "
        "closings belong to the owner at the time."
    ),
    grain=("user_id",),
    columns=(
        Column("user_id", "bigint", "The user; 0: deals without an owner"),
        Column("user_name", "varchar", "The user's name; null where the users' file lacks the user", pii=True),
        Column("activities_done", "bigint", "Done activities of every type"),
        Column("sales_calls_done", "bigint", "Of these: Sales Call 1 and 2"),
        Column("stage_entries", "bigint", "Entries of the user's deals into any stage"),
        Column("deals_won", "bigint", "The user's deals won in the month"),
        Column("deals_lost", "bigint", "The user's deals lost in the month"),
        WIN_RATE,
        Column("value_won", "decimal(38,2)", "Value of the won deals; null where no value is recorded"),
        Column("open_deals", "bigint", "Open deals the user owns at the month's end"),
    ),
    must=(
        not_null("activities_done", "stage_entries", "deals_won", "deals_lost", "open_deals"),
        bad_rows("calls_are_activities", "sales_calls_done > activities_done", "A sales call is an activity."),
        adds_up(
            "open_deals_reconcile",
            "The users' open deals are those of dim_deals.",
            "funnel.dim_deals",
            where="status = 'open'",
            this="sum(open_deals)",
        ),
        adds_up(
            "closed_deals_reconcile",
            "The users' deals won and lost in the month are those of dim_deals.",
            "funnel.dim_deals",
            where="status in ('won', 'lost') and date_trunc('month', closed_at) = month",
            this="sum(deals_won + deals_lost)",
        ),
    ),
    should=(bad_rows("user_is_known", "user_id <> 0 and user_name is null", "Every user is in dim_users."),),
    select="""
        with activities as (
            select
                activity.month,
                coalesce(activity.user_id, 0) as user_id,
                count(*) as activities_done,
                count(kpi.funnel_step) as sales_calls_done
            from funnel.int_completed_activities as activity
            left join funnel.dim_kpis as kpi
                on kpi.month = activity.month
                and kpi.activity_type_key = activity.activity_type_key
            group by activity.month, coalesce(activity.user_id, 0)
        ),
        entries as (
            select month, coalesce(owner_user_id, 0) as user_id, count(*) as stage_entries
            from funnel.fct_deal_stage_history
            group by month, coalesce(owner_user_id, 0)
        ),
        closed as (
            select
                month,
                coalesce(closed_by_user_id, 0) as user_id,
                count(*) filter (where status = 'won') as deals_won,
                count(*) filter (where status = 'lost') as deals_lost,
                sum(deal_value) filter (where status = 'won') as value_won
            from funnel.dim_deals
            where status in ('won', 'lost') and date_trunc('month', closed_at) = month
            group by month, coalesce(closed_by_user_id, 0)
        ),
        owned as (
            select month, coalesce(owner_user_id, 0) as user_id, count(*) as open_deals
            from funnel.dim_deals
            where status = 'open'
            group by month, coalesce(owner_user_id, 0)
        ),
        people as (
            select month, user_id from activities
            union
            select month, user_id from entries
            union
            select month, user_id from closed
            union
            select month, user_id from owned
        )
        select
            people.month,
            people.user_id,
            person.user_name,
            coalesce(activities.activities_done, 0) as activities_done,
            coalesce(activities.sales_calls_done, 0) as sales_calls_done,
            coalesce(entries.stage_entries, 0) as stage_entries,
            coalesce(closed.deals_won, 0) as deals_won,
            coalesce(closed.deals_lost, 0) as deals_lost,
            closed.deals_won / nullif(closed.deals_won + closed.deals_lost, 0)::double as win_rate,
            closed.value_won,
            coalesce(owned.open_deals, 0) as open_deals
        from people
        left join activities on activities.month = people.month and activities.user_id = people.user_id
        left join entries on entries.month = people.month and entries.user_id = people.user_id
        left join closed on closed.month = people.month and closed.user_id = people.user_id
        left join owned on owned.month = people.month and owned.user_id = people.user_id
        left join funnel.dim_users as person on person.month = people.month and person.user_id = people.user_id
    """,
)
