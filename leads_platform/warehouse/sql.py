"""SQL as text: literals, identifiers, which relations a statement reads, and putting others in their place.

Belongs here: what can be said of SQL text through sqlglot's tokens. Does not: anything that needs a connection.
Works on tokens, not on a re-rendered tree, so that DuckDB runs the author's own text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import Token, TokenType

# The audited table, limited to the months being built, and with all its months up to the last one built.
THIS, THIS_HISTORY = "this", "this_history"
_ALIAS_STARTS = (TokenType.ALIAS, TokenType.VAR, TokenType.IDENTIFIER)
_JOIN_WORDS = (TokenType.FROM, TokenType.JOIN)
# The months only a step table's select knows; every select knows $first_month and $last_month.
STEP_WORD = re.compile(r"\$(month|previous_month)\b")


def literal(value: object) -> str:
    """A SQL literal for a string, number, boolean, date or None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return f"date '{value:%Y-%m-%d}'"
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


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[Token, ...]:
    return tuple(DuckDB().tokenize(text))


def normal(text: str) -> str:
    """The statement without its layout and comments, so that re-indenting a select makes nothing stale."""
    return " ".join(f"{token.token_type.name}:{token.text}" for token in _tokens(text)) if text else ""


def calls(text: str, function: str) -> bool:
    """Whether the statement calls `function(`."""
    tokens = _tokens(text)
    return any(
        token.text.lower() == function and after.token_type is TokenType.L_PAREN for token, after in pairwise(tokens)
    )


def _found(text: str) -> list[tuple[str, int, int, bool]]:
    """Relations after FROM or JOIN: (name, first character, last character + 1, whether an alias follows)."""
    tokens = _tokens(text)
    found: list[tuple[str, int, int, bool]] = []
    comma = -1  # where a comma would be a join: right after a relation and its alias
    for i, token in enumerate(tokens):
        joins = token.token_type in _JOIN_WORDS or (i == comma and token.token_type is TokenType.COMMA)
        if not joins or i + 1 >= len(tokens):
            continue
        if i and tokens[i - 1].token_type is TokenType.DISTINCT:  # `is distinct from` compares, it reads nothing
            continue
        first = tokens[i + 1]
        dotted = i + 3 < len(tokens) and tokens[i + 2].token_type is TokenType.DOT
        last = tokens[i + 3] if dotted else first
        name = f"{first.text}.{last.text}" if dotted else first.text
        if not dotted and name not in (THIS, THIS_HISTORY):
            continue
        after = i + (4 if dotted else 2)
        following = tokens[after].token_type if after < len(tokens) else None
        aliased = following in _ALIAS_STARTS
        comma = after + (2 if following is TokenType.ALIAS else int(aliased))
        found.append((name, first.start, last.end + 1, aliased))
    return found


def relations(text: str) -> list[str]:
    """The `room.table` relations a select reads after FROM or JOIN, in order, without repeats."""
    return list(dict.fromkeys(name for name, *_ in _found(text) if "." in name))


def bind(text: str, resolve: Callable[[str], str], months: dict[str, date]) -> str:
    """The select with each relation replaced by `resolve(name)` and each `$month_word` by a date literal.

    Literals, not bound parameters: DuckDB's first bound parameter imports pandas, which costs 0.3 s (HAZARDS).
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
        raise ValueError(f"${left[1]} is only known in a step table")
    return text
