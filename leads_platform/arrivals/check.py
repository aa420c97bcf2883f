"""A dry run of one file against its contract: everything arrivals would say of it, and nothing kept.

Belongs here: putting a reading's findings and a look at its values into one answer. Does not: taking files in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from leads_platform.arrivals import read_file
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.resemblance import resembles
from leads_platform.arrivals.contracts.typed import typed
from leads_platform.arrivals.landing import FileName, no_month, parse_file_name
from leads_platform.arrivals.reading.file_reading import FileReading
from leads_platform.arrivals.reading.loading import connect
from leads_platform.contacts.phones import install_phones
from leads_platform.months import label, month_of
from leads_platform.values.money import install_money
from leads_platform.warehouse.sql import identifier, literal


def check_file(
    path: Path,
    contract: FeedContract,
    *,
    current_month: date | None = None,
    show_values: bool = False,
    contracts: Mapping[str, FeedContract] | None = None,
) -> dict[str, Any]:
    """Reads the file as arrivals would. Values of cells, which may be personal data, only with `show_values`.

    Keys: file, feed, verdict, records, loaded, quarantined (line, column_name, reason), quarantined_records (their
    number: of a refused file all its records, which `quarantined` tells as one), warnings (line, column_name,
    reason, of records that load), message, looks_like (another feed that its header fits better: one of `contracts`,
    those of all feeds), month. A snapshot of a month after `current_month` is refused.
    """
    says = parse_file_name(path.name, contract)
    with read_file(path, contract) as reading:
        month = says.month
        if contract.delivered.is_monthly and not contract.names_the_list and reading.months:  # reading refuses several
            month = next(iter(reading.months))
        trouble = _trouble(path, contract, says, month, current_month)
        other = resembles(reading.titles, contract, contracts or {}, refused=reading.verdict == "refused")
        message = other.after(reading.message) if other else reading.message
        # What its name or month refuses is not read by arrivals; a file refused for its cells counts as far as it goes.
        records = 0 if trouble else reading.records
        loaded = 0 if trouble else reading.loaded_count
        quarantined = [q._asdict() for q in reading.quarantined] if not trouble else []
        if records and reading.verdict == "refused":
            reason = f"the file was refused: {reading.message}"
            quarantined = [{"line": 1, "column_name": None, "reason": reason}]
        return {
            "file": path.name,
            "feed": contract.feed,
            "month": f"{month:%Y-%m}" if month else None,
            "verdict": "refused" if trouble else reading.verdict,
            "records": records,
            "loaded": loaded,
            "quarantined": quarantined,
            "quarantined_records": records - loaded,
            "message": ". ".join(part for part in (trouble, message) if part),
            "looks_like": other.feed if other else "",
            "warnings": _warnings(reading, contract, show_values) if loaded else [],
        }


def _trouble(path: Path, contract: FeedContract, says: FileName, month: date | None, current: date | None) -> str:
    """Why arrivals would refuse the file whatever its cells hold; empty when it would not."""
    if not contract.accepts(path.name):
        return (
            f"its name fits none of the patterns {', '.join(contract.files)} in {contract.label}; "
            "rename it, or add a pattern there"
        )
    if says.trouble:
        return says.trouble
    if not contract.delivered.is_monthly:
        return ""
    if contract.month.from_ == "name" and month is None:
        return no_month(contract)
    if month is not None and current is not None and month_of(month) > current:
        return f"its month {label(month)} has not begun; it is read then"
    return ""


def _warnings(reading: FileReading, contract: FeedContract, show_values: bool) -> list[dict[str, Any]]:
    """Values that are not of their column's type, phones that are not valid, keys that stand twice; by line."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.parquet"
        reading.write_parquet(records)
        con = connect(Path(folder))
        try:
            if contract.phone_columns():
                install_phones(con)
            if any(column.type == "money" for column in contract.columns):
                install_money(con)
            con.execute(f"create table records as select * from read_parquet({literal(str(records))})")
            found = []
            for column_name, title, condition, reason in _questions(reading, contract):
                column = identifier(title)
                for line, value in con.execute(
                    f"select _line, {column} from records where {condition} order by _line"
                ).fetchall():
                    warning = {"line": line, "column_name": column_name, "reason": reason}
                    found.append(warning | ({"value": value} if show_values else {}))
            return sorted(found, key=lambda warning: warning["line"])
        finally:
            con.close()


def _questions(reading: FileReading, contract: FeedContract) -> list[tuple[str, str, str, str]]:
    """(column name, its title in the file, the condition that finds bad values, the reason to give)."""
    asked = []
    for column in contract.columns:
        title = reading.columns.get(column.name)
        if title is None or column.type == "text":
            continue
        cell = f"nullif(trim({identifier(title)}), '')"
        reason = f"is not {column.type}" + (f" written as {' or '.join(column.formats)}" if column.formats else "")
        reason = f"is not money as the {contract.money} write it" if column.type == "money" else reason
        unreadable = f"{cell} is not null and {typed(contract, column, cell)} is null"
        asked.append((column.name, title, unreadable, reason))
    phones = [(name, reading.columns[name]) for name in contract.phone_columns() if name in reading.columns]
    parts = {name: f"(phone({identifier(title)}, {literal(contract.phone_region)}))" for name, title in phones}
    for name, title in phones:
        asked.append((name, title, f"{parts[name]}.is_valid = false", "is not a valid phone number"))
    if phones:
        name, title = phones[0]
        none = " and ".join(f"{part}.is_valid is null" for part in parts.values())
        asked.append((name, title, none, "is empty, so the record can't be matched by phone"))
    titles = [reading.columns[name] for name in contract.key if name in reading.columns]
    if titles and len(titles) == len(contract.key):
        keys = ", ".join(identifier(title) for title in titles)
        condition = f"({keys}) in (select ({keys}) from records group by {keys} having count(*) > 1)"
        asked.append((", ".join(contract.key), titles[0], condition, "stands more than once; the last one counts"))
    return asked
