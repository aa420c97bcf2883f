"""Done activities with the name of their type: what sales calls are counted from."""

from leads_platform.funnel.funnel_columns import ACTIVITY_TYPE_NAME
from leads_platform.funnel.stg_activity import stg_activity
from leads_platform.warehouse import Audit, Table, bad_rows, pick

int_completed_activities = Table(
    says="One row per done activity of any type.",
    grain=("activity_key",),
    columns=(
        *pick(stg_activity.columns, "activity_key", "activity_id", "deal_id", "activity_type_key"),
        ACTIVITY_TYPE_NAME,
        *pick(stg_activity.columns, "user_id", "due_timestamp", "activity_timestamp"),
    ),
    should=(
        bad_rows("type_is_known", "activity_type_name is null", "Every type is in the activity types' file."),
        Audit(
            "deals_have_a_history",
            "Every done activity belongs to a deal that the deal changes know by the end of its month. "
            "Activities of other deals count all the same.",
            """
            select this.month, this.deal_id as named_id
            from this
            anti join funnel.stg_deal_changes as change on change.deal_id = this.deal_id and change.month <= this.month
            where this.deal_id is not null
            """,
            history=("funnel.stg_deal_changes",),
        ),
    ),
    select="""
        select
            activity.month,
            activity.activity_key,
            activity.activity_id,
            activity.deal_id,
            activity.activity_type_key,
            type.activity_type_name,
            activity.user_id,
            activity.due_timestamp,
            activity.activity_timestamp
        from funnel.stg_activity as activity
        left join funnel.stg_activity_types as type
            on type.month = activity.month
            and type.activity_type_key = activity.activity_type_key
        where activity.is_completed
    """,
)
