"""What a file of JSON Lines holds, found out a second time: line by line, by Python's json and the stated rules.

Belongs here: a slow reader that imports nothing of the platform, so that it can judge it. Does not: what is read, or
which verdict a file deserves (the tests).

The rules: a line ends in LF, CR LF or CR; one without a letter is no record. A record is a JSON object by the standard,
without a NUL or half a surrogate in it. It names no key twice that is read, and one of the columns' keys at least. A
value that is declared as a number is none of an object, a list, true or false; what a path leads through is an object
or null.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A number by its letters."""

    text: str


class Pairs(list[tuple[str, Any]]):
    """An object as its keys and values, in order, keys twice too."""

    def get(self, key: str) -> Any:
        return dict(self).get(key)

    @property
    def names(self) -> list[str]:
        return [key for key, _ in self]

    @property
    def is_clear(self) -> bool:
        return len(set(self.names)) == len(self)


def parse(text: str) -> Any:
    """Strict JSON, numbers by their letters. Raises ValueError."""

    def constant(name: str) -> Any:
        raise ValueError(name)

    return json.loads(text, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=constant)


def lines_of(text: str) -> list[tuple[int, str]]:
    """The lines that hold a letter, with their numbers from 1."""
    return [(at, line) for at, line in enumerate(re.split(r"\r\n|\r|\n", text), 1) if line]


def object_of(line: str) -> Pairs | None:
    """The line's object, None where it is no record by itself."""
    try:
        value = parse(line)
    except ValueError:
        return None
    return value if isinstance(value, Pairs) and _is_text(value) else None


def _is_text(value: Any) -> bool:
    """Whether all texts in it are letters that can be written."""
    if isinstance(value, Pairs):
        return all(_is_text(key) and _is_text(inner) for key, inner in value)
    if isinstance(value, list):
        return all(map(_is_text, value))
    if isinstance(value, str):
        return "\0" not in value and not re.search("[\ud800-\udfff]", value)
    return True


def at(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at the path."""
    for key in path:
        value = value.get(key) if isinstance(value, Pairs) else None
    return value


def cell(value: Any) -> Any:
    """The value as a column holds it; an object or list as it is parsed."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return value if value != "" else None
