select
    row_number() over () as change_id,
    try_cast(deal_id as bigint) as deal_id,
    try_cast(change_time as timestamp) as change_timestamp,
    changed_field_key as field_key,
    new_value
from read_csv('{{ env_var("BENCH_LANDING") }}/pipedrive_deal_changes/*.csv', all_varchar = true, header = true, delim = ',', quote = '"')
