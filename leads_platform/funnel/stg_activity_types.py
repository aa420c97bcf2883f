"""Pipedrive's activity types as the file of the month states them."""

from leads_platform.funnel.funnel_columns import ACTIVITY_TYPE_KEY, ACTIVITY_TYPE_NAME
from leads_platform.warehouse import Column, Table, not_null, values_are_readable

stg_activity_types = Table(
    says="One row per activity type, from the file that serves the month.",
    grain=("activity_type_key",),
    columns=(
        ACTIVITY_TYPE_KEY,
        Column("activity_type_id", "bigint", "Pipedrive's id of the type"),
        ACTIVITY_TYPE_NAME,
        Column("is_active", "boolean", "Whether the type can still be chosen; old activities keep it"),
    ),
    must=(not_null("activity_type_name"),),
    should=(
        values_are_readable(
            "funnel.base_pipedrive_activity_types",
            id="try_cast(id as bigint)",
            active="try_cast(trim(active) as boolean)",
        ),
    ),
    select="""
        select
            month,
            trim(type) as activity_type_key,
            try_cast(id as bigint) as activity_type_id,
            trim(name) as activity_type_name,
            try_cast(trim(active) as boolean) as is_active
        from funnel.base_pipedrive_activity_types
    """,
)
