"""What Invoca and boberdoo each say of a campaign's calls."""

from leads_platform.revenue.call_columns import SYSTEM_OF_RECORD
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, adds_up, not_null, pick

CALLS = "revenue.fct_calls"

rep_call_revenue_reconciliation = Table(
    says="One row per campaign: its calls' payin by Invoca, their amount by boberdoo, and the calls one of them lacks.",
    grain=("campaign_id",),
    nullable=("campaign_id",),
    columns=(
        *pick(ENTRY, "campaign_id"),
        SYSTEM_OF_RECORD,
        Column("calls", "bigint", "Calls that started in the month, by Invoca"),
        Column("payin", "decimal(38,2)", "What Invoca says the advertiser pays for them"),
        Column("boberdoo_amount", "decimal(38,2)", "What boberdoo says of the campaign's calls in the month"),
        Column("difference", "decimal(38,2)", "Invoca's payin less boberdoo's amount"),
        Column("only_invoca", "bigint", "Calls paid for by Invoca's word of which boberdoo says nothing in the month"),
        Column("only_boberdoo", "bigint", "Calls of which boberdoo says an amount and that Invoca never told of"),
        Column("revenue", "decimal(38,2)", "What counts of them in the month, by the system of record"),
    ),
    must=(
        not_null("system_of_record", "difference"),
        adds_up("revenue_adds_up", "As in fct_calls.", CALLS, theirs="sum(revenue)", this="sum(revenue)"),
    ),
    select=f"""
        select
            month,
            campaign_id,
            max(system_of_record) as system_of_record,
            count(*) filter (started_in = month) as calls,
            sum(payin)::decimal(38,2) as payin,
            sum(boberdoo_amount)::decimal(38,2) as boberdoo_amount,
            (sum(payin) - sum(boberdoo_amount))::decimal(38,2) as difference,
            count(*) filter (payin <> 0 and boberdoo_amount = 0) as only_invoca,
            count(*) filter (boberdoo_amount <> 0 and started_in is null) as only_boberdoo,
            sum(revenue)::decimal(38,2) as revenue
        from {CALLS}
        group by month, campaign_id
    """,
)
