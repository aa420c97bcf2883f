"""What each month was worth at its close, what it is worth now, and why it differs, to the cent."""

from leads_platform.revenue.boberdoo_checks import CAME_IN_TIME
from leads_platform.revenue.money_columns import BUSINESS_UNIT, CHANGES, KINDS, PARTNER_ID
from leads_platform.warehouse import Audit, Column, Table, accepted_values, not_null

REASONS = ("late_sale", *(kind for kind in KINDS if kind != "sale"), *CHANGES[1:], "unchanged")

rep_revenue_restatement = Table(
    says="One row per unit, buyer and reason: by how much what happened in the month has changed since its close.",
    grain=("business_unit", "partner_id", "reason"),
    nullable=("partner_id",),
    columns=(
        BUSINESS_UNIT,
        PARTNER_ID,
        Column("reason", "varchar", "late_sale or another kind that came late, what was changed, or unchanged (0.00)"),
        Column("amount", "decimal(38,2)", "What this reason changed, in all"),
        Column("reported", "decimal(38,2)", "Revenue of unit and buyer as known at the close; on each of their rows"),
        Column("restated", "decimal(38,2)", "The same as now known; likewise"),
    ),
    must=(
        not_null("amount", "reported", "restated"),
        accepted_values("reason", *REASONS),
        Audit(
            "reported_and_reasons_are_restated",
            "What was reported and all reasons' amounts add up to what is restated, and that to the ledger.",
            """
            with told as (
                select month, business_unit, partner_id, any_value(reported) as reported, sum(amount) as changed,
                    any_value(restated) as restated, count(distinct (reported, restated)) as sayings
                from this
                group by month, business_unit, partner_id
            ),
            ledger as (
                select month, business_unit, partner_id, sum(amount) as total
                from revenue.fct_revenue_entries
                group by month, business_unit, partner_id
            )
            select coalesce(told.month, ledger.month) as month, total as expected, reported + changed as found
            from told
            full join ledger on (told.month, told.business_unit, told.partner_id)
                is not distinct from (ledger.month, ledger.business_unit, ledger.partner_id)
            where sayings > 1 or reported + changed <> restated or restated is distinct from total
            """,
        ),
    ),
    should=(CAME_IN_TIME,),
    select="""
        with entries as (
            select
                entries.*,
                case when known_on <= closed_on then null
                    when change <> 'first' then change
                    when entry_kind = 'sale' then 'late_sale'
                    else entry_kind
                end as reason_since
            from revenue.fct_revenue_entries as entries
            join revenue.dim_month_closes as closes using (month)
        ),
        totals as (
            select month, business_unit, partner_id,
                coalesce(sum(amount) filter (reason_since is null), 0)::decimal(38,2) as reported,
                sum(amount)::decimal(38,2) as restated
            from entries
            group by all
        ),
        reasons as (
            select month, business_unit, partner_id, reason_since as reason, sum(amount)::decimal(38,2) as amount
            from entries where reason_since is not null group by all
        )
        select totals.*, coalesce(reason, 'unchanged') as reason, coalesce(amount, 0) as amount
        from totals
        left join reasons on totals.month = reasons.month and totals.business_unit = reasons.business_unit
            and totals.partner_id is not distinct from reasons.partner_id
    """,
)
