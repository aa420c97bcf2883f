"""What the next plan would remove, and what of it a person is asked about. Rows in, answer out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leads_platform.warehouse.build_loop import build_stale, plan_stale
from leads_platform.warehouse.removal import Leave, WouldRemove, removal
from leads_platform_tests.warehouse import toy_warehouse

JAN, FEB, MAR, JUN = (date(2024, month, 1) for month in (1, 2, 3, 6))
BUILT = {("p.dim", JAN): 10, ("p.dim", FEB): 1_200, ("p.dim", MAR): 5, ("p.base_utah", FEB): 3, ("p.fct_old", MAR): 4}


class Months:
    """Sources of which only the months are asked."""

    def __init__(self, first: date, data: tuple[date, date] | None) -> None:
        self.first, self.data = first, data

    def open_months(self) -> tuple[date, date]:
        return self.first, JUN

    def data_months(self) -> tuple[date, date] | None:
        return self.data


def going(first: date, data: tuple[date, date] | None, taken_away: dict[str, str] | None = None):
    return removal(["p.dim"], taken_away or {}, Months(first, data), BUILT)  # type: ignore[arg-type]


def test_a_moved_first_month_is_asked_about_with_months_tables_and_rows() -> None:
    """Found in use, 12: LEADS_PLATFORM_FIRST_MONTH past the data emptied warehouse and published copy, exit code 0."""
    past = going(date(2024, 5, 1), None)
    assert past.needs_a_word
    assert past.words() == (
        "The first month is 2024-05 now (LEADS_PLATFORM_FIRST_MONTH): "
        "3 months of 1 table with 1,215 rows, 2024-01 to 2024-03, would go."
    )
    assert going(FEB, (FEB, MAR)).words().endswith("1 month of 1 table with 10 rows, 2024-01 to 2024-01, would go.")


def test_a_contract_taken_away_is_asked_about_and_dropped_code_is_not() -> None:
    """Found in use, 12: an upgrade that drops a table asks nothing; a contract that is gone may be a slip."""
    found = going(JAN, (JAN, MAR), {"p.base_utah": "utah"})
    would_go = "No contract declares these tables of utah any more: 1 month of 1 table with 3 rows would go."
    assert found.words() == would_go
    upgrade = going(JAN, (JAN, MAR))
    assert not upgrade.needs_a_word and set(upgrade.undeclared) == {("p.base_utah", FEB), ("p.fct_old", MAR)}


def test_a_room_that_is_not_there_is_asked_about() -> None:
    """Found in use, mended: without LEADS_PLATFORM_ROOMS in a cron line all tables of a room went, unasked."""
    sources = Months(JAN, (JAN, MAR))
    missing = removal(["p.dim"], {}, sources, {**BUILT, ("fleet.rep", JAN): 7}, ["p"])  # type: ignore[arg-type]
    assert missing.words() == (
        "There is no room fleet now (LEADS_PLATFORM_ROOMS): 1 month of 1 table with 7 rows would go."
    )
    there = removal(["p.dim"], {}, sources, {**BUILT, ("fleet.rep", JAN): 7}, ["fleet", "p"])  # type: ignore[arg-type]
    assert not there.needs_a_word


def test_what_a_person_withdrew_is_not_asked_about_again() -> None:
    """Found in use, 12: the first month's only file was withdrawn: its months go, as `withdraw` said."""
    found = going(JAN, (FEB, MAR))
    assert not found.needs_a_word and set(found.early) == {("p.dim", JAN)}


def test_the_write_path_removes_nothing_until_somebody_has_agreed(tmp_path: Path) -> None:
    """Found in use, 12: nothing is dropped or built before the answer, whoever plans."""
    moved = Moved(sales={JAN: [(1, "1", 1)], FEB: [(2, "2", 2)]})
    with toy_warehouse.opened(tmp_path, moved, base_sales=toy_warehouse.base()) as warehouse:
        assert build_stale(warehouse) == {}
        before = toy_warehouse.ledger(warehouse)
        moved.first = FEB
        with pytest.raises(WouldRemove, match=r"2024-01 to 2024-01, would go\.\nNobody has agreed"):
            plan_stale(warehouse)
        assert toy_warehouse.ledger(warehouse) == before
        warehouse._leave = Leave(agreed=True)
        plan_stale(warehouse)
        assert {month for _, month in warehouse.built()} == {FEB}


class Moved(toy_warehouse.Feeds):
    """Feeds of a platform whose first month can be moved."""

    first = JAN

    def open_months(self) -> tuple[date, date]:
        return self.first, JUN

    def data_months(self) -> tuple[date, date] | None:
        return max(self.first, JAN), FEB
