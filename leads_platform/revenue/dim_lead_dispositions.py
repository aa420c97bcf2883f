"""How each lead stands with each broker: the newest disposition, as of the month's end."""

from leads_platform.revenue.fct_dispositions import fct_dispositions
from leads_platform.warehouse import Table, not_null, pick

COLUMNS = (
    "lead_id", "broker", "status", "raw_status", "status_at", "disposition_id", "sale_transaction_id", "known_on",
    "file_name", "line",
)  # fmt: skip

dim_lead_dispositions = Table(
    says="One row per lead and broker that said what became of it: the newest disposition, as of the month's end.",
    grain=("lead_id", "broker"),
    columns=pick(fct_dispositions.columns, *COLUMNS),
    must=(not_null("raw_status", "status_at"),),
    cumulative=True,
    select=f"""
        select $month as month, {", ".join(COLUMNS)}
        from (
            select month, {", ".join(COLUMNS)} from revenue.fct_dispositions where lead_id is not null
            union all by name
            select * from revenue.dim_lead_dispositions where month = $previous_month
        )
        qualify row_number() over (
            partition by lead_id, broker
            order by status_at desc, known_on desc, file_name desc, line desc, disposition_id desc
        ) = 1
    """,
)
