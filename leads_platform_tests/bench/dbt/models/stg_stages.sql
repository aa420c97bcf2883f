select
    try_cast(stage_id as integer) as stage_id,
    stage_name
from read_csv('{{ env_var("BENCH_LANDING") }}/pipedrive_stages/*.csv', all_varchar = true, header = true, delim = ',', quote = '"')
