select
    entry.deal_id,
    entry.stage_id,
    entry.stage_name,
    stage.kpi_name,
    stage.funnel_step,
    entry.stage_entry_timestamp,
    entry.stage_entry_num
from {{ ref('int_deal_stage_history') }} as entry
left join {{ ref('dim_stages') }} as stage on stage.stage_id = entry.stage_id
