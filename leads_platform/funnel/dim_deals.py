"""Every deal as of each month's end: who owns it, how far it came, and how it ended."""

from leads_platform.funnel.int_deal_months import int_deal_months
from leads_platform.warehouse import Audit, Column, Table, accepted_values, bad_rows, not_null, pick, references

dim_deals = Table(
    says="One row per deal that changed in any month so far, as its changes up to the month's end leave it.",
    grain=("deal_id",),
    columns=(
        *pick(int_deal_months.columns, "deal_id", "created_at", "creations", "owner_user_id"),
        *pick(int_deal_months.columns, "current_stage_id", "current_stage_entered_at"),
        Column("furthest_stage_id", "integer", "The highest stage it ever entered"),
        *pick(int_deal_months.columns, "entered_stage_ids", "status", "closed_at", "closed_by_user_id"),
        Column("lost_reason_key", "varchar", "Why it was lost, as stated; null where not lost or not stated"),
        Column("lost_reason", "varchar", "Why it was lost, in the fields' words; else as stated"),
        *pick(int_deal_months.columns, "deal_value", "last_changed_at"),
    ),
    must=(
        not_null("status", "creations", "last_changed_at"),
        accepted_values("status", "open", "won", "lost", "deleted"),
        bad_rows("closed_deals_have_a_time", "(status = 'open') <> (closed_at is null)", "Closed deals say when."),
        Audit(
            "history_tip_is_current_state",
            "A deal's latest stage entry is the stage it is in.",
            """
            select this.month, this.deal_id as named_id
            from this
            asof left join (
                select * from funnel.fct_deal_stage_history
                qualify row_number() over (partition by deal_id, month order by deal_entry_num desc) = 1
            ) as tip on tip.deal_id = this.deal_id and tip.month <= this.month
            where (tip.stage_id, stage_entry_timestamp) is distinct from (current_stage_id, current_stage_entered_at)
            """,
            history=("funnel.fct_deal_stage_history",),
        ),
        Audit(
            "every_deal_is_here",
            "Every deal that changed in the month is in the dimension.",
            "select month, deal_id as named_id from funnel.stg_deal_changes anti join this using (month, deal_id)",
        ),
    ),
    should=(
        bad_rows("creation_is_known", "created_at is null", "Every deal says when it was created."),
        references("owner_user_id", table="funnel.dim_users", keys=("user_id",), named_id="deal_id"),
    ),
    cumulative=True,
    select="""
        select
            $month as month,
            deals.* exclude (entered),
            list_max(entered) as furthest_stage_id,
            list_sort(list_distinct(entered)) as entered_stage_ids,
            coalesce(reason.option_label, deals.lost_reason_key) as lost_reason
        from (
            select
                deal_id,
                least(known.created_at, now.created_at) as created_at,
                coalesce(known.creations, 0) + coalesce(now.creations, 0) as creations,
                coalesce(now.owner_user_id, known.owner_user_id) as owner_user_id,
                coalesce(now.current_stage_id, known.current_stage_id) as current_stage_id,
                coalesce(now.current_stage_entered_at, known.current_stage_entered_at) as current_stage_entered_at,
                list_concat(known.entered_stage_ids, now.entered_stage_ids) as entered,
                coalesce(now.status, known.status, 'open') as status,
                if(now.status is null, known.closed_at, now.closed_at) as closed_at,
                case when now.status is null then known.closed_by_user_id
                    when now.status <> 'open' then coalesce(now.closed_by_user_id, known.owner_user_id)
                end as closed_by_user_id,
                case when coalesce(now.status, known.status) <> 'lost' then null
                    when now.lost_reason_at >= coalesce(now.closed_at, known.closed_at) then now.lost_reason_key
                    when now.status is null then known.lost_reason_key
                end as lost_reason_key,
                if(now.states_value, now.deal_value, known.deal_value) as deal_value,
                coalesce(now.last_changed_at, known.last_changed_at) as last_changed_at
            from funnel.int_deal_months as now
            full join (select * from funnel.dim_deals where month = $previous_month) as known using (deal_id)
        ) as deals
        left join funnel.int_field_options as reason
            on reason.field_key = 'lost_reason' and reason.option_id = try_cast(deals.lost_reason_key as integer)
    """,
)
