"""How returns develop with a cohort's age, and what of each cohort is still to be expected."""

from leads_platform.revenue.int_cohort_returns import int_cohort_returns
from leads_platform.warehouse import Column, Table, adds_up

rep_returns_development = Table(
    says="One row per month of sale and age, as known at the month's end; ages not yet lived are to come.",
    grain=("sale_month", "age_months"),
    columns=(
        *int_cohort_returns.columns,
        Column("returned_share", "double", "What was returned up to this age, as a share of gross_sold"),
        Column(
            "return_rate", "double", "Returned at this age as a share of gross_sold, of all cohorts that have lived it"
        ),
        Column("still_expected", "decimal(38,2)", "gross_sold by the rates of the ages to come; on each row"),
        Column("net_after_reserve", "decimal(38,2)", "gross_sold less all returned and still_expected; on each row"),
    ),
    must=(adds_up("every_age_is_here", "Every cohort has each age.", "revenue.int_cohort_returns"),),
    select="""
        with rated as (
            select
                *,
                (sum(returned) over of_age)::double
                    / nullif(sum(gross_sold) filter (returned is not null) over of_age, 0)::double as return_rate
            from revenue.int_cohort_returns
            window of_age as (partition by month, age_months)
        )
        select
            *,
            if(returned is null, null, sum(returned) over so_far)::double / nullif(gross_sold, 0) as returned_share,
            round(gross_sold * coalesce(sum(return_rate) filter (returned is null) over cohort, 0), 2)::decimal(38,2)
                as still_expected,
            gross_sold - coalesce(sum(returned) over cohort, 0)::decimal(38,2) - still_expected as net_after_reserve
        from rated
        window cohort as (partition by month, sale_month), so_far as (cohort order by age_months)
    """,
)
