"""What a room gives to the sample: a writer of what its systems hold of the world's parties.

Belongs here: the one protocol. Does not: any room's files.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from leads_platform.sample.world import Party


class Emitter(Protocol):
    """A room's part of the sample. One that is made of a world writes that world's files once."""

    def files(self) -> list[tuple[datetime, str]]:
        """Its files, relative to the landing folder, each with when it arrives."""
        ...

    def writing(self, out: Path) -> AbstractContextManager[Callable[[Party], None]]:
        """Opens its files below `out`; what it gives takes the parties one after the other, and they are written."""
        ...
