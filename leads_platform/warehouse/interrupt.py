"""A signal to stop ends the statement that DuckDB is at.

Belongs here: passing the signal on. Does not: what becomes of the transaction (write, platform) or the command (usage).
DuckDB looks for signals between its own tasks, and not at all while its other threads do the work: Ctrl-C would wait
for the statement's end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

_STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@contextmanager
def interruptible(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While this lasts, a signal to stop interrupts the connection; Python's own handler then raises what it raises.

    Signals reach the main thread alone: elsewhere this does nothing, nor where somebody listens for them already.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    if threading.current_thread() is not threading.main_thread() or not _listen(writing):
        os.close(reading)
        os.close(writing)
        yield
        return

    def watch() -> None:
        while number := os.read(reading, 1):
            if number[0] in _STOPS:
                con.interrupt()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        os.close(writing)
        thread.join()
        os.close(reading)


def _listen(writing: int) -> bool:
    """Has the system's signals told to this pipe as well, unless they are told to another."""
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if before != -1:
        signal.set_wakeup_fd(before)
    return before == -1
