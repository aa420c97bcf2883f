"""Which sale each disposition is about by the broker's rules, day by day; a status in the file of sales is one, too."""

from leads_platform.revenue.broker_choices import CHOSEN, NEVER, READS, choices
from leads_platform.revenue.broker_columns import BROKER_NAME, REFERENCE, STATUS
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, not_null, pick

STATUSES = ("status", "raw_status", "status_at", "takes_back")
CARRIED = ("reference", *STATUSES, "file_name", "line")
TOLD = f"""
    broker, {", ".join(CARRIED)}, lead_id, call_id, phone_key, email_key, is_gone, known_on,
    coalesce(lead(known_on) over same, {NEVER}) as known_until
"""
ROWS = f"""
    select * exclude (is_gone), status_at::date as day
    from (
        select month, disposition_id, {TOLD}
        from revenue."stg_broker_dispositions_*"
        window same as (partition by month, broker, disposition_id order by version)
        union all by name
        select * exclude (sold_on) replace (date_trunc('month', status_at)::date as month)
        from (
            select month, sold_on, 'sale ' || reference as disposition_id, {TOLD}
            from (select * replace (greatest(status_at, sold_on) as status_at) from revenue."stg_broker_sales_*")
            window same as (partition by month, broker, reference order by version)
        )
    )
    where not is_gone and raw_status is not null and known_on < known_until
        and month between $first_month and $last_month
"""

int_broker_dispositions = Table(
    says="One row per stretch of days in which a disposition said and chose the same.",
    grain=("broker", "disposition_id", "known_on"),
    columns=(
        BROKER_NAME,
        Column(
            "disposition_id", "varchar", "The broker's key; of a status in the file of sales `sale` and its reference"
        ),
        REFERENCE,
        *STATUS,
        *CHOSEN,
        *pick(ENTRY, "file_name", "line"),
    ),
    must=(not_null("raw_status", "status_at", "known_until", "takes_back"),),
    history=(*READS, "revenue.stg_broker_sales_*"),
    select=f"select * exclude (day) from ({choices(ROWS, 'disposition_id', CARRIED)})",
)
