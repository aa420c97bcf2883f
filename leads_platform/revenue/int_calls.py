"""Calls as Invoca tells of them: their legs and events put together, corrections settled."""

from leads_platform.revenue.call_columns import DURATIONS, PHONE_KEY, STARTED_AT, SYSTEM_OF_RECORD
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, not_null, pick

int_calls = Table(
    says="One row per call that started in the month, as now known.",
    grain=("call_id",),
    columns=(
        *pick(ENTRY, "call_id"),
        STARTED_AT,
        PHONE_KEY,
        *DURATIONS,
        *pick(ENTRY, "campaign_id", "partner_id"),
        SYSTEM_OF_RECORD,
        Column("legs", "bigint", "Its legs: rows of the type call"),
        Column("payin", "decimal(18,4)", "What Invoca says the advertiser pays, for legs and events"),
    ),
    must=(not_null("started_at", "system_of_record", "legs", "payin"),),
    select="""
        with legs as (
            select *, transaction_type = 'call' as is_leg, (not is_leg, started_at, leg_id) as turn
            from revenue.int_invoca_legs
            where known_until is null and coalesce(not_counted, '') not in ('gone', 'corrected') and call_id is not null
        )
        select
            month,
            call_id,
            min(started_at) as started_at,
            arg_min(phone_key, turn) as phone_key,
            sum(duration) filter (is_leg)::bigint as duration,
            sum(connect_duration) filter (is_leg)::bigint as connect_duration,
            unnest(arg_min(struct_pack(campaign_id, partner_id, system_of_record), turn)),
            count(*) filter (is_leg) as legs,
            coalesce(sum(payin) filter (not_counted is null), 0)::decimal(18,4) as payin
        from legs
        group by month, call_id
    """,
)
