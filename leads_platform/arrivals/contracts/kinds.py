"""Asking a kind of contract, which is code of a room: what fails there is told of one feed, and stops no other.

Belongs here: the error and its words. Does not: what a kind can be asked (model), or what follows for the feed
(user_contracts, leads_platform.contracts_in_force).
"""

from __future__ import annotations

from leads_platform.warehouse.places import of_error
from leads_platform.warehouse.table import DeclarationError


class KindFails(DeclarationError):
    """The code of a kind fails over a contract. The text names kind, room, place and error."""

    def __init__(self, kind: str, room: str, error: Exception) -> None:
        said = " ".join(f"{type(error).__name__}: {error}".split())  # of a contract's words: no record is near
        super().__init__(
            f"the kind `{kind}` of the room {room} fails at {of_error(error, room)}: {said}; mend its code"
        )
