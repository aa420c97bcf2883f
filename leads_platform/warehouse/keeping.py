"""The select of a dimension that keeps what vanished: each key that any list ever held, as of each month's end.

Belongs here: how a month's list and what was known before it become what is known at its end. Does not: what a key's
columns mean (the tables), or building month by month (write).
"""

from __future__ import annotations

from collections.abc import Mapping

from leads_platform.warehouse import sql


def as_of(
    table: str,
    listing: str,
    key: tuple[str, ...],
    listed: str,
    select: str = "select * from now",
    lists_by: tuple[str, ...] = (),
    otherwise: Mapping[str, str] | None = None,
) -> str:
    """The select of the cumulative table `table`: the rows of `listing`, and those known before that are not in it.

    `listing` has the month's list, `key` tells its rows apart, and the boolean column `listed` says whether the latest
    list still holds the key. A month without a list changes nothing. There is one list, or one for each value of the
    columns `lists_by`.

    `select` makes the list's rows, with all columns but `listed`, out of `now` (the list) and `known` (the table as of
    the month before). A column that an empty value must never replace is `coalesce(now.x, known.x)` there. A row that
    is not listed keeps its columns; those in `otherwise` get that expression instead, on the row as it was and
    `list_came`: whether a list came that could have held it.
    """
    keys, flag = ", ".join(map(sql.identifier, key)), sql.identifier(listed)
    by = [sql.identifier(column) for column in lists_by]
    # Equal, also where there is one list: on any other condition DuckDB loops over all pairs.
    same = " and ".join(
        [f"lists.{column} = known.{column}" for column in by] or ["lists.came = (known.month is not null)"]
    )
    replaced = {"month": "$month", listed: f"{flag} and not list_came", **(otherwise or {})}
    return f"""
        with now as (select * from {listing}),
        known as (select * from {table} where month = $previous_month)
        select *, true as {flag} from ({select})
        union all by name
        select
            * exclude (list_came)
            replace ({", ".join(f"{value} as {sql.identifier(name)}" for name, value in replaced.items())})
        from (
            select known.*, lists.came is not null as list_came
            from known
            anti join now using ({keys})
            left join (select distinct {", ".join(["true as came", *by])} from now) as lists on {same}
        )
    """
