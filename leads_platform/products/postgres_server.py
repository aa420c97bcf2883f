"""A PostgreSQL server: one transaction on it, and its errors in words without password, values of rows or statements.

Belongs here: reading the address, connecting, what an error means and what to do. Does not: what is written (postgres).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leads_platform.errors import left_out
from leads_platform.products.product import ProductFailed

if TYPE_CHECKING:
    from psycopg import Connection, Error

# The driver takes 0.1 s to import and is imported where it is used.

_OLDEST = 150000  # `nulls not distinct` came with 15
# Where the address says nothing else: a server that is gone is noticed, and told to whoever looks at the server.
_USUAL = {
    "application_name": "leads_platform",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",  # milliseconds
}
# Limits that a role may have for statements of people; a large table is one long statement.
_LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout", "lock_timeout")
_ADDRESS = (
    "What LEADS_PLATFORM_POSTGRES names is no address of a PostgreSQL server. Set it to the name of a variable that "
    "holds one: postgresql://user:password@host:5432/database, where other characters than letters and digits in the "
    "password are written as %40 for @"
)
# What the driver and the server say when there is no connection, and what a person is told.
_NO_CONNECTION = (
    (r"password authentication failed|no password supplied", "refuses user or password"),
    (r"no pg_hba\.conf entry", "lets this user not in from this machine (pg_hba.conf)"),
    (r'role ".*" does not exist|is not permitted to log in', "knows no such user who may log in"),
    (r'database ".*" does not exist', "has no such database"),
    (r"permission denied for database", "does not let this user connect to the database"),
    (r"translate host name|Name or service|resolve", "can't be found: no machine has this name"),
    (r"Connection refused|No such file or directory", "does not answer; does it run, and on this port?"),
    (r"timeout|timed out|No route|unreachable", "can't be reached in time; is the network, or a firewall, between?"),
    (r"SSL|certificate|TLS", "can't be reached with the TLS that the address asks for (sslmode, sslrootcert)"),
    (r"too many clients|remaining connection slots", "has no connection left; try again later"),
    (r"starting up|shutting down|recovery", "is starting or stopping; try again"),
)
# Beginnings of SQLSTATE, the longest first, and what a person is told.
_STATES = (
    ("53100", "its disk is full. Free some space there"),
    ("53", "it lacks memory, disk or connections"),
    ("57P", "it was stopped meanwhile"),
    ("08", "the connection was lost"),
    ("25006", "it takes no writes: it is a replica, or set to read only"),
    (
        "42501",
        "{primary}. The user must be allowed to make schemas (`grant create on database ... to ...`), and own this one",
    ),
    ("42P06", "{primary}, and the platform builds under that name. Rename it, or drop it if nobody uses it"),
    (
        "2BP01",
        "each publication replaces the schema, and objects of others lie in it or depend on its tables: {objects}. "
        "Move or drop them",
    ),
    ("23505", "the key of {relation} is not unique ({constraint})"),
    ("23502", "{relation} has a row without {column}"),
    ("23", "{relation} breaks the constraint {constraint}"),
    ("22", "a value of {relation} does not fit its type there; which one is left out"),
    ("40", "another transaction came in between"),
)


@contextlib.contextmanager
def transaction(dsn: str) -> Iterator[Connection]:
    """One transaction on the server of this address: committed at the end, rolled back by any error.

    Raises ProductFailed in words for all that server and driver say.
    """
    import psycopg

    where, known = _address(dsn)
    try:
        con = psycopg.connect(known, prepare_threshold=None)  # no statements are kept: a pooler may stand between
    except psycopg.Error as error:
        raise ProductFailed(_no_connection(where, error)) from None
    try:
        with con:
            if con.info.server_version < _OLDEST:
                raise ProductFailed(f"{where} is older than PostgreSQL 15, which is the oldest that will do")
            con.execute("select set_config(name, '0', true) from pg_settings where name = any(%s)", [list(_LIMITS)])
            yield con
    except psycopg.Error as error:
        raise ProductFailed(f"{where}: {_in_words(error)}") from None


def _address(dsn: str) -> tuple[str, str]:
    """The server in words, and the address with what is usual. What may be part of a password is not told."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    except psycopg.Error:
        raise ProductFailed(_ADDRESS) from None
    shown = {key: parts.get(key, "") for key in ("host", "port", "dbname", "user")}
    if any("@" in text for text in shown.values()) or not re.fullmatch(r"[\d,]*", shown["port"]):
        raise ProductFailed(_ADDRESS)
    host, port, database, user = shown.values()
    where = f"The PostgreSQL server {host or 'of this machine'}{port and f':{port}'}"
    more = ", ".join(f"{word} {text}" for word, text in (("database", database), ("user", user)) if text)
    return f"{where} ({more})" if more else where, make_conninfo(**{**_USUAL, **parts})


def _no_connection(where: str, error: Error) -> str:
    left_out(error)
    text = str(error)
    for pattern, words in _NO_CONNECTION:
        if re.search(pattern, text):
            return f"{where} {words}"
    return f"{where} gives no connection. `leads-platform --debug publish --postgres` shows what it says"


def _in_words(error: Error) -> str:
    """What the server says, by its code: its own text may quote a row or the statement."""
    left_out(error)
    state, told = error.sqlstate or "08", error.diag
    copied = re.match(r"COPY (\w+)(?:, line \d+, column (\w+))?", told.context or "")
    relation = f"{copied[1]}.{copied[2]}" if copied and copied[2] else told.table_name or (copied and copied[1])
    for beginning, words in _STATES:
        if state.startswith(beginning):
            return words.format(
                primary=told.message_primary,
                objects=", ".join((told.message_detail or "").splitlines()[:3]),
                relation=relation or "a table",
                constraint=told.constraint_name or "of its declaration",
                column=told.column_name or "a value",
            )
    return f"it refuses a statement (SQLSTATE {state}); `leads-platform --debug publish --postgres` shows its text"
