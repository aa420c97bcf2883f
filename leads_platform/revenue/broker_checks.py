"""What brokers' rows are worth by their newest versions: what the ledger is held against.

Belongs here: questions that share nothing with the ledger. Does not: a table's own audits.
"""

from leads_platform.revenue.broker_choices import NEVER

READS = ("revenue.int_broker_matches",)
"""What is read as history."""
# Conversions, chargebacks, and what of boberdoo's own conversions is a broker's instead.
WORTH = f"""
    select
        month, broker as source_system, round(amount, 2) as amount,
        coalesce(not_counted, if(reason is not null, 'unmatched', null)) as not_counted
    from revenue.int_broker_matches
    where month between $first_month and $last_month
    union all
    select returned.month, broker, -round(amount, 2), not_counted
    from revenue.int_broker_returns as returned
    join revenue.int_broker_matches as matches using (broker, reference)
    where matches.month = sold_month and returned.known_until = {NEVER}
    union all
    select claims.month, 'boberdoo', -round(amount, 2), null
    from revenue.int_broker_claims as claims
    join revenue.stg_boberdoo_transactions as told
        on told.month = claims.month and told.transaction_id = claims.reference and told.is_last_told
    where claims.broker = 'boberdoo' and claims.known_until = {NEVER}
"""
