select
    activity.activity_id,
    activity.deal_id,
    activity.activity_type_key,
    activity.activity_type_name,
    activity.user_id,
    case activity.activity_type_key
        when 'meeting' then 'Step 2.1: Sales Call 1' else 'Step 3.1: Sales Call 2'
    end as kpi_name,
    case activity.activity_type_key when 'meeting' then 2.1 else 3.1 end::decimal(3, 1) as funnel_step,
    activity.due_timestamp
from {{ ref('int_completed_activities') }} as activity
left join {{ ref('dim_users') }} as person on person.user_id = activity.user_id
where activity.activity_type_key in ('meeting', 'sc_2')
