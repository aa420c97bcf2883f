"""The `stg_leads_<supplier>` table, derived from a supplier's contract.

Belongs here: how a contract's mapping becomes the standard lead columns. Does not: phone and address rules (contacts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.arrivals.contracts.typed import typed
from leads_platform.contacts.usps import states
from leads_platform.prospects.lead_columns import LEAD, LEAD_KEY, LISTED
from leads_platform.warehouse import (
    Column,
    Table,
    accepted_values,
    bad_rows,
    not_null,
    phones_are_valid,
    records_reconcile,
)
from leads_platform.warehouse.sql import identifier, literal

if TYPE_CHECKING:
    from leads_platform.prospects.lead_list import LeadList

# What trim leaves alone by itself: tabs, line breaks and the no-break space of web pages.
_BLANKS = " \t\r\n\u00a0"
_TEXT = (
    "source_id",
    "contact_name",
    "contact_title",
    "company_name",
    "city",
    "country",
    "email",
    "license_status",
)
_TYPED = ("license_issued_on", "license_expires_on", "capacity")
_ADDRESS = ("street", "city", "state", "postal_code")


COLUMNS = (
    *LISTED,
    Column("has_phone_and_address", "boolean", "False: identified by the supplier's number alone"),
    Column(
        "unreadable_columns",
        "varchar[]",
        "Columns with a value that is not of their type; null in them",
    ),
    Column("records_in_file", "bigint", "Records of the month's list that are this lead"),
    Column("first_received_month", "date", "First month in which this supplier's list held the lead"),
    Column("first_received_file_name", "varchar", "The file of that month"),
    Column("first_received_file_date", "date", "That file's date"),
    Column("file_name", "varchar", "File of this month's row"),
    Column("file_date", "date", "That file's date"),
    Column("line", "bigint", "Line of that file"),
)
"""The columns of every `stg_leads_*`."""


def stg_leads_table(contract: LeadList) -> Table:
    """One row per lead of the month's file, its last occurrence; typed and standardised."""
    return Table(
        says=f"{contract.title}: one row per lead of the month's list, the last where it stands twice.",
        grain=(LEAD_KEY.name,),
        columns=COLUMNS,
        cumulative=True,
        must=(
            records_reconcile(f"{contract.room}.{contract.base_table}", "sum(records_in_file)"),
            not_null("source_name", "records_in_file", "first_received_file_name"),
        ),
        should=(
            phones_are_valid(contract.min_valid_phone_share, line="line"),
            bad_rows("leads_stand_once", "records_in_file > 1", "No lead stands twice in a month's list."),
            bad_rows(
                "phone_and_address_given",
                "not has_phone_and_address",
                "Every lead has a phone and an address.",
            ),
            bad_rows("values_are_readable", "len(unreadable_columns) > 0", "Dates and numbers read as such."),
            accepted_values("state", *sorted(set(states().values()))),
        ),
        owner=contract.known_owner,
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=_select(contract),
    ).named(contract.room, contract.stg_table)


def _select(contract: LeadList) -> str:
    base = f"{contract.room}.{contract.base_table}"
    own = f"{contract.room}.{contract.stg_table}"
    columns = ",\n        ".join(_mapped(contract))
    unreadable = ", ".join(_unreadable(contract)) or "null::varchar"
    return f"""
    with records as (
        select
            month, file_name, file_date, line,
            {columns},
            {record_hash(contract)} as lead_hash,
            list_filter([{unreadable}], lambda x: x is not null) as unreadable_columns
        from {base}
    ),
    cleaned as (
        select
            * exclude (state),
            state_code(state) as state,
            {_address_key(contract)} as address_key,
            phone(phone_raw, {literal(contract.phone_region)}) as phone
        from records
    ),
    keyed as (
        select
            *,
            phone.key as phone_key,
            phone.key is not null and address_key is not null as has_phone_and_address,
            case
                when phone.key is not null and address_key is not null then md5(phone.key || '|' || address_key)
                when source_id is not null then md5({literal(contract.feed + "|id|")} || source_id)
                else md5({literal(contract.feed + "|row|")} || lead_hash)
            end as phone_address_key
        from cleaned
    ),
    latest as (
        select *, count(*) over (partition by phone_address_key) as records_in_file
        from keyed
        qualify row_number() over (
            partition by phone_address_key order by file_date desc, file_name desc, line desc
        ) = 1
    ),
    earlier as (
        select
            phone_address_key,
            min(first_received_month) as month,
            arg_min(first_received_file_name, first_received_month) as file_name,
            min(first_received_file_date) as file_date
        from {own}
        where phone_address_key in (select phone_address_key from latest)
        group by phone_address_key
    )
    select
        latest.month,
        latest.phone_address_key,
        {literal(contract.feed)} as source_name,
        {", ".join(_final())},
        latest.lead_hash,
        latest.has_phone_and_address,
        latest.unreadable_columns,
        latest.records_in_file,
        coalesce(earlier.month, latest.month) as first_received_month,
        coalesce(earlier.file_name, latest.file_name) as first_received_file_name,
        coalesce(earlier.file_date, latest.file_date) as first_received_file_date,
        latest.file_name,
        latest.file_date,
        latest.line
    from latest
    left join earlier on earlier.phone_address_key = latest.phone_address_key
    """


def _address_key(contract: LeadList) -> str:
    if contract.is_abroad:
        return f"address_key_abroad(street, city, postal_code, {literal(contract.phone_region)})"
    return "address_key(street, city, state, postal_code)"


def _final() -> list[str]:
    """The lead's columns as the last select names them; the phone's parts come out of their struct."""
    parts = {"phone_e164": "e164", "phone_is_valid": "is_valid", "phone_region": "region"}
    return [
        f"latest.phone.{parts[c.name]} as {c.name}" if c.name in parts else f"latest.{c.name} as {c.name}" for c in LEAD
    ]


def _mapped(contract: LeadList) -> list[str]:
    """Each lead column as an expression on the base table's text columns."""
    mapped = {name: _text(contract, name) for name in _TEXT}
    mapped |= {name: _typed(contract, name) for name in _TYPED}
    mapped["phone_raw"] = _phone(contract)
    if "address" in contract.leads:
        state = next(
            (name for name in (*(c.name for c in contract.columns), *contract.constants) if name == "state"), None
        )
        split = f"split_address({_text(contract, 'address')}, {identifier(state) if state else 'null::varchar'})"
        mapped |= {name: f"{split}.{name}" for name in _ADDRESS}
    else:
        street, unit = _text(contract, "street"), _text(contract, "unit")
        mapped |= {name: _text(contract, name) for name in _ADDRESS}
        if "unit" in contract.leads:
            mapped["street"] = f"nullif(concat_ws(' ', {street}, {unit}), '')"
    return [f"{expression} as {name}" for name, expression in mapped.items()]


def _text(contract: LeadList, lead: str) -> str:
    source = contract.leads.get(lead)
    if source is None:
        return "null::varchar"
    column = identifier(source.column)
    return trimmed(f"regexp_extract({column}, {literal(source.extract)}, 1)" if source.extract else column)


def record_hash(contract: LeadList, table: str = "") -> str:
    """The hash of a record as delivered; `table`: its alias with a dot, where the select has several."""
    every = ", ".join(f"coalesce({table}{identifier(c.name)}, '')" for c in contract.columns)
    return f"md5(concat_ws(chr(31), {every}))"


def trimmed(cell: str) -> str:
    """The cell without blanks around it; null where it is empty."""
    return f"nullif(trim({cell}, {literal(_BLANKS)}), '')"


def _phone(contract: LeadList) -> str:
    """The lead's phone: of several the first valid one, else the first that is given."""
    if "phone" in contract.leads:
        return _text(contract, "phone")
    phones = [trimmed(identifier(name)) for name in contract.phone_columns()]
    region = literal(contract.phone_region)
    valid = [f"case when phone({cell}, {region}).is_valid then {cell} end" for cell in phones]
    return f"coalesce({', '.join([*valid, *phones])})"


def _typed(contract: LeadList, lead: str) -> str:
    kind = "bigint" if lead == "capacity" else "date"
    source = contract.leads.get(lead)
    if source is None:
        return f"null::{kind}"
    text = _text(contract, lead)
    if kind == "bigint":
        return f"try_cast(replace({text}, ',', '') as bigint)"
    return typed(contract, contract.column(source.column), text)


def _unreadable(contract: LeadList) -> list[str]:
    return [
        f"case when {_text(contract, name)} is not null and {_typed(contract, name)} is null then {literal(name)} end"
        for name in _TYPED
        if name in contract.leads
    ]
