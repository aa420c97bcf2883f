"""What each supplier's file brought: accounting of its records, and how many of its leads are new, known, gone."""

from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null

fct_lead_files = Table(
    says="One row per supplier's file in force: what it held, and what its leads were to us when it came.",
    grain=("source_name", "file_name"),
    columns=(
        Column("source_name", "varchar", "Supplier, by its feed's name"),
        Column("file_name", "varchar", "File as delivered"),
        Column("file_sha256", "varchar", "Fingerprint of its bytes"),
        Column(
            "version",
            "varchar",
            "Its version, where its name or rows give one; else the latest to arrive counts",
        ),
        Column("records", "bigint", "Records counted in the file"),
        Column("loaded", "bigint", "Records that could be read"),
        Column("quarantined", "bigint", "Records that could not; see arrivals.quarantine"),
        Column("distinct_leads", "bigint", "Leads whose row of the month comes from this file"),
        Column("net_new_leads", "bigint", "Of these: was_net_new, and first received in this month"),
        Column("already_known_leads", "bigint", "Of these: some supplier had listed them in an earlier month"),
        Column("already_in_salesforce_leads", "bigint", "Of these: first received now, but in Salesforce before"),
        Column("changed_leads", "bigint", "Of these: with other content than in the supplier's file before"),
        Column(
            "moved_leads",
            "bigint",
            "Of these: the supplier's number stood at another address in the file before",
        ),
        Column(
            "new_phone_leads",
            "bigint",
            "Of these: the supplier's number had another phone in the file before",
        ),
        Column(
            "gone_leads",
            "bigint",
            "Leads of the supplier's file before that the month's list no longer has; "
            "counted on the month's first file",
        ),
    ),
    must=(
        not_null("records", "loaded", "quarantined"),
        bad_rows("records_reconcile", "records <> loaded + quarantined", "Every record is loaded or quarantined."),
        bad_rows(
            "leads_reconcile",
            "distinct_leads <> net_new_leads + already_known_leads + already_in_salesforce_leads",
            "Every lead of a file is net-new, known, or in Salesforce before.",
        ),
        adds_up(
            "files_reconcile",
            "Every lead of the month's lists belongs to one of these files.",
            'prospects."stg_leads_*"',
            this="sum(distinct_leads)",
        ),
    ),
    should=(bad_rows("nothing_quarantined", "quarantined > 0", "Every record of a file could be read."),),
    select="""
        with files as (
            select *, row_number() over (partition by month, feed order by part, file_name) as file_number
            from arrivals.files
            where feed in (select distinct source_name from prospects."stg_leads_*")
        ),
        listed as (
            select
                month,
                source_name,
                last_received_file_name as file_name,
                count(*) as distinct_leads,
                count(*) filter (where was_net_new and first_received_month = month) as net_new_leads,
                count(*) filter (where lead_first_received_month < month) as already_known_leads,
                count(*) filter (
                    where lead_first_received_month = month and not was_net_new
                ) as already_in_salesforce_leads,
                count(*) filter (where changed_since_last_file) as changed_leads,
                count(*) filter (where has_moved) as moved_leads,
                count(*) filter (where has_new_phone) as new_phone_leads
            from prospects.dim_prospective_leads_source_level
            where listed_this_month
            group by month, source_name, last_received_file_name
        ),
        gone as (
            select month, source_name, count(*) filter (where gone_since_last_file) as gone_leads
            from prospects.dim_prospective_leads_source_level
            group by month, source_name
        )
        select
            files.month,
            files.feed as source_name,
            files.file_name,
            files.sha256 as file_sha256,
            case when files.version not like '#%' then files.version end as version,
            files.records,
            files.loaded,
            files.quarantined,
            coalesce(listed.distinct_leads, 0) as distinct_leads,
            coalesce(listed.net_new_leads, 0) as net_new_leads,
            coalesce(listed.already_known_leads, 0) as already_known_leads,
            coalesce(listed.already_in_salesforce_leads, 0) as already_in_salesforce_leads,
            coalesce(listed.changed_leads, 0) as changed_leads,
            coalesce(listed.moved_leads, 0) as moved_leads,
            coalesce(listed.new_phone_leads, 0) as new_phone_leads,
            case when files.file_number = 1 then coalesce(gone.gone_leads, 0) else 0 end as gone_leads
        from files
        left join listed
            on listed.month = files.month
            and listed.source_name = files.feed
            and listed.file_name = files.file_name
        left join gone
            on gone.month = files.month
            and gone.source_name = files.feed
    """,
)
