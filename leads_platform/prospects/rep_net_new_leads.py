"""Net-new leads per month and supplier: the flagship number."""

from leads_platform.prospects.int_net_new_leads import int_net_new_leads
from leads_platform.warehouse import Column, Table, adds_up, pick

_KINDS = ("net_new_leads", "new_licences", "moved", "new_phone", "without_valid_phone", "expired_licence")

rep_net_new_leads = Table(
    says="One row per supplier and month, and one for all suppliers, where a lead that two brought counts once.",
    grain=("source_name",),
    columns=(
        Column("source_name", "varchar", "Supplier, or `all suppliers`"),
        Column("files", "bigint", "Files in force; 0: this supplier delivered nothing for the month"),
        Column("leads_in_files", "bigint", "Leads in the month's list"),
        *pick(int_net_new_leads.columns, *_KINDS),
        Column("already_known_leads", "bigint", "Some supplier had listed them in an earlier month"),
        Column("already_in_salesforce_leads", "bigint", "First received now, but in Salesforce before"),
        Column("still_new_leads", "bigint", "Net-new, not in Salesforce by the month's end; null without exports"),
        Column(
            "salesforce_as_of",
            "date",
            "Date of the latest Salesforce export up to the month; null: none, "
            "so that net-new is judged against lead files only",
        ),
    ),
    must=(
        adds_up(
            "files_agree",
            "A supplier's net-new leads are those of its files in fct_lead_files.",
            "prospects.fct_lead_files",
            theirs="sum(net_new_leads)",
            this="sum(net_new_leads) filter (source_name <> 'all suppliers')",
            by=("source_name",),
        ),
    ),
    select=f"""
        with counted as (
            select
                month,
                coalesce(source_name, 'all suppliers') as source_name,
                count(distinct phone_address_key) filter (where listed_this_month) as leads_in_files,
                count(distinct phone_address_key) filter (
                    where listed_this_month and lead_first_received_month < month
                ) as already_known_leads,
                count(distinct phone_address_key) filter (
                    where listed_this_month and was_net_new and first_received_month = month and is_new_prospective_lead
                ) as still_new_leads
            from prospects.dim_prospective_leads_source_level
            group by grouping sets ((month, source_name), (month))
        ),
        files as (
            select month, coalesce(source_name, 'all suppliers') as source_name, count(*) as files
            from prospects.fct_lead_files
            group by grouping sets ((month, source_name), (month))
        ),
        exports as (
            select month, max(last_received_file_date) as salesforce_as_of
            from prospects.dim_salesforce_leads
            group by month
        )
        select
            counted.month,
            counted.source_name,
            coalesce(files.files, 0) as files,
            counted.leads_in_files,
            {", ".join(f"coalesce(new.{kind}, 0) as {kind}" for kind in _KINDS)},
            counted.already_known_leads,
            counted.leads_in_files - coalesce(new.net_new_leads, 0) - counted.already_known_leads
                as already_in_salesforce_leads,
            case when exports.salesforce_as_of is not null then counted.still_new_leads end as still_new_leads,
            exports.salesforce_as_of
        from counted
        left join prospects.int_net_new_leads as new
            on new.month = counted.month and new.source_name = counted.source_name
        left join files on files.month = counted.month and files.source_name = counted.source_name
        left join exports on exports.month = counted.month
    """,
)
