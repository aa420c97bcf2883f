"""Revenue: leads and calls as a ledger of money that nobody edits.

Belongs here: the room's tables, one file each, and its feed contracts. Each business unit has one small table of its
own (`fct_*_transactions`); `fct_revenue_entries` is their union and nothing else. `entries` is the one rule by which
what a source said, and what it said later, becomes entries.
"""
