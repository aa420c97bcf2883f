"""Values that can't be read, in one file of each kind: each is told with its line, and none leaves an older one."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from leads_platform.platform import load_platform, open_session
from leads_platform.settings import Settings
from leads_platform.warehouse.build_loop import build_stale
from leads_platform_tests.funnel.files import changes, look_ups
from leads_platform_tests.helpers import SALESFORCE_HEADER, ask, drop, salesforce

TABLES = {
    "funnel.dim_deals",
    "funnel.stg_activity",
    "funnel.stg_activity_types",
    "funnel.stg_users",
    "prospects.stg_salesforce_leads",
}
FEB, MAR = date(2024, 2, 1), date(2024, 3, 1)


def test_a_value_that_cannot_be_read_is_told_and_replaces_the_one_before(settings: Settings) -> None:
    """Found in use, 3: a value of "$1,200.50" left the deal at its older 900.00, and no check failed."""
    look_ups(settings, users=["1,Ann Lee", "2,Bo Kim"])
    changes(settings, """
        1 2024-01-02 add_time 2024-01-02
        1 2024-01-02 user_id 1
        1 2024-01-03 value 900.00
        2 2024-01-02 add_time 2024-01-02
        2 2024-01-03 value 700
        3 2024-01-02 add_time 2024-01-02
        3 2024-01-03 value (38.00)
        1 2024-02-03 value "$1,200.50"
        2 2024-02-03 value "1,2oo"
        3 2024-02-03 user_id me
        1 2024-03-03 value
        2 2024-03-03 value 5.25-
    """)  # fmt: skip
    header = "activity_id,type,assigned_to_user,deal_id,done,due_to,marked_as_done_time"
    told = [
        "1,meeting,1,1,True,2024-01-31 10:00:00,",
        "two,meeting,1,1,True,soon,2024-02-01 09:00:00",
        ",meeting,1,1,True,,2024-02-01 09:00:00",
    ]
    drop(settings, "pipedrive_activity", "activity.csv", header, told)
    types = "id,name,active,type"
    drop(settings, "pipedrive_activity_types", "types.csv", types, ["1,Meeting,Yes,meeting", "b,Call 2,maybe,sc_2"])
    drop(settings, "pipedrive_users", "users.csv", "id,name,email,modified", ["1,Ann Lee,a@example.org,yesterday"])
    good, bad = salesforce("00Q1", "702-555-0110"), salesforce("00Q2", "702-555-0111", created="May", deleted="perhaps")
    drop(settings, "salesforce_leads", "salesforce_leads_2024-02-29.csv", SALESFORCE_HEADER, [good, bad])
    platform = load_platform(settings)
    with open_session(platform, "test") as session:
        session.arrivals.take_in(session.arrivals.waiting())
        session.sync_ledger()
        assert build_stale(session.warehouse, select=TABLES) == {}
        session.publish = True
    assert ask(settings, """
        select month, deal_id, deal_value from funnel.dim_deals where month between '2024-02-01' and '2024-03-01'
        order by all
    """) == [
        (FEB, 1, Decimal("1200.50")),
        (FEB, 2, None),
        (FEB, 3, Decimal("-38.00")),
        (MAR, 1, None),  # emptied
        (MAR, 2, Decimal("-5.25")),
        (MAR, 3, Decimal("-38.00")),
    ]  # fmt: skip
    failed = ask(settings, """
        select table_name, month, blocking, evidence from warehouse.checks
        where check_name = 'values_are_readable' and not passed and month in ('2024-02-01', '2024-03-01') order by all
    """)  # fmt: skip
    found = {(name, f"{month:%m}"): json.loads(evidence)["lines"] for name, month, blocking, evidence in failed}
    assert found == {
        ("funnel.stg_activity", "02"): [3],
        ("funnel.stg_activity_types", "02"): [3],
        ("funnel.stg_activity_types", "03"): [3],
        ("funnel.stg_deal_changes", "02"): [10, 11],
        ("funnel.stg_users", "02"): [2],
        ("funnel.stg_users", "03"): [2],
        ("prospects.stg_salesforce_leads", "02"): [3],
    }
    assert not any(blocking for _, _, blocking, _ in failed)
