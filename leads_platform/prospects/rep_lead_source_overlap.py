"""How many leads two suppliers share, as of each month's end."""

from leads_platform.warehouse import Column, Table, bad_rows

rep_lead_source_overlap = Table(
    says="One row per pair of suppliers: leads both have listed so far, and that both list now.",
    grain=("source_name", "other_source_name"),
    columns=(
        Column("source_name", "varchar", "A supplier"),
        Column("other_source_name", "varchar", "Another, or the same: then the counts are its own leads"),
        Column("leads_in_both", "bigint", "Leads both have listed in any file so far"),
        Column("leads_in_both_latest_files", "bigint", "Leads in the latest files of both"),
        Column("share_of_source", "double", "leads_in_both as a share (0 to 1) of source_name's own leads"),
    ),
    must=(bad_rows("share_is_a_share", "share_of_source not between 0 and 1", "A share lies between 0 and 1."),),
    select="""
        with leads as (
            select month, source_name, phone_address_key, in_latest_file
            from prospects.dim_prospective_leads_source_level
        ),
        own as (
            select month, source_name, count(*) as leads from leads group by month, source_name
        ),
        shared as (
            select
                a.month,
                a.source_name,
                b.source_name as other_source_name,
                count(*) as leads_in_both,
                count(*) filter (where a.in_latest_file and b.in_latest_file) as leads_in_both_latest_files
            from leads as a
            join leads as b on b.month = a.month and b.phone_address_key = a.phone_address_key
            group by a.month, a.source_name, b.source_name
        )
        select
            own.month,
            own.source_name,
            other.source_name as other_source_name,
            coalesce(shared.leads_in_both, 0) as leads_in_both,
            coalesce(shared.leads_in_both_latest_files, 0) as leads_in_both_latest_files,
            coalesce(shared.leads_in_both, 0) / own.leads as share_of_source
        from own
        join own as other on other.month = own.month
        left join shared
            on shared.month = own.month
            and shared.source_name = own.source_name
            and shared.other_source_name = other.source_name
    """,
)
