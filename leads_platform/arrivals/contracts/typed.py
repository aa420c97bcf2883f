"""What a delivered cell means by its column's declaration, as SQL: the one reading of types for all who read cells.

Belongs here: the expression for each type. Does not: what text states a time or an amount (values), or what becomes of
a cell that can't be read (it is null here; the tables' checks and `check` tell of it).
"""

from __future__ import annotations

from leads_platform.arrivals.contracts.model import Column, FeedContract
from leads_platform.values.money import FUNCTION as MONEY
from leads_platform.values.times import Moment, local_day, moment
from leads_platform.warehouse.sql import literal

SQL_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "decimal": "double",
    "money": "decimal(18,4)",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def typed(contract: FeedContract, column: Column, cell: str) -> str:
    """The value of `cell`, an SQL expression for a text without blanks around it; null where it can't be read.

    A time and a day are by the clock of the feed's zone. Money needs the standard function `money` (standards).
    """
    match column.type:
        case "text":
            return cell
        case "money":
            return f"{MONEY}({cell}, {literal(contract.money)})"
        case "date":
            return local_day(cell, column.formats, contract.zone, _source(contract))
        case "timestamp":
            return moment_of(contract, column, cell).local(contract.zone)
        case _:
            return f"try_cast({cell} as {SQL_TYPES[column.type]})"


def with_comma(contract: FeedContract) -> frozenset[str]:
    """Columns whose numbers are kept with a comma, as their amounts are written, whatever the file has.

    A number that is no text, as a workbook's, says where its decimals begin; the text `1.125` is 1125 in that style.
    """
    return frozenset(column.name for column in contract.columns if column.type == "money" and contract.money == "eu")


def moment_of(
    contract: FeedContract,
    column: Column,
    cell: str,
    formats: tuple[str, ...] | None = None,
    also: tuple[str, ...] = (),
) -> Moment:
    """The moment that a cell of the column states.

    `formats` stand for the column's own; `also`: those in which the file's type, a workbook say, writes a date. In a
    column of timestamps a day alone is its midnight, in any other it is a day, which has no zone.
    """
    own = column.formats if formats is None else formats
    return moment(cell, (*own, *also), _source(contract), midnight=column.type == "timestamp")


def _source(contract: FeedContract) -> str | None:
    return contract.source_timezone and literal(contract.source_timezone)
