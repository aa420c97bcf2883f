"""What the numbered choices of a deal's fields mean: stages and reasons of loss."""

from leads_platform.warehouse import Column, Table, not_null

int_field_options = Table(
    says="One row per choice of a field that has choices: the look-up of stages and reasons of loss.",
    grain=("field_key", "option_id"),
    columns=(
        Column("field_key", "varchar", "The field: stage_id or lost_reason"),
        Column("option_id", "integer", "The choice's number, as deal changes give it"),
        Column("option_label", "varchar", "What it means"),
    ),
    must=(not_null("option_label"),),
    select="""
        with choices as (
            select month, field_key, unnest(options) as choice
            from funnel.stg_fields
            -- other fields' choices, such as a status, are no numbers
            where options is not null and field_key in ('stage_id', 'lost_reason')
        )
        select
            month,
            field_key,
            try_cast(choice.id as integer) as option_id,
            trim(choice."label") as option_label
        from choices
    """,
)
