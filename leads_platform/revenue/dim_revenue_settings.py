"""The room's settings, as the newest file says: a file like any other, so that what it makes stale is known."""

from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null

BASE = "revenue.base_revenue_settings"

dim_revenue_settings = Table(
    says="One row per month: the settings by which its revenue is reckoned. The newest file holds for all months.",
    grain=("month",),
    columns=(
        Column("currency", "varchar", "The currency of all sums, as an ISO code; USD where no file says otherwise"),
        Column(
            "invoca_rollup_since",
            "date",
            "From calls of this day on Invoca's event rows repeat the call's total and add nothing; null: they add up",
        ),
    ),
    must=(not_null("currency"),),
    should=(
        bad_rows("currency_is_a_code", "not regexp_full_match(currency, '[A-Z]{3}')", "The currency is an ISO code."),
        Audit(
            "settings_are_known",
            "Each is currency, or invoca_rollup_since with a day as 2024-05-01; another changes nothing.",
            f"""
            select month, line from {BASE} where case lower(trim(name)) when 'currency' then false
                when 'invoca_rollup_since' then trim(value) <> '' and try_cast(trim(value) as date) is null
                else true end
            """,
        ),
    ),
    select=f"""
        with told as (
            select
                month,
                arg_max(upper(trim(value)), line) filter (lower(trim(name)) = 'currency') as currency,
                arg_max(trim(value), line) filter (lower(trim(name)) = 'invoca_rollup_since') as rollup_since
            from {BASE}
            where trim(value) <> ''
            group by month
        )
        select
            month,
            coalesce(currency, 'USD') as currency,
            try_cast(rollup_since as date) as invoca_rollup_since
        from months
        left join told using (month)
    """,
)
