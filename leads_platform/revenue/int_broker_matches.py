"""What became of each row of a broker: its sale, or why it has none, as now known."""

from leads_platform.revenue.broker_choices import NEVER
from leads_platform.revenue.broker_columns import BROKER_NAME, CHOICE, REASONS, REFERENCE, SALE, SOLD_ON
from leads_platform.revenue.broker_staging import COLUMNS, SALES
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Audit, Column, Table, accepted_values, bad_rows, not_null, pick

int_broker_matches = Table(
    says="One row per row of a broker's sales, in the month of its sale: the sale that it converted, or why none.",
    grain=("broker", "reference"),
    columns=(
        BROKER_NAME,
        REFERENCE,
        SOLD_ON,
        *CHOICE,
        *SALE,
        *pick(ENTRY, "business_unit", "partner_id", "lead_id", "call_id"),
        *pick(COLUMNS[SALES], "amount", "not_counted"),
        Column("first_known_on", "date", "Day of the file that told the row first"),
        *pick(ENTRY, "file_name", "line"),
    ),
    must=(
        not_null("sold_on", "candidates", "first_known_on"),
        accepted_values("reason", *REASONS),
        bad_rows("a_sale_or_a_reason", "(sale_transaction_id is null) = (reason is null)", "One of both, never both."),
        Audit(
            "no_row_is_lost",
            "Each row that the broker tells is here, and no other.",
            """
            with told as (
                select month, broker, reference, not is_gone as stands
                from revenue."stg_broker_sales_*"
                qualify version = max(version) over (partition by month, broker, reference)
            ),
            theirs as (select month, broker, reference from told where stands)
            select month, broker, reference from this anti join theirs using (month, broker, reference)
            union all
            select month, broker, reference from theirs anti join this using (month, broker, reference)
            """,
        ),
    ),
    should=(
        bad_rows("one_sale_is_found", "candidates > 1", "A row finds one sale; of several one is picked."),
        bad_rows("sales_convert_once", "reason = 'sale_already_converted'", "No sale is told twice as converted."),
        Audit(
            "references_are_told_in_one_month",
            "A broker's reference stands in one month: its sale has one day.",
            """
            select this.month, this.line
            from this
            join this_history as other using (broker, reference)
            where other.month < this.month
            """,
        ),
    ),
    select=f"""
        select
            claims.* exclude (known_on, known_until, filter_set_id, holds)
            replace (
                if(holds, sale_month, null) as sale_month,
                if(holds, sale_transaction_id, null) as sale_transaction_id
            ),
            amount, not_counted, first_known_on, file_name, line
        from revenue.int_broker_claims as claims
        join (
            select month, broker, reference, amount, not_counted, file_name, line,
                min(known_on) over same as first_known_on
            from revenue."stg_broker_sales_*"
            window same as (partition by month, broker, reference)
            qualify version = max(version) over same
        ) as told using (month, broker, reference)
        where known_until = {NEVER} and broker <> 'boberdoo'
    """,
)
