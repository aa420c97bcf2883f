"""Dimensions that keep what vanished (`as_of`): lists in, what stands at each month's end out, by hand."""

from datetime import date
from typing import Any

import duckdb
import pytest

from leads_platform.warehouse import as_of

MONTHS = [date(2024, month, 1) for month in (1, 2, 3, 4)]
# month, broker, id, phone
LISTS = """
    (date '2024-01-01', 'acme', 1, '555-0100'), (date '2024-01-01', 'acme', 2, '555-0101'),
    (date '2024-01-01', 'zenith', 1, null),
    (date '2024-02-01', 'acme', 1, null),
    (date '2024-04-01', 'zenith', 1, '555-0102'), (date '2024-04-01', 'acme', 2, '555-0103')
"""
KEEPS_PHONES = """
    select now.* replace (coalesce(now.phone, known.phone) as phone)
    from now
    left join known using (broker, id)
"""


def told(select: str = "select * from now", **asked: Any) -> dict[int, list[list[object]]]:
    """The dimension's rows by month, built month by month from `LISTS`."""
    con = duckdb.connect()
    con.execute(f"create table lists as select * from (values {LISTS}) as rows(month, broker, id, phone)")
    con.execute("create table dim (month date, broker varchar, id integer, phone varchar, is_listed boolean)")
    text = as_of("dim", "this_month", key=("broker", "id"), listed="is_listed", select=select, **asked)
    for before, month in zip([date(2023, 12, 1), *MONTHS], MONTHS, strict=False):
        con.execute(f"create or replace temp view this_month as from lists where month = '{month}'")
        bound = text.replace("$month", f"date '{month}'").replace("$previous_month", f"date '{before}'")
        con.execute(f"insert into dim by name {bound}")
    rows = con.execute("select month(month), broker, id, phone, is_listed from dim order by all").fetchall()
    return {month: [row for at, *row in rows if at == month] for month in range(1, 5)}


@pytest.mark.parametrize(
    ("asked", "zenith", "gone"),
    [({}, False, False), ({"lists_by": ("broker",)}, True, False)],
    ids=["one list", "a list for each broker"],
)
def test_what_vanishes_stays_and_says_so(asked: dict[str, Any], zenith: bool, gone: bool) -> None:
    found = told(**asked)
    assert found[1] == [["acme", 1, "555-0100", True], ["acme", 2, "555-0101", True], ["zenith", 1, None, True]]
    # acme's list came without 2; of zenith none came
    assert found[2] == [["acme", 1, None, True], ["acme", 2, "555-0101", gone], ["zenith", 1, None, zenith]]
    assert found[3] == found[2]  # no list at all
    assert found[4] == [["acme", 1, None, False], ["acme", 2, "555-0103", True], ["zenith", 1, "555-0102", True]]


def test_an_empty_value_never_replaces_a_known_one_where_the_select_says_so() -> None:
    found = told(KEEPS_PHONES)
    assert [phone for _, _, phone, _ in found[2]] == ["555-0100", "555-0101", None]
    assert [phone for _, _, phone, _ in found[4]] == ["555-0100", "555-0103", "555-0102"]


def test_a_row_that_is_not_listed_is_told_whether_a_list_came() -> None:
    found = told(lists_by=("broker",), otherwise={"phone": "if(list_came, 'gone', 'no list')"})
    assert [phone for _, _, phone, _ in found[2]] == [None, "gone", "no list"]
