"""Entries out of versions: what a source said, and what it said later, as amounts that add up to its last word.

Belongs here: the one rule, as SQL. Does not: what a version is worth, or whether it counts (each system's tables).
"""

from __future__ import annotations

from collections.abc import Iterable

from leads_platform.warehouse.sql import identifier, literal

AMOUNTS = ("amount", "payout")


def entries(
    versions: str,
    *,
    key: tuple[str, ...],
    attributes: tuple[str, ...],
    described: tuple[str, ...] = (),
    told: tuple[str, ...] = ("known_on", "recorded_at", "file_name", "line"),
    amounts: tuple[str, ...] = AMOUNTS,
    changed: str = "price_change",
) -> str:
    """A select of the entries that follow from `versions`, a select of one row per version.

    That has month, version (1 and on, in the order in which they became known, for each `key` in each month),
    `counts` (whether the version is revenue at all; what vanished is not), and the columns named here. Of two
    neighbours that count, with the same `attributes`, comes one entry of the difference. With others, all comes back
    under the old and all is booked anew under the new. What counts no more comes back. Nothing comes of nothing: there
    is no entry without an amount.

    The entry has month, the key, version, `sign` (+ or -: an entry's id is made of these), `change`, the attributes,
    amounts and `described` of what is booked, and `told` of the version that made it so. A difference is called
    `changed`.
    """
    names = [identifier(name) for name in key]
    same_key = " and ".join(f"now.{name} is not distinct from before.{name}" for name in names)
    same = " and ".join(
        ["before.counts", *(f"now.{name} is not distinct from before.{name}" for name in map(identifier, attributes))]
    )
    any_amount = " or ".join(f"{identifier(name)} <> 0" for name in amounts)
    about, made = (*key, *attributes, *described), _columns("now", ("version", *told))
    return f"""
        with versions as materialized (
            select
                *,
                coalesce(
                    version > min(version) filter (where counts) over (partition by month, {", ".join(names)}), false
                ) as has_counted
            from ({versions})
        ),
        booked as (
            select
                now.month,
                '+' as sign,
                case
                    when not now.has_counted then 'first'
                    when {same} then {literal(changed)}
                    when before.counts then 'reassigned'
                    else 'undone'
                end as change,
                {", ".join(f"now.{n} - if({same}, before.{n}, 0) as {n}" for n in map(identifier, amounts))},
                {_columns("now", about)},
                {made}
            from versions as now
            left join versions as before
                on now.month = before.month and before.version = now.version - 1 and {same_key}
            where now.counts
            union all by name
            select
                now.month,
                '-' as sign,
                if(now.counts, 'reassigned', 'undone') as change,
                {", ".join(f"-before.{n} as {n}" for n in map(identifier, amounts))},
                {_columns("before", about)},
                {made}
            from versions as now
            join versions as before
                on now.month = before.month and before.version = now.version - 1 and {same_key}
            where before.counts and not (now.counts and {same})
        )
        select * from booked where {any_amount}
    """


def _columns(table: str, names: Iterable[str]) -> str:
    return ", ".join(f"{table}.{identifier(name)}" for name in names)
