"""Leads sold in a drip."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_drip_transactions = Table(
    says="One row per entry of the unit `drip`. Leads sold in a drip.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'drip'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'drip'
    """,
)
