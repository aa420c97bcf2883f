"""Why deals were lost, and in which stage."""

from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null

rep_lost_reasons = Table(
    says="One row per reason and stage of the deals lost in the month that were still lost at its end.",
    grain=("lost_reason", "stage_id"),
    columns=(
        Column("lost_reason", "varchar", "The reason in the fields' words, or `not stated`"),
        Column("stage_id", "integer", "The stage the deal was in; 0: in none yet"),
        Column("kpi_name", "varchar", "That stage as a funnel step"),
        Column("deals_lost", "bigint", "Deals"),
        Column("share_of_month", "double", "Their share of all deals lost in the month"),
        Column("value_lost", "decimal(38,2)", "Value of the deals; null where no value is recorded"),
    ),
    must=(
        not_null("kpi_name", "deals_lost"),
        adds_up(
            "losses_reconcile",
            "Every deal lost in the month has a row.",
            "funnel.fct_deal_closures",
            where="status = 'lost'",
            this="sum(deals_lost)",
        ),
    ),
    should=(bad_rows("reason_is_stated", "lost_reason = 'not stated'", "Every lost deal says why."),),
    select="""
        with counted as (
            select
                deal.month,
                coalesce(deal.lost_reason, 'not stated') as lost_reason,
                coalesce(deal.stage_id, 0) as stage_id,
                coalesce(stage.kpi_name, 'in no stage yet') as kpi_name,
                count(*) as deals_lost,
                sum(deal.deal_value) as value_lost
            from funnel.fct_deal_closures as deal
            left join funnel.dim_stages as stage
                on stage.month = deal.month
                and stage.stage_id = deal.stage_id
            where deal.status = 'lost'
            group by all
        )
        select *, deals_lost / sum(deals_lost) over (partition by month) as share_of_month from counted
    """,
)
