select
    stage_id,
    stage_name,
    'Step ' || stage_id || ': ' || stage_name as kpi_name,
    stage_id::decimal(3, 1) as funnel_step
from {{ ref('stg_stages') }}
