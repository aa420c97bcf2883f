"""Calls, whose revenue is in boberdoo."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_call_transactions = Table(
    says="One row per entry of the unit `cbm`. Calls, whose revenue is in boberdoo.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'cbm'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'cbm'
    """,
)
