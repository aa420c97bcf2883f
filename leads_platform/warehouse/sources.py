"""What the warehouse needs to know of the arrivals, as a protocol, so that the engine does not import them.

Belongs here: the questions. Does not: the answers (arrivals.state).
"""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Sources(Protocol):
    """The archive's effective records, by feed and month."""

    def feeds(self) -> list[str]:
        """The names a select can read as `arrivals.<feed>`; `arrivals.files` is the ledger."""
        ...

    def relation(self, feed: str, first: date, last: date) -> str:
        """A select of the feed's effective records of these months, with `month` and the contract's columns."""
        ...

    def version(self, feed: str, month: date) -> str | None:
        """Changes when the month's effective records change; None when it has none."""
        ...

    def open_months(self) -> tuple[date, date]:
        """The platform's first month and the current one: no month outside can be built."""
        ...

    def data_months(self) -> tuple[date, date] | None:
        """The first and last month with effective records, within the platform's partitions; None when empty."""
        ...
