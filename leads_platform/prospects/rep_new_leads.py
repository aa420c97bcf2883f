"""The net-new leads themselves, one by one: what a sales file is made of."""

from leads_platform.prospects.address_line import address_line
from leads_platform.prospects.dim_prospective_leads import dim_prospective_leads
from leads_platform.prospects.email import is_email_sql
from leads_platform.prospects.lead_columns import LEAD, LEAD_KEY, SOURCE_NAME, names
from leads_platform.prospects.supplier_staging import COLUMNS
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, pick

_LISTED = (LEAD_KEY, SOURCE_NAME, *LEAD, *pick(COLUMNS, "file_name", "file_date", "line"))

rep_new_leads = Table(
    says="One row per lead that is net-new this month, as the file states it that brought it first.",
    grain=("phone_address_key",),
    columns=(
        *_LISTED,
        Column("suppliers", "varchar[]", "Every supplier for whom it is net-new this month, in alphabetical order"),
        Column("is_new_licence", "boolean", "No licence of these suppliers that moved or changed its phone"),
        Column("has_moved", "boolean", "A licence that a supplier had at another address before, or at none"),
        Column(
            "has_new_phone", "boolean", "A licence that a supplier had with another phone before; may have moved, too"
        ),
        Column("replaces_key", "varchar", "The lead that this licence was before; of two suppliers' the first by name"),
        Column("former_phone", "varchar", "That lead's phone in E.164, as delivered where it is not valid", pii=True),
        Column("former_address", "varchar", "That lead's address as delivered, in one line", pii=True),
        Column("license_expired_at_file_date", "boolean", "As any of these suppliers says; null: none says when"),
        Column("without_contact", "boolean", "Neither a valid phone nor an e-mail address"),
        *pick(dim_prospective_leads.columns, "is_new_prospective_lead"),
    ),
    must=(
        not_null("source_name", "line", "without_contact"),
        adds_up(
            "leads_reconcile",
            "Exactly the leads of dim_prospective_leads that are net-new and first received in this month.",
            "prospects.dim_prospective_leads",
            where="was_net_new and first_received_month = month",
        ),
        bad_rows(
            "known_licences_are_told",
            "is_new_licence <> (replaces_key is null)",
            "What was another lead before is no new licence, and what was none is one.",
        ),
    ),
    select=f"""
        with overall as (
            select
                lead.month, lead.phone_address_key,
                any_value(lead.source_name) filter (lead.is_first_received_lead) as source_name,
                list(lead.source_name order by lead.source_name) as suppliers,
                bool_or(lead.has_moved) as has_moved,
                bool_or(lead.has_new_phone) as has_new_phone,
                bool_or(lead.license_expired_at_file_date) as license_expired_at_file_date,
                bool_and(lead.is_new_prospective_lead) as is_new_prospective_lead,
                arg_min(former, lead.source_name) filter (former.phone_address_key is not null) as former
            from prospects.dim_prospective_leads_source_level as lead
            left join prospects.dim_prospective_leads_source_level as former
                on former.month = lead.month
                and former.source_name = lead.source_name
                and former.phone_address_key = lead.replaces_key
            where lead.was_net_new and lead.first_received_month = lead.month
            group by lead.month, lead.phone_address_key
        )
        select
            month,
            {", ".join(names(_LISTED))},
            overall.suppliers,
            not overall.has_moved and not overall.has_new_phone as is_new_licence,
            overall.has_moved,
            overall.has_new_phone,
            overall.former.phone_address_key as replaces_key,
            coalesce(overall.former.phone_e164, overall.former.phone_raw) as former_phone,
            {address_line("overall.former")} as former_address,
            overall.license_expired_at_file_date,
            phone_is_valid is not true and not {is_email_sql("email")} as without_contact,
            overall.is_new_prospective_lead
        from overall
        join prospects."stg_leads_*" as listed using (month, source_name, phone_address_key)
    """,
)
