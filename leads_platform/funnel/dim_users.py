"""Every user Pipedrive is known to have, or to have had, as of each month's end."""

from leads_platform.funnel.stg_users import stg_users
from leads_platform.warehouse import Column, Table, as_of, not_null

dim_users = Table(
    says="One row per user seen in any users' file up to the month, as the latest file states it.",
    grain=("user_id",),
    columns=(
        *stg_users.columns,
        Column("is_active", "boolean", "Whether the file that serves the month still has the user"),
    ),
    must=(not_null("is_active"),),
    cumulative=True,
    select=as_of("funnel.dim_users", listing="funnel.stg_users", key=("user_id",), listed="is_active"),
)
