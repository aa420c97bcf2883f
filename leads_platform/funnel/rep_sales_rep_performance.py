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
            "The users' deals won and lost in the month are those of fct_deal_closures.",
            "funnel.fct_deal_closures",
            where="status in ('won', 'lost')",
            this="sum(deals_won + deals_lost)",
        ),
    ),
    should=(bad_rows("user_is_known", "user_id <> 0 and user_name is null", "Every user is in dim_users."),),
    select="""
        with done as (
            select activity.month, activity.user_id, true as is_activity, kpi.funnel_step is not null as is_call
            from funnel.int_completed_activities as activity
            left join funnel.dim_kpis as kpi using (month, activity_type_key)
            union all by name
            select month, owner_user_id as user_id, true as is_entry from funnel.fct_deal_stage_history
            union all by name
            select month, closed_by_user_id as user_id, status, deal_value from funnel.fct_deal_closures
            where status <> 'deleted'
            union all by name
            select month, owner_user_id as user_id, status from funnel.dim_deals where status = 'open'
        ),
        people as (
            select
                month,
                coalesce(user_id, 0) as user_id,
                count(is_activity) as activities_done,
                count(*) filter (is_call) as sales_calls_done,
                count(is_entry) as stage_entries,
                count(*) filter (status = 'won') as deals_won,
                count(*) filter (status = 'lost') as deals_lost,
                sum(deal_value) filter (status = 'won') as value_won,
                count(*) filter (status = 'open') as open_deals
            from done
            group by all
        )
        select
            people.*,
            person.user_name,
            people.deals_won / nullif(people.deals_won + people.deals_lost, 0)::double as win_rate
        from people
        left join funnel.dim_users as person using (month, user_id)
    """,
)
