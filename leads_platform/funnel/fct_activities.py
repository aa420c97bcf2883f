"""Done sales calls: what steps 2.1 and 3.1 of the funnel count."""

from leads_platform.funnel.funnel_columns import FUNNEL_STEP, KPI_NAME
from leads_platform.funnel.int_completed_activities import int_completed_activities
from leads_platform.warehouse import Table, not_null, pick, references

fct_activities = Table(
    says="One row per done activity that is a step of the funnel (Sales Call 1 and 2), its deal known or not.",
    grain=("activity_key",),
    columns=(
        *pick(int_completed_activities.columns, "activity_key", "activity_id", "deal_id"),
        *pick(int_completed_activities.columns, "activity_type_key", "activity_type_name", "user_id"),
        KPI_NAME,
        FUNNEL_STEP,
        *pick(int_completed_activities.columns, "due_timestamp", "activity_timestamp"),
    ),
    must=(not_null("kpi_name", "funnel_step"),),
    should=(references("user_id", table="funnel.dim_users", named_id="deal_id"),),
    select="""
        select
            activity.month,
            activity.activity_key,
            activity.activity_id,
            activity.deal_id,
            activity.activity_type_key,
            activity.activity_type_name,
            activity.user_id,
            kpi.kpi_name,
            kpi.funnel_step,
            activity.due_timestamp,
            activity.activity_timestamp
        from funnel.int_completed_activities as activity
        join funnel.dim_kpis as kpi
            on kpi.month = activity.month
            and kpi.activity_type_key = activity.activity_type_key
        where activity.deal_id is not null
    """,
)
