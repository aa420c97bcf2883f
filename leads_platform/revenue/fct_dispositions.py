"""What brokers say became of leads and calls: every disposition, with the sale that it is about."""

from leads_platform.revenue.broker_choices import NEVER
from leads_platform.revenue.broker_columns import REASONS
from leads_platform.revenue.broker_status import STATUSES
from leads_platform.revenue.int_broker_dispositions import int_broker_dispositions
from leads_platform.warehouse import Column, Table, accepted_values, bad_rows, not_null, pick

TOLD = ("broker", "disposition_id", "reference", "status", "raw_status", "status_at")
FOUND = ("sale_month", "sale_transaction_id", "business_unit", "partner_id", "lead_id", "call_id")

fct_dispositions = Table(
    says="One row per disposition, in the month in which it came to be, as now told.",
    grain=("broker", "disposition_id"),
    columns=(
        *pick(int_broker_dispositions.columns, *TOLD),
        Column(
            "rule", "varchar", "What the sale was found by: reference (of a matched row), or a rule of the broker's"
        ),
        *pick(int_broker_dispositions.columns, "candidates", "reason", *FOUND, "known_on", "file_name", "line"),
    ),
    must=(
        not_null("raw_status", "status_at", "known_on"),
        accepted_values("status", *STATUSES),
        accepted_values("reason", *REASONS),
        bad_rows("a_sale_or_a_reason", "(sale_transaction_id is null) = (reason is null)", "One of both, never both."),
    ),
    history=("revenue.int_broker_claims",),
    select=f"""
        with told as (
            select * exclude (known_until, candidate_ids, takes_back, filter_set_id)
            from revenue.int_broker_dispositions where known_until = {NEVER}
        ), rows as (
            select told.month, disposition_id, claims.broker, {", ".join(f"claims.{name}" for name in FOUND)}
            from told
            join revenue.int_broker_claims as claims using (broker, reference)
            where claims.month <= told.month and holds and claims.known_until = {NEVER}
            qualify row_number() over (partition by told.month, broker, disposition_id order by claims.month desc) = 1
        )
        select
            told.* replace (
                if(rows.broker is null, told.rule, 'reference') as rule,
                if(rows.broker is null, told.candidates, 1) as candidates,
                if(rows.broker is null, told.reason, null) as reason,
                {", ".join(f"if(rows.broker is null, told.{name}, rows.{name}) as {name}" for name in FOUND)}
            )
        from told
        left join rows using (month, broker, disposition_id)
    """,
)
