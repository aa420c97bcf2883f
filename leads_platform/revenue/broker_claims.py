"""Who has a sale that several claim, day by day, as SQL: a sale converts once, over all brokers and boberdoo itself.

Belongs here: the order of claims, and when a sale may convert again. Does not: which sale a row is about
(broker_choices).

`as_of` is the month for which it is reckoned: a claim of a later month, or a return of it, can't change it. Only days
on which something changed for a sale are looked at.
"""

from leads_platform.revenue.broker_choices import NEVER

READS = (
    "revenue.int_broker_choices",
    "revenue.int_broker_dispositions",
    "revenue.int_boberdoo_parents",
    "revenue.stg_boberdoo_transactions",
)
"""All that is read as history."""
_SALE = "sale_month, sale_transaction_id"
_TURN = f"as_of, {_SALE}, turn"

_BOBERDOO = f"""
    select
        month, 'boberdoo' as broker, transaction_id as reference, happened_at::date as sold_on, known_on, known_until,
        entry_kind, parents.sale_month, parents.sale_transaction_id,
        business_unit, partner_id, filter_set_id, lead_id, call_id
    from (
        select *, coalesce(
            lead(known_on) over (partition by month, slot_month, transaction_id order by version), {NEVER}
        ) as known_until
        from revenue.stg_boberdoo_transactions
        semi join (
            from revenue.int_boberdoo_parents where entry_kind in ('conversion', 'chargeback')
        ) using (month, slot_month, transaction_id)
    ) as told
    join (
        select month, slot_month, transaction_id, {_SALE} from revenue.int_boberdoo_parents
    ) as parents using (month, slot_month, transaction_id)
    where not_counted is null and known_on < known_until and parents.sale_transaction_id is not null
"""
_CLAIMS = f"""
    select choices.*, conversions_per_sale = 'many' as has_many
    from revenue.int_broker_choices as choices
    join (select broker, conversions_per_sale from revenue.dim_brokers where month = $last_month) using (broker)
    where sale_transaction_id is not null
    union all by name
    select * exclude (entry_kind), false as has_many, []::varchar[] as candidate_ids, 1 as candidates
    from boberdoo
    semi join revenue.int_broker_choices using ({_SALE})
    where entry_kind = 'conversion'
"""
_NEAR = f"""
    select claimed.as_of, claims.*
    from (
        select distinct month as as_of, {_SALE} from claims where month between $first_month and $last_month
    ) as claimed
    join claims using ({_SALE})
    where claims.month <= as_of
"""
# A status with the reference of a row is about this row; another is about the sale that it found itself.
RETURNS = f"""
    select
        month, broker, if(first_told <= month, reference, null) as reference, {_SALE}, status_at::date as day,
        known_on, known_until, file_name, line
    from revenue.int_broker_dispositions
    left join (
        select broker, reference, min(month) as first_told from revenue.int_broker_choices group by all
    ) using (broker, reference)
    where takes_back
"""
"""What takes brokers' conversions back, day by day."""
_ALL_RETURNS = f"""
    {RETURNS}
    union all by name
    select month, broker, {_SALE}, sold_on as day, known_on, known_until from boberdoo where entry_kind = 'chargeback'
"""
_PAIR = """
    select
        near.as_of, near.broker, near.reference, near.month as sold_month, near.sold_on,
        near.sale_month, near.sale_transaction_id, greatest(day, near.sold_on) as returned_on,
        greatest(near.known_on, returns.known_on) as since, least(near.known_until, returns.known_until) as until,
        returns.file_name, returns.line
    from near
    join returns on returns.month <= near.as_of and returns.broker = near.broker
"""
RETURNED = f"""
    select * from (
        {_PAIR} and returns.reference = near.reference
        union all
        {_PAIR} and returns.reference is null and returns.day >= near.sold_on
            and returns.sale_month = near.sale_month and returns.sale_transaction_id = near.sale_transaction_id
    )
    where since < until
"""
"""What of `returns` is about which claim of `near`, and from when until when."""
_TURNS = f"""
    select *, lead(turn) over (partition by as_of, {_SALE} order by turn) as next_turn
    from (
        select as_of, {_SALE}, known_on as turn from near
        union select as_of, {_SALE}, known_until from near
        union select as_of, {_SALE}, since from freed
        union select as_of, {_SALE}, until from freed
    )
"""
_ACTIVE = f"""
    select
        near.*, turn, least(near.known_until, coalesce(next_turn, {NEVER})) as turn_until,
        coalesce(first_free, {NEVER}) as free_on,
        row_number() over (partition by {_TURN} order by sold_on, broker <> 'boberdoo', broker, reference) as place
    from turns
    join near using (as_of, {_SALE})
    left join (
        select {_TURN}, broker, reference, sold_month as month, min(returned_on) as first_free
        from turns
        join freed using (as_of, {_SALE})
        where since <= turn and until > turn
        group by all
    ) using ({_TURN}, broker, reference, month)
    where turn >= near.known_on and turn < near.known_until
"""
# The first has it, until it is charged back; then the next that sold since has it. `many` is for a broker's own rows.
_HELD = f"""
    select {_TURN}, place, broker, free_on from active where place = 1
    union all
    select {_TURN}, active.place, active.broker,
        if(active.broker = held.broker and has_many, greatest(active.free_on, held.free_on), active.free_on) as free_on
    from held
    join active using ({_TURN})
    where active.place > held.place
        and (active.sold_on >= held.free_on or active.broker = held.broker and has_many)
    qualify row_number() over (partition by {_TURN} order by active.place) = 1
"""

CLAIMED = f"""
    with recursive boberdoo as materialized ({_BOBERDOO}),
    claims as materialized ({_CLAIMS}),
    near as materialized ({_NEAR}),
    returns as materialized ({_ALL_RETURNS}),
    freed as materialized ({RETURNED}),
    turns as materialized ({_TURNS}),
    active as materialized ({_ACTIVE}),
    held as ({_HELD})
    select
        active.* exclude (as_of, has_many, turn, turn_until, free_on, place)
        replace (
            turn as known_on,
            turn_until as known_until,
            if(held.place is null, 'sale_already_converted', null) as reason
        ),
        held.place is not null as holds
    from active
    left join held using ({_TURN}, place)
    where active.month = as_of and (active.broker <> 'boberdoo' or held.place is null)
    union all by name
    select *, false as holds
    from revenue.int_broker_choices
    where sale_transaction_id is null and month between $first_month and $last_month
"""
"""A select of each row's claim, day by day: whether it holds, or why not; and boberdoo's conversions that lost."""
