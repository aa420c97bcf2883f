"""What became known about leads that were known: one field of one lead a row."""

from leads_platform.prospects.address_line import address_line
from leads_platform.prospects.lead_columns import CONTACT, LEAD_KEY, LICENSE, SOURCE_NAME, names
from leads_platform.warehouse import Column, Table, adds_up, not_null

_FIELDS = {  # what is shown, and what is compared where that is something else
    "address": (address_line("{0}"), f"coalesce({{0}}.address_key, {address_line('{0}')})"),
    "phone": ("{0}.phone_raw", "coalesce({0}.phone_key, {0}.phone_raw)"),
    **{name: (f"{{0}}.{name}::varchar",) * 2 for name in ("country", *names(CONTACT, LICENSE))},
}


def _compared(field: str) -> str:
    shown, compared = _FIELDS[field]
    before, now = (shown.format(side) for side in ("before", "now"))
    changed = f"{compared.format('before')} is distinct from {compared.format('now')}"
    return f"case when {changed} then {{'field': '{field}', 'before': {before}, 'now': {now}}} end"


rep_lead_changes = Table(
    says="One row per lead, supplier and field that the month's file states otherwise than the supplier did before.",
    grain=("phone_address_key", "source_name", "field"),
    columns=(
        LEAD_KEY,
        SOURCE_NAME,
        Column(
            "field", "varchar", "address, phone, a column of the lead, or `other`: the record's other cells, or style"
        ),
        Column("before", "varchar", "What the supplier's file said that last held the lead; null: nothing", pii=True),
        Column("now", "varchar", "What the month's file says; null: nothing. For `other` both are null", pii=True),
        Column("replaces_key", "varchar", "The lead that it was before it moved or changed its phone; else null"),
        Column("was_gone", "boolean", "The supplier's file before did not hold the lead; an earlier one did"),
        Column("since_file_name", "varchar", "The file that brought the change"),
        Column("since_file_date", "date", "That file's date"),
    ),
    must=(
        not_null("was_gone", "since_file_name", "since_file_date"),
        *(
            adds_up(
                f"{count}_are_told",
                f"Leads that changed so are as many as the {count} of fct_lead_files.",
                "prospects.fct_lead_files",
                theirs=f"sum({count})",
                this=f"count(distinct phone_address_key) filter ({condition})",
                by=("source_name",),
            )
            for count, condition in (
                ("changed_leads", "replaces_key is null and not was_gone"),
                ("moved_leads", "replaces_key is not null and field = 'address'"),
                ("new_phone_leads", "replaces_key is not null and field = 'phone'"),
            )
        ),
    ),
    history=("prospects.int_lead_listings",),
    select=f"""
        with compared as (
            select
                now.month, now.phone_address_key, now.source_name, now.replaces_key,
                not before.in_latest_file as was_gone,
                now.last_received_file_name as since_file_name,
                now.last_received_file_date as since_file_date,
                list_filter([{", ".join(map(_compared, _FIELDS))}], x -> x is not null) as changes
            from prospects.int_lead_listings as now
            join prospects.int_lead_listings as before
                on before.month = (now.month - interval 1 month)::date
                and before.month >= ($first_month - interval 1 month)::date
                and before.source_name = now.source_name
                and before.phone_address_key = coalesce(now.replaces_key, now.phone_address_key)
            where now.month >= $first_month and now.listed_this_month and before.lead_hash <> now.lead_hash
        )
        select
            * exclude (changes),
            unnest(if(len(changes) > 0, changes, [{{'field': 'other', 'before': null, 'now': null}}]), max_depth := 2)
        from compared
    """,
)
