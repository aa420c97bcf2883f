"""Which sale a broker's row is about, day by day, by what was known on each: one rule, as SQL.

Belongs here: rules, windows and picking. Does not: what becomes of two rows that choose one sale (int_broker_claims).

Only days on which something changed for a row are looked at: a row of the file, a sale or a lead became known, changed
or vanished. A sale of a later month is seen only through a broker's `stg_broker_later_sales_*` (pick: nearest).
"""

from __future__ import annotations

from leads_platform.revenue.broker_columns import CHOICE, DAYS, SALE
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import pick

NEVER = "date '9999-12-31'"
ALWAYS = "date '0001-01-01'"
CHOSEN = (
    *DAYS,
    *CHOICE,
    *SALE,
    *pick(ENTRY, "business_unit", "partner_id", "filter_set_id", "lead_id", "call_id"),
)
"""The columns that `choices` gives beside month, broker and the row's own id."""
READS = ("revenue.stg_boberdoo_transactions", "revenue.stg_boberdoo_leads")
"""What of it is read as history."""


def choices(rows: str, key: str, carried: tuple[str, ...] = ()) -> str:
    """A select of what each row chose, from when until when.

    `rows` is a select of month, broker, `key`, day (of the sale or status), its keys, and known_on and known_until, by
    the versions of a row that stand. The select has `key`, the day, `carried` of the rows, and CHOSEN.
    """
    return f"""
        with versions as materialized ({rows}),
        keyed as materialized (
            select
                versions.month, broker, {key}, known_on, known_until, versions.day,
                partner_ids, pick, rule.position, rule.by as rule, rule.days,
                case rule.by when 'lead_id' then versions.lead_id when 'call_id' then versions.call_id
                    when 'phone' then phone_key else email_key end as value
            from versions
            join (select month, broker, partner_ids, pick, unnest(match) as rule from revenue.dim_brokers) as brokers
                using (month, broker)
            where value is not null
        ),
        told_leads as (
            select lead_id, phone_key, email, known_on from revenue.stg_boberdoo_leads
            union all by name
            select lead_id, phone_key, email, known_on from revenue."stg_broker_later_leads_*"
        ),
        leads as (
            select 'lead_id' as rule, value, value as lead_id, {ALWAYS} as since from keyed where rule = 'lead_id'
            union
            select 'phone', phone_key, lead_id, min(coalesce(known_on, {ALWAYS}))
            from told_leads
            where phone_key in (select value from keyed where rule = 'phone')
            group by all
            union
            select 'email', email, lead_id, min(coalesce(known_on, {ALWAYS}))
            from told_leads
            where email in (select value from keyed where rule = 'email')
            group by all
        ),
        told_sales as (
            select {_TOLD}, month as sale_month, null::date as seen_in from revenue.stg_boberdoo_transactions
            union all by name
            select {_TOLD}, sale_month, month as seen_in from revenue."stg_broker_later_sales_*"
        ),
        touched as materialized (
            select distinct sale_month, slot_month, transaction_id
            from told_sales
            where lead_id in (select lead_id from leads) or call_id in (select value from keyed where rule = 'call_id')
        ),
        sales as materialized (
            select sale_month, seen_in, transaction_id as sale_transaction_id, {_UNDER}, happened_at, since, until
            from (
                select
                    *,
                    known_on as since,
                    coalesce(
                        lead(known_on) over (
                            partition by sale_month, seen_in, slot_month, transaction_id order by version
                        ),
                        {NEVER}
                    ) as until
                from told_sales
                semi join touched using (sale_month, slot_month, transaction_id)
            )
            where entry_kind = 'sale' and not_counted is null and since < until
        ),
        near as (
            select keyed.*, sales.*, leads.since as lead_since
            from keyed
            join leads using (rule, value)
            join sales on sales.lead_id = leads.lead_id
            union all
            select keyed.*, sales.*, {ALWAYS}
            from keyed
            join sales on rule = 'call_id' and sales.call_id = value
        ),
        found as materialized (
            select
                * exclude (known_on, known_until, since, until, lead_since),
                greatest(known_on, since, lead_since) as since,
                least(known_until, until) as until,
                date_diff('day', happened_at::date, day) as distance,
                list_contains(partner_ids, partner_id) as is_ours,
                is_ours and abs(distance) <= coalesce(days, abs(distance))
                    and (distance >= 0 or pick = 'nearest' and days > 0) as fits
            from near
            where (seen_in = month or seen_in is null and sale_month <= month)
                and greatest(known_on, since, lead_since) < least(known_until, until)
        ),
        turns as (
            select month, broker, {key}, known_on as turn from versions
            union select month, broker, {key}, since from found
            union select month, broker, {key}, until from found
        ),
        stretches as materialized (
            select
                versions.*
                replace (turn as known_on, least(known_until, coalesce(next_turn, {NEVER})) as known_until)
            from (select *, lead(turn) over (partition by month, broker, {key} order by turn) as next_turn from turns)
            join versions using (month, broker, {key})
            where turn >= versions.known_on and turn < versions.known_until
        ),
        standing as materialized (
            select stretches.month, broker, {key}, stretches.known_on, found.* exclude (month, broker, {key})
            from stretches
            join found using (month, broker, {key})
            where found.since <= stretches.known_on and found.until > stretches.known_on
        ),
        tried as (
            select
                month, broker, {key}, known_on,
                min(position) filter (fits) as decisive,
                bool_or(is_ours) as was_ours
            from standing
            group by all
        ),
        options as materialized (
            select distinct on (month, broker, {key}, known_on, sale_month, sale_transaction_id) standing.*
            from standing
            join tried using (month, broker, {key}, known_on)
            where fits and position = decisive
            order by all
        ),
        listed as (
            select
                month, broker, {key}, known_on,
                count(*) as candidates,
                list(sale_transaction_id order by sale_month, sale_transaction_id) as candidate_ids
            from options
            group by all
        ),
        chosen as (
            select * from options
            qualify row_number() over (
                partition by month, broker, {key}, known_on
                order by
                    if(pick = 'nearest', 2 * abs(distance) + (distance < 0)::integer, 0),
                    if(pick = 'first', epoch(happened_at), -epoch(happened_at)),
                    sale_transaction_id
            ) = 1
        )
        select
            month, broker, {key}, stretches.day, stretches.known_on, stretches.known_until,
            {"".join(f"stretches.{name}, " for name in carried)}
            chosen.rule, coalesce(listed.candidates, 0) as candidates, coalesce(candidate_ids, []) as candidate_ids,
            case
                when chosen.rule is not null then null
                when (month, broker, {key}) not in (select (month, broker, {key}) from keyed) then 'no_key'
                when tried.was_ours then 'outside_window'
                when tried.was_ours is not null then 'sold_to_another'
                else 'no_candidate'
            end as reason,
            sale_month, sale_transaction_id,
            {", ".join(f"chosen.{name}" for name in _UNDER.split(", "))}
        from stretches
        left join tried using (month, broker, {key}, known_on)
        left join listed using (month, broker, {key}, known_on)
        left join chosen using (month, broker, {key}, known_on)
    """


_TOLD = """
    slot_month, transaction_id, version, known_on, entry_kind, not_counted, happened_at,
    business_unit, partner_id, filter_set_id, lead_id, call_id
"""
_UNDER = "business_unit, partner_id, filter_set_id, lead_id, call_id"
