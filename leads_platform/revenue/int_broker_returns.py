"""Conversions charged back, day by day: once each, however often a broker tells it, on the first day told."""

from leads_platform.revenue.broker_choices import NEVER
from leads_platform.revenue.broker_claims import RETURNED, RETURNS
from leads_platform.revenue.broker_columns import BROKER_NAME, DAYS, REFERENCE, SOLD_ON
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Audit, Column, Table, not_null, pick

int_broker_returns = Table(
    says="One row per stretch of days in which a conversion was known to be charged back, in the month of the status.",
    grain=("broker", "reference", "sold_month", "known_on"),
    columns=(
        BROKER_NAME,
        REFERENCE,
        Column("sold_month", "date", "Month of the conversion"),
        SOLD_ON,
        Column("returned_on", "date", "Day of the status that takes it back, not before the sale"),
        *DAYS,
        *pick(ENTRY, "file_name", "line"),
    ),
    must=(not_null("returned_on", "known_until"),),
    should=(
        Audit(
            "returns_are_within_their_window",
            "A chargeback comes within the broker's `return_window_days`; a later one counts, too.",
            """
            select this.month, this.line
            from this
            join revenue.dim_brokers using (month, broker)
            where returned_on > sold_on + return_window_days::integer
            """,
        ),
    ),
    history=("revenue.int_broker_claims", "revenue.int_broker_choices", "revenue.int_broker_dispositions"),
    select=f"""
        with returns as materialized ({RETURNS}),
        near as materialized (
            select *, $last_month as as_of from revenue.int_broker_claims where holds
        ),
        pairs as materialized (
            select * exclude (as_of, sale_month, sale_transaction_id), date_trunc('month', returned_on)::date as month
            from ({RETURNED})
        ),
        wanted as (
            select distinct month as as_of, broker, reference, sold_month
            from pairs
            where month between $first_month and $last_month
        ),
        known as materialized (
            select as_of, pairs.* from wanted join pairs using (broker, reference, sold_month) where month <= as_of
        ),
        turns as (
            select *, lead(turn) over (partition by as_of, broker, reference, sold_month order by turn) as next_turn
            from (
                select as_of, broker, reference, sold_month, since as turn from known
                union select as_of, broker, reference, sold_month, until from known
            )
        )
        select
            known.* exclude (as_of, since, until),
            turn as known_on,
            coalesce(next_turn, {NEVER}) as known_until
        from turns
        join known using (as_of, broker, reference, sold_month)
        where since <= turn and until > turn
        qualify row_number() over (
            partition by as_of, broker, reference, sold_month, turn order by returned_on, file_name, line
        ) = 1 and month = as_of
    """,
)
