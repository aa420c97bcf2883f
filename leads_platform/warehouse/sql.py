"""SQL as text: literals, identifiers, which relations a statement reads, and putting others in their place.

Belongs here: what can be said of SQL text through DuckDB's own tokens. Does not: anything that needs a connection.
Works on tokens, not on a re-rendered tree, so that DuckDB runs the author's own text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import duckdb

# The audited table, limited to the months being built, and with all its months up to the last one built.
THIS, THIS_HISTORY = "this", "this_history"
# One row for each month being built, whether it has data or not.
MONTHS = "months"
_JOIN_WORDS = ("from", "join")
_GAP = r"(?:\s|--[^\n]*|/\*.*?\*/)"
# DuckDB tells where a token starts, not where it ends: before the white space and comments that part it from the next.
_TOKEN = re.compile(
    rf"""
    "(?:[^"]|"")*"
    | \$(\w*)\$.*?\$\1\$
    | [eE]'(?:[^'\\]|''|\\.)*'
    | (?:[xXbBnN]|[uU]&)?'(?:[^']|'')*'(?:\s*\n\s*'(?:[^']|'')*')*
    | [^'"\s]+?(?={_GAP}|$)
    """,
    re.VERBOSE | re.DOTALL,
)
_GAPS = re.compile(f"{_GAP}*", re.DOTALL)
# Most tokens: a word or a sign that opens no quote or comment, and white space. The rest is for _TOKEN to tell apart.
_PLAIN = re.compile(r"(\w+|[!#%&(-,.:-@[-^`{-~])\s*", re.ASCII)
# The months only a cumulative table's select knows; every select knows $first_month and $last_month.
CUMULATIVE_WORD = re.compile(r"\$(month|previous_month)\b")


def literal(value: object) -> str:
    """A SQL literal for a string, number, boolean, date or None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return f"date '{date.isoformat(value)}'"  # of a moment, too, its date
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def address(name: str) -> str:
    """`room.table` with both parts quoted."""
    return ".".join(identifier(part) for part in name.split(".", 1))


def within(first: date, last: date, column: str = "month") -> str:
    """The condition that a month lies in a range, both ends included."""
    return f"{column} between {literal(first)} and {literal(last)}"


def values(rows: Iterable[Iterable[object]]) -> str:
    """Rows as the text of a VALUES list."""
    return ", ".join("(" + ", ".join(literal(value) for value in row) + ")" for row in rows)


def records(columns: dict[str, str], rows: Iterable[Iterable[object]]) -> str:
    """Rows as a select of these columns (name: type), out of one JSON text: a VALUES list takes three times as long."""
    as_json = json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=date.isoformat)
    return f"select unnest(from_json_strict({literal(as_json)}, {literal(json.dumps([columns]))}), recursive := true)"


class _Token(NamedTuple):
    """A token as written, with its first character and the one after its last."""

    text: str
    start: int
    end: int
    is_name: bool

    @property
    def name(self) -> str:
        """The name it stands for, without quotes."""
        return self.text[1:-1].replace('""', '"') if self.text.startswith('"') else self.text


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[_Token, ...]:
    """Raises ValueError where DuckDB's tokens leave out a part, as what follows a quote that is never closed."""
    encoded = text.encode()
    found = duckdb.tokenize(text)  # offsets in bytes
    named = duckdb.token_type.identifier
    starts = [*(start for start, _ in found), len(encoded)]
    before = encoded[: starts[0]].decode() if found else text
    gaps, tokens, at = [before], [], len(before)
    for (start, kind), end in zip(found, starts[1:], strict=True):
        piece = encoded[start:end].decode()
        if plain := _PLAIN.fullmatch(piece):
            written = plain[1]
        else:
            match = _TOKEN.match(piece)
            written = match[0] if match else ""
            gaps.append(piece[len(written) :])
        tokens.append(_Token(written, at, at + len(written), kind == named))
        at += len(piece)
    if not all(map(_GAPS.fullmatch, gaps)) or not all(token.text for token in tokens):
        raise ValueError("the SQL text has a quote or comment that is not closed, or a space that is not a plain one")
    return tuple(tokens)


def normal(text: str) -> str:
    """The statement without its layout and comments, so that re-indenting a select makes nothing stale."""
    return " ".join(token.text for token in _tokens(text))


@lru_cache(maxsize=4096)
def called(text: str) -> frozenset[str]:
    """The functions that the statement calls, in lower case."""
    return frozenset(token.name.lower() for token, after in pairwise(_tokens(text)) if after.text == "(")


@lru_cache(maxsize=4096)
def _found(text: str) -> tuple[tuple[str, int, int, bool], ...]:
    """Relations after FROM or JOIN: (name, first character, last character + 1, whether an alias follows)."""
    tokens = _tokens(text)
    words = [token.text.lower() for token in tokens]
    found: list[tuple[str, int, int, bool]] = []
    built_in = (THIS, THIS_HISTORY) if _names_its_own(words, MONTHS) else (THIS, THIS_HISTORY, MONTHS)
    comma = -1  # where a comma would be a join: right after a relation and its alias
    for i, word in enumerate(words):
        joins = word in _JOIN_WORDS or (i == comma and word == ",")
        if not joins or i + 1 >= len(tokens):
            continue
        if i and words[i - 1] == "distinct":  # `is distinct from` compares, it reads nothing
            continue
        first = tokens[i + 1]
        dotted = i + 3 < len(tokens) and words[i + 2] == "."
        last = tokens[i + 3] if dotted else first
        name = f"{first.name}.{last.name}" if dotted else first.name
        if not dotted and name not in built_in:
            continue
        after = i + (4 if dotted else 2)
        named_as = after < len(tokens) and words[after] == "as"
        aliased = named_as or (after < len(tokens) and tokens[after].is_name)
        comma = after + (2 if named_as else int(aliased))
        found.append((name, first.start, last.end, aliased))
    return tuple(found)


def _names_its_own(words: list[str], name: str) -> bool:
    """Whether the statement names a query of its own so: `with name as (` or `with name(column) as (`."""
    return any(
        words[i - 1] in ("with", "recursive", ",")
        and (words[i + 1] == "(" or (words[i + 1] == "as" and words[i + 2] in ("(", "not", "materialized")))
        for i, word in enumerate(words[:-2])
        if i and word == name
    )


def is_of_one_row(condition: str) -> bool:
    """Whether a condition names no relation and no month: each row can be judged by itself."""
    return not _found(condition) and "$" not in condition


def relations(text: str) -> list[str]:
    """The `room.table` relations a select reads after FROM or JOIN, in order, without repeats."""
    return list(dict.fromkeys(name for name, *_ in _found(text) if "." in name))


def bind(text: str, resolve: Callable[[str], str], months: dict[str, date]) -> str:
    """The select with each relation replaced by `resolve(name)` and each `$month_word` by a date literal.

    Literals, not bound parameters: DuckDB's first bound parameter imports pandas, which costs 0.3 s (docs/hazards.md).
    """
    out, at = [], 0
    for name, start, end, aliased in _found(text):
        alias = "" if aliased else f" as {identifier(name.split('.')[-1].rstrip('*'))}"
        out += [_with_months(text[at:start], months), "(", resolve(name), ")", alias]
        at = end
    return "".join([*out, _with_months(text[at:], months)])


def _with_months(text: str, months: dict[str, date]) -> str:
    """A piece of the author's own text; what a relation stands for may hold `$month` in a file's name."""
    for word, month in months.items():
        text = re.sub(rf"\${word}\b", literal(month), text)
    if left := re.search(r"\$(first_month|last_month|month|previous_month)\b", text):
        raise ValueError(f"${left[1]} is only known in a cumulative table")
    return text
