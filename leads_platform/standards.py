"""The SQL functions that tables of all rooms may call: which there are, their versions, giving them to a connection.

Belongs here: the one list of them. Does not: the rules behind a function (the room that has them), or which tables
call one (the catalogue finds out).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb

from leads_platform.contacts import standards as contacts
from leads_platform.contacts.addresses import install_addresses
from leads_platform.contacts.phones import install_phones
from leads_platform.values import money, times
from leads_platform.values.money import install_money
from leads_platform.values.times import install_times

_PHONES = frozenset({"phone"})
_ADDRESSES = frozenset(contacts.FUNCTIONS) - _PHONES
_MONEY = frozenset({money.FUNCTION})
_TIMES = frozenset(times.FUNCTIONS)
FUNCTIONS = _PHONES | _ADDRESSES | _MONEY | _TIMES


def standards(zone: str = "UTC") -> dict[str, str]:
    """Each function with the version of its rule, so that a table is built again when a rule it uses changes.

    `zone`, the platform's time zone, is part of the rule by which days are reckoned.
    """
    own = dict.fromkeys(_MONEY, _hash(money.__file__)) | dict.fromkeys(_TIMES, f"{_hash(times.__file__)} {zone}")
    return contacts.standards() | own


@cache
def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def install_standards(con: duckdb.DuckDBPyConnection, functions: Iterable[str] = FUNCTIONS, zone: str = "UTC") -> None:
    """Gives the connection these functions, and those that come with them. Not within a transaction.

    Phones and addresses take 0.1 s each, so only what is asked for is made.
    """
    wanted = frozenset(functions)
    if wanted & _PHONES:
        install_phones(con)
    if wanted & _ADDRESSES:
        install_addresses(con)
    if wanted & _MONEY:
        install_money(con)
    if wanted & _TIMES:
        install_times(con, zone)
