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


class _Tokens(NamedTuple):
    """A statement's tokens as written: for each its text, first character and whether DuckDB takes it for a name."""

    texts: list[str]
    starts: list[int]
    named: list[bool]

    def name(self, i: int) -> str:
        """The name that a token stands for, without quotes."""
        text = self.texts[i]
        return text[1:-1].replace('""', '"') if text.startswith('"') else text

    def end(self, i: int) -> int:
        """The character after a token's last."""
        return self.starts[i] + len(self.texts[i])


@lru_cache(maxsize=4096)
def _tokens(text: str) -> _Tokens:
    """Raises ValueError where DuckDB's tokens leave out a part, as what follows a quote that is never closed."""
    found = duckdb.tokenize(text)  # offsets in bytes
    starts = [start for start, _ in found]
    if not text.isascii():
        encoded = text.encode()
        starts = [len(encoded[:start].decode()) for start in starts]
    pieces = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    gaps = [text[: starts[0]] if starts else text]
    texts = []
    for piece in pieces:
        if plain := _PLAIN.fullmatch(piece):
            texts.append(plain[1])
        else:
            match = _TOKEN.match(piece)
            written = match[0] if match else ""
            gaps.append(piece[len(written) :])
            texts.append(written)
    if not all(map(_GAPS.fullmatch, gaps)) or "" in texts:
        raise ValueError("the SQL text has a quote or comment that is not closed, or a space that is not a plain one")
    identifier_type = duckdb.token_type.identifier
    return _Tokens(texts, starts, [kind == identifier_type for _, kind in found])


def normal(text: str) -> str:
    """The statement without its layout and comments, so that re-indenting a select makes nothing stale."""
    return " ".join(_tokens(text).texts)


@lru_cache(maxsize=4096)
def called(text: str) -> frozenset[str]:
    """The functions that the statement calls, in lower case."""
    tokens = _tokens(text)
    return frozenset(tokens.name(i).lower() for i, after in enumerate(tokens.texts[1:]) if after == "(")


@lru_cache(maxsize=4096)
def _found(text: str) -> tuple[tuple[str, int, int, bool], ...]:
    """Relations after FROM or JOIN: (name, first character, last character + 1, whether an alias follows)."""
    tokens = _tokens(text)
    words = [token.lower() for token in tokens.texts]
    found: list[tuple[str, int, int, bool]] = []
    built_in = (THIS, THIS_HISTORY) if _names_its_own(words, MONTHS) else (THIS, THIS_HISTORY, MONTHS)
    comma = -1  # where a comma would be a join: right after a relation and its alias
    for i, word in enumerate(words):
        joins = word in _JOIN_WORDS or (i == comma and word == ",")
        if not joins or i + 1 >= len(words):
            continue
        if i and words[i - 1] == "distinct":  # `is distinct from` compares, it reads nothing
            continue
        dotted = i + 3 < len(words) and words[i + 2] == "."
        last = i + 3 if dotted else i + 1
        name = f"{tokens.name(i + 1)}.{tokens.name(last)}" if dotted else tokens.name(last)
        if not dotted and name not in built_in:
            continue
        after = last + 1
        named_as = after < len(words) and words[after] == "as"
        aliased = named_as or (after < len(words) and tokens.named[after])
        comma = after + (2 if named_as else int(aliased))
        found.append((name, tokens.starts[i + 1], tokens.end(last), aliased))
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
