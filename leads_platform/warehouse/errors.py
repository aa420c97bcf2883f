"""DuckDB's errors in words that hold no values of rows.

Belongs here: what a person may see of an error while a table is built. Does not: opening the file (connection).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import duckdb

from leads_platform.errors import fault_in_words, is_stop, left_out
from leads_platform.warehouse.places import line_of

# DuckDB's errors about the statement itself, or the machine. Others (conversion, out of range, invalid input, and
# not implemented: an unknown time zone) quote values of rows, which may be personal data, with no sure sign where a
# value ends.
_ABOUT_NO_ROW = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.PermissionException,
)

_ABOUT_THE_TEXT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


class BuildError(Exception):
    """A table could not be built, for another reason than a failed check. The text holds no values of rows."""


def is_about_rows(error: duckdb.Error) -> bool:
    """Whether some row's value brought the error about, so that months without such a row can be built."""
    about_all = (*_ABOUT_NO_ROW, duckdb.InternalException, duckdb.FatalException)
    return not isinstance(error, about_all) and fault_in_words(error) is None


@contextlib.contextmanager
def errors_in_words(address: str, source: str = "") -> Iterator[None]:
    """Turns DuckDB's errors while the table `address` is built into BuildError, cut off from their cause.

    Of an error in the statement itself it names the line of the file `source`, in which the table is declared. What a
    signal has interrupted ends in KeyboardInterrupt.
    """
    try:
        yield
    except duckdb.Error as error:
        said = fault_in_words(error) or without_values(error)
        written = isinstance(error, _ABOUT_THE_TEXT) and source
        place = f"{line_of(source, said)}: " if written else ""
        raise BuildError(f"{place}{address}: DuckDB could not build it: {said}") from None
    except RuntimeError as error:
        if is_stop(error):
            raise KeyboardInterrupt from None
        raise


def without_values(error: duckdb.Error) -> str:
    """The error as DuckDB words it, or, where that may quote a row, what kind it is and the column and type."""
    left_out(error)
    if isinstance(error, _ABOUT_NO_ROW):
        return str(error).split("\n\nLINE", 1)[0]
    kind = type(error).__name__.removesuffix("Exception")
    head, suffix, tail = str(error).rpartition(" when casting from source column ")
    if isinstance(error, duckdb.ConversionException) and suffix:
        to = re.search(r"\b(?:to|type) ([A-Z][A-Z0-9_]*(?:\(\d+,\d+\))?)\Z", head)
        column = re.match(r"\w+", tail)
        kind += f" of column {column[0] if column else '?'}{f' to {to[1]}' if to else ''}"
    return f"{kind} (its value is left out, as it may be personal data); use try_cast or try_strptime, with an audit"
