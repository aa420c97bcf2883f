"""What brokers' rows were worth, day by day, as versions for the room's one rule of entries.

Belongs here: the three parts. Does not: entries out of versions (entries), or who has a sale (broker_claims).

A part ends where its row vanished, lost its sale, or is charged back no more: that is a version, too, which does not
count.
"""

from leads_platform.revenue.broker_choices import NEVER

_TOLD = f"""
    select *, coalesce(lead(known_on) over (partition by month, broker, reference order by version), {NEVER})
        as known_until
    from revenue."stg_broker_sales_*"
"""
_OWN = f"""
    select
        *, coalesce(lead(known_on) over (partition by month, slot_month, transaction_id order by version), {NEVER})
            as known_until
    from revenue.stg_boberdoo_transactions
    where entry_kind = 'conversion' or not_counted = 'gone'
"""
_IS_KNOWN = "told.known_on <= claims.known_on and told.known_until > claims.known_on"
_UNDER = ", ".join(
    f"claims.{name}" for name in ("business_unit", "partner_id", "filter_set_id", "lead_id", "call_id", "sale_month")
)

_CONVERSIONS = f"""
    select
        claims.month, claims.broker, claims.reference, 'conversion' as entry_kind,
        claims.known_on, claims.known_until, holds and not_counted is null as counts,
        claims.reason is not distinct from 'sale_already_converted' as is_lost,
        round(amount, 2)::decimal(18,4) as cents, {_UNDER}, claims.sold_on::timestamp as happened_at,
        null::timestamp as recorded_at, told.file_name, told.line
    from revenue.int_broker_claims as claims
    join told on told.month = claims.month and told.broker = claims.broker and told.reference = claims.reference
        and {_IS_KNOWN}
    where claims.month between $first_month and $last_month
"""
_CHARGEBACKS = f"""
    select
        returned.month, returned.broker, returned.reference, 'chargeback' as entry_kind,
        returned.known_on, returned.known_until, not_counted is null as counts, false as is_lost,
        -round(amount, 2)::decimal(18,4) as cents, {_UNDER}, returned_on::timestamp as happened_at,
        null::timestamp as recorded_at, returned.file_name, returned.line
    from revenue.int_broker_returns as returned
    join revenue.int_broker_claims as claims
        on claims.month = sold_month and claims.broker = returned.broker and claims.reference = returned.reference
        and claims.known_on <= returned.known_on and claims.known_until > returned.known_on and claims.holds
    join told on told.month = claims.month and told.broker = claims.broker and told.reference = claims.reference
        and told.known_on <= returned.known_on and told.known_until > returned.known_on
"""
_LOST_BY_BOBERDOO = f"""
    select
        claims.month, 'boberdoo' as broker, claims.reference, 'conversion' as entry_kind,
        claims.known_on, claims.known_until, true as counts, true as is_lost,
        -round(amount, 2)::decimal(18,4) as cents, {_UNDER}, told.happened_at,
        told.recorded_at, told.file_name, told.line
    from revenue.int_broker_claims as claims
    join own as told on told.month = claims.month and told.transaction_id = claims.reference and {_IS_KNOWN}
    where claims.broker = 'boberdoo' and claims.month between $first_month and $last_month
"""
VERSIONS = f"""
    with told as materialized ({_TOLD}),
    own as ({_OWN}),
    standing as materialized (
        {_CONVERSIONS} union all by name {_CHARGEBACKS} union all by name {_LOST_BY_BOBERDOO}
    ),
    ends as (
        select
            * exclude (file_name, line)
            replace (known_until as known_on, false as counts, false as is_lost)
        from standing
        qualify known_until < {NEVER} and lead(known_on) over (
            partition by month, broker, reference, entry_kind order by known_on
        ) is distinct from known_until
    ),
    every as (
        select * from standing
        union all by name
        select ends.*, told.file_name, told.line
        from ends
        left join told on told.month = ends.month and told.broker = ends.broker and told.reference = ends.reference
            and told.known_on = ends.known_on
    )
    select
        *, 0::decimal(18,4) as payout,
        row_number() over (partition by month, broker, reference, entry_kind order by known_on) as version
    from every
"""
"""A select of the versions of each conversion and chargeback, and of what boberdoo told and a broker told first."""
