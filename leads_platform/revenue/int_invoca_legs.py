"""What counts of Invoca's transactions, and counted before: the legs of calls, corrections settled."""

from leads_platform.revenue.call_columns import LEG, SYSTEM_OF_RECORD, TRANSACTION_ID
from leads_platform.revenue.money_columns import PARTNER_ID
from leads_platform.warehouse import Column, Table, accepted_values, not_null

int_invoca_legs = Table(
    says="One row per leg or event of a call, and version of it: a family of corrections is one leg.",
    grain=("leg_id", "version"),
    columns=(
        Column("leg_id", "varchar", "The transaction, or the one that its family goes back to"),
        Column("version", "bigint", "1: as it was known first in this month, and so on, day by day"),
        Column("known_until", "date", "Day on which the next version became known; null: it is the newest"),
        Column("changes_month", "boolean", "The leg counts in another month than before"),
        TRANSACTION_ID,
        PARTNER_ID,
        SYSTEM_OF_RECORD,
        *LEG,
    ),
    must=(
        not_null("system_of_record", "changes_month", "known_on"),
        accepted_values("not_counted", "gone", "corrected", "signal", "unknown", "rolled_up"),
    ),
    select="""
        with days as (
            select mine.month, mine.root, known_on,
                bool_or(changes_month and corrections.root = mine.root) as changes_month
            from (select distinct month, root, transaction_id from revenue.int_invoca_corrections) as mine
            join revenue.int_invoca_corrections as corrections using (month, transaction_id)
            group by all
        ),
        counting as (
            select month, root, known_on, transaction_id, version as told
            from revenue.int_invoca_corrections where counts
        ),
        legs as (
            select *, transaction_id as leg_id, false as changes_month
            from revenue.stg_invoca_transactions
            anti join revenue.int_invoca_corrections using (month, transaction_id)
            union all by name
            select
                staged.* replace (
                    days.month as month,
                    days.known_on as known_on,
                    if(told is null, 'corrected', not_counted) as not_counted,
                    row_number() over (partition by days.month, root order by days.known_on) as version
                ),
                root as leg_id,
                changes_month
            from days
            left join counting using (month, root, known_on)
            left join revenue.stg_invoca_transactions as staged
                on staged.month = days.month and staged.transaction_id = counting.transaction_id and version = told
        )
        select
            legs.* exclude (is_gone, corrects_transaction_id),
            lead(known_on) over (partition by month, leg_id order by version) as known_until,
            campaigns.partner_id,
            coalesce(campaigns.system_of_record, 'boberdoo') as system_of_record
        from legs
        left join revenue.dim_campaigns as campaigns using (month, campaign_id)
    """,
)
