"""boberdoo's transactions as each export told them: typed, one row per version, what vanished included."""

from leads_platform.revenue.boberdoo_checks import BASE, REFUNDS_ARE_NEGATIVE
from leads_platform.revenue.money_columns import ENTRY, KINDS
from leads_platform.warehouse import Column, Table, accepted_values, bad_rows, pick, values_are_readable

stg_boberdoo_transactions = Table(
    says="One row per version of a transaction, in the month in which it happened.",
    grain=("slot_month", "transaction_id", "version"),
    columns=(
        Column("transaction_id", "varchar", "boberdoo's id of the transaction"),
        Column("slot_month", "date", "The month that the export is of: rarely another one, at a month's edge"),
        Column("version", "bigint", "1: what was told of it first in this month, and so on, by the exports' dates"),
        Column("is_last_told", "boolean", "The newest version that tells it; after it, it may have vanished"),
        Column(
            "not_counted", "varchar", "Why not: gone, unknown, other_currency, unreadable, payment; null: it counts"
        ),
        *pick(ENTRY, "business_unit"),
        Column("entry_kind", "varchar", "The event, if it is one of the ledger's kinds, or payment"),
        Column("amount", "decimal(18,4)", "As given, a refund always negative; null where it can't be read"),
        *pick(ENTRY, "happened_at", "recorded_at", "known_on", "partner_id", "filter_set_id", "lead_id", "call_id"),
        Column("parent_transaction_id", "varchar", "The transaction that it takes back or adds to"),
        *pick(ENTRY, "reason", "file_name", "line"),
    ),
    must=(accepted_values("entry_kind", *KINDS, "payment"),),
    should=(
        bad_rows("events_and_deals_are_known", "not_counted = 'unknown'", "Each event and deal type is one we know."),
        bad_rows("currency_is_ours", "not_counted = 'other_currency'", "All is of one currency; else it is left out."),
        bad_rows("amounts_are_whole_cents", "amount <> round(amount, 2)", "No amount is finer than a cent."),
        bad_rows("amounts_are_given", "not_counted = 'unreadable'", "Each has an amount; without one it is left out."),
        values_are_readable(BASE, amount="money(amount, 'us')", recorded_at="local_time(recorded_at)"),
        REFUNDS_ARE_NEGATIVE,
    ),
    select=f"""
        with told as (
            select *, lower(trim(event)) as kind, lower(trim(deal_type)) as deal, money(amount, 'us') as given
            from arrivals.boberdoo_transactions_versions
        )
        select
            month,
            transaction_id,
            version_number as version,
            slot_month,
            coalesce(version_number = max(version_number) filter (not is_gone) over same, false) as is_last_told,
            if(kind in {(*KINDS, "payment")}, kind, null) as entry_kind,
            case when kind in ('fee', 'credit', 'payment') then 'account' else map {{
                'standard': 'leads', 'cpa': 'cpa_cpt', 'cpt': 'cpa_cpt', 'warm_transfer': 'warm_transfer',
                'drip': 'drip', 'lead_call': 'lead_call', 'call': 'cbm'
            }}[deal] end as business_unit,
            case when is_gone then 'gone'
                when entry_kind is null or business_unit is null then 'unknown'
                when upper(trim(told.currency)) not in ('', settings.currency) then 'other_currency'
                when given is null then 'unreadable'
                when kind = 'payment' then 'payment'
            end as not_counted,
            if(kind = 'refund', -abs(given), given) as amount,
            record_local_at as happened_at,
            local_time(recorded_at) as recorded_at,
            known_on,
            nullif(trim(partner_id), '') as partner_id,
            nullif(trim(filter_set_id), '') as filter_set_id,
            if(business_unit = 'account', null, nullif(trim(lead_id), '')) as lead_id,
            nullif(trim(call_id), '') as call_id,
            nullif(trim(parent_transaction_id), '') as parent_transaction_id,
            nullif(trim(reason), '') as reason,
            file_name,
            line
        from told
        join revenue.dim_revenue_settings as settings using (month)
        window same as (partition by month, slot_month, transaction_id)
    """,
)
