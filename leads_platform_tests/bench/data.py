"""Nevada lead files of any size, made by DuckDB in one statement: what every case reads.

Belongs here: the data the benchmark runs on. Does not: data with known answers (leads_platform.sample).

A lead keeps its number, phone and address from month to month. Its phone is plain and valid, but for one in fifty;
one company name in ten holds a comma and so stands in quotes, as each one-cell address does.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from leads_platform.months import add_months
from leads_platform.warehouse.sql import literal

FEED = "nv_licensing"
FIRST_MONTH = date(2020, 1, 1)
# Of a month's list, the share that was not in the list before, and that is gone from the one after.
CHURN = 0.02
_PLACES = (
    ("LAS VEGAS", "89110 89119 89121 89128 89147"),
    ("HENDERSON", "89002 89012 89015 89052"),
    ("NORTH LAS VEGAS", "89030 89031 89081"),
    ("RENO", "89501 89509 89523"),
    ("SPARKS", "89431 89436"),
    ("CARSON CITY", "89701 89706"),
    ("MESQUITE", "89027"),
    ("ELKO", "89801"),
    ("PAHRUMP", "89048"),
)
# Values between bars.
_STREETS = "WILLOW|MAPLE|38TH|DESERT INN|SAHARA|GREEN VALLEY|PINE|MOUNTAIN VISTA|4TH|CHARLESTON|EASTERN|SPRING"
_ENDS = "ST|AVE|BLVD|RD|DR|LN|CT|WAY|PKWY|STREET|AVENUE|DRIVE"
_UNITS = "||||||| STE 104| #12| Suite B"
_WAYS = "|| N.| EAST| S| WEST"
_NAMES = "ACORN|COPPER|HAPPY|LANTERN|PUDDLE|JUNIPER|SAGE|CANYON|MEADOW|STARLIGHT|BRIGHT|LITTLE"
_ODD_PHONES = "702-555-{} x12|555-{}|702.555.{} / 702.555.0000|+44 20 7946 {}|call 702 555 {}|N/A|(702) KIDS-{}|0{}"
# Coprime to the number of phones there can be, so that neighbours' phones lie far apart and none comes twice.
_PHONES, _STRIDE = 24_000_000, 7_919


def month_at(index: int) -> date:
    """The benchmark's month number `index`, from 0."""
    return add_months(FIRST_MONTH, index)


def file_name(index: int) -> str:
    """What the supplier calls that month's list."""
    return f"{FEED}_{month_at(index):%Y-%m}-04.csv"


def write_lead_file(path: Path, rows: int, index: int = 0) -> None:
    """Writes one month's list of `rows` leads. The same arguments give the same bytes."""
    first = int(index * rows * CHURN)
    _copy(_leads(first, rows, index), path, "format csv, header true")


def make_leads(work: Path, file: str, rows: int, index: int) -> dict:
    """The task of making a month's list, in a process of its own as all tasks are."""
    write_lead_file(Path(file), rows, index)
    return {"seconds": []}


def make_salesforce(work: Path, file: str, leads: int) -> dict:
    """The task of making one Salesforce export of so many leads."""
    _copy(_salesforce(leads), Path(file), "format csv, header true")
    return {"seconds": []}


def _salesforce(leads: int) -> str:
    """One lead's mobile number is another one's phone, so a number has one lead or two."""
    return f"""
        with typed as ({phones(0, leads)}),
        drawn as (
            select typed.lead, typed.phone, case when typed.lead % 3 = 0 then other.phone end as mobile
            from typed
            join typed as other on other.lead = {leads} - 1 - typed.lead
        )
        select
            concat('00Q', lpad(lead::varchar, 9, '0')) as id,
            lead % 40 = 0 as is_deleted,
            concat({_picked(_NAMES, "lead // 7")}, ' CHILD CARE') as company,
            phone,
            mobile as mobile_phone,
            lead % 9 = 0 as is_converted,
            strftime(timestamp '2018-01-01' + (lead % 700) * interval 1 day, '%Y-%m-%d %H:%M:%S') as created_date,
            strftime(timestamp '2019-12-01' + (lead % 9000) * interval 1 minute, '%Y-%m-%d %H:%M:%S')
                as last_modified_date,
            {_picked("Working|Called|", "lead")} as outreach_stage_c
        from drawn
        order by lead
    """


def make_values(work: Path, file: str, kind: str, rows: int) -> dict:
    """The task of making `phones` or `addresses`, as Parquet."""
    _copy({"phones": phones, "addresses": addresses}[kind](0, rows), Path(file), "format parquet")
    return {"seconds": []}


def _copy(select: str, path: Path, form: str) -> None:
    # First under another name: a file that was cut off is never taken for a whole one.
    partial = path.with_suffix(".partial")
    con = duckdb.connect()
    con.execute(f"copy ({select}) to {literal(str(partial))} ({form})")
    con.close()
    partial.rename(path)


def phones(first: int, rows: int) -> str:
    """A select of `lead` and `phone`, as typed."""
    odd = _picked(_ODD_PHONES, "h")
    return f"""
        with numbered as (
            select
                i as lead,
                (hash(i) >> 2)::bigint as h,
                (i * {_STRIDE}) % {_PHONES} as place
            from range({first}, {first + rows}) as leads(i)
        ),
        parts as (
            select
                lead,
                h,
                {_picked("702|725|775", "place")} as npa,
                200 + place // 30000 as nxx,
                lpad(((place // 3) % 10000)::varchar, 4, '0') as number
            from numbered
        )
        select
            lead,
            case
                when h % 50 = 0 then replace({odd}, '{{}}', number)
                when h % 10 < 5 then concat(npa, '-', nxx, '-', number)
                when h % 10 < 7 then concat('(', npa, ') ', nxx, '-', number)
                when h % 10 < 9 then concat(npa, nxx, number)
                else concat(npa, '.', nxx, '.', number)
            end as phone
        from parts
    """


def addresses(first: int, rows: int) -> str:
    """A select of `lead`, `street`, `city`, `postal_code`, and all of it in one `cell`."""
    cities = _picked("|".join(city for city, _ in _PLACES), "h")
    codes = ", ".join(_codes(codes) for _, codes in _PLACES)
    return f"""
        with drawn as (
            select
                i as lead,
                (hash(i, 'address') >> 2)::bigint as h
            from range({first}, {first + rows}) as leads(i)
        ),
        parts as (
            select
                lead,
                concat(
                    1 + lead % 9973,
                    {_picked(_WAYS, "h // 11")},
                    ' ',
                    {_picked(_STREETS, "h // 101")},
                    ' ',
                    {_picked(_ENDS, "h // 1009")},
                    {_picked(_UNITS, "h // 10007")}
                ) as street,
                {cities} as city,
                [{codes}][(h % {len(_PLACES)}) + 1] as codes,
                h // 7 as draw
            from drawn
        ),
        placed as (
            select
                * exclude (codes, draw),
                codes[(draw % len(codes)) + 1] as postal_code
            from parts
        )
        select
            *,
            concat(street, ' ', city, ', NV ', postal_code) as cell
        from placed
    """


def _leads(first: int, rows: int, index: int) -> str:
    """One month's list under the contract's headers."""
    name = f"concat({_picked(_NAMES, 'h')}, ' ', {_picked(_NAMES, 'h // 13')}"
    return f"""
        with drawn as (
            select
                addresses.lead,
                addresses.cell,
                phones.phone,
                (hash(addresses.lead, 'lead') >> 2)::bigint as h
            from ({addresses(first, rows)}) as addresses
            join ({phones(first, rows)}) as phones on phones.lead = addresses.lead
        )
        select
            {name}, case when h % 10 = 0 then ' CHILD CARE, LLC' else ' CHILD CARE' end) as "Name",
            {_picked("CENTER|FAMILY CARE|GROUP CARE (PROVISIONAL)", "h")} as "Credential Type",
            concat(lead + 1000, '-', 20 + h % 9) as "Credential Number",
            case when hash(lead, {index}) % 100 = 0 then 'Suspended' else 'Active' end as "Status",
            strftime(date '2026-01-01' + (h % 900)::integer, '%-m/%-d/%y') as "Expiration Date",
            case when h % 97 = 0 then 'Y' else 'N' end as "Disciplinary Action",
            cell as "Address",
            'NV' as "State",
            {_picked("CLARK|WASHOE|NYE", "h")} as "County",
            phone as "Phone",
            strftime(date '2005-01-01' + (h % 5000)::integer, '%-m/%-d/%y') as "First Issue Date",
            concat({_picked("ANN|COLETTE & NOEMI|FELIX|ROSA", "h // 17")}, ' LEE') as "Primary Contact Name",
            {_picked("Owner|Director|Other", "h // 19")} as "Primary Contact Role"
        from drawn
        order by lead
    """


def _picked(values: str, draw: str) -> str:
    """One of the values, which stand between bars, by a whole number."""
    each = values.split("|")
    listed = ", ".join(literal(value) for value in each)
    return f"[{listed}][({draw}) % {len(each)} + 1]"


def _codes(codes: str) -> str:
    return "[" + ", ".join(literal(code) for code in codes.split()) + "]"


def make_deals(work: Path, folders: dict[str, int], months: int, scale: float) -> dict:
    """The task of making Pipedrive exports: in each folder the six files as of the end of so many months.

    The stories are those of `months`, so that a later export goes on where an earlier one ended. Only the newest
    extract is kept.
    """
    from leads_platform.funnel.sample.files import DealFiles
    from leads_platform.sample import write
    from leads_platform.sample.world import World

    for folder, until in folders.items():
        world = World(FIRST_MONTH, months, scale)
        files = DealFiles(world, until=until)
        write(Path(folder), world, [files])
        newest = files.days[-1].isoformat()
        for path in Path(folder).glob("*/*.csv"):
            if newest not in path.name:
                path.unlink()
    return {"seconds": []}
