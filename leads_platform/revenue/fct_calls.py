"""Calls as now known, and what they are worth: the sum of their entries, whoever's word counts."""

from leads_platform.revenue.int_calls import int_calls
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, pick

ENTRIES, CALLS = "revenue.fct_call_transactions", "revenue.int_calls"
FACTS = [column.name for column in int_calls.columns if column.name not in ("legs", "payin")]

fct_calls = Table(
    says="One row per call that started in the month, or of which money came in it: a refund of an earlier one, say.",
    grain=("call_id",),
    nullable=("call_id",),
    columns=(
        Column("started_in", "date", "Month of its start; null where Invoca never told of it"),
        *pick(int_calls.columns, *FACTS),
        Column("legs", "bigint", "Its legs, in the month of its start; else 0"),
        Column("payin", "decimal(18,4)", "What Invoca says the advertiser pays, in the month of its start; else 0"),
        Column("boberdoo_amount", "decimal(18,4)", "What boberdoo says of it in the month, whether that counts or not"),
        Column("revenue", "decimal(18,4)", "Its entries of the month, refunds included"),
        Column("payout", "decimal(18,4)", "What is paid out for it by its entries of the month"),
        Column("revenue_before", "decimal(18,4)", "Its entries of earlier months"),
        Column("payout_before", "decimal(18,4)", "What is paid out for it by its entries of earlier months"),
    ),
    must=(
        not_null("system_of_record", "legs", "payin", "revenue", "payout", "revenue_before", "payout_before"),
        adds_up("revenue_adds_up", "As in the ledger.", ENTRIES, theirs="sum(amount)", this="sum(revenue)"),
        adds_up("payout_adds_up", "As in the ledger.", ENTRIES, theirs="sum(payout)", this="sum(payout)"),
    ),
    should=(
        bad_rows(
            "money_follows_the_call",
            "started_in = month and revenue_before <> 0",
            "No money lies in a month before its call's start; of a call that is Invoca's it would count twice.",
        ),
    ),
    history=(ENTRIES, CALLS),
    select=f"""
        with entries as (select month, call_id, amount, payout from {ENTRIES}),
        boberdoos as (
            select month, call_id, sum(amount) as boberdoo_amount
            from revenue.int_boberdoo_entries where business_unit = 'cbm' group by all
        ),
        touched as (select call_id from entries where month >= $first_month union select call_id from boberdoos),
        money as (
            select month, call_id, sum(amount) as revenue, sum(payout) as payout
            from entries
            where month >= $first_month or call_id in (from touched)
            group by all
        ),
        booked as (
            select *,
                if(call_id is null, 0, coalesce(sum(revenue) over earlier, 0)) as revenue_before,
                if(call_id is null, 0, coalesce(sum(payout) over earlier, 0)) as payout_before
            from money
            window earlier as (partition by call_id order by month rows between unbounded preceding and 1 preceding)
        ),
        told as (from {CALLS} where month >= $first_month or call_id in (from touched)),
        calls as (
            select month, call_id from money where month >= $first_month
            union select month, call_id from told where month >= $first_month
            union select month, call_id from boberdoos
        )
        select
            calls.month, calls.call_id, told.month as started_in,
            {", ".join(FACTS[1:-1])},
            coalesce(system_of_record, 'boberdoo') as system_of_record,
            if(started_in = calls.month, legs, 0) as legs,
            if(started_in = calls.month, payin, 0)::decimal(18,4) as payin,
            coalesce(boberdoo_amount, 0)::decimal(18,4) as boberdoo_amount,
            coalesce(revenue, 0)::decimal(18,4) as revenue,
            coalesce(payout, 0)::decimal(18,4) as payout,
            coalesce(revenue_before, 0)::decimal(18,4) as revenue_before,
            coalesce(payout_before, 0)::decimal(18,4) as payout_before
        from calls
        left join booked on booked.month = calls.month and booked.call_id is not distinct from calls.call_id
        left join boberdoos on boberdoos.month = calls.month and boberdoos.call_id is not distinct from calls.call_id
        asof left join told on told.call_id = calls.call_id and calls.month >= told.month
    """,
)
