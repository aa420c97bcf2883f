"""Pipedrive's deal fields as the file of the month states them."""

from leads_platform.warehouse import Column, Table, bad_rows, not_null, values_are_readable

stg_fields = Table(
    says="One row per field of a deal, with its choices, from the file that serves the month.",
    grain=("field_key",),
    columns=(
        Column("field_key", "varchar", "Key of the field, as deal changes give it"),
        Column("field_id", "bigint", "Pipedrive's id of the field"),
        Column("field_name", "varchar", "Its name"),
        Column("options", 'struct(id varchar, "label" varchar)[]', "Its choices; null for a free field"),
        Column("options_are_readable", "boolean", "False: the file has something there that is no list of choices"),
    ),
    must=(not_null("field_name"),),
    should=(
        bad_rows("options_are_readable", "not options_are_readable", "A field's choices are a JSON list."),
        values_are_readable("funnel.base_pipedrive_fields", id="try_cast(id as bigint)"),
    ),
    select="""
        with cells as (
            select *, nullif(trim(field_value_options), '') as cell from funnel.base_pipedrive_fields
        )
        select
            month,
            trim(field_key) as field_key,
            try_cast(id as bigint) as field_id,
            trim(name) as field_name,
            case when json_valid(cell) and json_type(cell) = 'ARRAY'
                then from_json(cell, '[{"id": "VARCHAR", "label": "VARCHAR"}]')
            end as options,
            cell is null or (json_valid(cell) and json_type(cell) = 'ARRAY') as options_are_readable
        from cells
    """,
)
