"""DuckDB's errors in words, and what is no error of its own."""

from __future__ import annotations

import os
import signal
import threading

import duckdb
import pytest

from leads_platform.errors import is_stop
from leads_platform.warehouse.errors import errors_in_words
from leads_platform.warehouse.interrupt import interruptible

pytestmark = pytest.mark.usefixtures("interruptible")


def test_a_signal_within_a_query_is_no_error() -> None:
    """Found in use, 14: DuckDB makes a RuntimeError of Ctrl-C, which was told as a fault of the program."""
    con = duckdb.connect(config={"threads": 2})  # with more than one, DuckDB itself may not look for signals
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt), interruptible(con), errors_in_words("room.table"):
        con.execute("select bit_xor(hash(range)) from range(1000000000000)").fetchall()
    timer.join()
    assert con.execute("select 1").fetchall() == [(1,)]
    con.close()


def test_what_lies_behind_an_error_tells_whether_it_is_a_stop() -> None:
    """Found in use, 14: what a stop brings about on its way is none of the program's faults."""
    stop = RuntimeError("Query interrupted")
    stop.__cause__ = KeyboardInterrupt()
    while_rolling_back = ValueError("no transaction")
    while_rolling_back.__context__ = stop
    assert is_stop(stop) and is_stop(while_rolling_back)
    assert not is_stop(RuntimeError("Query interrupted"))
    with pytest.raises(RuntimeError, match="else"), errors_in_words("room.table"):
        raise RuntimeError("something else")
