"""The PostgreSQL copy: every dim_, fct_ and rep_ table in a schema of a database, with keys, indexes and comments.

Belongs here: what is in the schema, writing it, and taking the former one's place. Does not: connecting, or what the
server's errors mean (postgres_server).

All is one transaction: `<schema>_next` is built, the former schema dropped, the new one renamed. Rows are written as
visible to all (`freeze`), and the former tables are locked before. So a reader's transaction that has seen the former
ones goes on with them, while the publication waits; any other sees the new ones alone, whenever it began.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from leads_platform.products.describe import column_words, is_as_of, table_words, words_hash
from leads_platform.products.postgres_server import transaction
from leads_platform.products.postgres_types import pg_type, text_of
from leads_platform.products.product import Making, Product, ProductFailed
from leads_platform.products.shared_copy import LAYERS, Columns, columns_of
from leads_platform.warehouse.connection import CATALOG, path_of
from leads_platform.warehouse.sql import address, identifier
from leads_platform.warehouse.table import Table

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import SQL, Composed

POSTGRES = "postgres"
SETTING = "LEADS_PLATFORM_POSTGRES"
SCHEMA = "leads_platform"
_LIST = "published_tables"
_NEXT = "_next"
_LONGEST = 63  # bytes of a name; PostgreSQL cuts off what is longer
_BATCH = 5_000  # rows that are in memory at once
# How long readers of the former tables are waited for in all, and in one attempt. An attempt holds up new readers, and
# after a second PostgreSQL would look for transactions that wait for each other, and end one of them.
_WAIT, _ATTEMPT, _PAUSE = 60.0, 0.5, 0.5
_MARK = re.compile(r"\nMade of (?P<source>.+)\nFingerprint (?P<fingerprint>[0-9a-f]+)\Z")


def postgres_copy(tables: Mapping[str, Table]) -> Product:
    """The product; there is one where the setting gives a database."""
    return Product(
        says="Dimensions, facts, reports and stats, personal columns too, in a schema of a PostgreSQL database.",
        reads=tuple(_names(tables)),
        make=_make,
        of_what_is_built=True,
        needs=SETTING,
        version=words_hash(tables, shared=True),
        stands=_stands,
    )


def schema_name(name: str) -> str:
    """The name, if the schema may be called so. Raises ValueError, in words."""
    longest = _LONGEST - len(_NEXT)
    if not re.fullmatch(rf"[a-z_][a-z0-9_]{{0,{longest - 1}}}", name):
        raise ValueError(f"{name!r} is no name for a schema: small letters, digits and _, at most {longest} of them")
    if name in ("public", "information_schema") or name.startswith("pg_"):
        raise ValueError(f"the schema {name} is PostgreSQL's own; give the platform one of its own")
    return name


@dataclass(frozen=True)
class _Copy:
    """One table as it is to be: its name there, its columns as built, and what the rows allow to be promised."""

    table: Table
    name: str
    columns: Columns
    rows: int
    first: date | None
    last: date | None
    nulls: Mapping[str, int]  # of the columns that the audits promise to be filled

    @property
    def key(self) -> list[str]:
        return list(dict.fromkeys(("month", *self.table.grain)))

    @property
    def filled(self) -> list[str]:
        """The columns that are `not null`."""
        return [column for column, count in self.nulls.items() if not count]

    @property
    def left_off(self) -> list[str]:
        """The promises that rows break, in words."""
        return [f"{column} not null ({count:,} of {self.rows:,} rows)" for column, count in self.nulls.items() if count]

    @property
    def indexed(self) -> list[str]:
        """Columns with an index of their own; the key's begins with the month."""
        grain = [column for column in self.key if column != "month"][:1]
        ids = [column for column, _ in self.columns if column.endswith(("_id", "_key"))]
        return list(dict.fromkeys([*grain, *ids]))


def _make(making: Making) -> dict[str, int]:
    from psycopg import sql

    schema = schema_name(making.name or SCHEMA)
    with transaction(making.secret) as con:
        former = _former(con, schema, making)
        built = [_looked_at(making, name, there, columns) for name, (there, columns) in _built(making).items()]
        into = schema + _NEXT
        con.execute(sql.SQL("create schema {}").format(sql.Identifier(into)))
        for copy in built:
            _write(con, into, copy, making)
            for words in copy.left_off:
                making.say(f"{schema}.{copy.name}: {words} was left off, as rows break it.")
        _write_list(con, into, built)
        _comment(con, "schema", [into], _schema_words(making))
        grants = _grants(con, schema, [copy.name for copy in built]) if former else []
        if former:
            _drop(con, schema)
        con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(into), sql.Identifier(schema)))
        for grant in grants:
            con.execute(grant)
    return {
        "tables": len(built),
        "rows": sum(copy.rows for copy in built),
        "constraints_left_off": sum(len(copy.left_off) for copy in built),
    }


def _stands(making: Making) -> bool:
    """Whether the schema is there and of what the warehouse holds now."""
    with transaction(making.secret) as con:
        schema = making.name or SCHEMA
        mark = _MARK.search(_comment_of(con, schema) or "")
        if not mark or mark["fingerprint"] != making.fingerprint or mark["source"] != str(path_of(making.con)):
            return False
        return set(_tables_of(con, schema)) >= {*(there for there, _ in _built(making).values()), _LIST}


def _former(con: Connection, schema: str, making: Making) -> bool:
    """Whether the schema is there. Raises ProductFailed where it is not what this warehouse was published to."""
    comment = _comment_of(con, schema)
    if comment is None:
        return False
    mark = _MARK.search(comment)
    if mark is None:
        raise ProductFailed(
            f"The schema {schema} of that database is not of the platform, so it is left alone. Give another name: "
            "`leads-platform publish --postgres NAME`"
        )
    if mark["source"] != str(path_of(making.con)):
        raise ProductFailed(
            f"The schema {schema} of that database is made of another warehouse, {mark['source']}. Give this one "
            f"another name: `leads-platform publish --postgres NAME`; or, if that one is no more, drop the schema"
        )
    return True


def _comment_of(con: Connection, schema: str) -> str | None:
    """The schema's comment; None where there is no such schema."""
    found = con.execute(
        "select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = %s", [schema]
    ).fetchone()
    return found[0] if found else None


def _schema_words(making: Making) -> str:
    return (
        "Dimensions, facts and reports of leads_platform, personal data included; of dimensions the newest month. Each "
        f"publication replaces the schema with all that lies in it. Published {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n"
        f"Made of {path_of(making.con)}\nFingerprint {making.fingerprint}"
    )


def _names(tables: Mapping[str, Table]) -> dict[str, str]:
    """The tables of the copy and what each is called there: its room goes before a name that two rooms use."""
    wanted = {address: table for address, table in tables.items() if table.layer in LAYERS}
    often = Counter(table.name for table in wanted.values())
    return {
        address: table.name if often[table.name] == 1 else f"{table.room}_{table.name}"
        for address, table in wanted.items()
    }


def _built(making: Making) -> dict[str, tuple[str, Columns]]:
    """Those of them that are built: what each is called there, and its columns as the warehouse has them."""
    columns = columns_of(making.con, CATALOG)
    return {name: (there, columns[name]) for name, there in _names(making.tables).items() if name in columns}


def _promised(table: Table) -> list[str]:
    """The columns that some audit of the table promises to be filled."""
    asked = {f"{identifier(column.name)} is null": column.name for column in table.columns}
    found: dict[str, None] = {}
    for audit, _ in table.audits:
        conditions = audit.condition.split(" or ")
        if not audit.max_share and all(condition in asked for condition in conditions):
            found |= dict.fromkeys(asked[condition] for condition in conditions)
    return list(found)


def _looked_at(making: Making, name: str, there: str, built: Columns) -> _Copy:
    """What is to be known of a table before it is written."""
    table = making.tables[name]
    if too_long := [word for word in (there, *(column for column, _ in built)) if len(word.encode()) > _LONGEST]:
        raise ProductFailed(f"{name}: the name {too_long[0]} has more than the {_LONGEST} bytes that PostgreSQL allows")
    promised = [column for column in _promised(table) if column in dict(built)]
    counted = ", ".join(f"count(*) - count({identifier(column)})" for column in promised)
    query = f"select count(*), min(month), max(month), {counted} from {_rows(table)}"
    ((rows, first, last, *nulls),) = making.con.execute(query).fetchall()
    return _Copy(table, there, built, rows, first, last, dict(zip(promised, nulls, strict=True)))


def _rows(table: Table) -> str:
    """What is copied of a table: of one that is as of each month's end the newest month, so that rows count once."""
    place = f"{CATALOG}.{address(table.address)}"
    return f"{place} where month = (select max(month) from {place})" if is_as_of(table) else place


def _write(con: Connection, schema: str, copy: _Copy, making: Making) -> None:
    """Makes the table, fills it, then adds key, indexes and comments."""
    from psycopg import sql

    place = sql.Identifier(schema, copy.name)
    columns = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column), _word(pg_type(kind)), _word(" not null" if column in copy.filled else "")
        )
        for column, kind in copy.columns
    ]
    con.execute(sql.SQL("create table {} ({})").format(place, sql.SQL(", ").join(columns)))
    line = " || chr(9) || ".join(text_of(column, kind) for column, kind in copy.columns)
    read = making.con.execute(f"select {line} || chr(10) from {_rows(copy.table)}")
    with con.cursor() as cursor:
        with cursor.copy(
            sql.SQL("copy {} ({}) from stdin (freeze)").format(place, _listed(dict(copy.columns)))
        ) as into:
            while batch := read.fetchmany(_BATCH):
                into.write("".join(text for (text,) in batch))
        if cursor.rowcount != copy.rows:
            raise ProductFailed(f"{copy.name}: {copy.rows:,} rows were read, and {cursor.rowcount:,} are there")
    if set(copy.key) <= set(copy.filled):
        con.execute(sql.SQL("alter table {} add primary key ({})").format(place, _listed(copy.key)))
    else:
        con.execute(sql.SQL("alter table {} add unique nulls not distinct ({})").format(place, _listed(copy.key)))
    for column in copy.indexed:
        con.execute(sql.SQL("create index on {} ({})").format(place, sql.Identifier(column)))
    _comment(con, "table", [schema, copy.name], table_words(copy.table, newest=is_as_of(copy.table)))
    words = column_words(copy.table)
    for column, _ in copy.columns:
        _comment(con, "column", [schema, copy.name, column], words.get(column, ""))
    con.execute(sql.SQL("analyze {}").format(place))


def _write_list(con: Connection, schema: str, copies: Sequence[_Copy]) -> None:
    """`published_tables`: what the schema holds, for readers, and for the next publication to know what is its own."""
    from psycopg import sql

    place = sql.Identifier(schema, _LIST)
    con.execute(
        sql.SQL(
            "create table {} (table_name text primary key, room text not null, row_count bigint not null, "
            "first_month date, last_month date, left_off text)"
        ).format(place)
    )
    with con.cursor().copy(sql.SQL("copy {} from stdin (freeze)").format(place)) as into:
        for copy in copies:
            left_off = ", ".join(copy.left_off) or None
            into.write_row((copy.name, copy.table.room, copy.rows, copy.first, copy.last, left_off))
    for column, words in {
        "": "One row per table of this schema.",
        "table_name": "Table",
        "room": "Room of the platform that declares it",
        "row_count": "Rows",
        "first_month": "First month it has rows of",
        "last_month": "Last month it has rows of",
        "left_off": "Constraints that it was declared to have and that rows break",
    }.items():
        _comment(con, "column" if column else "table", [schema, _LIST, *([column] if column else [])], words)


def _grants(con: Connection, schema: str, names: Sequence[str]) -> list[Composed]:
    """The rights of others on the former schema and its tables, as statements on the new one.

    What somebody may do with all the former tables holds for tables that are new, too.
    """
    from psycopg import sql

    found = con.execute(
        """
        select null, privilege_type, grantee, pg_get_userbyid(grantee)
        from pg_namespace, aclexplode(nspacl) where nspname = %(schema)s and grantee <> nspowner
        union all
        select relname, privilege_type, grantee, pg_get_userbyid(grantee)
        from pg_class, aclexplode(relacl)
        where relnamespace = %(place)s::regnamespace and relkind = 'r' and grantee <> relowner
        """,
        {"schema": schema, "place": f'"{schema}"'},
    ).fetchall()
    former = _tables_of(con, schema)
    held: dict[tuple[str, str | None], list[str | None]] = {}  # by right and role, None for everybody
    for table, right, number, role in found:
        held.setdefault((right, role if number else None), []).append(table)
    statements: list[Composed] = []
    for (right, name_of_role), tables in held.items():
        role = sql.Identifier(name_of_role) if name_of_role is not None else sql.SQL("public")
        of_tables = {table for table in tables if table is not None}
        for name in [*names, _LIST] if of_tables >= set(former) else sorted(of_tables & {*names, _LIST}):
            place = sql.Identifier(schema, name)
            statements.append(sql.SQL("grant {} on {} to {}").format(_word(right), place, role))
        if None in tables:
            statement = sql.SQL("grant {} on schema {} to {}")
            statements.append(statement.format(_word(right), sql.Identifier(schema), role))
    return statements


def _drop(con: Connection, schema: str) -> None:
    """Drops the former schema, when no transaction reads it any more; not what others put there or made of it."""
    from psycopg import sql

    tables = _tables_of(con, schema)
    if tables:
        places = sql.SQL(", ").join(sql.Identifier(schema, name) for name in tables)
        _lock(con, schema, sql.SQL("lock table {} in access exclusive mode").format(places))
        con.execute(sql.SQL("drop table {} restrict").format(places))
    con.execute(sql.SQL("drop schema {} restrict").format(sql.Identifier(schema)))


def _tables_of(con: Connection, schema: str) -> list[str]:
    """The tables that the last publication made in the schema and nobody dropped, its list among them."""
    from psycopg import sql

    there = con.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace", [f'"{schema}"']
    ).fetchall()
    if (_LIST,) not in there:
        return []
    listed = con.execute(sql.SQL("select table_name from {}").format(sql.Identifier(schema, _LIST))).fetchall()
    return [name for name in (*(name for (name,) in listed), _LIST) if (name,) in there]


def _lock(con: Connection, schema: str, lock: Composed) -> None:
    """Locks the former tables against readers; waits for those that hold them, and lets others by meanwhile."""
    from psycopg import errors

    until = time.monotonic() + _WAIT
    while True:
        con.execute("savepoint before_lock")
        try:
            con.execute(_word(f"set local statement_timeout = {int(_ATTEMPT * 1000)}"))
            con.execute(lock)
            con.execute("set local statement_timeout = 0")
            return
        except (errors.QueryCanceled, errors.DeadlockDetected):
            con.execute("rollback to savepoint before_lock")
        if time.monotonic() > until:
            raise ProductFailed(
                f"A transaction has been reading the schema {schema} for longer than {_WAIT:.0f} seconds"
                f"{_readers(con, schema)}. What stood there stands; end it, or publish again later"
            )
        time.sleep(_PAUSE)


def _readers(con: Connection, schema: str) -> str:
    """Who holds the schema's tables, in words."""
    found = con.execute(
        """
        select distinct pid, coalesce(usename, '?')
        from pg_locks join pg_class on pg_class.oid = relation left join pg_stat_activity using (pid)
        where relnamespace = %s::regnamespace and pid <> pg_backend_pid() and granted order by pid
        """,
        [f'"{schema}"'],
    ).fetchall()
    return f" ({', '.join(f'process {pid} of {user}' for pid, user in found)})" if found else ""


def _comment(con: Connection, kind: str, place: Sequence[str], words: str) -> None:
    from psycopg import sql

    statement = sql.SQL("comment on {} {} is {}")
    con.execute(statement.format(_word(kind), sql.Identifier(*place), sql.Literal(words)))


def _listed(columns: Sequence[str] | Mapping[str, str]) -> Composed:
    from psycopg import sql

    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _word(text: str) -> SQL:
    """A piece of SQL that is ours or the catalogue's, not a name."""
    from psycopg import sql

    return sql.SQL(text)  # pyright: ignore[reportArgumentType] - wants a literal; types and rights are looked up
