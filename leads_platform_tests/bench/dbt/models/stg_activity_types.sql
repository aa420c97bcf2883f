select
    try_cast(id as bigint) as activity_type_id,
    name as activity_type_name,
    try_cast(active as boolean) as is_active,
    type as activity_type_key
from read_csv('{{ env_var("BENCH_LANDING") }}/pipedrive_activity_types/*.csv', all_varchar = true, header = true, delim = ',', quote = '"')
