"""Fees and credits of a buyer, on no lead."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_account_transactions = Table(
    says="One row per entry of the unit `account`. Fees and credits of a buyer, on no lead.",
    grain=("entry_id",),
    columns=ENTRY,
    select="select * from revenue.int_boberdoo_entries where business_unit = 'account'",
)
