"""What a broker's file would come to, before it is taken in, in words.

Belongs here: the questions and the sentences. Does not: working the tables out (leads_platform.trial).
"""

from __future__ import annotations

from decimal import Decimal

from leads_platform.arrivals.contracts.group import Trial
from leads_platform.warehouse.sql import literal

Told = tuple[str | None, str | None, str | None, bool, int, Decimal | None]


def sales_trial(broker: str) -> Trial:
    """How many rows of a file of sales find their sale, by what, and worth how much."""
    return Trial(
        "revenue.int_broker_matches",
        f"""
        select rule, reason, not_counted, candidates > 1, count(*), sum(round(amount, 2))
        from revenue.int_broker_matches
        where broker = {literal(broker)} and file_name = $file
        group by all
        order by all
        """,
        _of_sales,
    )


def _of_sales(rows: list[Told]) -> list[str]:
    def worth(some: list[Told]) -> str:
        counted = [row for row in some if row[2] is None]
        return f"{sum(row[4] for row in some)}, worth {sum((row[5] or 0 for row in counted), Decimal(0)):,.2f}"

    found, lost = [row for row in rows if row[1] is None], [row for row in rows if row[1] is not None]
    said = [f"rows that find their sale: {worth(found)}"]
    said += [
        f"  by {rule}: {worth([r for r in found if r[0] == rule])}" for rule in sorted({r[0] or "" for r in found})
    ]
    said += [f"rows without a sale: {worth(lost)}"] if lost else []
    said += [f"  {why}: {worth([r for r in lost if r[1] == why])}" for why in sorted({r[1] or "" for r in lost})]
    several = sum(row[4] for row in rows if row[3])
    said += [f"rows with several candidates, of which one is picked: {several}"] if several else []
    for why in sorted({row[2] or "" for row in rows} - {""}):
        said.append(f"rows left out of sums ({why}): {sum(row[4] for row in rows if row[2] == why)}")
    return said


def dispositions_trial(broker: str) -> Trial:
    """How many dispositions of a file find a sale, by standard status, and how many words are not known."""
    return Trial(
        "revenue.fct_dispositions",
        f"""
        select coalesce(status, ''), count(*), count(sale_transaction_id)
        from revenue.fct_dispositions
        where broker = {literal(broker)} and file_name = $file
        group by all
        order by all
        """,
        _of_dispositions,
    )


def _of_dispositions(rows: list[tuple[str, int, int]]) -> list[str]:
    said = [f"dispositions: {sum(count for _, count, _ in rows)}, with a sale {sum(found for *_, found in rows)}"]
    said += [f"  {status}: {count}, with a sale {found}" for status, count, found in rows if status]
    said += [f"  of a word that is not in status_map: {count}" for status, count, _ in rows if not status]
    return said
