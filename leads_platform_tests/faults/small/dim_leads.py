"""Leads ever listed."""

from leads_platform.warehouse import Column, Table

dim_leads = Table(
    says="Every lead listed up to the month's end, with the month it was first listed in.",
    grain=("number",),
    columns=(
        Column("month", "date", "Month's end"),
        Column("number", "varchar", "Number of the lead"),
        Column("first_listed", "date", "Month of its first list"),
    ),
    cumulative=True,
    select="""
        with known as (
            select number, first_listed from small.dim_leads where month = $previous_month
            union all
            select number, month as first_listed from small.stg_lists
        )
        select $month as month, number, min(first_listed) as first_listed from known group by number
    """,
)
