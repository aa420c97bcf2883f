"""A platform of few rooms: for tests of the engine, whose cost grows with the tables there are.

Belongs here: leaving rooms out, for the commands too. Does not: a room (faults.small is one).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from leads_platform import rooms
from leads_platform.rooms import Rooms


def keep(*names: str) -> None:
    """Of the platform's rooms these alone are there from now on, or all if none is named; others by their packages.

    Those of LEADS_PLATFORM_ROOMS are there beside them.
    """
    whole = rooms._found

    @cache
    def few(more: tuple[str, ...]) -> Rooms:
        packages = (*(name for name in names if "." in name), *more)
        found = whole(packages)
        kept = {name.rsplit(".", 1)[-1] for name in (*names, *packages)}
        return Rooms(
            {name: room for name, room in found.by_name.items() if name in kept},
            {name: package for name, package in found.packages.items() if name in kept},
        )

    if names:
        rooms._found = few


@contextmanager
def only(*names: str) -> Iterator[None]:
    """These alone are there for a while."""
    whole = rooms._found
    keep(*names)
    try:
        yield
    finally:
        rooms._found = whole
