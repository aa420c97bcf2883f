"""How many months one statement builds or judges: as many as memory holds.

Belongs here: cutting a range of months. Does not: the statements (write, auditing).
"""

from __future__ import annotations

from datetime import date

# How many rows one statement may read, or audit, of several months together. Counted are those of the months being
# built, of the tables read; not histories, nor what streams: files, and the pass that counts and judges row by row.
ROWS_AT_ONCE = 2_000_000


def stretches(months: list[date], rows: dict[date, int], together_to: date = date.max) -> list[tuple[date, date]]:
    """Unbroken months as stretches (first, last) of at most ROWS_AT_ONCE rows, or of one month.

    A window or a join holds the rows it is given in memory: 24 months of 1.6 million did not fit in 12 GB. Months after
    `together_to` are each by themselves.
    """
    found: list[tuple[date, date]] = []
    held = 0
    for month in months:
        held += rows.get(month, 0)
        if found and held <= ROWS_AT_ONCE and month <= together_to:
            found[-1] = (found[-1][0], month)
        else:
            found.append((month, month))
            held = rows.get(month, 0)
    return found
