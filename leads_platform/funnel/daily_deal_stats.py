"""Deals that entered a stage, by day, under the plain names of the daily and monthly stats."""

from leads_platform.funnel.stats import deals_by_day

daily_deal_stats = deals_by_day(
    "One row per day and step: deals that entered the stage. A deal counts once a day and step.",
    fact="funnel.fct_deal_stage_history",
    time="stage_entry_timestamp",
)
