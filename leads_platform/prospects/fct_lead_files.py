"""What each supplier's file brought: accounting of its records, and how many of its leads are new, known, gone."""

from leads_platform.warehouse import Audit, Column, Table, adds_up, bad_rows, not_null

_UNACCOUNTED = """
    select this.* from this
    left join arrivals.files as f on (f.month, f.feed, f.sha256) = (this.month, this.source_name, this.file_sha256)
    where this.records <> this.loaded + this.quarantined + coalesce(f.erased, 0)
"""

fct_lead_files = Table(
    says="One row per supplier's file in force: what it held, and what its leads were to us when it came.",
    grain=("source_name", "file_name"),
    columns=(
        Column("source_name", "varchar", "Supplier, by its feed's name"),
        Column("file_name", "varchar", "File as delivered"),
        Column("file_sha256", "varchar", "Fingerprint of its bytes"),
        Column("version", "varchar", "Its version, where its name or rows give one; else the latest counts"),
        Column("records", "bigint", "Records counted in the file"),
        Column("loaded", "bigint", "Records that could be read"),
        Column("quarantined", "bigint", "Records that could not; see arrivals.quarantine"),
        Column("distinct_leads", "bigint", "Leads whose row of the month comes from this file"),
        Column("net_new_leads", "bigint", "Of these: was_net_new, and first received in this month"),
        Column("already_known_leads", "bigint", "Of these: some supplier had listed them in an earlier month"),
        Column("already_in_salesforce_leads", "bigint", "Of these: first received now, but in Salesforce before"),
        Column("changed_leads", "bigint", "Of these: with other content than in the supplier's file before"),
        Column("moved_leads", "bigint", "Of these: of a known licence that is at another address now"),
        Column("new_phone_leads", "bigint", "Of these: of a known licence that has another phone now"),
        Column("gone_leads", "bigint", "Leads of the file before that are no longer listed; on the month's first file"),
    ),
    must=(
        not_null("records", "loaded", "quarantined"),
        Audit("records_reconcile", "Every record is loaded, quarantined or erased.", _UNACCOUNTED),
        bad_rows(
            "leads_reconcile",
            "distinct_leads <> net_new_leads + already_known_leads + already_in_salesforce_leads",
            "Every lead of a file is net-new, known, or in Salesforce before.",
        ),
        adds_up("files_reconcile", "Every lead is of one file.", 'prospects."stg_leads_*"', this="sum(distinct_leads)"),
    ),
    should=(bad_rows("nothing_quarantined", "quarantined > 0", "Every record of a file could be read."),),
    select="""
        with files as (
            select
                month,
                feed as source_name,
                file_name,
                sha256 as file_sha256,
                case when version not like '#%' then version end as version,
                records,
                loaded,
                quarantined,
                row_number() over (partition by month, feed order by part, file_name) as nth
            from arrivals.files
            where feed in (select distinct source_name from prospects."stg_leads_*")
        ),
        gone as (
            select month, source_name, 1 as nth, count(*) as leads
            from prospects.dim_prospective_leads_source_level where gone_since_last_file group by all
        )
        select
            files.* exclude (nth),
            count(lead.phone_address_key) as distinct_leads,
            count(*) filter (lead.was_net_new and lead.first_received_month = files.month) as net_new_leads,
            count(*) filter (lead.lead_first_received_month < files.month) as already_known_leads,
            count(*) filter (lead.lead_first_received_month = files.month and not lead.was_net_new)
                as already_in_salesforce_leads,
            count(*) filter (lead.changed_since_last_file) as changed_leads,
            count(*) filter (lead.has_moved) as moved_leads,
            count(*) filter (lead.has_new_phone) as new_phone_leads,
            coalesce(any_value(gone.leads), 0) as gone_leads
        from files
        left join (select * from prospects.dim_prospective_leads_source_level where listed_this_month) as lead
            on lead.month = files.month
            and lead.source_name = files.source_name
            and lead.last_received_file_name = files.file_name
        left join gone on gone.month = files.month and gone.source_name = files.source_name and gone.nth = files.nth
        group by all
    """,
)
