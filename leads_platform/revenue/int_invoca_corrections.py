"""Which transaction of those that correct each other counts, day by day: the last one corrected, or told first."""

from leads_platform.revenue.int_invoca_families import int_invoca_families
from leads_platform.warehouse import Audit, Column, Table, not_null, pick


def _told(name: str, condition: str, says: str) -> Audit:
    """As is known by now: what came to be known later is not told."""
    newest = "qualify row_number() over (partition by month, transaction_id order by known_on desc) = 1"
    return Audit(name, says, f"select month, line from (select * from this {newest}) where {condition}")


int_invoca_corrections = Table(
    says="One row per transaction that corrects or is corrected, and day on which its family became another.",
    grain=("transaction_id", "known_on"),
    columns=(
        *pick(int_invoca_families.columns, "transaction_id", "known_on", "version", "line"),
        Column("root", "varchar", "The transaction that all of the family go back to; it may never have come"),
        Column("position", "bigint", "Its place in the family, the last of which counts"),
        Column("counts", "boolean", "Whether it is the one of its family that counts from this day on"),
        Column("changes_month", "boolean", "The family counts in another month than before"),
        Column("is_dangling", "boolean", "It corrects a transaction that is not known"),
        Column("is_cyclic", "boolean", "Its corrections lead in a circle"),
    ),
    must=(not_null("root", "counts", "changes_month"),),
    should=(
        _told("corrected_rows_are_known", "is_dangling", "What a correction names is known; else it counts as itself."),
        _told(
            "corrections_begin_somewhere", "is_cyclic", "No corrections lead in a circle; else the last counts once."
        ),
    ),
    select="""
        with recursive alive as materialized (
            select *, transaction_id as id, corrects_transaction_id as parent
            from revenue.int_invoca_families where is_alive
        ),
        walked as (
            select month, known_on, id, id as top, parent, [place] as path from alive
            union all
            select walked.month, walked.known_on, walked.id, alive.id, alive.parent, list_append(path, place)
            from walked
            join alive on alive.month = walked.month and alive.known_on = walked.known_on and alive.id = walked.parent
            where not list_contains(path, place)
        ),
        ends as (  -- what was walked leads to the beginning, to a row that is not known, or back into the path
            select *, list_max(path[list_position(path, back_at):]) as turn
            from walked
            left join (select month, known_on, id as parent, place as back_at from alive)
                using (month, known_on, parent)
            qualify len(path) = max(len(path)) over (partition by month, known_on, id)
        ),
        placed as (
            select alive.*, coalesce(of_circle, ends.parent, top) as root,
                row_number() over (
                    partition by month, known_on, root order by alive.corrected_at nulls first, alive.place
                ) as position,
                position = count(*) over (partition by month, known_on, root) as counts,
                len(path) = 1 and ends.parent is not null and turn is null as is_dangling,
                turn is not null as is_cyclic
            from alive join ends using (month, known_on, id)
            left join (select month, known_on, place as turn, id as of_circle from alive) using (month, known_on, turn)
        ),
        moves as (
            select month, known_on, root,
                told_in <> lag(told_in, 1, told_in) over (partition by month, root order by known_on) as changes_month
            from placed where counts
        )
        select
            families.month, families.known_on, families.transaction_id, families.version, families.line,
            coalesce(placed.root, families.transaction_id) as root,
            coalesce(families.is_alive and counts, false) as counts,
            coalesce(changes_month, false) as changes_month,
            placed.position, is_dangling, is_cyclic
        from revenue.int_invoca_families as families
        left join placed on placed.month = families.month and placed.known_on = families.known_on
            and placed.id = families.transaction_id
        left join moves on moves.month = placed.month and moves.known_on = placed.known_on and moves.root = placed.root
        where families.told_in = families.month
    """,
)
