"""The daily deal stats, summed by month."""

from leads_platform.funnel.stats import days_by_month

monthly_deal_stats = days_by_month(
    "One row per month and step: the sum of daily_deal_stats, so a deal counts once for each day.",
    daily="funnel.daily_deal_stats",
)
