"""The `stg_lead_values_<supplier>` table: what a contract states of a lead beside the standard columns.

Belongs here: amounts and times as their columns declare them, and all phones where a list has several. Does not: the
standard lead columns, by which leads of all suppliers are one list (supplier_staging).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.arrivals.contracts.typed import SQL_TYPES, typed
from leads_platform.prospects.lead_columns import LEAD_KEY
from leads_platform.prospects.supplier_staging import record_hash, trimmed
from leads_platform.warehouse import Column, Table, adds_up, bad_rows
from leads_platform.warehouse.sql import identifier, literal

if TYPE_CHECKING:
    from leads_platform.prospects.lead_list import LeadList

VALUED = ("money", "timestamp")
"""Types whose columns stand in the table."""
_PHONES = (
    Column("phones", "varchar[]", "Every phone of the lead as delivered, in the contract's order", pii=True),
    Column("phone_keys", "varchar[]", "Their national digits, for matching, in the same order", pii=True),
)
_UNREADABLE = Column("unreadable_columns", "varchar[]", "Columns with a value that is not of their type; null in them")
_LINE = Column("line", "bigint", "Line of the file the lead's row comes from")
VALUES_TAKEN = frozenset(column.name for column in (LEAD_KEY, *_PHONES, _UNREADABLE, _LINE))
"""What such a column can't be called."""


def has_values(contract: LeadList) -> bool:
    """Whether the contract states more of a lead than the standard columns hold."""
    return "phones" in contract.leads or any(column.type in VALUED for column in contract.columns)


def stg_lead_values_table(contract: LeadList) -> Table:
    """One row per lead of the month's list."""
    valued = [column for column in contract.columns if column.type in VALUED]
    several = "phones" in contract.leads
    columns = (
        LEAD_KEY,
        *(Column(c.name, SQL_TYPES[c.type], c.description or f"`{c.header}`, typed", c.pii) for c in valued),
        *(_PHONES if several else ()),
        _UNREADABLE,
        _LINE,
    )
    leads = f"{contract.room}.{contract.stg_table}"
    return Table(
        says=f"{contract.title}: what the month's list states of each lead beside the standard columns.",
        grain=(LEAD_KEY.name,),
        columns=columns,
        must=(adds_up("leads_reconcile", "Exactly the leads of the list.", leads),),
        should=(bad_rows("values_are_readable", "len(unreadable_columns) > 0", "Amounts and times read as such."),),
        owner=contract.known_owner,
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=_select(contract, leads, [column.name for column in valued], several),
    ).named(contract.room, f"stg_lead_values_{contract.feed}")


def _select(contract: LeadList, leads: str, valued: list[str], several: bool) -> str:
    taken, unreadable = [], []
    for name in valued:
        cell = trimmed(f"records.{identifier(name)}")
        value = typed(contract, contract.column(name), cell)
        taken.append(f"{value} as {identifier(name)}")
        unreadable.append(f"case when {cell} is not null and {value} is null then {literal(name)} end")
    if several:
        cells = ", ".join(trimmed(f"records.{identifier(name)}") for name in contract.phone_columns())
        phones = f"list_filter([{cells}], lambda cell: cell is not null)"
        region = literal(contract.phone_region)
        taken.append(f"{phones} as phones")
        taken.append(f"list_transform({phones}, lambda cell: phone(cell, {region}).key) as phone_keys")
    # Of several files of one name, as events send them, the record itself says which is the lead's.
    joined = ",\n        ".join(taken)
    return f"""
    select
        leads.month,
        leads.phone_address_key,
        {joined},
        list_filter([{", ".join(unreadable) or "null::varchar"}], lambda name: name is not null) as unreadable_columns,
        leads.line
    from {leads} as leads
    join {contract.room}.{contract.base_table} as records
        on records.month = leads.month and records.file_name = leads.file_name and records.line = leads.line
        and {record_hash(contract, "records.")} = leads.lead_hash
    qualify row_number() over (partition by leads.phone_address_key order by records.file_sha256) = 1
    """
