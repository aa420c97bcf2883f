select user_id, user_name, user_email, true as is_active
from {{ ref('stg_users') }}
