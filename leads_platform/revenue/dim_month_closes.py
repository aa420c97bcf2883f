"""When each month's books were closed: the one place where it stands."""

from leads_platform.warehouse import Audit, Column, Table, accepted_values, not_null

BASE = "revenue.base_closes"
CLOSED_MONTH = "try_strptime(trim(closed_month), ['%Y-%m-%d', '%Y-%m'])::date"
CLOSED_ON = "try_cast(trim(closed_on) as date)"

dim_month_closes = Table(
    says="One row per month: the day of its close. What is known on that day is in the close.",
    grain=("month",),
    columns=(
        Column("closed_on", "date", "Day of the close; where nobody said, day 3 of the next month"),
        Column("by", "varchar", "Who says so: `closes` (the file) or `default`; a word of SQL: write it in quotes"),
    ),
    must=(not_null("closed_on", "by"), accepted_values("by", "closes", "default")),
    should=(
        Audit(
            "closes_are_readable",
            "Each close names a month and a day; else the month closes on day 3 of the next.",
            f"select month, line from {BASE} where {CLOSED_MONTH} is null or {CLOSED_ON} is null",
        ),
        Audit(
            "months_close_in_order",
            "No month closes before the one before it.",
            """
            select this.month, this.closed_on from this
            join this_history as before on before.month = this.month - interval 1 month
            where this.closed_on < before.closed_on
            """,
        ),
    ),
    select=f"""
        with told as (
            select month, arg_max({CLOSED_ON}, line) as closed_on
            from {BASE}
            where date_trunc('month', {CLOSED_MONTH}) = month and {CLOSED_ON} is not null
            group by month
        )
        select
            month,
            coalesce(closed_on, (month + interval 1 month + interval 2 day)::date) as closed_on,
            if(closed_on is null, 'default', 'closes') as by
        from months
        left join told using (month)
    """,
)
