"""Which sale each row of a broker's sales is about, day by day, whoever else claims it."""

from leads_platform.revenue.broker_choices import CHOSEN, NEVER, READS, choices
from leads_platform.revenue.broker_columns import BROKER_NAME, REFERENCE, SOLD_ON
from leads_platform.warehouse import Table, bad_rows, not_null

ROWS = f"""
    select month, broker, reference, sold_on as day, lead_id, call_id, phone_key, email_key, known_on, known_until
    from (
        select
            *,
            coalesce(lead(known_on) over (partition by month, broker, reference order by version), {NEVER})
                as known_until
        from revenue."stg_broker_sales_*"
    )
    where not is_gone and known_on < known_until
"""

int_broker_choices = Table(
    says="One row per stretch of days in which a broker's row chose the same: a sale, or none.",
    grain=("broker", "reference", "known_on"),
    columns=(BROKER_NAME, REFERENCE, SOLD_ON, *CHOSEN),
    must=(
        not_null("sold_on", "known_until", "candidates"),
        bad_rows("a_sale_or_a_reason", "(sale_transaction_id is null) = (reason is null)", "One of both, never both."),
    ),
    history=READS,
    select=f"select * rename (day as sold_on) from ({choices(ROWS, 'reference')})",
)
