select
    try_cast(activity_id as bigint) as activity_id,
    type as activity_type_key,
    try_cast(assigned_to_user as bigint) as user_id,
    try_cast(deal_id as bigint) as deal_id,
    try_cast(done as boolean) as is_completed,
    try_cast(due_to as timestamp) as due_timestamp
from read_csv('{{ env_var("BENCH_LANDING") }}/pipedrive_activity/*.csv', all_varchar = true, header = true, delim = ',', quote = '"')
