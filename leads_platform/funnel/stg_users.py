"""Pipedrive's users as the file of the month states them."""

from leads_platform.warehouse import Column, Table, bad_rows, values_are_readable

stg_users = Table(
    says="One row per user of Pipedrive, from the file that serves the month.",
    grain=("user_id",),
    columns=(
        Column("user_id", "bigint", "Pipedrive's id of the user"),
        Column("user_name", "varchar", "The user's name", pii=True),
        Column("user_email", "varchar", "The user's e-mail address, in lower case", pii=True),
        Column("modified_at", "timestamp", "When the user was last changed, as the file states it"),
    ),
    should=(
        bad_rows("user_has_a_name", "user_name is null", "Every user has a name."),
        values_are_readable("funnel.base_pipedrive_users", modified="local_time(modified)"),
    ),
    select="""
        select
            month,
            try_cast(id as bigint) as user_id,
            nullif(trim(name), '') as user_name,
            lower(nullif(trim(email), '')) as user_email,
            local_time(modified) as modified_at
        from funnel.base_pipedrive_users
    """,
)
