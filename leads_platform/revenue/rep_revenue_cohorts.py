"""Revenue by the month of the sale, as known at each month's end: what became of what was sold then."""

from leads_platform.revenue.money_columns import BUSINESS_UNIT, PARTNER_ID, SALE_MONTH, SRC
from leads_platform.revenue.waterfall import SUMS, WATERFALL
from leads_platform.warehouse import Audit, Column, Table

rep_revenue_cohorts = Table(
    says="One row per month of sale, unit, source and buyer, as happened and known up to the month's end.",
    grain=("sale_month", "business_unit", "src", "partner_id"),
    nullable=("src", "partner_id"),
    columns=(
        Column("month", "date", "As of whose end it is known"),
        SALE_MONTH,
        BUSINESS_UNIT,
        SRC,
        PARTNER_ID,
        *WATERFALL,
        Column("margin", "decimal(38,2)", "net_sold - payout"),
    ),
    must=(
        Audit(
            "cohorts_are_all_months_so_far",
            "The cohorts as of a month's end add up to what happened in all months up to it and was known by then.",
            """
            with known as (
                select month, known_on, sum(amount) as amount, sum(payout) as payout
                from revenue.fct_revenue_entries
                group by all
            ),
            theirs as (
                select months.month, sum(amount) as net, sum(payout) as payout
                from months
                join known on known.month <= months.month and known.known_on <= last_day(months.month)
                group by all
            ),
            ours as (select month, sum(net_sold) as net, sum(payout) as payout from this group by all)
            select month, theirs.net as expected, ours.net as found
            from ours
            full join theirs using (month)
            where (ours.net, ours.payout) is distinct from (theirs.net, theirs.payout)
            """,
            history=("revenue.fct_revenue_entries",),
        ),
    ),
    history=("revenue.fct_revenue_entries",),
    select=f"""
        with known as (
            select
                greatest(month, date_trunc('month', known_on))::date as known_month,
                sale_month, business_unit, src, partner_id, entry_kind,
                sum(amount) as amount,
                sum(payout) as payout
            from revenue.fct_revenue_entries
            group by all
        ),
        sums as (
            select months.month, sale_month, business_unit, src, partner_id, {SUMS}
            from months
            join known on known.known_month <= months.month
            group by all
        )
        select *, net_sold - payout as margin from sums
    """,
)
