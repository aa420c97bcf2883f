"""Brokers' rows without a sale: money that waits, as a work list."""

from leads_platform.revenue.int_broker_matches import int_broker_matches
from leads_platform.warehouse import Column, Table, adds_up, bad_rows, not_null, pick

rep_unmatched_broker_rows = Table(
    says="One row per row of a broker that has no sale, sold up to the month's end, as now known.",
    grain=("broker", "reference", "sold_month"),
    columns=(
        *pick(int_broker_matches.columns, "broker", "reference"),
        Column("sold_month", "date", "Month of the broker's sale"),
        *pick(int_broker_matches.columns, "sold_on", "first_known_on"),
        Column("age_days", "bigint", "Days from its first file to the month's end; 0 where it came later"),
        *pick(int_broker_matches.columns, "amount", "reason", "rule", "candidates", "candidate_ids"),
        *pick(int_broker_matches.columns, "file_name", "line"),
    ),
    must=(
        not_null("reason", "age_days"),
        adds_up(
            "all_of_the_month_are_here",
            "The month's own rows without a sale are all here.",
            "revenue.int_broker_matches",
            where="reason is not null",
            this="count(*) filter (sold_month = month)",
        ),
    ),
    should=(bad_rows("none_waits_30_days", "age_days > 30", "A row finds its sale within 30 days."),),
    history=("revenue.int_broker_matches",),
    select="""
        select
            months.month, broker, reference, matches.month as sold_month, sold_on, first_known_on,
            greatest(last_day(months.month) - first_known_on, 0) as age_days,
            amount, reason, rule, candidates, candidate_ids, file_name, line
        from months
        join revenue.int_broker_matches as matches on matches.month <= months.month
        where reason is not null
    """,
)
