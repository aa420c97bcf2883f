with entries as (
    select
        deal_id,
        try_cast(new_value as integer) as stage_id,
        change_timestamp as stage_entry_timestamp
    from {{ ref('stg_deal_changes') }}
    where field_key = 'stage_id'
)

select
    entries.deal_id,
    entries.stage_id,
    stage.stage_name,
    entries.stage_entry_timestamp,
    row_number() over (
        partition by entries.deal_id, entries.stage_id order by entries.stage_entry_timestamp
    ) as stage_entry_num
from entries
left join {{ ref('stg_stages') }} as stage on stage.stage_id = entries.stage_id
