"""The versions of the cleaning rules, so that a table is rebuilt when a rule it uses changes.

Belongs here: naming the SQL functions this room gives, with a version. Does not: the rules.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

FUNCTIONS = ("phone", "address_key", "address_key_abroad", "split_address", "state_code", "postal_code5")


@cache
def standards() -> dict[str, str]:
    """Each SQL function with a hash of the code and data behind it, phonenumbers' version included."""
    digest = hashlib.sha256(version("phonenumbers").encode())
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".txt"):
            digest.update(path.read_bytes())
    return dict.fromkeys(FUNCTIONS, digest.hexdigest()[:16])
