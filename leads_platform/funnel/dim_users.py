"""Every user Pipedrive is known to have, or to have had, as of each month's end."""

from leads_platform.warehouse import Column, Table, not_null

dim_users = Table(
    says="One row per user seen in any users' file up to the month, as the latest file states it.",
    grain=("user_id",),
    owner="team:sales",
    columns=(
        Column("month", "date", "As of the end of this month"),
        Column("user_id", "bigint", "Pipedrive's id of the user"),
        Column("user_name", "varchar", "The user's name", pii=True),
        Column("user_email", "varchar", "The user's e-mail address", pii=True),
        Column("modified_at", "timestamp", "When the user was last changed"),
        Column("is_active", "boolean", "Whether the file that serves the month still has the user"),
    ),
    must=(not_null("is_active"),),
    step=True,
    select="""
        with known as (
            select * from funnel.dim_users where month = $previous_month
        ),
        delivered as (
            select count(*) > 0 as this_month from funnel.stg_users
        )
        select month, user_id, user_name, user_email, modified_at, true as is_active from funnel.stg_users
        union all by name
        select known.* replace ($month as month, known.is_active and not delivered.this_month as is_active)
        from known
        anti join funnel.stg_users as now on now.user_id = known.user_id
        cross join delivered
    """,
)
