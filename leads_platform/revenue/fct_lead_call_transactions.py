"""Leads sold as calls to them."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_lead_call_transactions = Table(
    says="One row per entry of the unit `lead_call`. Leads sold as calls to them.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'lead_call'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'lead_call'
    """,
)
