"""Deals with a done sales call, by day, under the plain names of the daily and monthly stats."""

from leads_platform.funnel.stats import deals_by_day

daily_activity_stats = deals_by_day(
    "One row per day and step: deals with a done sales call. A deal counts once a day and step.",
    fact="funnel.fct_activities",
    time="activity_timestamp",
)
