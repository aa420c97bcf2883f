"""The sales funnel: Pipedrive's deals and activities become the monthly funnel report and what stands beside it.

Belongs here: the room's tables, one file each, and its feed contracts. The labels and steps of the funnel are in one
place, `dim_kpis`. A deal is what Pipedrive gives one id; where two deals share an id, checks name it.
"""
