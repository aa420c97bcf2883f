"""What the four kinds of delivery demand of a contract and of one file.

Belongs here: what can be said without knowing other files. Does not: what a file means to those that came before
(archive.snapshot, archive.extract, archive.events, archive.reference).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """One kind of delivery.

    `is_monthly`: all records of a file are of one month, and each month a file is expected. `dates_records`: each
    record has a month of its own, by a column. `serves_all`: it is a look-up, without months. `is_partial`: a file
    is a part of the whole, replaces no other, may be empty, and its records replace earlier ones by their key.
    """

    name: str
    is_monthly: bool = False
    dates_records: bool = False
    serves_all: bool = False
    is_partial: bool = False


DELIVERIES = {
    kind.name: kind
    for kind in (
        Delivery("snapshot", is_monthly=True),
        Delivery("events", dates_records=True, is_partial=True),
        Delivery("extract", dates_records=True),
        Delivery("reference", serves_all=True),
    )
}
