"""Leads sold: the plain deal."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_lead_transactions = Table(
    says="One row per entry of the unit `leads`. Leads sold: the plain deal.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'leads'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'leads'
    """,
)
