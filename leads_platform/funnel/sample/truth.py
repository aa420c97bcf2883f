"""What a correct platform finds in the room's sample files: the rows of each fact and report, and of two dimensions.

Belongs here: which tables the truth tells, and whose the deals are. Does not: reckoning (books, reports). All rows are
those of the end state, the newest exports having arrived. The deals are kept in memory: for worlds up to a scale
of some tens.
"""

from __future__ import annotations

from leads_platform.funnel.sample.books import Books, Row
from leads_platform.funnel.sample.reports import report_rows
from leads_platform.funnel.sample.sales import Sales
from leads_platform.sample.population import parties
from leads_platform.sample.world import Business, World


def funnel_truth(world: World) -> dict[str, list[Row]]:
    """The rows of each table, by its name, as the world's files give them once all have arrived."""
    books = Books.of(world)
    return {
        "dim_deals": list(books.dim_deals()),
        "dim_deal_ownership": list(books.dim_deal_ownership()),
        "fct_activities": list(books.fct_activities()),
        "fct_deal_closures": list(books.fct_deal_closures()),
        "fct_deal_stage_history": list(books.fct_deal_stage_history()),
        "fct_stage_durations": list(books.fct_stage_durations()),
    } | report_rows(books)


def whose_deals(world: World) -> dict[int, list[Business]]:
    """Which businesses each deal is made with; two, where two deals share an id."""
    sales = Sales(world)
    found: dict[int, list[Business]] = {}
    for party in parties(world):
        for deal in sales.of(party):
            found.setdefault(deal.deal_id, []).append(deal.business)
    return found
