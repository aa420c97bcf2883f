"""Pipedrive's activities, typed: done and open ones of every type."""

from leads_platform.funnel.funnel_columns import ACTIVITY, ACTIVITY_TYPE_KEY, ACTIVITY_USER, COUNTED, DEAL_ID, DUE
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null, records_reconcile, values_are_readable

stg_activity = Table(
    says="One row per activity, done or not, in the month it counts in. None is dropped as a duplicate.",
    grain=("activity_key",),
    columns=(
        *ACTIVITY,
        ACTIVITY_TYPE_KEY,
        ACTIVITY_USER,
        DEAL_ID,
        Column("is_completed", "boolean", "Whether the activity is done"),
        DUE,
        COUNTED,
        Column("line", "bigint", "Line of the export"),
    ),
    must=(
        not_null("activity_timestamp", "is_completed", "activity_type_key"),
        records_reconcile("funnel.base_pipedrive_activity"),
    ),
    should=(
        Audit(
            "activity_ids_stand_once",
            "No id was given to another activity before; different activities that share one are all kept.",
            """
            with so_far as (
                select month, line, activity_id, row_number() over (partition by activity_id order by month, line) as n
                from this_history
            )
            select month, line, activity_id as named_id from so_far where n > 1
            """,
        ),
        bad_rows(
            "deal_is_known", "deal_id is null", "Every activity belongs to a deal; others count in no funnel step."
        ),
        values_are_readable(
            "funnel.base_pipedrive_activity",
            activity_id="try_cast(activity_id as bigint)",
            due_to="local_time(due_to)",
        ),
        bad_rows("user_is_known", "user_id is null", "Every activity is assigned to a user."),
    ),
    select="""
        with keyed as (
            select
                *,
                md5(concat_ws('|', activity_id, type, assigned_to_user, deal_id, due_to, marked_as_done_time))::uuid
                    as said
            from funnel.base_pipedrive_activity
        )
        select
            month,
            -- the same activity twice in an export: the second has a number
            case when row_number() over same = 1 then said else md5(said || '-' || row_number() over same)::uuid end
                as activity_key,
            try_cast(activity_id as bigint) as activity_id,
            trim(type) as activity_type_key,
            try_cast(assigned_to_user as bigint) as user_id,
            try_cast(deal_id as bigint) as deal_id,
            try_cast(trim(done) as boolean) as is_completed,
            local_time(due_to) as due_timestamp,
            record_local_at as activity_timestamp,
            line
        from keyed
        window same as (partition by month, said order by line)
    """,
)
