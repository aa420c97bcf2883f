"""Small files of leads and money for tests, from lines of words.

Belongs here: putting files into landing. Does not: expected numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leads_platform.settings import Settings
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import Ask, asking, drop, run

TRANSACTIONS = "boberdoo_transactions"
TRANSACTION_COLUMNS = (
    "transaction_id", "lead_id", "call_id", "partner_id", "partner_name", "filter_set_id", "deal_type", "event",
    "amount", "currency", "occurred_at", "recorded_at", "parent_transaction_id", "reason",
)  # fmt: skip
LEAD_COLUMNS = (
    "lead_id", "lead_type_id", "lead_type", "received_at", "vendor_id", "src", "sub_id", "pub_id", "landing_page",
    "first_name", "last_name", "email", "phone", "state", "zip", "status", "vendor_cost", "trusted_form_url",
    "leadid_token",
)  # fmt: skip


def transactions(settings: Settings, month: str, as_of: str, lines: str) -> Path:
    """A month's export, from lines of `id partner deal event amount occurred_at [column=value ...]`."""
    rows = []
    for line in filter(str.strip, lines.splitlines()):
        given, partner, deal, event, amount, occurred, *more = line.split()
        cells = {"transaction_id": given, "lead_id": f"L-{given}", "partner_id": partner, "deal_type": deal}
        cells |= {"event": event, "amount": f'"{amount}"', "occurred_at": occurred, "currency": "USD"}
        cells |= dict(cell.split("=", 1) for cell in more)
        rows.append(",".join(cells.get(column, "") for column in TRANSACTION_COLUMNS))
    name = f"{TRANSACTIONS}_{month}_as_of_{as_of}.csv"
    return drop(settings, TRANSACTIONS, name, ",".join(TRANSACTION_COLUMNS), rows)


def leads(settings: Settings, day: str, lines: str) -> Path:
    """Leads told on a day, from lines of `id received_at src [column=value ...]`."""
    rows = []
    for line in filter(str.strip, lines.splitlines()):
        given, received, src, *more = line.split()
        cells = {"lead_id": given, "received_at": received, "src": src, "phone": "702-555-0101"}
        cells |= dict(cell.split("=", 1) for cell in more)
        rows.append(",".join(cells.get(column, "") for column in LEAD_COLUMNS))
    return drop(settings, "boberdoo_leads", f"boberdoo_leads_{day}.csv", ",".join(LEAD_COLUMNS), rows)


def costs(settings: Settings, month: str, as_of: str, lines: str) -> Path:
    """A month's costs, from lines of `src kind amount`."""
    rows = [",".join([month, *line.split(), "USD"]) for line in filter(str.strip, lines.splitlines())]
    return drop(
        settings, "source_costs", f"source_costs_{month}_as_of_{as_of}.csv", "month,src,kind,amount,currency", rows
    )


def closes(settings: Settings, day: str, *lines: str) -> Path:
    """The closes as a file of the day tells them, each `month,closed_on`."""
    return drop(settings, "closes", f"closes_{day}.csv", "month,closed_on", lines)


def rules(settings: Settings, day: str, *lines: str) -> Path:
    """The room's settings as a file of the day tells them, each `name,value`."""
    return drop(settings, "revenue_settings", f"revenue_settings_{day}.csv", "name,value", lines)


def august(folder: Path, **overrides: str) -> Settings:
    """An empty environment in which today is 15 August 2024."""
    return environment(folder / "data", {"LEADS_PLATFORM_NOW": "2024-08-15T12:00:00", **overrides})


@contextmanager
def built(settings: Settings) -> Iterator[Ask]:
    """The room's tables of what is in landing, to be asked."""
    run(settings, rooms=["revenue"])
    with asking(settings) as ask:
        yield ask
