"""What should be there by now and is not: expected files, and the latest closed month.

Belongs here: judging the state against the platform's clock. Does not: blocking anything; these are warnings.
They do not apply to feeds that never delivered, nor to the sample data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.months import add_months, label
from leads_platform.settings import Settings

# The monthly close runs on this day at this hour, in the platform's timezone; until then nothing is late.
CLOSE_DAY, CLOSE_HOUR = 3, 6


@dataclass(frozen=True)
class Finding:
    """One thing that is missing: the feed whose file is, or None for the platform's last closed month."""

    feed: str | None
    month: date
    says: str


def last_closed_month(settings: Settings) -> date:
    """The newest month whose close is due: the month before this one, or the one before that until day 3, 06:00."""
    now = settings.now()
    due = (now.day, now.hour) >= (CLOSE_DAY, CLOSE_HOUR)
    return add_months(settings.current_month(), -1 if due else -2)


def findings(settings: Settings, state: ArchiveSources) -> list[Finding]:
    """What is late as of the platform's clock; empty for sample data."""
    if settings.is_sample:
        return []
    closed = last_closed_month(settings)
    late = []
    for feed, feed_state in state.by_feed.items():
        if not feed_state.contract.delivered.is_monthly:
            continue
        months = {entry.manifest.month for entry in feed_state.entries if entry.counts and entry.manifest.month}
        if months and closed >= settings.first_month and closed not in months and max(months) < closed:
            says = f"{feed} has delivered no file for {label(closed)}; its last is for {label(max(months))}"
            late.append(Finding(feed, closed, says))
    late += _overdue(settings, state)
    data = state.data_months()
    if data and data[1] < closed:
        says = f"no feed has data for {label(closed)}, the last closed month; the last is {label(data[1])}"
        late.append(Finding(None, closed, says))
    return late


def _overdue(settings: Settings, state: ArchiveSources) -> list[Finding]:
    """Feeds whose contract says how often something new comes, and for which nothing has come for longer."""
    found = []
    for feed, feed_state in state.by_feed.items():
        days = feed_state.contract.fresh_within_days
        taken = [m.received_at for m in state.manifests if m.feed == feed and m.verdict in ("accepted", "partial")]
        if days is None or not taken:
            continue
        age = (settings.now() - max(taken)).days
        if age > days:
            says = f"{feed} has delivered nothing new for {age} days; its contract expects something within {days}"
            found.append(Finding(feed, settings.current_month(), says))
    return found
