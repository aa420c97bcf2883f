"""Revenue by the month in which it was booked: what a close has in it stays, what comes later counts where it comes."""

from leads_platform.revenue.money_columns import BUSINESS_UNIT, PARTNER_ID
from leads_platform.warehouse import Audit, Column, Table

rep_revenue_booked = Table(
    says="One row per unit and buyer: what the books of the month have of it.",
    grain=("business_unit", "partner_id"),
    nullable=("partner_id",),
    columns=(
        Column(
            "month", "date", "Booked month: its own where it was known by its close, else the first still open then"
        ),
        BUSINESS_UNIT,
        PARTNER_ID,
        Column("current_period", "decimal(38,2)", "Revenue that happened in the month and was known by its close"),
        Column("prior_period_adjustment", "decimal(38,2)", "Revenue of months before that came after their close"),
        Column("booked", "decimal(38,2)", "Both"),
    ),
    must=(
        Audit(
            "books_hold_each_entry_once",
            "All months booked so far add up to the entries that any of their closes could know.",
            """
            with known as (
                select month, known_on, sum(amount) as amount from revenue.fct_revenue_entries group by all
            ),
            theirs as (
                select months.month, sum(amount) as total
                from months
                join known on known.month <= months.month and exists (
                    from revenue.dim_month_closes as closes
                    where closes.month between known.month and months.month and closes.closed_on >= known.known_on
                )
                group by all
            ),
            ours as (
                select months.month, sum(booked.booked) as total
                from months
                join this_history as booked on booked.month <= months.month
                group by all
            )
            select month, theirs.total as expected, ours.total as found
            from ours
            full join theirs using (month)
            where ours.total is distinct from theirs.total
            """,
            history=("revenue.fct_revenue_entries", "revenue.dim_month_closes"),
        ),
    ),
    history=("revenue.fct_revenue_entries", "revenue.dim_month_closes"),
    select="""
        with entries as (
            select month, known_on, business_unit, partner_id, sum(amount)::decimal(38,2) as amount
            from revenue.fct_revenue_entries
            group by all
        ),
        days as (  -- small: what is known on one day of one month is booked in one month
            select told.month, told.known_on, min(closes.month) as booked_month
            from (select distinct month, known_on from entries) as told
            join revenue.dim_month_closes as closes
                on closes.month >= told.month and closes.closed_on >= told.known_on
            group by all
        )
        select
            days.booked_month as month,
            business_unit,
            partner_id,
            coalesce(sum(amount) filter (days.booked_month = month), 0)::decimal(38,2) as current_period,
            coalesce(sum(amount) filter (days.booked_month > month), 0)::decimal(38,2) as prior_period_adjustment,
            sum(amount)::decimal(38,2) as booked
        from entries
        join days using (month, known_on)
        where days.booked_month between $first_month and $last_month
        group by days.booked_month, business_unit, partner_id
    """,
)
