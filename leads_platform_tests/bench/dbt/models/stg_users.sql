select
    try_cast(id as bigint) as user_id,
    name as user_name,
    email as user_email,
    try_cast(modified as timestamp) as modified_at
from read_csv('{{ env_var("BENCH_LANDING") }}/pipedrive_users/*.csv', all_varchar = true, header = true, delim = ',', quote = '"')
