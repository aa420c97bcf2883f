"""Invoca's transactions as each export told them: typed, one row per version."""

from leads_platform.revenue.call_columns import LEG, TRANSACTION_ID, TYPES
from leads_platform.warehouse import Audit, Column, Table, accepted_values, bad_rows, values_are_readable

BASE = "revenue.base_invoca_transactions"
PAYIN, PAYOUT = "money(advertiser_payin_localized, 'us')", "money(affiliate_payout_localized, 'us')"
CASTS = {name: f"try_cast({name} as bigint)" for name in ("duration", "connect_duration")}
CASTS |= {"corrected_at": "local_time(corrected_at)", "revenue": "money(revenue, 'us')"}

stg_invoca_transactions = Table(
    says="One row per version of a transaction, in the month of its call's start.",
    grain=("transaction_id", "version"),
    columns=(
        TRANSACTION_ID,
        Column("version", "bigint", "1: what was told of it first in this month, and so on, by the exports' dates"),
        Column("is_gone", "boolean", "It is of another month from here on: nothing else is told of it here"),
        Column("corrects_transaction_id", "varchar", "The transaction that it corrects"),
        *LEG,
    ),
    must=(accepted_values("not_counted", "gone", "signal", "unknown", "rolled_up"),),
    should=(
        bad_rows("types_are_known", "not_counted = 'unknown'", "Each type is one we know; another adds nothing."),
        values_are_readable(
            BASE,
            advertiser_payin_localized=PAYIN,
            affiliate_payout_localized=PAYOUT,
            **CASTS,
        ),
        Audit(
            "amounts_are_whole_cents",
            "No amount is finer than a cent; one that is counts rounded, half away from zero.",
            f"select month, line from {BASE} where round({PAYIN}, 2) <> {PAYIN} or round({PAYOUT}, 2) <> {PAYOUT}",
        ),
        Audit(
            "events_repeat_no_total",
            "An event is worth another amount than its call; else it may repeat it, and invoca_rollup_since be unset.",
            """
            select event.month, event.line
            from this as event
            join this as call on call.month = event.month and call.call_id = event.call_id
            where event.not_counted is null and event.transaction_type <> 'call' and event.payin > 0
                and call.not_counted is null and call.transaction_type = 'call' and call.payin = event.payin
            """,
        ),
    ),
    select=f"""
        with told as (select *, lower(trim(transaction_type)) as kind from arrivals.invoca_transactions_versions)
        select month, transaction_id, version_number as version, is_gone,
            case when is_gone then 'gone'
                when kind = 'signal' then 'signal'
                when coalesce(kind, '') not in {TYPES} then 'unknown'
                when kind <> 'call' and record_local_at::date >= settings.invoca_rollup_since then 'rolled_up'
            end as not_counted,
            nullif(trim(complete_call_id), '') as call_id,
            nullif(trim(corrects_transaction_id), '') as corrects_transaction_id,
            {CASTS["corrected_at"]} as corrected_at,
            kind as transaction_type,
            record_local_at as started_at,
            nullif(trim(advertiser_campaign_id), '') as campaign_id,
            nullif(trim(affiliate_id), '') as affiliate_id,
            coalesce(round({PAYIN}, 2), 0)::decimal(18,4) as payin,
            coalesce(round({PAYOUT}, 2), 0)::decimal(18,4) as payout,
            phone(nullif(trim(calling_phone_number), ''), 'US').key as phone_key,
            {CASTS["duration"]} as duration,
            {CASTS["connect_duration"]} as connect_duration,
            nullif(trim(signal_name), '') as signal_name,
            {CASTS["revenue"]} as signal_revenue,
            known_on, file_name, line
        from told
        join revenue.dim_revenue_settings as settings using (month)
    """,
)
