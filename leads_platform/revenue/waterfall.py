"""From gross to net: the columns of money that reports share, and the sums of entries that they are.

Belongs here: which kind of entry counts in which column. Does not: by what a report groups.
"""

from leads_platform.warehouse import Column

WATERFALL = (
    Column("gross_sold", "decimal(38,2)", "Sales, at their price as now known"),
    Column("returned", "decimal(38,2)", "Refunds less their reversals: what was given back, as a positive amount"),
    Column("adjusted", "decimal(38,2)", "Adjustments, fees and credits"),
    Column("conversions", "decimal(38,2)", "Conversions less chargebacks"),
    Column("net_sold", "decimal(38,2)", "gross_sold - returned + adjusted + conversions: all revenue"),
    Column("payout", "decimal(38,2)", "What is paid out for calls"),
)

# A decimal of more places would go on being one of more places through every report; entries are in whole cents.
SUMS = """
    coalesce(sum(amount) filter (entry_kind = 'sale'), 0)::decimal(38,2) as gross_sold,
    -coalesce(sum(amount) filter (entry_kind in ('refund', 'refund_reversal')), 0)::decimal(38,2) as returned,
    coalesce(sum(amount) filter (entry_kind in ('adjustment', 'fee', 'credit')), 0)::decimal(38,2) as adjusted,
    coalesce(sum(amount) filter (entry_kind in ('conversion', 'chargeback')), 0)::decimal(38,2) as conversions,
    sum(amount)::decimal(38,2) as net_sold,
    sum(payout)::decimal(38,2) as payout
"""
"""The waterfall's columns of a group of entries."""
