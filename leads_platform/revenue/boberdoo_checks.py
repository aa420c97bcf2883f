"""What tables ask of boberdoo's records beside their own rows: slips of the source, told with their lines.

Belongs here: audits that warn. Does not: those that hold the ledger together (the tables').
"""

from __future__ import annotations

from leads_platform.warehouse import Audit

BASE = "revenue.base_boberdoo_transactions"
LEADS = "revenue.stg_boberdoo_leads"

REFUNDS_ARE_NEGATIVE = Audit(
    "refunds_are_negative",
    "A refund is less than nothing; a positive one is taken for one, too.",
    f"select month, line from {BASE} where lower(trim(event)) = 'refund' and money(amount, 'us') > 0",
)
IN_ONE_EXPORT = Audit(
    "transactions_stand_in_one_export",
    "No transaction stands in the newest exports of two months; it would count in both.",
    f"""
    select now.month, now.line
    from {BASE} as now
    join {BASE} as other using (transaction_id)
    where now.file_sha256 <> other.file_sha256 and other.month <= now.month
        and now.month between $first_month and $last_month
    """,
    history=(BASE,),
)
LEADS_ARE_KNOWN = Audit(
    "leads_are_known",
    "Every lead that was sold came in a leads' file; else its source is not known.",
    f"""
    select this.month, this.line
    from this
    anti join {LEADS} as leads on leads.lead_id = this.lead_id and leads.month <= this.month
    where this.lead_id is not null
    """,
    history=(LEADS,),
)
CAME_IN_TIME = Audit(
    "files_came_before_the_close_that_they_are_dated_in",
    "No file is dated in a close and came after it, unless the feed's first file did: the close could not know it.",
    """
    with files as (
        select *, try_cast(left(version, 10) as date) as dated, received_at::date as received,
            min(received_at::date) over (partition by feed) as begun
        from arrivals.files
        where feed in ('boberdoo_transactions', 'source_costs')
    )
    select month, closed_on as expected, received as found
    from files
    join revenue.dim_month_closes as closes using (month)
    where dated <= closed_on and received > closed_on and begun <= closed_on
        and month between $first_month and $last_month
    """,
    history=("arrivals.files",),
)
