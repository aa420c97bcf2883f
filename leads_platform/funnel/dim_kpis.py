"""The eleven steps of the funnel and their names: the one place for both seeds' labels."""

from leads_platform.funnel.funnel_columns import ACTIVITY_TYPE_KEY, FUNNEL_STEP, KPI_NAME
from leads_platform.warehouse import Column, Table, bad_rows, not_null

dim_kpis = Table(
    says="One row per step of the funnel: nine stages, and two sales calls between them.",
    grain=("funnel_step",),
    columns=(
        FUNNEL_STEP,
        KPI_NAME,
        Column("kpi_short_name", "varchar", "The plain name, such as Sales Call 1"),
        Column("kind", "varchar", "stage: entering it counts; activity: doing it counts"),
        Column("stage_id", "integer", "The stage, for kind stage"),
        ACTIVITY_TYPE_KEY,
        Column("is_named", "boolean", "A look-up file names it; else it has a name of ours until one comes"),
    ),
    must=(
        not_null("kpi_name", "kpi_short_name"),
        bad_rows("name_has_its_number", "kpi_name not like 'Step %: _%'", "A name reads Step n: and the plain name."),
    ),
    select="""
        with calls(activity_type_key, funnel_step, usual_name) as (
            values ('meeting', 2.1::decimal(3, 1), 'Sales Call 1'), ('sc_2', 3.1::decimal(3, 1), 'Sales Call 2')
        ),
        numbers as (
            select months.month, unnest(range(1, 10))::integer as stage_id from months
            union
            select month, stage_id from funnel.stg_stages
        ),
        steps as (
            select
                numbers.month,
                numbers.stage_id::decimal(3, 1) as funnel_step,
                -- the fields' spelling is the one people see in Pipedrive
                coalesce(choice.option_label, stage.stage_name, 'Stage ' || numbers.stage_id) as kpi_short_name,
                'stage' as kind,
                numbers.stage_id,
                null::varchar as activity_type_key,
                coalesce(choice.option_label, stage.stage_name) is not null as is_named
            from numbers
            left join funnel.stg_stages as stage
                on stage.month = numbers.month
                and stage.stage_id = numbers.stage_id
            left join funnel.int_field_options as choice
                on choice.month = numbers.month
                and choice.option_id = numbers.stage_id
                and choice.field_key = 'stage_id'
            union all by name
            select
                months.month,
                calls.funnel_step,
                coalesce(type.activity_type_name, calls.usual_name) as kpi_short_name,
                'activity' as kind,
                null::integer as stage_id,
                calls.activity_type_key,
                type.activity_type_name is not null as is_named
            from months
            cross join calls
            left join funnel.stg_activity_types as type
                on type.month = months.month
                and type.activity_type_key = calls.activity_type_key
        )
        select
            *,
            'Step ' || rtrim(rtrim(funnel_step::varchar, '0'), '.') || ': ' || kpi_short_name as kpi_name
        from steps
    """,
)
