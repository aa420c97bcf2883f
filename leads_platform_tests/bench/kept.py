"""What one run of the bench has found so far, and its file: written after each case, so that a cut loses nothing.

Belongs here: that record, to JSON and back. Does not: how it reads (tell).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from leads_platform_tests.bench.cases import Measure
from leads_platform_tests.bench.sizes import Sizes


@dataclass
class Kept:
    """The measures, and what they were measured on; `left` are the cases still to come, `loads` is before each."""

    machine: dict[str, Any]
    started: str
    command: str
    sizes: Sizes
    left: list[str]
    measures: list[Measure] = field(default_factory=list)
    loads: dict[str, dict[str, float | None]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Replaces the file in one step."""
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(json.dumps(asdict(self), indent=1))
        partial.replace(path)


def read(path: Path) -> Kept:
    """What `write` wrote. Raises OSError, or ValueError for a file that is none of ours."""
    try:
        return TypeAdapter(Kept).validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError("it is not what --json keeps") from error
