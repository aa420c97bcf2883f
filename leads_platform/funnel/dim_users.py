"""Every user Pipedrive is known to have, or to have had, as of each month's end."""

from leads_platform.funnel.stg_users import stg_users
from leads_platform.warehouse import Column, Table, not_null

dim_users = Table(
    says="One row per user seen in any users' file up to the month, as the latest file states it.",
    grain=("user_id",),
    columns=(
        *stg_users.columns,
        Column("is_active", "boolean", "Whether the file that serves the month still has the user"),
    ),
    must=(not_null("is_active"),),
    history=("funnel.stg_users",),
    select="""
        with served as (
            select months.month, max(file.month) as file_month
            from months
            join (select distinct month from funnel.stg_users) as file on file.month <= months.month
            group by months.month
        )
        select
            served.month,
            person.user_id,
            person.user_name,
            person.user_email,
            person.modified_at,
            person.month = served.file_month as is_active
        from served
        join funnel.stg_users as person on person.month <= served.month
        qualify row_number() over (partition by served.month, person.user_id order by person.month desc) = 1
    """,
)
