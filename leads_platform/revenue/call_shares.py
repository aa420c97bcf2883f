"""Shares of calls in whole cents, by largest remainder.

Belongs here: the one arithmetic of sharing, as SQL. Does not: which leads a call has (int_call_leads), or what it is
worth (fct_calls).
"""

from __future__ import annotations

POLICIES = {
    "equal": "each lead as much",
    "first": "all to the lead that came first",
    "last": "all to the lead that came last",
    "price": "by what the leads were sold for, equally where they were not",
}


def call_shares(calls: str, leads: str) -> str:
    """A select of each call's and lead's cents by each of POLICIES, `what` being revenue or payout.

    What a call is worth by the month's end is shared, less what was shared of it before: so the months of a call add up
    to the shares of its total. Cents that are left over go to the largest remainders, then to the lead that came first.
    One row is of what the call was worth by the month's end, another, taken off, of what it was worth before the month.
    Less than nothing is shared as its opposite is. A call without a lead has one row, with lead_id null.
    """
    return f"""
        with worth as (
            select
                month, call_id, started_in,
                unnest([
                    {{what: 'revenue', sign: 1, amount: revenue_before + revenue}},
                    {{what: 'revenue', sign: -1, amount: revenue_before}},
                    {{what: 'payout', sign: 1, amount: payout_before + payout}},
                    {{what: 'payout', sign: -1, amount: payout_before}}
                ], recursive := true)
            from {calls}
            where revenue <> 0 or payout <> 0
        ),
        whole as (
            select * exclude (amount, sign), row_number() over () as total,
                if(amount < 0, -sign, sign) as sign, abs(amount * 100)::bigint::hugeint as cents
            from worth
            where amount <> 0
        ),
        weighed as (
            select whole.*, leads.lead_id, leads.src,
                coalesce(leads.position, 1) as position,
                coalesce(leads.leads, 1) as leads,
                cents * coalesce(numerator, 1) // coalesce(denominator, 1) as by_price,
                cents * coalesce(numerator, 1) % coalesce(denominator, 1) as remainder
            from whole
            left join {leads} as leads on leads.call_id = whole.call_id and leads.month = whole.started_in
        )
        select
            month, call_id, lead_id, src, what,
            sign * (cents // leads + (position <= cents % leads)::int) as equal,
            sign * if(position = 1, cents, 0) as first,
            sign * if(position = leads, cents, 0) as last,
            sign * (
                by_price + (
                    row_number() over (partition by total order by remainder desc, position)
                    <= cents - sum(by_price) over (partition by total)
                )::int
            ) as price
        from weighed
    """
