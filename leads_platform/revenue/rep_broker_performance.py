"""What each broker makes of what it buys: rows told and matched, conversions and what came back."""

from leads_platform.revenue.broker_columns import BROKER_NAME
from leads_platform.warehouse import Column, Table, adds_up, not_null

rep_broker_performance = Table(
    says="One row per broker: what it bought, told and paid in the month, by the day on which each happened.",
    grain=("broker",),
    columns=(
        BROKER_NAME,
        Column("sales", "bigint", "boberdoo's sales to its partners, as now told"),
        Column("rows", "bigint", "Rows of its files of sales"),
        Column("matched", "bigint", "Of these: with a sale, counted as a conversion"),
        Column("matched_rate", "double", "matched of rows; null without a row"),
        Column("conversion_rate", "double", "matched of sales, both of the month; null without a sale"),
        Column("unmatched_amount", "decimal(18,2)", "What the rows without a sale would be worth"),
        Column("conversions", "decimal(18,2)", "Revenue of its conversions"),
        Column("charged_back", "decimal(18,2)", "What of conversions came back: not less than nothing"),
        Column("net_conversions", "decimal(18,2)", "conversions less charged_back"),
        Column("dispositions", "bigint", "Dispositions told"),
    ),
    must=(
        not_null("sales", "rows", "matched", "conversions", "charged_back", "net_conversions"),
        adds_up(
            "conversions_are_the_ledger_s",
            "Conversions less what came back are the ledger's, by broker.",
            "revenue.int_broker_entries",
            where="source_system <> 'boberdoo'",
            theirs="sum(amount)",
            this="sum(net_conversions)",
        ),
    ),
    select="""
        with sales as (
            select month, broker, count(*) as sales
            from (
                select * from revenue.stg_boberdoo_transactions
                qualify version = max(version) over (partition by month, slot_month, transaction_id)
            )
            join (select month, broker, unnest(partner_ids) as partner_id from revenue.dim_brokers)
                using (month, partner_id)
            where entry_kind = 'sale' and not_counted is null
            group by all
        ),
        told as (
            select
                month, broker, count(*) as rows, count(sale_transaction_id) as matched,
                sum(round(amount, 2)) filter (reason is not null and not_counted is null) as unmatched_amount
            from revenue.int_broker_matches
            group by all
        ),
        booked as (
            select
                month, source_system as broker,
                coalesce(sum(amount) filter (entry_kind = 'conversion'), 0) as conversions,
                -coalesce(sum(amount) filter (entry_kind = 'chargeback'), 0) as charged_back
            from revenue.int_broker_entries
            group by all
        ),
        noted as (select month, broker, count(*) as dispositions from revenue.fct_dispositions group by all)
        select
            month, broker,
            coalesce(sales, 0) as sales, coalesce(rows, 0) as rows, coalesce(matched, 0) as matched,
            matched / nullif(rows, 0) as matched_rate,
            coalesce(matched, 0) / nullif(sales, 0) as conversion_rate,
            coalesce(unmatched_amount, 0)::decimal(18,2) as unmatched_amount,
            coalesce(conversions, 0)::decimal(18,2) as conversions,
            coalesce(charged_back, 0)::decimal(18,2) as charged_back,
            (coalesce(conversions, 0) - coalesce(charged_back, 0))::decimal(18,2) as net_conversions,
            coalesce(dispositions, 0) as dispositions
        from revenue.dim_brokers
        left join sales using (month, broker)
        left join told using (month, broker)
        left join booked using (month, broker)
        left join noted using (month, broker)
    """,
)
