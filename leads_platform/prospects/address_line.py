"""A lead's address in one line, for people.

Belongs here: that one expression. Does not: addresses for matching (contacts).
"""

from __future__ import annotations


def address_line(lead: str) -> str:
    """SQL for the address of the row `lead`, as delivered: "12 OAK ST, RENO, NV 89501"; null where there is none."""
    place = f"nullif(concat_ws(' ', {lead}.state, {lead}.postal_code), '')"
    return f"nullif(concat_ws(', ', {lead}.street, {lead}.city, {place}), '')"
