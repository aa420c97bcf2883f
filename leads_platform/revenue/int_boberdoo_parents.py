"""What boberdoo's refunds, reversals, adjustments and conversions are about: the sale at the end of their parents."""

from leads_platform.revenue.boberdoo_checks import IN_ONE_EXPORT
from leads_platform.revenue.money_columns import SALE_MONTH
from leads_platform.revenue.stg_boberdoo_transactions import stg_boberdoo_transactions
from leads_platform.warehouse import Audit, Column, Table, bad_rows, pick

int_boberdoo_parents = Table(
    says="One row per transaction of the month that is about a sale and is none, as it was told last.",
    grain=("slot_month", "transaction_id"),
    columns=(
        *pick(stg_boberdoo_transactions.columns, "slot_month", "transaction_id", "entry_kind", "parent_transaction_id"),
        Column("sale_transaction_id", "varchar", "The sale; null where none came by the month's end"),
        SALE_MONTH,
        Column("amount", "decimal(18,4)", "Its amount as last told; 0 where it does not count"),
        *pick(stg_boberdoo_transactions.columns, "line"),
    ),
    should=(
        IN_ONE_EXPORT,
        bad_rows(
            "sales_are_known",
            "sale_transaction_id is null and entry_kind <> 'adjustment'",
            "What is refunded or converted was sold; else it counts in the cohort of its own month.",
        ),
        Audit(
            "refunds_are_within_their_sale",
            "No more is refunded than the sale was worth.",
            """
            with returns as (
                select this.month, this.line, this.sale_transaction_id, sum(other.amount) as refunded
                from this
                join this_history as other using (sale_transaction_id)
                where this.entry_kind = 'refund' and other.entry_kind in ('refund', 'refund_reversal')
                    and other.month <= this.month
                group by all
            )
            select returns.month, returns.line
            from returns
            join revenue.stg_boberdoo_transactions as sale on sale.transaction_id = returns.sale_transaction_id
                and sale.is_last_told and sale.entry_kind = 'sale' and sale.month <= returns.month
            where sale.amount + refunded < 0
            """,
            history=("revenue.stg_boberdoo_transactions",),
        ),
    ),
    history=("revenue.stg_boberdoo_transactions",),
    select="""
        with recursive told as (
            select *, entry_kind in ('refund', 'refund_reversal', 'adjustment', 'conversion', 'chargeback') as is_about
            from revenue.stg_boberdoo_transactions where is_last_told
        ),
        chain as (
            select month, slot_month, transaction_id, parent_transaction_id as parent
            from told where is_about and month between $first_month and $last_month
            union  -- and not all: parents in a circle end
            select chain.month, chain.slot_month, chain.transaction_id, above.parent_transaction_id
            from chain
            join told as above on above.is_about and above.transaction_id = chain.parent and above.month <= chain.month
        ),
        sales as (
            select chain.month, chain.slot_month, chain.transaction_id,
                arg_max(sale.transaction_id, (sale.known_on, sale.month)) as sale_transaction_id,
                arg_max(sale.month, (sale.known_on, sale.month)) as sale_month
            from chain
            join told as sale on sale.entry_kind = 'sale' and sale.transaction_id = chain.parent
                and sale.month <= chain.month
            group by chain.month, chain.slot_month, chain.transaction_id
        )
        select told.month, told.slot_month, told.transaction_id, told.entry_kind, told.parent_transaction_id, told.line,
            if(told.not_counted is null, told.amount, 0) as amount,
            sales.sale_transaction_id, coalesce(sales.sale_month, told.month) as sale_month
        from told
        semi join chain using (month, slot_month, transaction_id)
        left join sales using (month, slot_month, transaction_id)
    """,
)
