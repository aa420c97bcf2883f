"""Lists, each lead once."""

from leads_platform.warehouse import Column, Table, not_null

stg_lists = Table(
    says="Leads of the month's list.",
    grain=("number",),
    columns=(
        Column("month", "date", "Month of the list"),
        Column("number", "varchar", "Number of the lead"),
        Column("person", "varchar", "Who it is", pii=True),
    ),
    must=(not_null("number"),),
    select="select month, number, upper(person) as person from small.base_lists",
)
