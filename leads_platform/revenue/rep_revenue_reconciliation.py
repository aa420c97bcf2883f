"""Each source's money against the ledger's, and what of the source is no revenue."""

from leads_platform.revenue import boberdoo_checks, broker_checks, invoca_checks
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, bad_rows, pick

rep_revenue_reconciliation = Table(
    says="One row per source system: what its newest records say of the month, and what the ledger holds.",
    grain=("source_system",),
    columns=(
        *pick(ENTRY, "source_system"),
        Column("source_total", "decimal(38,2)", "Revenue by the records themselves, in a query of its own"),
        Column("ledger_total", "decimal(38,2)", "Revenue by the ledger"),
        Column("difference", "decimal(38,2)", "ledger_total - source_total: always 0.00"),
        Column("payments", "decimal(38,2)", "Payments: no revenue"),
        Column("other_currency_rows", "bigint", "Records in another currency, left out"),
        Column("unreadable_rows", "bigint", "Records whose amount can't be read, left out"),
        Column("unknown_rows", "bigint", "Records of an event, deal type or type of call that we don't know, left out"),
        Column("other_record", "decimal(38,2)", "Calls of which the other system's word counts"),
        Column("rolled_up", "decimal(38,2)", "Events of calls that repeat their call's total"),
        Column("signals", "decimal(38,2)", "Revenue that signals claim: it only informs"),
        Column("unmatched", "decimal(38,2)", "Brokers' rows without a sale: no revenue yet"),
    ),
    must=(bad_rows("ledger_is_the_source_s", "difference <> 0", "The ledger holds each cent of the source, once."),),
    history=(invoca_checks.STAGED, *broker_checks.READS),
    ahead={invoca_checks.STAGED: 1},
    select=f"""
        with told as (
            select 'boberdoo' as source_system, * from ({boberdoo_checks.WORTH})
            union all by name
            select 'invoca' as source_system, month, payin as amount, signal_revenue, not_counted
            from ({invoca_checks.WORTH})
            union all by name
            select * from ({broker_checks.WORTH})
        ),
        source as (
            select
                month,
                source_system,
                sum(if(not_counted is null, amount, 0)) as source_total,
                sum(if(not_counted = 'payment', amount, 0)) as payments,
                count(*) filter (not_counted = 'other_currency') as other_currency_rows,
                count(*) filter (not_counted = 'unreadable') as unreadable_rows,
                count(*) filter (not_counted = 'unknown') as unknown_rows,
                sum(if(not_counted = 'other_record', amount, 0)) as other_record,
                sum(if(not_counted = 'rolled_up', amount, 0)) as rolled_up,
                sum(if(not_counted = 'signal', signal_revenue, 0)) as signals,
                sum(if(not_counted = 'unmatched', amount, 0)) as unmatched
            from told
            group by all
        ),
        ledger as (
            select month, source_system, sum(amount) as ledger_total from revenue.fct_revenue_entries group by all
        )
        select
            month,
            source_system,
            coalesce(source_total, 0)::decimal(38,2) as source_total,
            coalesce(ledger_total, 0)::decimal(38,2) as ledger_total,
            (coalesce(ledger_total, 0) - coalesce(source_total, 0))::decimal(38,2) as difference,
            coalesce(payments, 0)::decimal(38,2) as payments,
            coalesce(other_currency_rows, 0) as other_currency_rows,
            coalesce(unreadable_rows, 0) as unreadable_rows,
            coalesce(unknown_rows, 0) as unknown_rows,
            coalesce(other_record, 0)::decimal(38,2) as other_record,
            coalesce(rolled_up, 0)::decimal(38,2) as rolled_up,
            coalesce(signals, 0)::decimal(38,2) as signals,
            coalesce(unmatched, 0)::decimal(38,2) as unmatched
        from source
        full join ledger using (month, source_system)
    """,
)
