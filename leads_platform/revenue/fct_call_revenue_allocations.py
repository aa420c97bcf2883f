"""Revenue and payout of calls, shared among the leads that they may be of, to the cent."""

from leads_platform.revenue.call_shares import POLICIES, call_shares
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Audit, Column, Table, not_null, pick

SHARES = [(what, policy, f"{what}_{policy}") for what in ("revenue", "payout") for policy in POLICIES]
NAMES = [name for _, _, name in SHARES]
CENTS = {name: f"sum({policy}) filter (what = '{what}')" for what, policy, name in SHARES}

fct_call_revenue_allocations = Table(
    says="One row per call and lead: its share of what the call brought in the month. Without a lead: unattributed.",
    grain=("call_id", "lead_id"),
    nullable=("call_id", "lead_id"),
    columns=(
        *pick(ENTRY, "call_id", "lead_id", "src"),
        *(
            Column(name, "decimal(18,2)", f"Its share of the {what}: {POLICIES[policy]}")
            for what, policy, name in SHARES
        ),
    ),
    must=(
        not_null(*NAMES),
        Audit(
            "shares_add_up_to_the_call",
            "By each policy a call's shares, with what is unattributed, are its revenue and its payout.",
            f"""
            with shared as (
                select month, call_id, {", ".join(f"sum({name}) as {name}" for name in NAMES)}
                from this
                group by all
            )
            select coalesce(calls.month, shared.month) as month, calls.revenue + calls.payout as expected,
                revenue_equal + payout_equal as found
            from (from revenue.fct_calls where revenue <> 0 or payout <> 0) as calls
            full join shared on shared.month = calls.month and shared.call_id is not distinct from calls.call_id
            where {" or ".join(f"{name} is distinct from coalesce({name.split('_')[0]}, 0)" for name in NAMES)}
            """,
        ),
    ),
    history=("revenue.int_call_leads",),
    select=f"""
        with shares as ({call_shares("revenue.fct_calls", "revenue.int_call_leads")})
        select
            month, call_id, lead_id, any_value(src) as src,
            {", ".join(f"(coalesce({c}, 0)::decimal(18,0) * 0.01)::decimal(18,2) as {n}" for n, c in CENTS.items())}
        from shares
        group by month, call_id, lead_id
    """,
)
