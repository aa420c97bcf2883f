"""The `base_` table of a feed, derived from its contract: the month's records as they came, with file and line.

Belongs here: what every feed's base table has. Does not: casting or cleaning (staging).
"""

from __future__ import annotations

from leads_platform.arrivals.archive.accounting import records_are_accounted_for
from leads_platform.arrivals.archive.vanished import no_column_has_vanished
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.warehouse import Column, Table, volume_is_usual
from leads_platform.warehouse.sql import identifier

FILE_COLUMNS = (
    Column("month", "date", "Business month of the record"),
    Column("file_name", "varchar", "Name of the file in landing/, as delivered"),
    Column("file_date", "date", "Day in the file's name, else the first of its month"),
    Column("file_sha256", "varchar", "Fingerprint of the file's bytes"),
    Column("part", "varchar", "Part of the month's list, empty when it comes in one file"),
    Column("line", "bigint", "Line of the file on which the record starts (row of a sheet), from 1"),
)
SLOT_MONTH = Column("slot_month", "date", "Month in the file's name: which list the file replaces")
RECORD_TIMES = (
    Column(
        "record_at", "timestamp", "The record's own time, by the contract's rule for months; with an offset, in UTC"
    ),
    Column(
        "record_local_at", "timestamp", "The same by the clock of the zone in which months are reckoned: gives `month`"
    ),
)


def base_table(contract: FeedContract) -> Table:
    """One row per effective record of the feed; all columns text, none left out."""
    listed = (SLOT_MONTH,) if contract.names_the_list else ()
    columns = (
        *FILE_COLUMNS,
        *listed,
        *(RECORD_TIMES if contract.month.column else ()),
        *(Column(c.name, "varchar", c.description or f"`{c.header}`, as delivered", c.pii) for c in contract.columns),
        *(Column(name, "varchar", "The same in every record, by the contract") for name in contract.constants),
    )
    selected = ",\n    ".join(identifier(column.name) for column in columns)
    return Table(
        says=f"{contract.title}: the records of each month's file as they came. {contract.description}".strip(),
        grain=(*(column.name for column in listed), "file_sha256", "part", "line"),
        columns=columns,
        must=(records_are_accounted_for(contract),),
        should=(
            *((volume_is_usual(),) if not contract.delivered.serves_all else ()),
            no_column_has_vanished(contract),
        ),
        owner=contract.known_owner,
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=f"select\n    {selected}\nfrom arrivals.{contract.feed}",
    ).named(contract.room, contract.base_table)
