select
    date_trunc('month', stage_entry_timestamp)::date as month,
    kpi_name,
    funnel_step,
    count(distinct deal_id) as deals_count
from {{ ref('fct_deal_stage_history') }}
where stage_entry_num = 1
group by all
union all
select
    date_trunc('month', due_timestamp)::date as month,
    kpi_name,
    funnel_step,
    count(distinct deal_id) as deals_count
from {{ ref('fct_activities') }}
group by all
