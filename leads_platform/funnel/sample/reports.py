"""The rows of the room's reports, counted from the books in plain Python.

Belongs here: what a report's number means. Does not: what a deal is as of a moment (books), or any SQL.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from statistics import mean, median

from leads_platform.funnel.sample.books import CALLS, SHORT_NAMES, STEPS, Books, Row, Standing, month_of, reason_name
from leads_platform.funnel.sample.sales import STAGES

_STAGES = range(1, len(STAGES) + 1)


def report_rows(books: Books) -> dict[str, list[Row]]:
    """The rows of every report and of the stats that it is held against, by table."""
    reports: tuple[Callable[[Books], Iterator[Row]], ...] = (
        monthly_stats,
        rep_funnel_conversion,
        rep_funnel_definitions,
        rep_funnel_trends,
        rep_lost_reasons,
        rep_pipeline_snapshot,
        rep_sales_funnel_monthly,
        rep_sales_funnel_quarterly,
        rep_sales_rep_performance,
        rep_sales_velocity,
        rep_stage_durations,
    )
    return {report.__name__: list(report(books)) for report in reports}


def _step(stage: int) -> Decimal:
    return Decimal(f"{stage}.0")


def _stage_name(stage: int) -> str:
    return STEPS[_step(stage)] if stage else "in no stage yet"


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    given = [value for value in values if value is not None]
    return sum(given, Decimal(0)) if given else None


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None


def _taken(books: Books) -> Iterator[tuple[date, Decimal, int]]:
    """Month, step and deal: first entries into stages, and done sales calls."""
    for entry in books.entries:
        if entry.number_in_stage == 1:
            yield month_of(entry.change.at), _step(entry.stage), entry.deal_id
    for call in books.calls:
        yield month_of(call.due), CALLS[call.kind], call.deal_id


def _days(books: Books) -> dict[tuple[date, Decimal], Counter[int]]:
    """By month and step: on how many days each deal took it, counting every entry and every done sales call."""
    days = {(entry.change.at.date(), _step(entry.stage), entry.deal_id) for entry in books.entries}
    days |= {(call.due.date(), CALLS[call.kind], call.deal_id) for call in books.calls}
    found: dict[tuple[date, Decimal], Counter[int]] = defaultdict(Counter)
    for day, step, deal_id in days:
        found[day.replace(day=1), step][deal_id] += 1
    return found


def _first(books: Books) -> dict[tuple[date, Decimal], set[int]]:
    """By month and step: the deals that took it for the first time, or had the call."""
    found: dict[tuple[date, Decimal], set[int]] = defaultdict(set)
    for month, step, deal_id in _taken(books):
        found[month, step].add(deal_id)
    return found


def monthly_stats(books: Books) -> Iterator[Row]:
    for (month, step), deals in _days(books).items():
        yield {
            "month": month,
            "kpi_name": SHORT_NAMES[step],
            "funnel_step": step,
            "deals_count": sum(deals.values()),
        }


def rep_sales_funnel_monthly(books: Books) -> Iterator[Row]:
    for (month, step), deals in _first(books).items():
        yield {"month": month, "kpi_name": STEPS[step], "funnel_step": step, "deals_count": len(deals)}


def rep_funnel_definitions(books: Books) -> Iterator[Row]:
    first = _first(books)
    for (month, step), days in _days(books).items():
        once = first.get((month, step), set())
        difference = sum(days.values()) - len(once)
        if difference:
            yield {
                "month": month,
                "kpi_name": STEPS[step],
                "funnel_step": step,
                "first_entry_count": len(once),
                "every_entry_count": sum(days.values()),
                "difference": difference,
                "deal_ids": sorted(deal_id for deal_id, many in days.items() if many != (deal_id in once)),
            }


def rep_funnel_trends(books: Books) -> Iterator[Row]:
    first = _first(books)
    months = [month for month in books.months if month >= min(month for month, _ in first)]
    for step in STEPS:
        counts = [len(first.get((month, step), ())) for month in months]
        for index, month in enumerate(months):
            before = counts[index - 1] if index >= 1 else None
            year_ago = counts[index - 12] if index >= 12 else None
            window = counts[max(0, index - 11) : index + 1]
            yield {
                "month": month,
                "kpi_name": STEPS[step],
                "funnel_step": step,
                "deals_count": counts[index],
                "previous_month_count": before,
                "month_on_month": counts[index] / before - 1 if before else None,
                "year_ago_count": year_ago,
                "year_on_year": counts[index] / year_ago - 1 if year_ago else None,
                "rolling_12_count": sum(window),
                "rolling_months": len(window),
            }


def rep_sales_funnel_quarterly(books: Books) -> Iterator[Row]:
    first = _first(books)
    for month in books.months:
        quarter = month.replace(month=month.month - (month.month - 1) % 3)
        so_far: dict[Decimal, set[int]] = defaultdict(set)
        for (other, step), deals in first.items():
            if quarter <= other <= month:
                so_far[step] |= deals
        for step, deals in so_far.items():
            yield {
                "month": month,
                "quarter": quarter,
                "months_in_quarter": month.month - quarter.month + 1,
                "kpi_name": STEPS[step],
                "funnel_step": step,
                "deals_count": len(deals),
            }


def rep_funnel_conversion(books: Books) -> Iterator[Row]:
    for month, deals in books.standing.items():
        cohorts: dict[date, list[Standing]] = defaultdict(list)
        for deal in deals.values():
            if deal.created_at:
                cohorts[month_of(deal.created_at)].append(deal)
        for cohort, created in cohorts.items():
            before = 0
            for stage in _STAGES:
                reached = sum(max(deal.entered, default=0) >= stage for deal in created)
                may_yet = sum(max(deal.entered, default=0) < stage and deal.status == "open" for deal in created)
                yield {
                    "month": month,
                    "cohort_month": cohort,
                    "stage_id": stage,
                    "kpi_name": _stage_name(stage),
                    "funnel_step": _step(stage),
                    "deals_created": len(created),
                    "deals_entered": sum(stage in deal.entered for deal in created),
                    "deals_reached": reached,
                    "deals_still_open": may_yet,
                    "step_conversion": _share(reached, before),
                    "cumulative_conversion": reached / len(created),
                    "cumulative_conversion_at_most": (reached + may_yet) / len(created),
                }
                before = reached


def rep_lost_reasons(books: Books) -> Iterator[Row]:
    for month in books.months:
        lost = [deal for _, deal in books.closed(month) if deal.status == "lost"]
        cells: dict[tuple[str, int], list[Standing]] = defaultdict(list)
        for deal in lost:
            cells[reason_name(deal) or "not stated", deal.stage or 0].append(deal)
        for (reason, stage), deals in cells.items():
            yield {
                "month": month,
                "lost_reason": reason,
                "stage_id": stage,
                "kpi_name": _stage_name(stage),
                "deals_lost": len(deals),
                "share_of_month": len(deals) / len(lost),
                "value_lost": _sum(deal.value for deal in deals),
            }


def rep_pipeline_snapshot(books: Books) -> Iterator[Row]:
    for month, end in books.ends():
        cells: dict[int, list[Standing]] = defaultdict(list)
        for deal in books.standing[month].values():
            if deal.status == "open":
                cells[deal.stage or 0].append(deal)
        for stage, deals in cells.items():
            yield {
                "month": month,
                "stage_id": stage,
                "kpi_name": _stage_name(stage),
                "open_deals": len(deals),
                "deals_with_value": sum(deal.value is not None for deal in deals),
                "pipeline_value": _sum(deal.value for deal in deals),
                "median_days_in_stage": _median(
                    (end - deal.stage_since) / timedelta(days=1) for deal in deals if deal.stage_since
                ),
                "median_days_open": _median(
                    (end - deal.created_at) / timedelta(days=1) for deal in deals if deal.created_at
                ),
            }


def rep_sales_rep_performance(books: Books) -> Iterator[Row]:
    history = list(books.fct_deal_stage_history())
    for month in books.months:
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        values: dict[int, list[Decimal | None]] = defaultdict(list)
        for activity in books.done:
            if month_of(activity.due) == month:
                counts[activity.user_id]["activities_done"] += 1
                counts[activity.user_id]["sales_calls_done"] += activity.kind in CALLS
        for row in history:
            if row["month"] == month:
                counts[int(str(row["owner_user_id"] or 0))]["stage_entries"] += 1
        for _, deal in books.closed(month):
            if deal.status in ("won", "lost"):
                counts[deal.closed_by or 0][f"deals_{deal.status}"] += 1
            if deal.status == "won":
                values[deal.closed_by or 0].append(deal.value)
        for deal in books.standing[month].values():
            if deal.status == "open":
                counts[deal.owner or 0]["open_deals"] += 1
        for user, done in counts.items():
            yield {
                "month": month,
                "user_id": user,
                "user_name": books.users.get(user),
                "activities_done": done["activities_done"],
                "sales_calls_done": done["sales_calls_done"],
                "stage_entries": done["stage_entries"],
                "deals_won": done["deals_won"],
                "deals_lost": done["deals_lost"],
                "win_rate": _share(done["deals_won"], done["deals_won"] + done["deals_lost"]),
                "value_won": _sum(values[user]),
                "open_deals": done["open_deals"],
            }


def rep_sales_velocity(books: Books) -> Iterator[Row]:
    for month in books.months:
        deals, closed = books.standing[month].values(), [deal for _, deal in books.closed(month)]
        if not deals:
            continue
        won, lost = ([deal for deal in closed if deal.status == status] for status in ("won", "lost"))
        open_deals, rate = sum(deal.status == "open" for deal in deals), _share(len(won), len(won) + len(lost))
        values = [deal.value for deal in won if deal.value is not None]
        lives = [
            (deal.closed_at - deal.created_at) / timedelta(days=1) for deal in won if deal.closed_at and deal.created_at
        ]
        mean_value, mean_days = float(mean(values)) if values else None, mean(lives) if lives else None
        velocity = None
        if rate is not None and mean_value is not None and mean_days:
            velocity = open_deals * rate * mean_value / mean_days
        yield {
            "month": month,
            "deals_created": sum(deal.created_at is not None and month_of(deal.created_at) == month for deal in deals),
            "deals_won": len(won),
            "deals_lost": len(lost),
            "win_rate": rate,
            "open_deals": open_deals,
            "won_with_value": len(values),
            "value_won": _sum(values),
            "mean_value_won": mean_value,
            "mean_days_to_win": mean_days,
            "velocity_per_day": velocity,
        }


def rep_stage_durations(books: Books) -> Iterator[Row]:
    ended: dict[int, list[float]] = defaultdict(list)
    for month in books.months:
        still_open: dict[int, list[float]] = defaultdict(list)
        for stay, lasts, days in books.lasting(month):
            (still_open if lasts else ended)[stay.stage].append(days)
        for stage in sorted(ended.keys() | still_open.keys()):
            done, waiting = sorted(ended.get(stage, ())), still_open.get(stage, [])
            limit = _nine_of_ten(done)
            yield {
                "month": month,
                "stage_id": stage,
                "kpi_name": _stage_name(stage),
                "funnel_step": _step(stage),
                "ended_stays": len(done),
                "median_days": _median(done),
                "p90_days": limit,
                "open_stays": len(waiting),
                "median_open_days": _median(waiting),
                "overdue_open_stays": sum(limit is not None and days > limit for days in waiting),
                "median_days_with_open": _half_life(done, waiting),
            }


def _nine_of_ten(ordered: list[float]) -> float | None:
    """The 90th percentile, between two values in proportion."""
    if not ordered:
        return None
    place, rest = divmod(0.9 * (len(ordered) - 1), 1)
    upper = ordered[min(int(place) + 1, len(ordered) - 1)]
    return ordered[int(place)] + rest * (upper - ordered[int(place)])


def _half_life(ended: list[float], waiting: list[float]) -> float | None:
    """After how many days half have ended, those still waiting counted as long as they were seen (Kaplan-Meier)."""
    left = 1.0
    for days in sorted(set(ended)):
        left *= 1 - ended.count(days) / sum(other >= days for other in (*ended, *waiting))
        if left <= 0.5 + 1e-9:
            return days
    return None
