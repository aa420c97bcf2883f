"""How many leads are net-new, and what they are: new licences, or known ones that moved or changed their phone."""

from leads_platform.warehouse import Column, Table, adds_up, bad_rows

int_net_new_leads = Table(
    says="One row per supplier with net-new leads, and one for all: there a lead counts once, as what any says it is.",
    grain=("source_name",),
    columns=(
        Column("source_name", "varchar", "Supplier, or `all suppliers`"),
        Column("net_new_leads", "bigint", "was_net_new, first received in this month"),
        Column("new_licences", "bigint", "Of these: neither moved nor new_phone; also all without a source_id"),
        Column("moved", "bigint", "Of these: the supplier last had the source_id at another address, or at none"),
        Column("new_phone", "bigint", "Of these: it last had it with another phone, or none; may count in moved, too"),
        Column("without_valid_phone", "bigint", "Of these: no phone, or one that its numbering plan doesn't know"),
        Column("expired_licence", "bigint", "Of these: expired by the file's date; without a date it has not"),
    ),
    must=(
        bad_rows(
            "kinds_reconcile",
            "net_new_leads - new_licences not between greatest(moved, new_phone) and moved + new_phone",
            "A net-new lead is a new licence, has moved, has a new phone, or both of these.",
        ),
        adds_up(
            "leads_are_listed",
            "Each row of rep_new_leads counts once for all suppliers, and once for each that brought it.",
            "prospects.rep_new_leads",
            theirs="count(*) + sum(len(suppliers))",
            this="sum(net_new_leads)",
        ),
    ),
    select="""
        with leads as (
            select * from prospects.dim_prospective_leads_source_level
            where was_net_new and first_received_month = month
            union all by name
            select * replace ('all suppliers' as source_name) from prospects.rep_new_leads
        )
        select
            month, source_name,
            count(*) as net_new_leads,
            count(*) filter (not has_moved and not has_new_phone) as new_licences,
            count(*) filter (has_moved) as moved,
            count(*) filter (has_new_phone) as new_phone,
            count(*) filter (phone_is_valid is not true) as without_valid_phone,
            count(*) filter (license_expired_at_file_date) as expired_licence
        from leads group by month, source_name
    """,
)
