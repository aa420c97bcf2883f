"""Writing Invoca's transactions and campaigns.

Belongs here: which exports there are, and their lines. Does not: what is told (calls), or boberdoo's files (files).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path

from leads_platform.revenue.sample.calls import CAMPAIGNS, Calls, Leg
from leads_platform.revenue.sample.market import Lead
from leads_platform.sample.world import World
from leads_platform.sample.writing import BRACKETS, Writer, csv_line, phone

FEED = "invoca_transactions"
HEADER = (
    "transaction_id,complete_call_id,corrects_transaction_id,corrected_at,transaction_type,start_time_utc,"
    "advertiser_campaign_id,advertiser_campaign_name,affiliate_id,affiliate_name,advertiser_payin_localized,"
    "affiliate_payout_localized,calling_phone_number,duration,connect_duration,repeat_calling_phone_number,"
    "signal_name,signal_partner_unique_id,revenue"
)
CAMPAIGN_HEADER = "advertiser_campaign_id,campaign_name,system_of_record,partner_id,min_duration_seconds"
DURATION, CONNECTED = 190, 160  # seconds
SIGNALS = 25_000  # cents that each signal claims


class CallExports:
    """Invoca's exports: at each month's end what is new since the one before, and the campaigns once."""

    def __init__(self, world: World) -> None:
        self.days = [world.month(index + 1) - timedelta(days=1) for index in range(world.months)]
        self.campaigns = f"invoca_campaigns/invoca_campaigns_{world.first_month.isoformat()}.csv"
        self._first = world.first_month

    def files(self) -> list[tuple[date, str]]:
        return [(self._first, self.campaigns), *((day, path_of(day)) for day in self.days)]

    def tells(self, leg: Leg) -> date | None:
        """The day of the export that tells of it; None: none does."""
        return next((day for day in self.days if day >= leg.told), None)

    @contextmanager
    def writing(self, out: Path, calls: Calls) -> Iterator[Callable[[Sequence[Lead]], None]]:
        with ExitStack() as stack:
            listed = stack.enter_context(Writer(out / self.campaigns, CAMPAIGN_HEADER))
            for campaign, told in CAMPAIGNS.items():
                listed.add(csv_line((campaign, *told, 90)))
            writers = {day: stack.enter_context(Writer(out / path_of(day), HEADER)) for day in self.days}

            def take(leads: Sequence[Lead]) -> None:
                for leg in calls.of(leads):
                    if (day := self.tells(leg)) is not None:
                        writers[day].add(csv_line(_cells(leg)))

            yield take


def path_of(day: date) -> str:
    return f"{FEED}/{name_of(day)}"


def name_of(day: date) -> str:
    return f"{FEED}_{day.isoformat()}.csv"


def _cells(leg: Leg) -> tuple[object, ...]:
    start = int(leg.started.replace(tzinfo=UTC).timestamp() * 1_000)
    corrected = leg.corrected.isoformat() if leg.corrected else ""
    name = CAMPAIGNS[leg.campaign][0] if leg.campaign in CAMPAIGNS else ""
    signal = ("quote", f"Q-{leg.number}", f"{SIGNALS / 100:.2f}") if leg.kind == "Signal" else ("", "", "")
    return (
        *(leg.number, leg.call, leg.corrects, corrected, leg.kind, start, leg.campaign, name, "900", "Directory"),
        *(f"{leg.payin / 100:.2f}", f"{leg.payout / 100:.2f}", phone(leg.phone, BRACKETS), DURATION, CONNECTED),
        *("0", *signal),
    )
