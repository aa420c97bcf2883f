"""Leads and calls so far."""

from leads_platform.warehouse import Column, Table

rep_small = Table(
    says="Leads known at the month's end, and calls up to it.",
    grain=("month",),
    columns=(
        Column("month", "date", "Month"),
        Column("leads", "bigint", "Leads ever listed"),
        Column("calls", "bigint", "Calls so far"),
    ),
    history=("small.fct_calls",),
    select="""
        select
            months.month,
            (select count(*) from small.dim_leads as leads where leads.month = months.month) as leads,
            (select count(*) from small.fct_calls as calls where calls.month <= months.month) as calls
        from months
    """,
)
