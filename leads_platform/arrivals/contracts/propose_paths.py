"""Which paths a sample of JSON Lines has, each a column's. For proposing a contract only.

Belongs here: walking a sample's objects. Does not: reading deliveries (reading), or what a column means
(propose_columns.py). No value is looked at, but for whether it is an object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from leads_platform.arrivals.reading.refusal import Refusal, looks_like_data

_LOOK_AT = 10_000  # lines; the rest of a sample seldom has another key
_MANY = 60
"""Keys of an object below: more are no columns but data, such as a map by id."""


@dataclass
class _Node:
    """What stands at a path: objects with these keys, or (also) something else than objects."""

    below: dict[str, _Node] = field(default_factory=dict)
    has_values: bool = False

    def add(self, value: Any) -> None:
        if not isinstance(value, dict):
            self.has_values |= value is not None
            return
        for key, inner in value.items():
            self.below.setdefault(key, _Node()).add(inner)

    @property
    def is_column(self) -> bool:
        return self.has_values or not self.below or len(self.below) > _MANY or not all(map(_is_key, self.below))


def paths_of_sample(text: Path) -> tuple[list[str], list[str]]:
    """The paths, and what a person should look at. Raises Refusal where no line is an object."""
    root = _Node()
    with text.open(encoding="utf-8", errors="replace") as lines:
        for line in islice(lines, _LOOK_AT):
            try:
                root.add(json.loads(line))
            except (ValueError, RecursionError):  # told when the sample is read
                continue
    if not root.below:
        raise Refusal("is JSON, but no line is an object with keys; ask for JSON Lines: one whole object a line")
    left_out = [key for key in root.below if not _is_key(key)]
    notes = ["some keys look like data; they were left out"] if left_out else []
    return [".".join(map(_part, path)) for path in _paths(root, ()) if path[0] not in left_out], notes


def _paths(node: _Node, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, inner in node.below.items():
        if inner.is_column:
            yield (*path, key)
        else:
            yield from _paths(inner, (*path, key))


def _is_key(key: str) -> bool:
    return bool(re.fullmatch(r'[^"\x00-\x1f]+', key)) and not looks_like_data(key)


def _part(key: str) -> str:
    return f'"{key}"' if "." in key else key
