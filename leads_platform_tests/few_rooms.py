"""A platform of few rooms: for tests of the engine, whose cost grows with the tables there are.

Belongs here: leaving rooms out. Does not: a room (faults.small is one).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from leads_platform import rooms
from leads_platform.rooms import Rooms


@contextmanager
def only(*packages: str) -> Iterator[None]:
    """The rooms of these packages alone are there; of none, all of the platform's."""
    whole = rooms._found
    if packages:
        names = {package.rsplit(".", 1)[-1]: package for package in packages}
        few = Rooms({name: import_module(f"{package}.room").room for name, package in names.items()}, names)
        rooms._found = lambda more: few  # type: ignore[assignment]
    try:
        yield
    finally:
        rooms._found = whole
