"""The known answers of the sample's sales, counted from the stories.

Belongs here: what the numbers mean, and counting them deal by deal. Does not: telling stories (deals), or any SQL.
All numbers are those of the end state, the newest exports having arrived. Months are labels such as 2024-03.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from leads_platform.sample.deals import Deal

_CALLS = {"meeting": "2.1", "sc_2": "3.1"}


@dataclass(slots=True)
class FunnelTruth:
    """What a correct platform finds. A deal is a Pipedrive id; where two deals share one, the id counts once.

    `first_entries` and `every_entry`: deals by month and step (`1` to `9`, `2.1`, `3.1`), as
    rep_sales_funnel_monthly and monthly_stats count. `created`, `won`, `lost` by month of the event; a deal opened
    again by the end of its month is not lost in it. `value_won` in cents. `open_at_end`: open deals by the stage they
    are in at the end of the last month (0: none). Lists are sorted.
    """

    changes: int = 0
    activities: int = 0
    first_entries: dict[str, dict[str, int]] = field(default_factory=dict)
    every_entry: dict[str, dict[str, int]] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    won: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    value_won: dict[str, int] = field(default_factory=dict)
    open_at_end: dict[str, int] = field(default_factory=dict)
    deals: int = 0
    re_entered: list[int] = field(default_factory=list)  # deals that entered a stage twice
    changed_hands: list[int] = field(default_factory=list)  # deals with more than one owner
    shared_ids: list[int] = field(default_factory=list)  # ids that two deals share


def funnel_truth(stories: Iterable[Deal]) -> FunnelTruth:
    """Counts the stories; reads them once and keeps what one id needs."""
    truth = FunnelTruth()
    first: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("created", "won", "lost", "value", "open")}
    held: Deal | None = None
    for deal in stories:
        if held is not None and held.deal_id == deal.deal_id:
            truth.shared_ids.append(deal.deal_id)
            both = sorted([*held.changes, *deal.changes], key=lambda change: change[0])
            held = Deal(deal.deal_id, both, [*held.calls, *deal.calls])
            continue
        if held is not None:
            _count(held, truth, first, every, counts)
        held = deal
    if held is not None:
        _count(held, truth, first, every, counts)
    truth.first_entries, truth.every_entry = _nested(first), _nested(every)
    truth.created, truth.won, truth.lost, truth.value_won, truth.open_at_end = (
        dict(sorted(counts[name].items())) for name in ("created", "won", "lost", "value", "open")
    )
    return truth


def _count(deal: Deal, truth: FunnelTruth, first: Counter, every: Counter, counts: dict[str, Counter]) -> None:
    truth.deals += 1
    truth.changes += len(deal.changes)
    truth.activities += len(deal.calls)
    entered = _count_entries(deal, first, every)
    calls = [call for call in deal.calls if call.done and call.kind in _CALLS]
    for step, month in {(_CALLS[call.kind], f"{call.due:%Y-%m}") for call in calls}:
        first[month, step] += 1
    for step, day in {(_CALLS[call.kind], f"{call.due:%Y-%m-%d}") for call in calls}:
        every[day[:7], step] += 1
    _count_ends(deal, counts)
    counts["created"][min(f"{at:%Y-%m}" for at, key, _ in deal.changes if key == "add_time")] += 1
    if len(set(entered)) < len(entered):
        truth.re_entered.append(deal.deal_id)
    if len({new for _, key, new in deal.changes if key == "user_id"}) > 1:
        truth.changed_hands.append(deal.deal_id)


def _count_entries(deal: Deal, first: Counter, every: Counter) -> list[str]:
    """Counts the deal's entries into stages; returns the stages in order."""
    entered: list[str] = []
    days = set()
    for at, key, stage in deal.changes:
        if key == "stage_id":
            if stage not in entered:
                first[f"{at:%Y-%m}", stage] += 1
            entered.append(stage)
            days.add((f"{at:%Y-%m-%d}", stage))
    for day, stage in days:
        every[day[:7], stage] += 1
    return entered


def _count_ends(deal: Deal, counts: dict[str, Counter]) -> None:
    """Counts by month how the deal stands at its end, where it closed in it, and the stage it is open in at last."""
    ends: dict[str, tuple[str, str]] = {}
    stage, how, value = "0", "", ""
    for at, key, new in deal.changes:
        month = f"{at:%Y-%m}"
        if key == "value":
            value = new
        elif key == "stage_id":  # a closed deal that enters a stage is open again
            stage, how = new, ""
            ends.pop(month, None)
        elif key == "status" and new != how:  # lost once more: nothing new
            how = "" if new == "open" else new
            ends[month] = (how, value)
    for month, (end, worth) in ends.items():
        if end:
            counts[end][month] += 1
        if end == "won" and worth:
            counts["value"][month] += round(float(worth) * 100)
    if not how:
        counts["open"][stage] += 1


def _nested(counter: Counter) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (month, step), deals in sorted(counter.items()):
        nested.setdefault(month, {})[step] = deals
    return nested
