"""Leads under a CPA or CPT deal: a symbolic price and conversions."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_cpa_cpt_transactions = Table(
    says="One row per entry of the unit `cpa_cpt`. Leads under a CPA or CPT deal: a symbolic price and conversions.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        select * from revenue.int_boberdoo_entries where business_unit = 'cpa_cpt'
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'cpa_cpt'
    """,
)
