"""What was made of products, when and of what: `products.json`, beside the warehouse, which is itself copied.

Belongs here: reading and writing that file. Does not: deciding what is stale (make).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Made:
    """The last word on one product, or on one month of it.

    `is_file`: it lies in the folder of published files. `read` is what it was made of: relation -> month (ISO, "" for a
    ledger) -> fingerprint. `counts` are for people, `seconds` is how long it took, `made_at` seconds since 1970; 0
    where it never was made. `failed` says why the last attempt came to nothing, `failed_at` when; `wrong` are the
    sentences of each check that failed.
    """

    declaration: str = ""
    is_file: bool = False
    read: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    made_at: float = 0.0
    failed: str = ""
    failed_at: float = 0.0
    wrong: Mapping[str, list[str]] = field(default_factory=dict)


def former_stands(made: Made) -> str:
    """What there is in place of a product that could not be made, in words."""
    if not made.made_at:
        return "There is none yet."
    return f"The one of {datetime.fromtimestamp(made.made_at, UTC):%Y-%m-%d %H:%M} UTC stands."


def read_products(path: Path) -> dict[str, Made]:
    """What is known of each product by its key; nothing where the file is missing or can't be read: all is made."""
    try:
        told: dict[str, dict[str, Any]] = json.loads(path.read_text())
        return {key: Made(**made) for key, made in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_products(path: Path, made: Mapping[str, Made]) -> None:
    """Writes it by rename."""
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps({key: asdict(value) for key, value in sorted(made.items())}))
    scratch.replace(path)
