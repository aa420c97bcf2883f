"""Ready-made audits: what many tables ask of their rows, a call each.

Belongs here: audits that any table of any room may use. Does not: those that every table has (table), or asking them
(auditing).
"""

from __future__ import annotations

from leads_platform.warehouse import sql
from leads_platform.warehouse.table import Audit


def not_null(*columns: str) -> Audit:
    """These columns always have a value."""
    condition = " or ".join(f"{sql.identifier(column)} is null" for column in columns)
    says = f"{', '.join(columns)} always have a value."
    return Audit.of_rows(f"not_null_{'_'.join(columns)}", says, condition)


def bad_rows(name: str, condition: str, says: str, max_share: float = 0.0) -> Audit:
    """Rows for which `condition` holds are bad; up to `max_share` (0 to 1) of a month's rows are tolerated."""
    return Audit.of_rows(name, says, condition, max_share)


def values_are_readable(base: str, **casts: str) -> Audit:
    """What is written in these columns of `base` reads as what it is cast to: where ours is null, theirs is empty.

    Each cast is the select's own expression on the column of that name. The lines of the records are the evidence.
    """
    unreadable = [
        f"(nullif(trim({sql.identifier(column)}), '') is not null and {cast} is null)" for column, cast in casts.items()
    ]
    return Audit(
        "values_are_readable",
        f"What is written in {', '.join(casts)} can be read; where it can't, the value is null.",
        f"select month, line from {base} where {' or '.join(unreadable)}",
    )


def adds_up(
    name: str,
    says: str,
    table: str,
    where: str = "",
    theirs: str = "count(*)",
    this: str = "count(*)",
    by: tuple[str, ...] = (),
) -> Audit:
    """`this` over the table's rows is what `theirs` is over the rows of `table` for which `where` holds.

    Both are counts or sums, by month and by the columns `by`, which both tables have; what has no rows is 0. The
    evidence says what is expected (theirs) and what is found (ours).
    """
    keys = ", ".join(sql.identifier(column) for column in ("month", *by))
    return Audit(
        name,
        says,
        f"""
        with ours as (select {keys}, {this} as total from this group by {keys}),
        theirs as (select {keys}, {theirs} as total from {table} {f"where {where}" if where else ""} group by {keys})
        select {keys}, coalesce(theirs.total, 0) as expected, coalesce(ours.total, 0) as found
        from ours
        full join theirs using ({keys})
        where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
        """,
    )


def records_reconcile(base: str, records: str = "count(*)") -> Audit:
    """Every record of `base` is accounted for: in a row of its own, or as many in a row as `records` adds up to."""
    says = f"Every record of {base} is here: {records} adds up to the month's records there."
    return adds_up("records_reconcile", says, base, this=records)


def accepted_values(column: str, *values: str) -> Audit:
    """`column` is null or one of `values`."""
    listed = ", ".join(sql.literal(value) for value in values)
    says = f"{column} is one of {', '.join(values)}."
    return Audit.of_rows(f"accepted_values_{column}", says, f"{sql.identifier(column)} not in ({listed})")


def references(*columns: str, table: str, keys: tuple[str, ...] = (), named_id: str = "") -> Audit:
    """The values of `columns`, where all are given, stand in `table` in the same month, there under `keys`.

    `keys` are the names there where they are others. `named_id` is the column (a number, as a deal's id) that tells in
    the evidence, beside the values, which rows are bad; without it a row's line or key does.
    """
    mine = [f"this.{sql.identifier(column)}" for column in columns]
    theirs = [f"other.{sql.identifier(key)}" for key in keys or columns]
    same = " and ".join(f"{their} = {my}" for their, my in zip(theirs, mine, strict=True))
    shown = ", ".join(["this.month", *mine, f"this.{sql.identifier(named_id)} as named_id"]) if named_id else "this.*"
    return Audit(
        f"references_{'_'.join(columns)}",
        f"Every {' with '.join(columns)} is in {table}.",
        f"""
        select {shown} from this
        anti join {table} as other on other.month = this.month and {same}
        where {" and ".join(f"{my} is not null" for my in mine)}
        """,
    )


def phones_are_valid(min_share: float, column: str = "phone_is_valid", line: str | None = None) -> Audit:
    """At least `min_share` (0 to 1) of the month's given phones are valid numbers of their region's plan."""
    evidence, condition = f", {line} as line" if line else "", f"{column} = false"
    return Audit(
        f"{column}_rate",
        f"At least {min_share:.0%} of a month's rows have a valid phone (phonenumbers' rules) or none at all.",
        f"select month{evidence} from this where {condition}",
        max_share=round(1 - min_share, 6),
        condition=condition,
    )


def volume_is_usual(low: float = 0.5, high: float = 2.0) -> Audit:
    """The month's rows lie within `low` to `high` times the median of the table's six months before."""
    return Audit(
        "row_volume_is_usual",
        f"A month has between {low:.0%} and {high:.0%} of the median row count of the six months before it.",
        f"""
        with counts as (
            select month, count(*) as rows from this_history group by month
        ),
        compared as (
            select
                month,
                rows,
                median(rows) over (order by month rows between 6 preceding and 1 preceding) as usual
            from counts
        )
        select month, rows from compared where rows < {low} * usual or rows > {high} * usual
        """,
    )
