"""From when on the revenue of a call that boberdoo tells of is Invoca's, and not boberdoo's.

A campaign's record says whose word counts. The call's campaign is known since Invoca's row of it is. Nothing is
known here of calls that start in a later month than boberdoo's row lies in, a slip: fct_calls tells of them.
"""

from leads_platform.revenue.money_columns import ENTRY, KNOWN_ON
from leads_platform.warehouse import Column, Table, not_null, pick

int_call_records = Table(
    says="One row per call of which boberdoo tells money in the month, and day on which its system of record changed.",
    grain=("call_id", "known_on"),
    columns=(
        *pick(ENTRY, "call_id"),
        KNOWN_ON,
        Column("is_invocas", "boolean", "Whether the record is Invoca's from this day on; before the first it was not"),
    ),
    must=(not_null("is_invocas"),),
    history=("revenue.int_invoca_legs",),
    select="""
        with calls as (
            select distinct month, call_id from revenue.int_boberdoo_entries
            where business_unit = 'cbm' and call_id is not null
        ),
        spans as (
            select calls.month, call_id, legs.known_on, legs.known_until
            from calls
            join revenue.int_invoca_legs as legs using (call_id)
            where legs.system_of_record = 'invoca' and legs.month <= calls.month
                and coalesce(not_counted, '') not in ('gone', 'corrected')
        ),
        turns as (
            select month, call_id, known_on, 1 as legs from spans
            union all
            select month, call_id, known_until, -1 from spans where known_until is not null
        ),
        days as (
            select month, call_id, known_on, sum(sum(legs)) over (partition by month, call_id order by known_on) > 0
                as is_invocas
            from turns
            group by month, call_id, known_on
        )
        select * from days
        qualify is_invocas <> lag(is_invocas, 1, false) over (partition by month, call_id order by known_on)
    """,
)
