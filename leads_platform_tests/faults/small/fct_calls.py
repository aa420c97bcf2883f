"""Calls of leads."""

from leads_platform.warehouse import Column, Table

fct_calls = Table(
    says="One row per call.",
    grain=("number",),
    columns=(
        Column("month", "date", "Month of the call"),
        Column("number", "varchar", "Number of the call"),
        Column("called_on", "date", "Day of the call"),
    ),
    select="select month, number, called_on::date as called_on from small.base_calls",
)
