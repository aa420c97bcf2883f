"""The monthly sales funnel: how many deals entered each step for the first time."""

from leads_platform.funnel.funnel_columns import DEALS_COUNT, FUNNEL_STEP, FUNNEL_STEPS, KPI_NAME
from leads_platform.warehouse import Audit, Table, bad_rows, not_null

_STEPS = ", ".join(FUNNEL_STEPS)

rep_sales_funnel_monthly = Table(
    says="One row per step that any deal took: stages by a deal's first entry, sales calls by done activities.",
    grain=("funnel_step",),
    columns=(KPI_NAME, FUNNEL_STEP, DEALS_COUNT),
    must=(
        not_null("kpi_name", "deals_count"),
        bad_rows("accepted_values_funnel_step", f"funnel_step not in ({_STEPS})", f"A step is one of {_STEPS}."),
        bad_rows("deals_count_is_positive", "deals_count <= 0", "A row counts at least one deal."),
        bad_rows(
            "kpi_names_are_valid",
            "kpi_name not like 'Step ' || rtrim(rtrim(funnel_step::varchar, '0'), '.') || ': _%'",
            "A name starts with its step's number.",
        ),
    ),
    should=(
        Audit(
            "steps_are_named",
            "The stages', fields' and activity types' files name every step.",
            """
            select month, funnel_step
            from this
            join funnel.dim_kpis as kpi using (month, funnel_step)
            where not kpi.is_named
            """,
        ),
        Audit(
            "funnel_is_complete",
            "Every step of the funnel has deals in a month. Late steps are rare, so single months lack one.",
            """
            select month, funnel_step
            from funnel.dim_kpis as kpi
            anti join this using (month, funnel_step)
            where kpi.month >= (select min(month) from funnel.fct_deal_stage_history)
                or kpi.month >= (select min(month) from funnel.fct_activities)
            """,
            history=("funnel.fct_deal_stage_history", "funnel.fct_activities"),
        ),
        Audit(
            "calls_do_not_exceed_their_stage",
            "Sales Call 1 has no more deals than step 2, Sales Call 2 no more than step 3. "
            "Calls and stages are recorded apart, often in different months or for deals without a history.",
            """
            select call.month, call.funnel_step, coalesce(stage.deals_count, 0) as expected, call.deals_count as found
            from this as call
            left join this as stage on stage.month = call.month and stage.funnel_step = floor(call.funnel_step)
            where call.funnel_step in (2.1, 3.1) and found > expected
            """,
        ),
        Audit(
            "new_leads_hold_up",
            "Step 1 does not drop by more than 20 % against the month before.",
            """
            with leads as (select month, deals_count from this_history where funnel_step = 1)
            select
                (before.month + interval 1 month)::date as month,
                before.deals_count as expected,
                coalesce(now.deals_count, 0) as found
            from leads as before
            left join leads as now on now.month = before.month + interval 1 month
            where found < 0.8 * expected and before.month < $last_month
            """,
        ),
    ),
    select="""
        with taken as (
            select month, kpi_name, funnel_step, deal_id from funnel.fct_deal_stage_history where stage_entry_num = 1
            union all
            select month, kpi_name, funnel_step, deal_id from funnel.fct_activities
        )
        select month, kpi_name, funnel_step, count(distinct deal_id) as deals_count from taken group by all
    """,
)
