"""Random histories of leads and money, in random order of arrival: one ledger, equal to the model's.

Belongs here: inventing the histories, and holding the tables against the model. Does not: examples worked out by hand.
"""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import asking, content_hash, run
from leads_platform_tests.revenue import model
from leads_platform_tests.revenue.files import leads, transactions

MONTHS = (date(2024, 4, 1), date(2024, 5, 1), date(2024, 6, 1))
DEALS = ("standard", "cpa", "cpt", "warm_transfer", "drip", "lead_call", "call", "exclusive")
Cells = dict[str, str]


class History:
    """Sales and what is said of them later, as exports: each a list of lines."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = 0
        self.leads: list[tuple[str, date]] = []

    def write(self, settings: Settings) -> None:
        """Each month's exports, each a change of the one before, and the leads."""
        sold: list[tuple[str, date]] = []
        for month in MONTHS:
            records = dict(self._made(month, sold) for _ in range(14))
            day = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            for _ in range(self._random.randint(2, 4)):
                lines = [" ".join([number, *self._words(cells)]) for number, cells in records.items()]
                transactions(settings, f"{month:%Y-%m}", f"{day}", "\n".join(lines))
                records = self._changed(records, month, sold)
                day += timedelta(days=self._random.randint(1, 12))
            told = [f"{lead} {day} {self._random.choice(('web', 'mail'))}" for lead, day in self.leads if day >= month]
            leads(settings, f"{month.replace(day=28)}", "\n".join(told))

    def _words(self, cells: Cells) -> list[str]:
        named = ("partner", "deal", "event", "amount", "occurred")
        more = [f"{name}={value}" for name, value in cells.items() if name not in named]
        return [*(cells[name] for name in named), *more]

    def _made(self, month: date, sold: list[tuple[str, date]]) -> tuple[str, Cells]:
        draw = self._random
        self._numbers += 1
        number = f"T{self._numbers}"
        day = month + timedelta(days=draw.randint(0, 27))
        event = draw.choices(
            ("sale", "refund", "refund_reversal", "adjustment", "conversion", "chargeback", "fee", "credit", "payment"),
            (12, 4, 1, 1, 1, 1, 1, 1, 1),
        )[0]
        cells = {
            "partner": draw.choice(("301", "302")),
            "deal": draw.choices(DEALS, (6, 1, 1, 1, 1, 1, 1, 1))[0],
            "event": event,
            "amount": f"{draw.randint(-500 if event == 'adjustment' else 0, 5000) / 100:.2f}",
            # The last minutes of a month are its own.
            "occurred": f"{day}T12:00:00" if draw.random() < 0.8 else f"{month.replace(day=28)}T23:59:59",
            "lead_id": "",
        }
        if event not in ("fee", "credit", "payment") and draw.random() < 0.8:
            cells["lead_id"] = f"L{self._numbers}"
            self.leads.append((cells["lead_id"], day))
        if event != "sale" and sold and draw.random() < 0.8:
            cells["parent_transaction_id"] = draw.choice(sold)[0]
        sold.append((number, month))
        return number, cells

    def _changed(self, records: dict[str, Cells], month: date, sold: list[tuple[str, date]]) -> dict[str, Cells]:
        """The next export: a few are changed, one or two vanish, new ones come late; most stay as they are."""
        draw = self._random
        told = {number: dict(cells) for number, cells in records.items()}
        for number in draw.sample(sorted(told), 4):
            cells = told[number]
            match draw.randint(0, 5):
                case 0 | 1:
                    cells["amount"] = f"{draw.randint(0, 5000) / 100:.2f}"
                case 2:
                    cells["partner"] = draw.choice(("301", "302", "303"))
                case 3:
                    cells["deal"] = draw.choice(DEALS)
                case 4:
                    cells["currency"] = draw.choice(("EUR", "USD", ""))
                case _:
                    del told[number]
        late = dict(self._made(month, sold) for _ in range(draw.randint(0, 2)))
        return told | late


def arrive(settings: Settings, source: Path, order: random.Random) -> str:
    """Takes the files in, in random order and some sessions, and gives the hash of all tables."""
    paths = sorted(source.rglob("*.csv"))
    order.shuffle(paths)
    cuts = order.sample(range(1, len(paths)), 2)
    for number, path in enumerate(paths):
        if number in cuts:
            run(settings, rooms=["revenue"])
        target = settings.landing / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return content_hash(settings, run(settings, rooms=["revenue"]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_entries_are_the_model_s_in_any_order(seed: int, tmp_path: Path) -> None:
    written = environment(tmp_path / "written")
    History(seed).write(written)
    ours = [environment(tmp_path / name, {"LEADS_PLATFORM_NOW": "2024-08-15T12:00:00"}) for name in ("one", "other")]
    hashes = {arrive(settings, written.landing, random.Random(n)) for n, settings in enumerate(ours)}
    assert len(hashes) == 1
    expected = model.ledger(written.landing)
    assert {entry.reason for entry in expected} >= {"price_change", "reassigned", "undone", "refund"}
    with asking(ours[0]) as ask:

        def cents(query: str) -> dict[tuple[object, ...], int]:
            return {tuple(key): int(total * 100) for *key, total in ask(query) if total}

        assert cents("select month, business_unit, partner_id, src, net_sold from revenue.rep_revenue_monthly") == (
            model.totals(expected, "month", "unit", "partner", "src")
        )
        ledger = "from revenue.fct_revenue_entries group by all"
        assert cents(f"select month, known_on, business_unit, partner_id, sum(amount) {ledger}") == (
            model.totals(expected, "month", "known_on", "unit", "partner")
        )
        assert cents(f"select sale_month, month, sum(amount) {ledger}") == (
            model.totals(expected, "sale_month", "month")
        )
        late = [entry for entry in expected if entry.known_on > model.close(entry.month)]
        assert cents("select month, reason, sum(amount) from revenue.rep_revenue_restatement group by all") == (
            model.totals(late, "month", "reason")
        )
        in_time = [entry for entry in expected if entry.known_on <= model.close(entry.month)]
        assert cents("select month, sum(current_period) from revenue.rep_revenue_booked group by all") == (
            model.totals(in_time, "month")
        )
