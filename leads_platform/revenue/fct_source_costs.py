"""What sources cost, as a ledger: a version's difference is an entry of its own."""

from leads_platform.revenue.entries import entries
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.revenue.stg_source_costs import stg_source_costs
from leads_platform.warehouse import Audit, Table, not_null, pick

VERSIONS = """
    select *, not_counted is null as counts, round(amount, 2)::decimal(18,4) as cents from revenue.stg_source_costs
"""
TOLD = ("known_on", "file_name", "line")
ENTRIES = entries(VERSIONS, key=("src", "kind"), attributes=(), told=TOLD, amounts=("cents",))

fct_source_costs = Table(
    says="One row per entry of a month's cost of a source and kind.",
    grain=("src", "kind", "version"),
    nullable=("src",),
    columns=(
        *pick(stg_source_costs.columns, "src", "kind", "version"),
        *pick(ENTRY, "change"),
        *pick(stg_source_costs.columns, "amount", "known_on", "file_name", "line"),
    ),
    must=(
        not_null("amount", "known_on", "change"),
        Audit(
            "costs_are_those_of_the_newest_delivery",
            "A month's costs add up, by source, to what its newest delivery says, straight from the records.",
            """
            with theirs as (
                select month, coalesce(trim(src), '') as source, sum(round(money(amount, 'us'), 2)) as total
                from revenue.base_source_costs as told
                join revenue.dim_revenue_settings as settings using (month)
                where coalesce(nullif(upper(trim(told.currency)), ''), settings.currency) = settings.currency
                group by all
            ),
            ours as (select month, coalesce(src, '') as source, sum(amount) as total from this group by all)
            select month, coalesce(theirs.total, 0) as expected, coalesce(ours.total, 0) as found
            from ours
            full join theirs using (month, source)
            where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
            """,
        ),
    ),
    select=f"select * exclude (cents, sign), cents as amount from ({ENTRIES})",
)
