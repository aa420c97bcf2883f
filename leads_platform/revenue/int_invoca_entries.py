"""Invoca's entries: what its calls were worth, and are worth since they were corrected."""

from leads_platform.revenue.entries import entries
from leads_platform.revenue.invoca_checks import families_add_up
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Table, not_null

LEGS = """
    select
        *,
        not_counted is null as counts,
        if(system_of_record = 'invoca', payin, 0)::decimal(18,4) as amount,
        started_at as happened_at,
        corrected_at as recorded_at
    from revenue.int_invoca_legs
"""

int_invoca_entries = Table(
    says="One row per entry that Invoca's calls make: payout always, payin where the campaign's record is Invoca's.",
    grain=("entry_id",),
    columns=ENTRY,
    must=(not_null("transaction_id", "version", "change", "amount", "payout", "known_on"), families_add_up),
    select=f"""
        with entries as ({
        entries(
            LEGS,
            key=("leg_id",),
            attributes=("partner_id", "campaign_id", "call_id"),
            described=("transaction_id", "happened_at"),
            told=("known_on", "recorded_at", "file_name", "line", "changes_month"),
            changed="correction",
        )
    })
        select
            entries.* exclude (leg_id, sign, changes_month)
                replace (if(changes_month and change in ('first', 'undone'), 'reassigned', change) as change),
            md5(concat_ws('|', 'invoca', month, leg_id, version, sign))::uuid as entry_id,
            'invoca' as source_system,
            'cbm' as business_unit,
            'sale' as entry_kind,
            month as sale_month,
            null::varchar as filter_set_id,
            null::varchar as src,
            null::varchar as lead_id,
            null::varchar as reason
        from entries
    """,
)
