"""The sample's rows held against a room's truth, column by column.

Belongs here: comparing. Does not: what is true (each room's `sample`), or building the sample (conftest).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from leads_platform.dictionary import packaged
from leads_platform.settings import Settings
from leads_platform.warehouse.sql import identifier
from leads_platform_tests.helpers import ask

Truth = dict[str, list[dict[str, Any]]]


# Reports that repeat records as they were delivered, with keys made of cleaned cells: told in part, or not at all.
_TOLD_IN_PART = {"rep_new_leads"}
# Of those of brokers the sample has none yet: they have no row.
_UNTOLD = {"rep_lead_changes", "fct_dispositions", "rep_broker_performance", "rep_unmatched_broker_rows"}


def facts_and_reports(room: str) -> list[str]:
    """The facts and reports that the truth tells."""
    tables = (address.split(".") for address in packaged().catalogue.tables)
    return sorted(
        name for of, name in tables if of == room and name.startswith(("fct_", "rep_")) and name not in _UNTOLD
    )


def assert_as_told(settings: Settings, address: str, truth: Truth) -> None:
    """The table has exactly the truth's rows, in the columns that the truth tells; of facts and reports in all.

    Fractions may differ in their last digits.
    """
    room, name = address.split(".")
    told = truth[name]
    assert told, f"the truth has no row of {address}"
    columns = list(told[0])
    if name in set(facts_and_reports(room)) - _TOLD_IN_PART:
        assert set(columns) == {column.name for column in packaged().catalogue.tables[address].columns}
    found = sorted(ask(settings, f"select {', '.join(map(identifier, columns))} from {address}"), key=_order)
    expected = sorted((tuple(row[column] for column in columns) for row in told), key=_order)
    assert len(found) == len(expected)
    for row, known in zip(found, expected, strict=True):
        if row != known:
            wrong = [name for name, one, other in zip(columns, row, known, strict=True) if not _same(one, other)]
            assert not wrong, f"{wrong}: found {row}, expected {known}"


def _order(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(f"{cell:.6f}" if isinstance(cell, float | Decimal) else str(cell) for cell in row)


def _same(found: Any, expected: Any) -> bool:
    return found == (pytest.approx(expected) if isinstance(expected, float) else expected)
