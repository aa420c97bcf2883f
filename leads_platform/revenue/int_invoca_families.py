"""Transactions that correct each other, and what was known of them day by day.

A family is what corrections connect, a row that never came included. It may reach into the next month, no further: each
month looks at the month before and the month after. Transactions without a correction, nearly all, are not here.
"""

from leads_platform.revenue.call_columns import TRANSACTION_ID
from leads_platform.revenue.stg_invoca_transactions import stg_invoca_transactions
from leads_platform.warehouse import Column, Table, not_null, pick

STAGED = "revenue.stg_invoca_transactions"

int_invoca_families = Table(
    says="One row per transaction with a correction near the month, and day on which its family became another.",
    grain=("transaction_id", "told_in", "known_on"),
    columns=(
        TRANSACTION_ID,
        Column("told_in", "date", "The month of its call's start: this one, the one before or the one after"),
        Column("known_on", "date", "A day on which something new was known of its family"),
        *pick(stg_invoca_transactions.columns, "version"),
        Column("is_alive", "boolean", "It is told, and in this month, as far as was known on the day"),
        *pick(stg_invoca_transactions.columns, "corrects_transaction_id", "corrected_at", "line"),
        Column("place", "bigint", "Its place in the feed, by file's date and line of when it was told first"),
    ),
    must=(not_null("version", "is_alive", "place"),),
    history=(STAGED,),
    ahead={STAGED: 1},
    select=f"""
        with recursive near as (
            select months.month as view, (months.month + to_months(step))::date as month
            from months, unnest([-1, 0, 1]) as steps(step)
        ),
        staged as (select * from {STAGED} where month >= ($first_month - interval 1 month)::date),
        ends as (
            select month, unnest([transaction_id, corrects_transaction_id]) as transaction_id
            from staged where corrects_transaction_id is not null
            union
            select month, transaction_id from staged where is_gone  -- it may have changed its month
        ),
        linked as materialized (select distinct view, transaction_id from ends join near using (month)),
        told as materialized (
            select view, staged.*,
                min((known_on, line, file_name)) over (partition by view, transaction_id) as first_told
            from linked join staged using (transaction_id) join near using (view, month)
        ),
        links as materialized (
            select view, transaction_id, corrects_transaction_id as other from told where other is not null
            union
            select view, corrects_transaction_id, transaction_id from told where corrects_transaction_id is not null
        ),
        reached as (
            select view, transaction_id, transaction_id as other from linked
            union  -- and not all: a circle ends
            select reached.view, reached.transaction_id, links.other
            from reached join links on links.view = reached.view and links.transaction_id = reached.other
        ),
        families as materialized (
            select told.*, family, dense_rank() over (partition by view order by first_told, transaction_id) as place
            from told
            join (select view, transaction_id, min(other) as family from reached group by all)
                using (view, transaction_id)
        ),
        days as (select distinct view, family, known_on as day from families),
        known as (
            select * from families join days using (view, family)
            where known_on <= day
            qualify row_number() over (partition by view, day, transaction_id, month order by version desc) = 1
        )
        select
            view as month, transaction_id, month as told_in, day as known_on, version,
            not is_gone and month = last_value(if(is_gone, null, month) ignore nulls) over (
                partition by view, day, transaction_id order by known.known_on, month
                rows between unbounded preceding and unbounded following
            ) as is_alive,
            corrects_transaction_id, corrected_at, line, place
        from known
    """,
)
