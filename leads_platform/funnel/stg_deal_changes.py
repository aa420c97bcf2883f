"""Pipedrive's deal history, typed: one row per changed field of a deal."""

from leads_platform.funnel.funnel_columns import DEAL_ID
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null, records_reconcile

stg_deal_changes = Table(
    says="One row per change of a deal's field, in the month of the change.",
    grain=("change_id",),
    columns=(
        Column("change_id", "uuid", "The change: deal, time, field and value"),
        DEAL_ID,
        Column("change_timestamp", "timestamp", "When the field changed, as the export states it"),
        Column("field_key", "varchar", "The field: add_time (created), user_id (owner), stage_id, lost_reason, ..."),
        Column("new_value", "varchar", "The field's value from then on"),
        Column("line", "bigint", "Line of the export; of two changes at one time the later line is the later change"),
    ),
    must=(
        not_null("deal_id", "change_timestamp", "field_key"),
        bad_rows(
            "stages_are_numbers", "field_key = 'stage_id' and try_cast(new_value as int) is null", "Each is a number."
        ),
        records_reconcile("funnel.base_pipedrive_deal_changes"),
    ),
    should=(
        bad_rows(
            "values_are_readable",
            """
            new_value is not null and case field_key
                when 'value' then money(new_value, 'us') is null
                when 'user_id' then try_cast(new_value as bigint) is null
            end
            """,
            "A deal's value is an amount, its owner a number. Else the deal has no value, or its owner of before.",
        ),
        Audit(
            "deal_ids_name_one_deal",
            "No deal id is created a second time: two deals that share an id can't be told apart.",
            """
            select month, line, deal_id as named_id from this_history where field_key = 'add_time'
            qualify row_number() over (partition by deal_id order by change_timestamp, line) > 1
            """,
        ),
        Audit(
            "statuses_are_known",
            "A status is open, won, lost or deleted; any other changes nothing.",
            """
            select month, line, deal_id as named_id from this
            where field_key = 'status' and lower(new_value) not in ('open', 'won', 'lost', 'deleted')
            """,
        ),
        Audit(
            "changes_follow_a_creation",
            "No deal changes that was never created.",
            """
            select this.month, this.line, this.deal_id as named_id from this
            anti join (select deal_id, month from this_history where field_key = 'add_time') as created
                on created.deal_id = this.deal_id and created.month <= this.month
            """,
        ),
    ),
    select="""
        with keyed as (
            select *, md5(concat_ws('|', deal_id, change_time, changed_field_key, new_value))::uuid as said
            from funnel.base_pipedrive_deal_changes
        )
        select
            month,
            -- the same change twice in an export: the second has a number
            case when row_number() over same = 1 then said else md5(said || '-' || row_number() over same)::uuid end
                as change_id,
            try_cast(deal_id as bigint) as deal_id,
            record_local_at as change_timestamp,
            trim(changed_field_key) as field_key,
            nullif(trim(new_value), '') as new_value,
            line
        from keyed
        window same as (partition by month, said order by line)
    """,
)
