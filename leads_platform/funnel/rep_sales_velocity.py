"""Win rate and sales velocity: what the pipeline is worth a day."""

from leads_platform.funnel.funnel_columns import WIN_RATE
from leads_platform.warehouse import Column, Table, bad_rows, not_null

rep_sales_velocity = Table(
    says="One row per month with deals: what closed in it, and the velocity that follows where values are recorded.",
    grain=("month",),
    columns=(
        Column("deals_created", "bigint", "Deals created in the month"),
        Column("deals_won", "bigint", "Deals won in the month"),
        Column("deals_lost", "bigint", "Deals lost in the month"),
        WIN_RATE,
        Column("open_deals", "bigint", "Open deals at the month's end"),
        Column("won_with_value", "bigint", "Won deals with a recorded value"),
        Column("value_won", "decimal(38,2)", "Their value; null where no value is recorded"),
        Column("mean_value_won", "double", "Value of a won deal on average; null where no value is recorded"),
        Column("mean_days_to_win", "double", "Days from creation to the win on average; null: none won"),
        Column(
            "velocity_per_day",
            "double",
            "open_deals x win_rate x mean_value_won / mean_days_to_win: value the pipeline yields a day; "
            "null where one of them is missing",
        ),
    ),
    must=(
        not_null("deals_created", "deals_won", "deals_lost", "open_deals"),
        bad_rows("win_rate_is_a_share", "win_rate not between 0 and 1", "A win rate lies between 0 and 1."),
    ),
    select="""
        with closed as (
            select
                month,
                count(*) filter (status = 'won') as deals_won,
                count(*) filter (status = 'lost') as deals_lost,
                count(deal_value) filter (status = 'won') as won_with_value,
                sum(deal_value) filter (status = 'won') as value_won,
                -- whole seconds: a mean of fractions would depend on the order in which they are added
                sum(date_diff('second', created_at, closed_at)) filter (status = 'won') as seconds_to_win,
                count(created_at) filter (status = 'won') as wins_with_creation
            from funnel.fct_deal_closures
            group by month
        ),
        known as (
            select
                month,
                count(*) filter (date_trunc('month', created_at) = month) as deals_created,
                count(*) filter (status = 'open') as open_deals
            from funnel.dim_deals
            group by month
        ),
        rated as (
            select
                known.*,
                coalesce(closed.deals_won, 0) as deals_won,
                coalesce(closed.deals_lost, 0) as deals_lost,
                coalesce(closed.won_with_value, 0) as won_with_value,
                closed.value_won,
                deals_won / nullif(deals_won + deals_lost, 0)::double as win_rate,
                value_won::double / nullif(won_with_value, 0) as mean_value_won,
                seconds_to_win::double / nullif(wins_with_creation, 0) / 86400 as mean_days_to_win
            from known
            left join closed on closed.month = known.month
        )
        select
            *,
            open_deals * win_rate * mean_value_won / nullif(mean_days_to_win, 0) as velocity_per_day
        from rated
    """,
)
