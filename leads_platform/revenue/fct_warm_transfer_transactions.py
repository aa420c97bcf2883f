"""Leads handed over in a warm transfer."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_warm_transfer_transactions = Table(
    says="One row per entry of the unit `warm_transfer`. Leads handed over in a warm transfer.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'warm_transfer'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'warm_transfer'
    """,
)
