"""Calls: boberdoo's revenue of them, or Invoca's where the campaign's record is Invoca, and Invoca's payout of all."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table

fct_call_transactions = Table(
    says="One row per entry of the unit `cbm`. A call's revenue is counted once, by its system of record.",
    grain=("entry_id",),
    columns=ENTRY,
    select="""
        with theirs as (
            select entries.*, records.known_on as turned_on, records.is_invocas
            from revenue.int_boberdoo_entries as entries
            left join revenue.int_call_records as records using (month, call_id)
            where business_unit = 'cbm'
        ),
        counted as (  -- what boberdoo told while the call was its own
            select * exclude (turned_on, is_invocas)
            from theirs
            qualify row_number() over (
                partition by entry_id order by turned_on <= known_on desc nulls last, turned_on desc
            ) = 1 and not coalesce(turned_on <= known_on and is_invocas, false)
        ),
        turned as (  -- what it had told when the record turned: taken back, or taken after all
            select
                * exclude (turned_on, is_invocas) replace (
                    md5(concat_ws('|', entry_id, turned_on))::uuid as entry_id,
                    'undone' as change,
                    if(is_invocas, -amount, amount) as amount,
                    if(is_invocas, -payout, payout) as payout,
                    turned_on as known_on,
                    null as recorded_at,
                    null as file_name,
                    null as line
                )
            from theirs
            where turned_on > known_on
        )
        select * from counted
        union all by name
        select * from turned
        union all by name
        select * from revenue.int_invoca_entries
        union all by name
        select * from revenue.int_broker_entries where business_unit = 'cbm'
    """,
)
