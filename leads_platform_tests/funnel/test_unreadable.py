"""Values that can't be read, in one record of each kind: each is told with its line, and none leaves an older one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads_platform_tests.funnel.files import changed
from leads_platform_tests.rows import bad_rows_of, worked_out

JAN, FEB, MAR = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
CHANGES = changed("""
    1 2024-01-02 add_time 2024-01-02
    1 2024-01-02 user_id 1
    1 2024-01-03 value 900.00
    2 2024-01-02 add_time 2024-01-02
    2 2024-01-03 value 700
    3 2024-01-02 add_time 2024-01-02
    3 2024-01-03 value (38.00)
    1 2024-02-03 value $1,200.50
    2 2024-02-03 value 1,2oo
    3 2024-02-03 user_id me
    1 2024-03-03 value
    2 2024-03-03 value 5.25-
""")
DONE = {"type": "meeting", "assigned_to_user": "1", "deal_id": "1", "done": "True"}
BASE = {
    "activity": [
        {"line": 2, "record_local_at": "2024-02-01 10:00:00", "activity_id": "1", "due_to": "2024-01-31 10:00", **DONE},
        {"line": 3, "record_local_at": "2024-02-01 09:00:00", "activity_id": "two", "due_to": "soon", **DONE},
        {"line": 4, "record_local_at": "2024-02-01 09:00:00", **DONE},
    ],
    "activity_types": [
        {"line": 2, "id": "1", "name": "Meeting", "active": "Yes", "type": "meeting"},
        {"line": 3, "id": "b", "name": "Call 2", "active": "maybe", "type": "sc_2"},
    ],
    "users": [{"line": 2, "id": "1", "name": "Ann Lee", "email": "a@example.org", "modified": "yesterday"}],
}
LEAD = {"is_converted": "FALSE", "phone": "702-555-0110"}
EXPORT = [
    {"line": 2, "id": "00Q1", "is_deleted": "FALSE", "created_date": "2023-01-01 8:00:00", **LEAD},
    {"line": 3, "id": "00Q2", "is_deleted": "perhaps", "created_date": "May", **LEAD},
]


def test_a_value_that_cannot_be_read_replaces_the_one_before() -> None:
    """Found in use, 3: a value of "$1,200.50" left the deal at its older 900.00, and no check failed."""
    with worked_out(["funnel.dim_deals"], JAN, MAR, stg_deal_changes=CHANGES) as ask:
        assert ask(f"select month, deal_id, deal_value from funnel.dim_deals where month > '{JAN}' order by all") == [
            (FEB, 1, Decimal("1200.50")),
            (FEB, 2, None),
            (FEB, 3, Decimal("-38.00")),
            (MAR, 1, None),  # emptied
            (MAR, 2, Decimal("-5.25")),
            (MAR, 3, Decimal("-38.00")),
        ]


@pytest.mark.parametrize(
    ("address", "base", "rows", "lines"),
    [
        ("funnel.stg_activity", "base_pipedrive_activity", BASE["activity"], [3]),
        ("funnel.stg_activity_types", "base_pipedrive_activity_types", BASE["activity_types"], [3]),
        ("funnel.stg_users", "base_pipedrive_users", BASE["users"], [2]),
        ("prospects.stg_salesforce_leads", "base_salesforce_leads", EXPORT, [3]),
    ],
)
def test_a_value_that_cannot_be_read_is_told_and_blocks_nothing(
    address: str, base: str, rows: list[dict[str, object]], lines: list[int]
) -> None:
    with worked_out([address], FEB, FEB, **{base: rows}) as ask:
        assert ask(f"select count(*) from {address}") == [(len(rows),)]
    bad = bad_rows_of(address, "values_are_readable", FEB, **{base: rows})
    assert [row["line"] for row in bad] == lines


def test_an_amount_or_owner_that_cannot_be_read_is_told() -> None:
    bad = bad_rows_of("funnel.stg_deal_changes", "values_are_readable", FEB, stg_deal_changes=CHANGES)
    assert sorted(row["line"] for row in bad) == [10, 11]
    assert bad_rows_of("funnel.stg_deal_changes", "values_are_readable", MAR, stg_deal_changes=CHANGES) == []
