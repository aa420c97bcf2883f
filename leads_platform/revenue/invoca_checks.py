"""What Invoca's records say by themselves: what the ledger is held against.

Belongs here: questions to the records that share nothing with the tables they judge: families are taken apart without
days, by who is connected with whom, and who is the last. Does not: how entries come about (int_invoca_families and on).
"""

from leads_platform.warehouse import Audit

STAGED, CAMPAIGNS = "revenue.stg_invoca_transactions", "revenue.dim_campaigns"

# Each record of which no correction is newer: its campaign and what it is worth, or why it is no revenue. What reads it
# reads STAGED of all months before, and of the next.
WORTH = f"""
    with recursive near as (
        select months.month as view, (months.month + to_months(step))::date as month
        from months, unnest([-1, 0, 1]) as steps(step)
    ),
    staged as (select * from {STAGED} where month >= ($first_month - interval 1 month)::date),
    newest as (
        select * from staged
        anti join (select month, transaction_id, version - 1 as version from staged where version > 1)
            using (month, transaction_id, version)
        where not is_gone
    ),
    named as (
        select view, transaction_id as id, corrects_transaction_id as other
        from newest join near using (month) where corrects_transaction_id is not null
    ),
    touching as materialized (select view, other, id from named union select view, id, other from named),
    connected as (
        select view, id, id as other from touching
        union
        select connected.view, connected.id, touching.other
        from connected join touching on touching.view = connected.view and touching.id = connected.other
    ),
    first_told as (
        select view, transaction_id, min((known_on, line, file_name, transaction_id)) as place
        from staged join near using (month) semi join touching on touching.view = near.view and id = transaction_id
        group by all
    ),
    placed as materialized (
        select view, month, transaction_id, rank() over (
                partition by view order by coalesce(corrected_at, '-infinity'::timestamp), first_told.place
            ) as place
        from newest join near using (month) join first_told using (view, transaction_id)
    ),
    lasts as (
        select connected.view, id, max(place) as last
        from connected join placed on placed.view = connected.view and transaction_id = other
        group by all
    ),
    corrected as (
        select month, transaction_id
        from placed join lasts on lasts.view = month and id = transaction_id
        where placed.view = month and place < last
    )
    select
        month,
        coalesce(campaign_id, '') as campaign,
        payin,
        payout,
        signal_revenue,
        coalesce(not_counted, if(system_of_record = 'invoca', null, 'other_record')) as not_counted
    from newest
    anti join corrected using (month, transaction_id)
    left join {CAMPAIGNS} using (month, campaign_id)
    where month in (select month from months)
"""

families_add_up = Audit(
    "families_add_up_to_their_newest_version",
    "A month's entries are, by campaign, what its transactions are worth of which no correction is newer.",
    f"""
    with theirs as (
        select
            month,
            campaign,
            coalesce(sum(payin) filter (not_counted is null), 0) as amount,
            coalesce(sum(payout) filter (not_counted is null or not_counted = 'other_record'), 0) as payout
        from ({WORTH})
        group by all
    ),
    ours as (
        select month, coalesce(campaign_id, '') as campaign, sum(amount) as amount, sum(payout) as payout
        from this
        group by all
    )
    select
        month,
        coalesce(theirs.amount, 0) + coalesce(theirs.payout, 0) as expected,
        coalesce(ours.amount, 0) + coalesce(ours.payout, 0) as found
    from theirs
    full join ours using (month, campaign)
    where coalesce(theirs.amount, 0) <> coalesce(ours.amount, 0)
        or coalesce(theirs.payout, 0) <> coalesce(ours.payout, 0)
    """,
    history=(STAGED,),
    ahead={STAGED: 1},
)
