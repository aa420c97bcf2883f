"""Pipedrive's stages as the file of the month states them."""

from leads_platform.funnel.funnel_columns import STAGE_ID, STAGE_NAME
from leads_platform.warehouse import Table, not_null

stg_stages = Table(
    says="One row per stage of the pipeline, from the file that serves the month.",
    grain=("stage_id",),
    columns=(STAGE_ID, STAGE_NAME),
    must=(not_null("stage_name"),),
    select="""
        select
            month,
            try_cast(stage_id as integer) as stage_id,
            trim(stage_name) as stage_name
        from funnel.base_pipedrive_stages
    """,
)
