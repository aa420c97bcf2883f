select
    activity.activity_id,
    activity.deal_id,
    activity.activity_type_key,
    type.activity_type_name,
    activity.user_id,
    activity.due_timestamp
from {{ ref('stg_activity') }} as activity
left join {{ ref('stg_activity_types') }} as type on type.activity_type_key = activity.activity_type_key
where activity.is_completed
