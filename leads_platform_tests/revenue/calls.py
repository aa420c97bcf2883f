"""Calls, leads and their money for tests, written short: as rows that tables read, or as files.

Belongs here: what systems tell. Does not: expected numbers, or boberdoo's files (files).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from leads_platform.dictionary import packaged
from leads_platform.settings import Settings
from leads_platform.warehouse.binding import Binder
from leads_platform_tests.helpers import Ask, drop
from leads_platform_tests.rows import NoFeeds

Row = Mapping[str, object]


def leg(
    name: str, known_on: str, payin: str, *, call: str = "C1", start: str = "2024-05-20 15:00:00", **more: object
) -> Row:
    """One version of a transaction, told in the file of that day; a correction says `corrects` and `at`."""
    renamed = {"corrects": "corrects_transaction_id", "at": "corrected_at", "payout": "affiliate_payout_localized"}
    renamed |= {"type": "transaction_type", "campaign": "advertiser_campaign_id", "phone": "calling_phone_number"}
    return {
        "month": date.fromisoformat(start[:10]).replace(day=1),
        "transaction_id": name,
        "version_number": 1,
        "known_on": date.fromisoformat(known_on),
        "file_name": f"invoca_transactions_{known_on}.csv",
        "line": 2,
        "record_local_at": start,
        "complete_call_id": call,
        "transaction_type": "Call",
        "advertiser_campaign_id": "K1",
        "advertiser_payin_localized": payin,
        "affiliate_payout_localized": "0",
        **{renamed.get(key, key): value for key, value in more.items()},
    }


def gone(name: str, known_on: str, month: str, version: int) -> Row:
    """The transaction is of another month from that day on."""
    return {
        "month": date.fromisoformat(month),
        "transaction_id": name,
        "version_number": version,
        "known_on": date.fromisoformat(known_on),
        "is_gone": True,
    }


def campaign(name: str, record: str, partner: str = "401", **more: object) -> Row:
    return {"campaign_id": name, "system_of_record": record, "partner_id": partner, **more}


def same_month_by_month(address: str, months: Iterable[date], ask: Ask) -> None:
    """The table, worked out for all months at once, holds the rows of each month worked out by itself."""
    catalogue = packaged().catalogue
    columns = ", ".join(column.name for column in catalogue.tables[address].columns)
    for month in months:
        alone = Binder(catalogue, NoFeeds()).select(catalogue.tables[address], month, month, address)
        at_once = ask(f"select {columns} from {address} where month = '{month}' order by all")
        assert ask(f"select {columns} from ({alone}) order by all") == at_once, f"{address}, {month:%Y-%m}"


def lead(name: str, received: str, *, phone: str | None = "7025550101", **more: object) -> Row:
    """A lead, told on the day that it was received."""
    return {
        "month": date.fromisoformat(received[:10]).replace(day=1),
        "lead_id": name,
        "version_number": 1,
        "known_on": date.fromisoformat(received[:10]),
        "record_local_at": received,
        "phone": phone,
        "src": f"s-{name}",
        **more,
    }


def sale(name: str, day: str, amount: str, **more: object) -> Row:
    """One version of boberdoo's transaction of a lead, told on the day that it happened where nothing else is said."""
    month = date.fromisoformat(day).replace(day=1)
    return {
        "month": month,
        "slot_month": month,
        "transaction_id": name,
        "version_number": 1,
        "known_on": date.fromisoformat(day),
        "record_local_at": day,
        "partner_id": "301",
        "deal_type": "standard",
        "event": "sale",
        "amount": amount,
        **more,
    }


def call_row(name: str, day: str, amount: str, call: str | None = "C1", **more: object) -> Row:
    """boberdoo's transaction of a call."""
    return sale(name, day, amount, deal_type="call", call_id=call, **more)


INVOCA_COLUMNS = (
    "transaction_id", "complete_call_id", "corrects_transaction_id", "corrected_at", "transaction_type",
    "start_time_utc", "advertiser_campaign_id", "advertiser_payin_localized", "affiliate_payout_localized",
    "calling_phone_number", "duration",
)  # fmt: skip


def invoca(settings: Settings, *legs: Row) -> None:
    """The transactions in the files of the days on which they are told."""
    days: dict[object, list[str]] = {}
    for row in legs:
        start = datetime.fromisoformat(f"{row['record_local_at']}+00:00")
        cells = {**row, "start_time_utc": int(start.timestamp() * 1_000)}
        days.setdefault(row["known_on"], []).append(",".join(str(cells.get(name, "")) for name in INVOCA_COLUMNS))
    for day, lines in days.items():
        drop(settings, "invoca_transactions", f"invoca_transactions_{day}.csv", ",".join(INVOCA_COLUMNS), lines)


def campaigns(settings: Settings, day: str, *lines: str) -> None:
    """Which campaigns there are, each `campaign,record,partner`."""
    header = "advertiser_campaign_id,system_of_record,partner_id"
    drop(settings, "invoca_campaigns", f"invoca_campaigns_{day}.csv", header, lines)
