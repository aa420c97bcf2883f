"""The counterpart: what somebody who trusts every file writes in plain DuckDB, with no check, ledger or history.

Belongs here: the raw statements that a case's ratio is against. Does not: anything of the platform, but for the names
of its columns, so that both write tables of the same rows and width.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from leads_platform.months import add_months
from leads_platform.warehouse.sql import literal
from leads_platform_tests.bench import data
from leads_platform_tests.bench.clock import Clock, Parts
from leads_platform_tests.bench.progress import doing

_COLUMNS = (
    "name",
    "credential_type",
    "credential_number",
    "status",
    "expiration_date",
    "disciplinary_action",
    "address",
    "state",
    "county",
    "phone",
    "first_issue_date",
    "primary_contact_name",
    "primary_contact_role",
)


def read_csv(path: Path) -> str:
    """The pinned reader: nothing detected, all columns text."""
    columns = ", ".join(f"'{name}': 'varchar'" for name in _COLUMNS)
    return f"read_csv({literal(str(path))}, auto_detect = false, header = true, columns = {{{columns}}}, quote = '\"')"


def arrival(work: Path, file: str) -> dict:
    """Reads the CSV and writes it as Parquet, compressed as the platform does."""
    target = work / "raw.parquet"
    con = duckdb.connect()
    clock = Clock()
    copy = f"copy (select * from {read_csv(Path(file))}) to {literal(str(target))} (format parquet, compression snappy)"
    con.execute(copy)
    return {"seconds": [clock.lap()]}


def chain(work: Path, file: str) -> dict:
    """One file to the same tables."""
    return months(work, [file])


def months(work: Path, files: list[str]) -> dict:
    """All months one after the other. `work` is kept for the months after."""
    clock, parts = Clock(), Parts()
    for index, file in enumerate(files):
        _step(work, Path(file), index, parts)
    return {"seconds": [clock.lap()], "parts": parts.seconds, **_shape(work / "raw.duckdb")}


def month(work: Path, file: str, index: int) -> dict:
    """Month number `index` after `months`, by itself."""
    clock, parts = Clock(), Parts()
    _step(work, Path(file), index, parts)
    return {"seconds": [clock.lap()], "parts": parts.seconds, **_shape(work / "raw.duckdb")}


def addresses(work: Path, file: str, expression: str) -> dict:
    """An expression over addresses, into a table."""
    con = duckdb.connect()
    con.execute(f"create table written as from {literal(file)}")
    clock = Clock()
    con.execute(f"create table read as select {expression} as parts from written").fetchall()
    return {"seconds": [clock.lap()]}


def _step(work: Path, file: Path, index: int, parts: Parts) -> None:
    """Month `index`: the file into base, the simple standardisation, leads as of the month's end, one row per lead."""
    month = literal(data.month_at(index))
    before = literal(add_months(data.month_at(index), -1))
    statements = {
        "base": f"""
            select
                {month} as month,
                {literal(file.name)} as file_name,
                {month} as file_date,
                'none' as file_sha256,
                '' as part,
                row_number() over () + 1 as line,
                *
            from {read_csv(file)}
        """,
        "stg": _STG.format(month=month),
        "source_level": (_SOURCE_LEVEL if index else _FIRST_SOURCE_LEVEL).format(month=month, before=before),
        "dim": _DIM.format(month=month),
    }
    with duckdb.connect(str(work / "raw.duckdb")) as con:
        parts.lap("open")
        for name, select in statements.items():
            doing(f"{data.month_at(index):%Y-%m}: {name}")
            con.execute(f"insert into {name} by name {select}" if index else f"create table {name} as {select}")
            parts.lap(name)
        con.execute("checkpoint")
    parts.lap("checkpoint and close")


def _shape(path: Path) -> dict:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("select table_name, estimated_size, column_count from duckdb_tables()").fetchall()
    return {
        "tables": {name: [size, columns] for name, size, columns in tables},
        "file_mb": round(path.stat().st_size / 1e6),
    }


_STG = """
    with parts as (
        select
            *,
            regexp_extract(
                address,
                '^(.*) (\\S+), ([A-Z]{{2}}) (\\d{{5}})$',
                ['street', 'city', 'state', 'postal_code']
            ) as cell,
            regexp_replace(phone, '[^0-9]', '', 'g') as digits
        from base
        where month = {month}
    ),
    cleaned as (
        select
            month,
            md5(digits || '|' || upper(address)) as phone_address_key,
            'nv_licensing' as source_name,
            credential_number as source_id,
            trim(primary_contact_name) as contact_name,
            trim(primary_contact_role) as contact_title,
            trim(name) as company_name,
            cell.street as street,
            cell.city as city,
            cell.state as state,
            cell.postal_code as postal_code,
            null::varchar as country,
            upper(regexp_replace(cell.street, '[^A-Za-z0-9]+', ' ', 'g')) || '|' || cell.postal_code as address_key,
            phone as phone_raw,
            digits as phone_key,
            '+1' || digits as phone_e164,
            length(digits) = 10 as phone_is_valid,
            'US' as phone_region,
            null::varchar as email,
            trim(status) as license_status,
            try_strptime(first_issue_date, '%m/%d/%y')::date as license_issued_on,
            try_strptime(expiration_date, '%m/%d/%y')::date as license_expires_on,
            null::bigint as capacity,
            md5(concat_ws('|', name, credential_number, status, address, phone)) as lead_hash,
            phone is not null and address is not null as has_phone_and_address,
            null::varchar[] as unreadable_columns,
            month as first_received_month,
            file_name as first_received_file_name,
            file_date as first_received_file_date,
            file_name,
            file_date,
            line
        from parts
    )
    select *, count(*) over (partition by phone_address_key) as records_in_file
    from cleaned
    qualify row_number() over (partition by phone_address_key order by line desc) = 1
"""

_LISTED = """
    select
        now.* exclude (month, file_name, file_date, line, records_in_file, unreadable_columns),
        {month} as month,
        md5(now.source_name || '|' || now.phone_address_key) as source_lead_key,
        now.file_name as last_received_file_name,
        now.file_date as last_received_file_date,
        true as in_latest_file,
        true as listed_this_month,
        {changed} as changed_since_last_file,
        false as gone_since_last_file,
        null::varchar as replaces_key,
        false as has_moved,
        false as has_new_phone,
        {first} as lead_first_received_month,
        true as is_first_received_lead,
        now.license_expires_on < now.file_date as license_expired_at_file_date,
        null::varchar as salesforce_lead_id,
        null::boolean as salesforce_is_deleted,
        null::timestamp as salesforce_created_at,
        null::timestamp as salesforce_last_modified_at,
        null::boolean as salesforce_is_converted,
        null::varchar as salesforce_outreach_stage,
        null::varchar[] as salesforce_lead_ids,
        null::boolean as is_new_prospective_lead,
        {net_new} as was_net_new
    from (select * from stg where month = {month}) as now
"""

_FIRST_SOURCE_LEVEL = _LISTED.replace("{changed}", "false").replace("{first}", "now.month").replace("{net_new}", "true")

_SOURCE_LEVEL = (
    "with known as (select * from source_level where month = {before})"
    + _LISTED.replace("{changed}", "coalesce(known.lead_hash <> now.lead_hash, false)")
    .replace("{first}", "coalesce(known.lead_first_received_month, now.month)")
    .replace("{net_new}", "coalesce(known.was_net_new, true)")
    + """
    left join known on known.phone_address_key = now.phone_address_key
    union all by name
    select known.* replace (
        {month} as month,
        false as in_latest_file,
        false as listed_this_month,
        known.in_latest_file as gone_since_last_file
    )
    from known
    anti join (select phone_address_key from stg where month = {month}) as now
        on now.phone_address_key = known.phone_address_key
"""
)

_DIM = """
    select
        month,
        phone_address_key,
        any_value(company_name) as company_name,
        any_value(phone_raw) as phone_raw,
        any_value(phone_key) as phone_key,
        any_value(phone_e164) as phone_e164,
        any_value(phone_is_valid) as phone_is_valid,
        any_value(phone_region) as phone_region,
        any_value(street) as street,
        any_value(city) as city,
        any_value(state) as state,
        any_value(postal_code) as postal_code,
        any_value(country) as country,
        any_value(address_key) as address_key,
        min(first_received_file_date) as first_received_file_date,
        min(source_name) as first_received_from_source,
        min(first_received_file_name) as first_received_from_file_name,
        min(first_received_month) as first_received_month,
        max(last_received_file_date) as last_received_file_date,
        bool_or(in_latest_file) as in_latest_file,
        list(source_name) as sources,
        bool_or(has_phone_and_address) as has_phone_and_address,
        any_value(salesforce_lead_id) as salesforce_lead_id,
        any_value(salesforce_created_at)::date as created_in_salesforce_date,
        any_value(salesforce_last_modified_at)::date as last_modified_in_salesforce_date,
        any_value(salesforce_is_deleted) as is_deleted_in_salesforce,
        any_value(salesforce_is_converted) as is_converted,
        any_value(salesforce_outreach_stage) as outreach_stage,
        bool_and(is_new_prospective_lead) as is_new_prospective_lead,
        bool_or(was_net_new) as was_net_new
    from source_level
    where month = {month}
    group by month, phone_address_key
"""
