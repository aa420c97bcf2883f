"""The select of `stg_lead_values_<supplier>` over a few hand-made records.

Belongs here: which record a lead's values are of. Does not: how an amount or a time is read (values), or whole runs
(test_three_suppliers).
"""

from __future__ import annotations

import hashlib
from decimal import Decimal

import duckdb
import pytest

from leads_platform.prospects.lead_list import LeadList
from leads_platform.prospects.supplier_values import stg_lead_values_table
from leads_platform.values.money import install_money

_MAPPED = {name: name for name in ("street", "city", "state", "postal_code", "phone")}
_NAMES = ("id", "company", *_MAPPED, "paid")
CONTRACT = LeadList.model_validate(
    {
        "feed": "hooks",
        "room": "prospects",
        "kind": "lead_list",
        "title": "Hooks",
        "owner": "team:data",
        "delivery": "events",
        "key": ["id"],
        "month": {"from": "column", "column": "seen"},
        "columns": [
            *({"name": name, "header": name, "type": "money" if name == "paid" else "text"} for name in _NAMES),
            {"name": "seen", "header": "seen", "type": "date"},
        ],
        "leads": {"source_id": "id", "company_name": "company", **_MAPPED},
    }
)


def record(id: str, paid: str) -> tuple[str, ...]:
    return (id, "Acorn", "1 Elm St", "Reno", "NV", "89501", "775-555-0100", paid, "2024-05-03")


@pytest.mark.parametrize("kept", [0, 1])
def test_of_two_files_of_one_name_the_lead_has_the_values_of_its_own_record(kept: int) -> None:
    """Events keep both files in force; both records stand on line 2 and are the same site."""
    records = [record("7", "5.00"), record("8", "6.00")]
    con = duckdb.connect()
    install_money(con)
    con.execute("create schema prospects")
    named = ", ".join(f'"{column.name}" varchar' for column in CONTRACT.columns)
    base = f"create table prospects.{CONTRACT.base_table} (month date, file_name varchar, line bigint, "
    con.execute(f"{base}file_sha256 varchar, {named})")
    for sha256, one in zip("ab", records, strict=True):
        cells = ("2024-05-01", "hooks.csv", 2, sha256, *one)
        con.execute(f"insert into prospects.{CONTRACT.base_table} values ({', '.join('?' * len(cells))})", cells)
    # As staging makes the lead of the one record or of the other; its hash is of all cells as delivered.
    lead_hash = hashlib.md5("\x1f".join(records[kept]).encode()).hexdigest()
    con.execute(
        f"create table prospects.{CONTRACT.stg_table} as "
        "select date '2024-05-01' as month, 'site' as phone_address_key, 'hooks.csv' as file_name, 2::bigint as line, "
        "? as lead_hash",
        [lead_hash],
    )
    found = con.execute(f"select phone_address_key, paid from ({stg_lead_values_table(CONTRACT).select})").fetchall()
    assert found == [("site", Decimal(5 + kept))]
