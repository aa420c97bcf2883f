"""Random histories of calls, in random order of arrival: one ledger, equal to the model's on each day.

Belongs here: inventing the histories, and holding the ledger against the model. Does not: examples worked out by hand.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import asking
from leads_platform_tests.revenue import call_model
from leads_platform_tests.revenue.calls import Row, campaigns, invoca, leg
from leads_platform_tests.revenue.files import transactions
from leads_platform_tests.revenue.test_any_history import arrive

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)
STARTS = ("2024-05-10 09:00:00", "2024-05-31 23:59:59", "2024-06-01 00:00:00", "2024-06-15 12:00:00")
DAYS = [date(2024, 6, 20) + timedelta(days=4 * number) for number in range(6)]


def history(settings: Settings, draw: random.Random) -> None:
    """Thirty calls of four rows, of which half correct each other, are told anew, or move over the month's edge."""
    campaigns(settings, "2024-05-01", "K1,invoca,401", "K2,boberdoo,402")
    told: dict[date, list[Row]] = {day: [] for day in DAYS}
    calls = [(f"C{number}", draw.choice(STARTS)) for number in range(30)]
    for call, start in calls:
        names = [f"{call}-{number}" for number in range(draw.randint(1, 4))]
        for name in names:
            said = row(name, call, start, [*names, f"{call}-missing"], draw)
            first = draw.randrange(len(DAYS))
            told[DAYS[first]].append(said)
            if first + 1 < len(DAYS) and draw.random() < 0.3:
                again = {**said, **changed(draw)}
                told[DAYS[draw.randrange(first + 1, len(DAYS))]].append(again)
    for day, rows in told.items():
        invoca(settings, *({**said, "known_on": day} for said in rows))
    for month in (MAY, JUNE):
        prices = {call: draw.randint(0, 9_000) for call, start in calls if start[:7] == f"{month:%Y-%m}"}
        for day in draw.sample(DAYS, 3):
            lines = [
                f"B{call} 301 call sale {cents / 100:.2f} {month.replace(day=20)} call_id={call} lead_id="
                for call, cents in prices.items()
            ]
            transactions(settings, f"{month:%Y-%m}", f"{day}", "\n".join(lines))
            prices |= {call: draw.randint(0, 9_000) for call in draw.sample(sorted(prices), 3)}


def row(name: str, call: str, start: str, others: list[str], draw: random.Random) -> Row:
    link = {"corrects": draw.choice(others), "at": f"2024-06-{draw.randint(1, 5):02}T08:00:00"}
    return leg(
        name,
        "2024-06-20",
        f"{draw.randint(0, 9_000) / 100:.2f}",
        call=call,
        start=start if draw.random() < 0.8 else draw.choice(STARTS),
        payout=f"{draw.randint(0, 900) / 100:.2f}",
        campaign=draw.choice(("K1", "K2")),
        **(link if draw.random() < 0.5 else {}),
    )


def changed(draw: random.Random) -> Row:
    """What a row says anew: another payin, another start, or another campaign."""
    return draw.choice(
        [
            {"advertiser_payin_localized": f"{draw.randint(0, 9_000) / 100:.2f}"},
            {"record_local_at": draw.choice(STARTS)},
            {"advertiser_campaign_id": draw.choice(("K1", "K2"))},
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
def test_calls_are_worth_what_the_model_says_on_each_day(seed: int, tmp_path: Path) -> None:
    written = environment(tmp_path / "written")
    history(written, random.Random(seed))
    ours = [environment(tmp_path / name, {"LEADS_PLATFORM_NOW": "2024-08-15T12:00:00"}) for name in ("one", "other")]
    hashes = {arrive(settings, written.landing, random.Random(n)) for n, settings in enumerate(ours)}
    assert len(hashes) == 1
    with asking(ours[0]) as ask:
        for day in DAYS:
            found = ask(
                "select month, partner_id, sum(amount), sum(payout) from revenue.fct_revenue_entries "
                f"where known_on <= '{day}' group by all"
            )
            known = {(m, buyer): (int(sold * 100), int(paid * 100)) for m, buyer, sold, paid in found if sold or paid}
            assert known == call_model.worth(written.landing, day), f"as known on {day}"
        changes = {name for (name,) in ask("select distinct change from revenue.fct_call_transactions")}
    assert changes >= {"first", "correction", "reassigned", "undone", "price_change"}
