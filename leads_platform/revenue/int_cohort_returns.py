"""What of each month's sales came back at which age, as known at each month's end."""

from leads_platform.revenue.money_columns import SALE_MONTH
from leads_platform.warehouse import Audit, Column, Table, not_null

int_cohort_returns = Table(
    says="One row per month of sale and age, up to the age of the oldest cohort: as happened and known by month's end.",
    grain=("sale_month", "age_months"),
    columns=(
        Column("month", "date", "As of whose end it is known"),
        SALE_MONTH,
        Column("age_months", "bigint", "Months from the sale's to the refund's own"),
        Column("gross_sold", "decimal(38,2)", "The cohort's sales; on each of its rows"),
        Column("returned", "decimal(38,2)", "What of it was returned at this age; null: the age is to come"),
    ),
    must=(
        not_null("gross_sold"),
        Audit(
            "cohorts_are_those_of_the_report",
            "Sales and returns are those of rep_revenue_cohorts.",
            """
            with ours as (
                select month, sale_month, any_value(gross_sold) as gross, coalesce(sum(returned), 0) as returned
                from this
                group by all
            ),
            theirs as (
                select month, sale_month, sum(gross_sold) as gross, sum(returned) as returned
                from revenue.rep_revenue_cohorts
                group by all
            )
            select month, theirs.returned as expected, ours.returned as found
            from ours
            full join theirs using (month, sale_month)
            where (ours.gross, ours.returned) is distinct from (theirs.gross, theirs.returned)
            """,
        ),
    ),
    history=("revenue.fct_revenue_entries",),
    select="""
        with known as (
            select
                greatest(month, date_trunc('month', known_on))::date as known_month,
                sale_month,
                datediff('month', sale_month, month) as age_months,
                coalesce(sum(amount) filter (entry_kind = 'sale'), 0) as gross,
                coalesce(sum(amount) filter (entry_kind in ('refund', 'refund_reversal')), 0) as refunded
            from revenue.fct_revenue_entries
            group by all
        ),
        cells as (
            select months.month, sale_month, age_months, sum(gross) as gross, -sum(refunded) as returned
            from months
            join known on known_month <= months.month
            group by all
        ),
        cohorts as (
            select month, sale_month, datediff('month', sale_month, month) as lived, sum(gross) as gross_sold
            from cells
            group by all
        ),
        ages as (select month, unnest(range(max(lived) + 1)) as age_months from cohorts group by month)
        select
            month,
            sale_month,
            age_months,
            gross_sold::decimal(38,2) as gross_sold,
            if(age_months <= lived, coalesce(returned, 0), null)::decimal(38,2) as returned
        from cohorts
        join ages using (month)
        left join cells using (month, sale_month, age_months)
    """,
)
