"""What sources cost, as each delivery told it: typed, one row per version."""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, Table, accepted_values, bad_rows, not_null, pick, values_are_readable

BASE = "revenue.base_source_costs"

stg_source_costs = Table(
    says="One row per version of a month's cost of a source and kind.",
    grain=("src", "kind", "version"),
    nullable=("src",),
    columns=(
        Column("src", "varchar", "The source, as leads name it"),
        Column("kind", "varchar", "media, vendor or other"),
        Column("version", "bigint", "1: what was told of it first, and so on, by the deliveries' dates"),
        Column("not_counted", "varchar", "Why it is no cost: gone, other_currency or unreadable; else null"),
        Column("amount", "decimal(18,4)", "The cost; null where it can't be read"),
        *pick(ENTRY, "known_on", "file_name", "line"),
    ),
    must=(not_null("kind", "known_on"),),
    should=(
        accepted_values("kind", "media", "vendor", "other"),
        bad_rows("currency_is_ours", "not_counted = 'other_currency'", "All is of one currency; else it is left out."),
        bad_rows("amounts_are_whole_cents", "amount <> round(amount, 2)", "No amount is finer than a cent."),
        bad_rows("amounts_are_given", "not_counted = 'unreadable'", "Each has an amount; without one it is left out."),
        values_are_readable(BASE, amount="money(amount, 'us')"),
    ),
    select="""
        with told as (
            select
                *,
                nullif(trim(src), '') as source,
                coalesce(lower(nullif(trim(kind), '')), 'other') as sort,
                money(amount, 'us') as given
            from arrivals.source_costs_versions
        )
        select
            month,
            source as src,
            sort as kind,
            row_number() over (
                partition by month, source, sort
                order by known_on nulls first, known_at nulls first, is_gone desc, file_name, line
            ) as version,
            case when is_gone then 'gone'
                when upper(trim(told.currency)) not in ('', settings.currency) then 'other_currency'
                when given is null then 'unreadable'
            end as not_counted,
            given as amount,
            known_on,
            file_name,
            line
        from told
        join revenue.dim_revenue_settings as settings using (month)
    """,
)
